"""A transport that stands for the program of the Claude Agent SDK.

Its messages have the form that the real program sends for the same conversation.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import anyio

SESSION, MODEL = "c-1", "claude-sonnet-4-5"


def assistant(message_id: str, *blocks: dict[str, Any], parent: str | None = None) -> dict[str, Any]:
    """Return a message of the model."""
    message = {
        "id": message_id,
        "role": "assistant",
        "model": MODEL,
        "content": list(blocks),
        "usage": {"input_tokens": 10, "output_tokens": 1},
    }
    return {"type": "assistant", "message": message, "parent_tool_use_id": parent, "session_id": SESSION}


def tool_use(call_id: str, name: str, **given: Any) -> dict[str, Any]:
    """Return the part of a message that calls a tool."""
    return {"type": "tool_use", "id": call_id, "name": name, "input": given}


def tool_result(call_id: str, text: str, failed: bool = False, parent: str | None = None) -> dict[str, Any]:
    """Return the message with the result of a tool."""
    block = {"type": "tool_result", "tool_use_id": call_id, "content": text, "is_error": failed}
    return {"type": "user", "message": {"role": "user", "content": [block]}, "parent_tool_use_id": parent, "session_id": SESSION}


def result(calls: int, cents: float, failed: bool = False, **models: int) -> dict[str, Any]:
    """Return the end of a turn: the sums of ``calls`` calls so far."""
    used = {
        model: {
            "inputTokens": 10 * n,
            "outputTokens": 5 * n,
            "cacheReadInputTokens": n,
            "cacheCreationInputTokens": 0,
            "costUSD": cents / 100,
        }
        for model, n in (models or {MODEL: calls}).items()
    }
    return {
        "type": "result", "subtype": "error_max_turns" if failed else "success", "duration_ms": 1, "duration_api_ms": 1, "is_error": failed,
        "num_turns": calls, "session_id": SESSION, "total_cost_usd": cents / 100, "usage": {}, "result": "It is sunny.", "modelUsage": used,
    }  # fmt: skip


WEATHER = [
    assistant("m1", tool_use("t1", "Read", path="x")), tool_result("t1", "sunny"),
    assistant("m2", tool_use("t2", "Task", subagent_type="helper", description="help")),
    assistant("m3", tool_use("t3", "Grep", pattern="y"), parent="t2"), tool_result("t3", "no such file", failed=True, parent="t2"),
    tool_result("t2", "done"),
    assistant("m4", {"type": "text", "text": "It is sunny."}), result(4, 0.4),
]  # fmt: skip


def program(*turns: list[dict[str, Any]]) -> Any:
    """Return a transport that sends one list of messages for each prompt.

    A control request in the list is sent, and its response is awaited.
    """
    from claude_agent_sdk import Transport

    class Program(Transport):
        def __init__(self) -> None:
            self.left, self.responses = list(turns), []
            self._send, self._receive = anyio.create_memory_object_stream[dict[str, Any]](100)
            self._input_ended, self._last = False, ""

        async def connect(self) -> None:
            pass

        async def write(self, data: str) -> None:
            message = json.loads(data)
            if message["type"] == "control_request":
                done = {"subtype": "success", "request_id": message["request_id"], "response": {}}
                await self._send.send({"type": "control_response", "response": done})
            elif message["type"] == "control_response":
                self.responses.append(message["response"])
            else:
                await self._send.send({"type": "system", "subtype": "init", "session_id": SESSION})
                for each in self.left.pop(0):
                    await self.send(each)

        async def send(self, message: dict[str, Any]) -> None:
            await self._send.send(message)
            self._last = message["type"]
            self._maybe_exit()

        async def read_messages(self) -> AsyncIterator[dict[str, Any]]:
            async for message in self._receive:
                yield message

        async def close(self) -> None:
            self._send.close()
            self._receive.close()

        def is_ready(self) -> bool:
            return True

        async def end_input(self) -> None:
            self._input_ended = True
            self._maybe_exit()

        def _maybe_exit(self) -> None:
            # The real program ends its last turn first.
            if self._input_ended and self._last == "result":
                self._send.close()

    return Program()
