"""Strands: runs of agents, of graphs and swarms as workflows, and tools.

Strands makes the spans of agents and tools itself. They stay; this package adds events, metrics and the cost. The
inference spans of Strands give way (``inference_spans``). A run yields its result as its last item.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..schema.records import Content
from ..steps.contents import output_message, plain
from ..steps.reported import ReportedRun
from ..steps.run import hand_off
from ..steps.tables import Facts, Framework, Result, Step

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]
_OUTCOMES = {"interrupt": "interrupted", "cancelled": "cancelled", "interrupted": "interrupted"}


def _agent(agent: Any, args: Args, kwargs: Kwargs) -> Facts:
    session = getattr(getattr(agent, "_session_manager", None), "session_id", None)
    return Facts(agent.name, description=agent.description, conversation_id=session, native=True)


def _agent_event(run: ReportedRun, event: Any) -> None:
    result = event.get("result") if isinstance(event, Mapping) else None
    if result is not None:
        run.result = Result(_OUTCOMES.get(str(getattr(result, "stop_reason", None)), "complete"))
        run.output = Content(output_messages=output_message(result))


def _several(group: Any, args: Args, kwargs: Kwargs) -> Facts:
    return Facts(native=True)


def _several_event(run: ReportedRun, event: Any) -> None:
    result = event.get("result") if isinstance(event, Mapping) else None
    status = getattr(getattr(result, "status", None), "value", None)
    if status is not None:
        # A failed run is returned, not raised.
        run.result = Result(_OUTCOMES.get(status, "complete"), "workflow_error" if status == "failed" else None)


def _use(args: Args, kwargs: Kwargs) -> Any:
    return args[1] if len(args) > 1 else kwargs["tool_use"]


def _tool(instance: Any, args: Args, kwargs: Kwargs) -> Facts:
    agent, use = (args[0] if args else kwargs["agent"]), _use(args, kwargs)
    tool = agent.tool_registry.registry.get(use["name"])
    description = None if tool is None else tool.tool_spec.get("description")
    if use["name"] == "handoff_to_agent" and isinstance(to_agent := use["input"].get("agent_name"), str):
        hand_off("strands", to_agent)
    return Facts(use["name"], description=description, call_id=use.get("toolUseId"), native=True, key=object())


def _arguments(instance: Any, args: Args, kwargs: Kwargs) -> Content:
    return Content(tool_arguments=plain(_use(args, kwargs)["input"]))


def _tool_event(run: ReportedRun, event: Any) -> None:
    kind = type(event).__name__
    if kind == "ToolInterruptEvent":
        run.result = Result("interrupted")
    elif kind == "ToolResultEvent":
        result = event.tool_result
        error = getattr(event, "exception", None)
        failure = type(error).__name__ if isinstance(error, BaseException) else "tool_error"
        run.result = Result(error_type=failure if result.get("status") == "error" else None)
        run.output = Content(tool_result=plain(result.get("content")))


STRANDS = Framework(
    "strands",
    "strands-agents >= 1.20",
    (
        Step("strands.agent.agent:Agent.stream_async", "invoke_agent", _agent, messages=_agent_event),
        Step("strands.multiagent.graph:Graph.stream_async", "invoke_workflow", _several, messages=_several_event),
        Step("strands.multiagent.swarm:Swarm.stream_async", "invoke_workflow", _several, messages=_several_event),
        Step("strands.tools.executors._executor:ToolExecutor._stream", "execute_tool", _tool, content=_arguments, messages=_tool_event),
    ),
)
