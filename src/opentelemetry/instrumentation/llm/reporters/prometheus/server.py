"""The HTTP server of a ``PrometheusReporter``, and the conversion of names."""

from __future__ import annotations

import errno
import logging
import re
import threading
from typing import TYPE_CHECKING, Any, Protocol

from ...fork import register_at_fork
from . import http

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

    from prometheus_client.registry import Collector

_logger = logging.getLogger(__name__)
DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_TRY_AGAIN_SECONDS = 1.0
_TAKEN = (
    "is taken; choose another with PrometheusReporter(metrics(), port=...) or stop the program that has it. "
    f"If it is another worker process of this program, set {DIRECTORY} to an empty directory, and the workers share the port"
)
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]")


class ServingLock(Protocol):
    """A lock that decides which process serves a port.

    It is acquired before each attempt to serve, and released after a failed attempt.
    """

    def acquire(self, port: int) -> bool:
        """Acquire the lock; return True if this process may serve the port."""

    def release(self) -> None:
        """Release the lock for another process."""


def prometheus_name(name: str) -> str:
    """Return the name of a metric or tag in the spelling of Prometheus.

    >>> prometheus_name("ex_llm.chat.requests.total")
    'ex_llm_chat_requests_total'
    """
    spelled = _NOT_IN_NAMES.sub("_", name)
    return f"_{spelled}" if spelled[:1].isdigit() else spelled


def library() -> Any:
    """Return the module ``prometheus_client``.

    If it is missing, raise ``ImportError`` with the name of the extra to install.
    """
    try:
        import prometheus_client
    except ImportError as missing:
        raise ImportError(
            "PrometheusReporter needs the library prometheus-client: pip install 'opentelemetry-instrumentation-llm[prometheus]'"
        ) from missing
    return prometheus_client


class Server:
    """Serve the metrics of a collector, with at most one socket and one thread.

    A forked child has neither.
    """

    def __init__(self, collector: Collector, host: str) -> None:
        self._registry = library().CollectorRegistry(auto_describe=False)
        self._registry.register(collector)
        self._host = host
        self._running: tuple[WSGIServer, threading.Thread] | None = None
        self._closed = threading.Event()
        self._reported = False
        register_at_fork(self)

    @property
    def port(self) -> int | None:
        """The port that is served, or ``None``."""
        running = self._running
        return running[0].server_port if running is not None else None

    def serve(self, port: int, serving_lock: ServingLock) -> int:
        """Start serving and return the port.

        If the port is not available, try again every second until ``close()``.
        """
        self._closed = closed = threading.Event()
        if not self._try_to_serve(port, serving_lock, closed):
            threading.Thread(target=self._serve_later, args=(port, serving_lock, closed), name="ex_llm-prometheus", daemon=True).start()
        return self.port or port

    def _serve_later(self, port: int, serving_lock: ServingLock, closed: threading.Event) -> None:
        # Polling instead of a blocking wait: ``close()`` could not end a blocking wait, and with greenlets it would block all threads.
        while not closed.wait(_TRY_AGAIN_SECONDS):
            if self._try_to_serve(port, serving_lock, closed):
                return

    def _try_to_serve(self, port: int, serving_lock: ServingLock, closed: threading.Event) -> bool:
        if not serving_lock.acquire(port):
            return False
        try:
            self._running = http.start(library().make_wsgi_app(self._registry), port, self._host)
        except OSError as error:
            serving_lock.release()
            if not self._reported:
                text = _TAKEN if error.errno == errno.EADDRINUSE else f"cannot be served: {error.strerror or error}"
                _logger.error("metrics are not served: port %s on %s %s", port, self._host, text)
            self._reported = True
            return False
        if closed.is_set():
            self._stop()
            serving_lock.release()
        return True

    def close(self) -> None:
        """Release the port, and stop trying to serve it."""
        self._closed.set()
        self._stop()

    def _stop(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            server, thread = running
            server.shutdown()
            server.server_close()
            thread.join(5)

    def after_fork_in_child(self) -> None:
        """Close the copy of the socket in a forked child.

        The server thread exists in the parent only, and a copy of the socket would occupy the port after the parent has ended.
        """
        running, self._running = self._running, None
        if running is not None:
            running[0].socket.close()
