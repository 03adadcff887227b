"""An agent of the OpenAI Agents SDK that hands over to another agent's tool."""

from __future__ import annotations

from agents import Agent, Runner, function_tool, set_tracing_disabled

from opentelemetry.instrumentation.llm import configure

configure(exporter="console", service_name="openai-agents")
set_tracing_disabled(True)  # the SDK's own tracing sends data to OpenAI; spans of this package do not need it


@function_tool
def weather(city: str) -> str:
    """Return the weather of a city."""
    return f"It is sunny in {city}."


agent = Agent(name="forecaster", instructions="Answer in one sentence.", model="gpt-4o-mini", tools=[weather])
print(Runner.run_sync(agent, "How is the weather in Recife?").final_output)
