"""A local provider of chat completions with a script.

It calls each offered tool once, then responds with a text.
"""

from __future__ import annotations

import itertools
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

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


def _arguments(tool: dict[str, Any]) -> str:
    schema = tool.get("parameters") or {}
    return json.dumps(dict.fromkeys(schema.get("required") or (), "Recife"))


def _calls(body: dict[str, Any], ids: Any) -> list[dict[str, Any]]:
    offered = [tool["function"] for tool in body.get("tools") or ()]
    called = {call["function"]["name"] for message in body["messages"] for call in message.get("tool_calls") or ()}
    left = [tool for tool in offered if tool["name"] not in called]
    at_once = left if "both" in json.dumps(body["messages"][:2]) else left[:1]
    return [
        {"id": f"call_{next(ids)}", "type": "function", "function": {"name": tool["name"], "arguments": _arguments(tool)}}
        for tool in at_once
    ]


class _Handler(BaseHTTPRequestHandler):
    scripted: Scripted
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["content-length"]))
        if not text:
            return  # the client has closed the connection
        body = json.loads(text)
        self.scripted.requests.append(body)
        calls = _calls(body, self.scripted.ids)
        known = {"id": f"chatcmpl-{next(self.scripted.ids)}", "created": 1, "model": body["model"]}
        reason = "tool_calls" if calls else "stop"
        if not body.get("stream"):
            message = {"role": "assistant", "content": None if calls else ANSWER, **({"tool_calls": calls} if calls else {})}
            choice = {"index": 0, "message": message, "finish_reason": reason}
            self._send("application/json", json.dumps({**known, "object": "chat.completion", "choices": [choice], "usage": USAGE}))
            return
        if calls:
            deltas: list[Any] = [{"role": "assistant", "tool_calls": [{"index": i, **call} for i, call in enumerate(calls)]}]
        else:
            deltas = [{"role": "assistant", "content": "It is "}, {"content": "sunny."}]
        chunks: list[Any] = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
        chunks += [{"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}, {"choices": [], "usage": USAGE}]
        lines = [f"data: {json.dumps({**known, 'object': 'chat.completion.chunk', **chunk})}\n\n" for chunk in chunks]
        self._send("text/event-stream", "".join(lines) + "data: [DONE]\n\n")

    def _send(self, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
