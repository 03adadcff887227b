"""Agno: runs of agents, of teams as workflows, and tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..schema.records import Content
from ..steps.contents import output_message, plain
from ..steps.tables import Facts, Framework, Result, Step

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]
_OUTCOMES = {"PAUSED": "interrupted", "CANCELLED": "cancelled"}


def _agent(agent: Any, args: Args, kwargs: Kwargs) -> Facts:
    conversation = kwargs.get("session_id") or getattr(agent, "session_id", None)
    return Facts(agent.name, description=getattr(agent, "description", None), conversation_id=conversation)


def _result(run: Any) -> Result:
    status = getattr(getattr(run, "status", None), "name", None)
    # A failed run is returned, not raised.
    return Result(_OUTCOMES.get(str(status), "complete"), "agent_error" if status == "ERROR" else None)


def _output(run: Any) -> Content | None:
    content = getattr(run, "content", None)
    return None if content is None else Content(output_messages=output_message(content))


def _tool(call: Any, args: Args, kwargs: Kwargs) -> Facts:
    return Facts(call.function.name, description=call.function.description, call_id=call.call_id)


def _arguments(call: Any, args: Args, kwargs: Kwargs) -> Content:
    return Content(tool_arguments=plain(call.arguments))


def _tool_result(executed: Any) -> Result:
    return Result(error_type="tool_error" if executed.status == "failure" else None)


def _tool_output(executed: Any) -> Content:
    return Content(tool_result=plain(executed.result))


AGNO = Framework(
    "agno",
    "agno >= 3.0",
    (
        *(Step(f"agno.agent.agent:Agent.{name}", "invoke_agent", _agent, _result, output=_output) for name in ("run", "arun")),
        *(Step(f"agno.team.team:Team.{name}", "invoke_workflow", _agent, _result, output=_output) for name in ("run", "arun")),
        *(
            Step(f"agno.tools.function:FunctionCall.{name}", "execute_tool", _tool, _tool_result, _arguments, _tool_output)
            for name in ("execute", "aexecute")
        ),
    ),
)
