"""The HTTP server behind a ``PrometheusReporter``, made of the library prometheus-client, and how names are spelled."""

from __future__ import annotations

import errno
import re
import threading
from typing import TYPE_CHECKING, Any

from .tally import tell_of_forks

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

    from prometheus_client.registry import Collector

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]")


class PortTakenError(OSError):
    """Say that another program serves the port that ``/metrics`` was to be served on."""


def prometheus_name(name: str) -> str:
    """Return the name of a metric or tag as Prometheus spells it.

    >>> prometheus_name("ex_llm.chat.requests.total")
    'ex_llm_chat_requests_total'
    """
    spelled = _NOT_IN_NAMES.sub("_", name)
    return f"_{spelled}" if spelled[:1].isdigit() else spelled


def library() -> Any:
    """Return the module ``prometheus_client``; raise ``ImportError`` that names the extra where it is missing."""
    try:
        import prometheus_client
    except ImportError as missing:
        raise ImportError(
            "PrometheusReporter needs the library prometheus-client: pip install 'opentelemetry-instrumentation-llm[prometheus]'"
        ) from missing
    return prometheus_client


class Server:
    """Serve what a collector gives: at most one socket and one thread, and neither of them in a forked child."""

    def __init__(self, collector: Collector, host: str) -> None:
        self._registry = library().CollectorRegistry(auto_describe=False)
        self._registry.register(collector)
        self._host = host
        self._running: tuple[WSGIServer, threading.Thread] | None = None
        tell_of_forks(self)

    def start(self, port: int) -> int:
        """Serve from now on and return the port; raise ``PortTakenError`` if it is taken."""
        try:
            self._running = library().start_http_server(port, self._host, self._registry)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortTakenError(errno.EADDRINUSE, _taken(self._host, port)) from error
        return self._running[0].server_port

    def close(self) -> None:
        """Let go of the port."""
        running, self._running = self._running, None
        if running is not None:
            server, thread = running
            server.shutdown()
            server.server_close()
            thread.join(5)

    def forked(self) -> None:
        """Drop the copy of the socket: the thread stayed in the parent, and a copy would hold the port after its end."""
        running, self._running = self._running, None
        if running is not None:
            running[0].socket.close()


def _taken(host: str, port: int) -> str:
    return (
        f"port {port} on {host} is taken; choose another with PrometheusReporter(metrics(), port=...) or stop the program that has it. "
        f"If it is another worker process of this program, set {DIRECTORY} to an empty directory, and the workers share the port"
    )
