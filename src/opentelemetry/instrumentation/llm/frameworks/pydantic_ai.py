"""Instrument Pydantic AI: runs of agents and tools.

If its own telemetry is enabled, its spans stay and this package adds events and metrics.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..schema.records import Content
from ..steps.contents import output_message, plain
from ..steps.run import running
from ..steps.tables import Facts, Framework, Result, Step
from ._pydantic_ai_spans import TARGETS, silent

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]


def _agent(agent: Any, args: Args, kwargs: Kwargs) -> Facts:
    return Facts(agent.name, conversation_id=kwargs.get("conversation_id"), native=_is_native(agent), key=object())


def _is_native(agent: Any) -> bool:
    kinds = (type(one).__name__ for one in getattr(getattr(agent, "root_capability", None), "capabilities", ()))
    return bool(getattr(agent, "instrument", None) or getattr(type(agent), "_instrument_default", False)) or "Instrumentation" in kinds


def _agent_result(run: Any) -> Result:
    deferred = type(getattr(getattr(run, "result", None), "output", None)).__name__ == "DeferredToolRequests"
    return Result("deferred" if deferred else "complete")


def _agent_output(run: Any) -> Content | None:
    result = getattr(run, "result", None)
    return None if result is None else Content(output_messages=output_message(result.output))


def _tool(manager: Any, args: Args, kwargs: Kwargs) -> Facts:
    call = (args[0] if args else kwargs["validated"]).call
    outer = running()
    native = outer is not None and outer.owner is not None and "native" in outer.owner.known
    return Facts(call.tool_name, call_id=call.tool_call_id, native=native, key=call.tool_call_id)


def _tool_content(manager: Any, args: Args, kwargs: Kwargs) -> Content:
    return Content(tool_arguments=plain((args[0] if args else kwargs["validated"]).call.args))


def _tool_output(result: Any) -> Content:
    return Content(tool_result=plain(result))


PYDANTIC_AI = Framework(
    "pydantic_ai",
    "pydantic-ai-slim >= 2.0",
    (
        Step("pydantic_ai.agent:Agent.iter", "invoke_agent", _agent, _agent_result, output=_agent_output),
        Step("pydantic_ai.tool_manager:ToolManager.execute_tool_call", "execute_tool", _tool, None, _tool_content, _tool_output),
    ),
    silenced=tuple((target, silent) for target in TARGETS),
)
