"""Claude Agent SDK: a program in a child process runs the agent.

Its model calls and most of its tools are not in this process. The messages report tools, sub-agents, usage and cost. The
usage of a turn is in ``model_usage``, whose sums grow over the turns of a client.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from .. import context
from ..guard import guarded
from ..schema.records import Content, Usage
from ..steps.contents import output_message, plain
from ..steps.reported import ReportedRun
from ..steps.run import running
from ..steps.tables import Facts, Framework, Result, Step

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]
_AGENT_TOOLS = ("Agent", "Task")
_OUTCOMES = {"aborted_streaming": "cancelled", "aborted_tools": "cancelled", "tool_deferred": "deferred"}
_earlier: WeakKeyDictionary[Any, dict[str, dict[str, float]]] = WeakKeyDictionary()
"""The sums of each model after the last turn, by client."""
_runs: WeakValueDictionary[str, ReportedRun] = WeakValueDictionary()
"""Runs by the ids of their open tools."""


def _agent(client: Any, args: Args, kwargs: Kwargs) -> Facts:
    return Facts()


def _read(run: ReportedRun, message: Any) -> None:
    if (read := _MESSAGES.get(type(message).__name__)) is not None:
        read(run, message)


def _system(run: ReportedRun, message: Any) -> None:
    if isinstance(session := message.data.get("session_id"), str):
        run.set_conversation(session)


def _assistant(run: ReportedRun, message: Any) -> None:
    if isinstance(identity := getattr(message, "message_id", None), str):
        run.on_inference(identity)
    within = _sub_agent(run, message.parent_tool_use_id)
    for block in message.content:
        if type(block).__name__ == "ToolUseBlock":
            _begin_tool(run, block.id, block.name, block.input, within)


def _begin_tool(run: ReportedRun, call_id: str, name: str, given: Any, within: str | None = None) -> None:
    run.begin(call_id, "execute_tool", Facts(name, call_id=call_id), Content(tool_arguments=plain(given)), within)
    _runs[call_id] = run
    if name in _AGENT_TOOLS:
        run.begin(
            f"agent {call_id}", "invoke_agent", Facts(given.get("subagent_type"), description=given.get("description")), None, call_id
        )


def _sub_agent(run: ReportedRun, call_id: str | None) -> str | None:
    return None if call_id is None else f"agent {call_id}"


def _user(run: ReportedRun, message: Any) -> None:
    for block in message.content if isinstance(message.content, list) else ():
        if type(block).__name__ == "ToolResultBlock":
            _runs.pop(block.tool_use_id, None)
            run.end(f"agent {block.tool_use_id}", Result())
            run.end(
                block.tool_use_id, Result(error_type="tool_error" if block.is_error else None), Content(tool_result=plain(block.content))
            )


def _result(run: ReportedRun, message: Any) -> None:
    run.set_conversation(message.session_id)
    outcome = _OUTCOMES.get(getattr(message, "terminal_reason", None) or "", "complete")
    failure = message.subtype if message.subtype.startswith("error") else str(getattr(message, "api_error_status", None) or "agent_error")
    run.result = Result(outcome, failure if message.is_error and outcome == "complete" else None)
    run.output = None if message.result is None else Content(output_messages=output_message(message.result))
    sums = {model: dict(used) for model, used in (message.model_usage or {}).items()}
    before = _earlier.get(run.instance, {})
    _earlier[run.instance] = sums
    for model, used in sums.items():
        _usage(run, model, used, before.get(model, {}))


def _usage(run: ReportedRun, model: str, used: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    def since(key: str) -> Any:
        value, earlier = used.get(key), before.get(key, 0)
        return None if value is None else value - earlier if value >= earlier else value

    read, written, cost = since("cacheReadInputTokens"), since("cacheCreationInputTokens"), since("costUSD")
    usage = Usage(
        input_tokens=(since("inputTokens") or 0) + (read or 0) + (written or 0),
        output_tokens=since("outputTokens"),
        cache_read_tokens=read or None,
        cache_write_tokens=written or None,
        web_searches=since("webSearchRequests") or None,
    )
    if usage.input_tokens or usage.output_tokens:
        run.on_usage("anthropic", model, usage, None if cost is None else cost * 100)


_MESSAGES = {"SystemMessage": _system, "AssistantMessage": _assistant, "UserMessage": _user, "ResultMessage": _result}


def _serving(original: Any) -> Callable[..., Any]:
    async def around(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        args, kwargs = guarded(_with_trace, args, kwargs, default=(args, kwargs))
        return await wrapped(*args, **kwargs)

    return around


def _with_trace(args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
    """Put the trace into a copy of a request to a tool of this process.

    The request may arrive before the application has read the message with the tool.
    """
    message = args[1] if len(args) > 1 else kwargs["message"]
    params = message.get("params") or {}
    meta = params.get("_meta") or {}
    call_id = meta.get("claudecode/toolUseId")
    step = running()
    run = _runs.get(call_id or "") or (None if step is None else step.reported)
    if run is not None and call_id is not None:
        server = args[0] if args else kwargs["server_name"]
        _begin_tool(run, call_id, f"mcp__{server}__{params.get('name')}", params.get("arguments"))
    inside = context.here() if run is None else run.context_of(call_id)
    message = {**message, "params": {**params, "_meta": {**context.to_carrier(inside), **meta}}}
    return ((args[0], message, *args[2:]), kwargs) if len(args) > 1 else (args, {**kwargs, "message": message})


CLAUDE_AGENT = Framework(
    "claude_agent",
    "claude-agent-sdk >= 0.2.82",
    tuple(
        Step(f"claude_agent_sdk.{target}", "invoke_agent", _agent, messages=_read)
        for target in (
            "_internal.client:InternalClient.process_query",
            "client:ClaudeSDKClient.receive_response",
            "client:ClaudeSDKClient.receive_messages",
        )
    ),
    patches=(("claude_agent_sdk._internal.query:Query._handle_sdk_mcp_request", _serving),),
)
