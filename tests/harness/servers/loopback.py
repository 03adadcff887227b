"""Serve responses of a test over loopback: one function from request to response."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Response(NamedTuple):
    """A response that is not simply a JSON document with status 200."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    encoding: str | None = None


Respond = Callable[[str, str, Any], Any]


def events(*documents: Any) -> Response:
    """Make a stream of server-sent events."""
    lines = "".join(
        f"event: {document['type']}\ndata: {json.dumps(document)}\n\n" if "type" in document else f"data: {json.dumps(document)}\n\n"
        for document in documents
    )
    return Response((lines + "data: [DONE]\n\n").encode(), content_type="text/event-stream")


def lines(*documents: Any) -> Response:
    """Make a body of one JSON document a line."""
    return Response("".join(json.dumps(document) + "\n" for document in documents).encode(), content_type="application/x-ndjson")


@contextlib.contextmanager
def serving(respond: Respond) -> Iterator[str]:
    """Serve ``respond`` while the block runs; gives the URL."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            """Write nothing."""

        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            is_json = "json" in self.headers.get("content-type", "")
            made = respond(self.command, self.path, json.loads(body) if is_json and body else body)
            response = made if isinstance(made, Response) else Response(json.dumps(made).encode())
            self.send_response(response.status)
            self.send_header("content-type", response.content_type)
            self.send_header("content-length", str(len(response.body)))
            if response.encoding is not None:
                self.send_header("content-encoding", response.encoding)
            self.end_headers()
            self.wfile.write(response.body)

        do_GET = do_POST = do_DELETE = _respond

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
