"""The HTTP server for the metrics page, with timeouts and a check of the host.

The server of prometheus-client waits without limit for an incomplete request, and answers requests for any ``Host``. A web
site that resolves its own name to the loopback address could then read the page through a browser on this machine.
"""

from __future__ import annotations

import io
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

SECONDS = 5.0
"""Timeout for a complete request, and for each part of the response."""
_LOCAL = frozenset({"localhost", "host.docker.internal"})

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def start(app: App, port: int, host: str) -> tuple[WSGIServer, threading.Thread]:
    """Serve ``app`` in its own thread; raise ``OSError`` if the port is in use."""
    family, *_, address = next(iter(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)))

    class Here(_Threading):
        address_family = family

    server = Here((str(address[0]), port), _Handler)
    server.set_app(_for_local_hosts(app) if is_loopback(str(address[0])) else app)
    thread = threading.Thread(target=server.serve_forever, name="ex_llm-prometheus-page", daemon=True)
    thread.start()
    return server, thread


def is_loopback(host: str) -> bool:
    """Return True if a host of a request or socket is this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("[::1]"), is_loopback("localhost"), is_loopback("127.0.0.1.evil.example")
    (True, True, True, False)
    """
    host = host.strip().lower().strip("[]").rstrip(".")
    if host in _LOCAL or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _for_local_hosts(app: App) -> App:
    def checked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        host = str(environ.get("HTTP_HOST", ""))
        name = host.rpartition("]")[0] if host.startswith("[") else host.partition(":")[0]
        if not host or is_loopback(name):
            return app(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"This page is for this machine only: its host is a loopback address and the Host of the request is not.\n"]

    return checked


class _Threading(ThreadingMixIn, WSGIServer):
    """Serve each connection in a daemon thread."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Write nothing to stderr when a client disconnects."""


class _Handler(WSGIRequestHandler):
    """Read one request within the timeout, without log output."""

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BufferedReader(_Until(self.connection, time.monotonic() + SECONDS))

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing to the application's stderr."""


class _Until(io.RawIOBase):
    """Read a socket until a deadline, which slow clients cannot extend."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection, self._until = connection, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(max(self._until - time.monotonic(), 0.001))
        try:
            return self._connection.recv_into(buffer)
        finally:
            self._connection.settimeout(SECONDS)
