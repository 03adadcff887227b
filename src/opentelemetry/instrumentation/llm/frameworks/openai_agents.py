"""Instrument OpenAI Agents: agents, tools, and runs with handoffs as workflows.

No function encloses the active time of an agent, which ends with its run or a handoff. The SDK's own tracing spans
begin and end at these places, and so do the spans that record nothing when tracing is disabled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..guard import guarded
from ..schema.records import Content
from ..steps.contents import output_message, plain
from ..steps.run import hand_off, running
from ..steps.tables import Facts, Framework, Pair, Result, Step

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]
_SPANS = ("SpanImpl", "NoOpSpan")


def _agent(span: Any, args: Args, kwargs: Kwargs) -> Facts | None:
    current = args[0] if args else kwargs.get("mark_as_current")
    return Facts(span.span_data.name) if current and type(span.span_data).__name__ == "AgentSpanData" else None


def _agent_result(span: Any) -> Result:
    return Result(error_type="agent_error" if span.error else None)


def _handoff(span: Any) -> None:
    data = span.span_data
    if type(data).__name__ == "HandoffSpanData" and data.to_agent:
        hand_off("openai_agents", data.to_agent)


def _interrupting(original: Any) -> Callable[..., Any]:
    def around(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> None:
        guarded(_interrupt)
        wrapped(*args, **kwargs)

    return around


def _interrupt() -> None:
    step = running()
    if step is not None and step.owner is not None:
        step.owner.hold_response = Result("interrupted")


def _run(runner: Any, args: Args, kwargs: Kwargs) -> Facts:
    agent = args[0] if args else kwargs["starting_agent"]
    config, session = kwargs.get("run_config"), kwargs.get("session")
    name = getattr(config, "workflow_name", None)
    conversation = kwargs.get("conversation_id") or getattr(session, "session_id", None) or getattr(config, "group_id", None)
    # A run of one agent is that agent's; conventions want a workflow only around several.
    alone = not getattr(agent, "handoffs", None)
    return Facts(None if name == "Agent workflow" else name, conversation_id=conversation, silent=alone)


def _run_result(result: Any) -> Result:
    return Result("interrupted" if getattr(result, "interruptions", None) else "complete")


def _run_output(result: Any) -> Content | None:
    output = getattr(result, "final_output", None)
    return None if output is None else Content(output_messages=output_message(output))


def _tool(instance: Any, args: Args, kwargs: Kwargs) -> Facts:
    tool = kwargs["function_tool"]
    return Facts(tool.name, description=tool.description, call_id=kwargs["context"].tool_call_id, key=id(kwargs["context"]))


def _tool_content(instance: Any, args: Args, kwargs: Kwargs) -> Content:
    return Content(tool_arguments=plain(kwargs["arguments"]))


def _tool_result(result: Any) -> Result:
    return Result(error_type="tool_error" if result.is_sdk_generated_error else None)


def _tool_output(result: Any) -> Content:
    return Content(tool_result=plain(result.output))


OPENAI_AGENTS = Framework(
    "openai_agents",
    "openai-agents >= 0.19",
    (
        *(
            Step(f"agents.run:AgentRunner.{name}", "invoke_workflow", _run, _run_result, output=_run_output, task="run_loop_task")
            for name in ("run", "run_sync", "run_streamed")
        ),
        Step(
            "agents.run_internal.tool_execution:_invoke_function_tool_with_metadata",
            "execute_tool", _tool, _tool_result, _tool_content, _tool_output,
        ),
    ),
    tuple(
        Pair(f"agents.tracing.spans:{name}.start", f"agents.tracing.spans:{name}.finish", "invoke_agent", _agent, _agent_result, _handoff)
        for name in _SPANS
    ),
    patches=(("agents.run_internal.run_steps:NextStepInterruption.__init__", _interrupting),),
)  # fmt: skip
