"""A local provider with a script: chat completions, Gemini and Anthropic.

It calls each offered tool once, then responds with a text.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

ANSWER = "It is sunny."
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


class Scripted:
    """The provider; ``requests`` are the bodies that it received."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.ids = itertools.count(1)
        provider = self

        class Handler(_Handler):
            scripted = provider

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def clear(self) -> None:
        """Forget the requests and start ids again."""
        self.requests.clear()
        self.ids = itertools.count(1)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Turn(NamedTuple):
    """A request in no format.

    ``offered`` are tools with their schemas, ``called`` the names of tools that were called, ``text`` the first messages.
    """

    offered: list[tuple[str, dict[str, Any]]]
    called: set[str]
    text: str

    def calls(self, ids: Iterator[int]) -> list[tuple[str, str, dict[str, Any]]]:
        """Return id, name and arguments of the calls that come next."""
        left = [tool for tool in self.offered if tool[0] not in self.called]
        at_once = [tool for tool in left if tool[0] != "final_answer" or len(left) == 1] if "both" in self.text else left[:1]
        return [(f"call_{next(ids)}", name, _arguments(name, schema or {})) for name, schema in at_once]


def _arguments(name: str, schema: dict[str, Any]) -> dict[str, str]:
    value = ANSWER if name == "final_answer" else "Recife"
    return dict.fromkeys(schema.get("required") or schema.get("properties") or (), value)


Reply = tuple[str, str]
"""Content type and text."""


def _stream(chunks: list[dict[str, Any]], named: bool = False) -> str:
    return "".join((f"event: {chunk['type']}\n" if named else "") + f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)


