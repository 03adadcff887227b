"""Google ADK: runs of agents, and tools.

ADK makes the spans and the metrics of the conventions itself. They stay; this package adds events, its own metrics and
the cost. The inference spans of ADK give way (``inference_spans``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..schema.records import Content
from ..steps.contents import plain
from ..steps.run import hand_off
from ..steps.tables import Facts, Framework, Result, Step

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]
_MEASURED = {"native_metrics": True}


def _agent(agent: Any, args: Args, kwargs: Kwargs) -> Facts:
    session = (args[0] if args else kwargs["parent_context"]).session
    return Facts(agent.name, description=agent.description or None, conversation_id=session.id, native=True, more=_MEASURED)


def _tool(instance: Any, args: Args, kwargs: Kwargs) -> Facts:
    tool = args[0]
    if tool.name == "transfer_to_agent":
        hand_off("google_adk", args[2]["agent_name"])
    return Facts(tool.name, description=tool.description or None, native=True, key=object(), more=_MEASURED)


def _arguments(instance: Any, args: Args, kwargs: Kwargs) -> Content:
    return Content(tool_arguments=plain(args[2]))


def _response(scope: Any) -> Any:
    event = scope.function_response_event
    return None if event is None else event.content.parts[0].function_response


def _result(scope: Any) -> Result:
    response = _response(scope)
    if response is None:  # a tool that runs long responds in a later run
        return Result("deferred")
    waits = getattr(getattr(scope.function_response_event, "actions", None), "requested_tool_confirmations", None)
    failed = getattr(scope, "error_type", None)
    return Result("interrupted" if waits else "complete", None if waits else failed, more={"tool_call_id": response.id})


def _output(scope: Any) -> Content | None:
    response = _response(scope)
    return None if response is None else Content(tool_result=plain(response.response))


GOOGLE_ADK = Framework(
    "google_adk",
    "google-adk >= 2.0",
    (
        *(Step(f"google.adk.agents.base_agent:BaseAgent.{name}", "invoke_agent", _agent) for name in ("run_async", "run_live")),
        Step("google.adk.telemetry._instrumentation:record_tool_execution", "execute_tool", _tool, _result, _arguments, _output),
    ),
)
