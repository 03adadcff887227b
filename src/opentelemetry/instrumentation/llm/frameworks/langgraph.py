"""LangGraph: runs of graphs, in this process and on a server.

A graph that ``create_agent`` or ``create_react_agent`` made is an agent, any other a workflow.
Nodes make no span: they are the inside of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakSet

from ..guard import guarded
from ..schema.records import Content
from ..steps.contents import output_message
from ..steps.tables import Facts, Framework, Result, Step

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]
_AGENTS = ("lc_agent_name", "ls_integration")
_agents: WeakSet[Any] = WeakSet()
"""Graphs of releases that leave no mark on an agent's graph."""
_CLASS_NAMES = ("LangGraph", "RemoteGraph")


def _config(args: Args, kwargs: Kwargs) -> Mapping[str, Any]:
    return (args[1] if len(args) > 1 else kwargs.get("config")) or {}


def _graph(graph: Any, args: Args, kwargs: Kwargs) -> Facts:
    config = _config(args, kwargs)
    made_with = (graph.config or {}).get("metadata") or {}
    name = config.get("run_name") or graph.name
    conversation = (config.get("configurable") or {}).get("thread_id")
    operation = "invoke_agent" if any(key in made_with for key in _AGENTS) or graph in _agents else None
    return Facts(None if name in _CLASS_NAMES else name, operation, conversation_id=conversation)


def _creating(original: Any) -> Callable[..., Any]:
    def around(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        graph = wrapped(*args, **kwargs)
        guarded(_agents.add, graph)
        return graph

    return around


def _remote(graph: Any, args: Args, kwargs: Kwargs) -> Facts:
    known = _graph(graph, args, kwargs)
    return known._replace(operation="invoke_agent", agent_id=graph.assistant_id, remote=True)


def _result(values: Any) -> Result:
    interrupted = isinstance(values, Mapping) and "__interrupt__" in values
    return Result("interrupted" if interrupted else "complete")


def _output(values: Any) -> Content | None:
    messages = values.get("messages") if isinstance(values, Mapping) else None
    if not isinstance(messages, list) or not messages:
        return None
    return Content(output_messages=output_message(getattr(messages[-1], "content", messages[-1])))


_METHODS = ("invoke", "ainvoke", "stream", "astream")

LANGGRAPH = Framework(
    "langgraph",
    "langgraph >= 1.0",
    (
        *(Step(f"langgraph.pregel.main:Pregel.{name}", "invoke_workflow", _graph, _result, output=_output) for name in _METHODS),
        *(Step(f"langgraph.pregel.remote:RemoteGraph.{name}", "invoke_agent", _remote, _result, output=_output) for name in _METHODS),
    ),
    patches=(
        ("langchain.agents.factory:create_agent", _creating),
        ("langgraph.prebuilt.chat_agent_executor:create_react_agent", _creating),
    ),
)