def chat(path: str, body: dict[str, Any], ids: Iterator[int]) -> Reply:
    """Respond in the format of chat completions."""
    offered = [(tool["function"]["name"], tool["function"].get("parameters")) for tool in body.get("tools") or ()]
    called = {call["function"]["name"] for message in body["messages"] for call in message.get("tool_calls") or ()}
    # smolagents writes the calls into a text.
    text = json.dumps(body["messages"])
    called |= {name for name, _ in offered if f"'name': '{name}'" in text}
    made = Turn(offered, called, json.dumps(body["messages"][:2])).calls(ids)
    calls = [{"id": id_, "type": "function", "function": {"name": name, "arguments": json.dumps(given)}} for id_, name, given in made]
    known = {"id": f"chatcmpl-{next(ids)}", "created": 1, "model": body["model"]}
    reason = "tool_calls" if calls else "stop"
    if not body.get("stream"):
        message = {"role": "assistant", "content": None if calls else ANSWER, **({"tool_calls": calls} if calls else {})}
        choice = {"index": 0, "message": message, "finish_reason": reason}
        return "application/json", json.dumps({**known, "object": "chat.completion", "choices": [choice], "usage": USAGE})
    if calls:
        deltas: list[Any] = [{"role": "assistant", "tool_calls": [{"index": i, **call} for i, call in enumerate(calls)]}]
    else:
        deltas = [{"role": "assistant", "content": "It is "}, {"content": "sunny."}]
    chunks: list[Any] = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks += [{"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}, {"choices": [], "usage": USAGE}]
    return "text/event-stream", _stream([{**known, "object": "chat.completion.chunk", **chunk} for chunk in chunks]) + "data: [DONE]\n\n"


_SCHEMAS = ("parameters", "parametersJsonSchema", "parameters_json_schema")


def gemini(path: str, body: dict[str, Any], ids: Iterator[int]) -> Reply:
    """Respond in the format of Gemini."""
    declared = [one for tool in body.get("tools") or () for one in tool.get("functionDeclarations") or ()]
    offered = [(one["name"], next((one[key] for key in _SCHEMAS if key in one), None)) for one in declared]
    parts = [part for content in body["contents"] for part in content.get("parts") or ()]
    called = {part["functionCall"]["name"] for part in parts if "functionCall" in part}
    made = Turn(offered, called, json.dumps(body["contents"][:2])).calls(ids)
    content = {
        "role": "model",
        "parts": [{"functionCall": {"id": i, "name": n, "args": given}} for i, n, given in made] or [{"text": ANSWER}],
    }
    response = {
        "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
        "modelVersion": "gemini-2.5-flash",
        "responseId": f"g{next(ids)}",
    }
    return ("text/event-stream", _stream([response])) if "stream" in path else ("application/json", json.dumps(response))


def messages(path: str, body: dict[str, Any], ids: Iterator[int]) -> Reply:
    """Respond in the format of Anthropic Messages."""
    offered = [(tool["name"], tool.get("input_schema")) for tool in body.get("tools") or ()]
    blocks = [block for message in body["messages"] if isinstance(message["content"], list) for block in message["content"]]
    called = {block["name"] for block in blocks if block["type"] == "tool_use"}
    made = Turn(offered, called, json.dumps(body["messages"][:2])).calls(ids)
    content: list[dict[str, Any]] = [{"type": "tool_use", "id": i, "name": n, "input": given} for i, n, given in made]
    content = content or [{"type": "text", "text": ANSWER}]
    usage = {"input_tokens": 10, "output_tokens": 5}
    known = {"id": f"msg_{next(ids)}", "type": "message", "role": "assistant", "model": body["model"], "stop_sequence": None}
    stop = "tool_use" if made else "end_turn"
    if not body.get("stream"):
        return "application/json", json.dumps({**known, "content": content, "stop_reason": stop, "usage": usage})
    chunks: list[dict[str, Any]] = [{"type": "message_start", "message": {**known, "content": [], "stop_reason": None, "usage": usage}}]
    for index, block in enumerate(content):
        given = json.dumps(block.get("input"))
        delta = {"type": "input_json_delta", "partial_json": given} if made else {"type": "text_delta", "text": ANSWER}
        empty = {**block, "input": {}} if made else {**block, "text": ""}
        chunks += [
            {"type": "content_block_start", "index": index, "content_block": empty},
            {"type": "content_block_delta", "index": index, "delta": delta},
            {"type": "content_block_stop", "index": index},
        ]
    chunks += [{"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}, "usage": {"output_tokens": 5}}]
    return "text/event-stream", _stream([*chunks, {"type": "message_stop"}], named=True)


def responses(path: str, body: dict[str, Any], ids: Iterator[int]) -> Reply:
    """Respond in the format of OpenAI Responses, without streams."""
    offered = [(tool["name"], tool.get("parameters")) for tool in body.get("tools") or ()]
    items = body["input"] if isinstance(body["input"], list) else []
    called = {item["name"] for item in items if item.get("type") == "function_call"}
    made = Turn(offered, called, json.dumps(items[:1])).calls(ids)
    output: list[dict[str, Any]] = [
        {"type": "function_call", "id": f"fc_{i}", "call_id": i, "name": n, "arguments": json.dumps(given), "status": "completed"}
        for i, n, given in made
    ]
    text = {"type": "output_text", "text": ANSWER, "annotations": []}
    output = output or [{"type": "message", "id": f"msg_{next(ids)}", "role": "assistant", "status": "completed", "content": [text]}]
    usage = {
        "input_tokens": 10, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0}, "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 15,
    }  # fmt: skip
    response = {
        "id": f"resp_{next(ids)}", "object": "response", "created_at": 1, "status": "completed", "model": body["model"], "output": output,
        "parallel_tool_calls": body.get("parallel_tool_calls", True), "tool_choice": body.get("tool_choice", "auto"), "tools": body["tools"], "usage": usage,
    }  # fmt: skip
    return "application/json", json.dumps(response)


FORMATS = {"/responses": responses, "/chat/completions": chat, "enerateContent": gemini, "/messages": messages}
"""Formats by a part of the path."""


class _Handler(BaseHTTPRequestHandler):
    scripted: Scripted
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._send("text/plain", "")

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["content-length"]))
        if not text:
            return  # the client has closed the connection
        body = json.loads(text)
        self.scripted.requests.append(body)
        respond = next(found for part, found in FORMATS.items() if part in self.path)
        self._send(*respond(self.path, body, self.scripted.ids))

    def _send(self, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
