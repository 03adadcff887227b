"""Show a LangGraph agent with a tool: one trace of agent, tool and calls."""

from __future__ import annotations

from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from opentelemetry.instrumentation.llm import configure

configure(exporter="console", service_name="langgraph")


@tool
def weather(city: str) -> str:
    """Return the weather of a city."""
    return f"It is sunny in {city}."


agent = create_agent(ChatOpenAI(model="gpt-4o-mini"), [weather], name="forecaster")
state = agent.invoke({"messages": [{"role": "user", "content": "How is the weather in Recife?"}]})
print(state["messages"][-1].content)
