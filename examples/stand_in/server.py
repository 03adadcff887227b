"""The server: one thread for each connection on the loopback interface.

``StandIn`` is the public class: start, stop, url, journal, totals. Requests below ``/_stand_in/`` do not belong to a format; they are
for tests in another process: ``journal`` (with ``?wait_for=<n>``), ``totals`` and ``clear``.
"""

from __future__ import annotations

import re
import socket
import threading
import time
import traceback
from dataclasses import replace
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, unquote

from . import formats
from .connection import ClientLeft, Connection, Malformed
from .exchange import Answer, Format, Headers, Memory, Refused, Request, Route, Whole
from .journal import Journal, Record
from .scenarios import SCENARIOS, Pace, UnknownScenario, parse, split_model
from .sending import Sending, whole_bytes

HOST = "127.0.0.1"
_BACKLOG = 1024


class StandIn:
    """Imitate a provider at ``url``.

    Use ``start`` and ``stop``, or a context manager.
    """

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._memory = Memory()
        self._journal = Journal()
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None
        self._threads: dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()
        self.faults: list[str] = []
        """Tracebacks of errors of this server (status 500); tests assert: empty."""

    def start(self) -> StandIn:
        """Listen and serve in background threads."""
        self._listener = socket.create_server((HOST, self._port), backlog=_BACKLOG)
        self._port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, args=(self._listener,), name=f"stand-in on {self._port}", daemon=True)
        self._acceptor.start()
        return self

    def stop(self) -> None:
        """Close every connection and wait until all threads have ended."""
        listener, acceptor = self._listener, self._acceptor
        self._listener = self._acceptor = None
        if listener is None or acceptor is None:
            return
        # Closing a listening socket does not wake the thread in accept(); a last connection does.
        socket.create_connection((HOST, self._port)).close()
        acceptor.join()
        with self._lock:
            threads = dict(self._threads)
        for sock in threads.values():
            _shut(sock)
        for thread in threads:
            thread.join()
        listener.close()

    def __enter__(self) -> StandIn:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port of the server."""
        return self._port

    @property
    def url(self) -> str:
        """The address without a path, ``http://127.0.0.1:PORT``."""
        return f"http://{HOST}:{self._port}"

    @property
    def journal(self) -> list[Record]:
        """All requests so far, in the order of arrival."""
        return self._journal.records()

    def clear(self) -> None:
        """Clear the journal, the ids and the attempts of flaky calls."""
        self._journal.clear()
        self._memory.clear()

    def wait_for(self, number: int, finished: bool = True, timeout: float = 10.0) -> list[Record]:
        """Wait for a number of requests, and return the journal.

        A request counts when it is finished or given up by the client, or already when it has arrived.
        """
        return self._journal.wait(lambda records: sum(r.finished or not finished for r in records) >= number, timeout)

    def totals(self) -> dict[str, dict[str, Any]]:
        """Return the totals by model: requests, sent tokens, errors by status."""
        return self._journal.totals()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            sock, _ = listener.accept()
            if self._listener is None:
                sock.close()
                return
            thread = threading.Thread(target=self._serve, args=(sock,), name=f"stand-in on {self._port}", daemon=True)
            with self._lock:
                self._threads[thread] = sock
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            connection = Connection(sock)
            while self._exchange(connection):
                continue
        except ClientLeft:
            return
        except Exception:  # an error of this server must reach the test, and not only be printed by a thread
            self.faults.append(traceback.format_exc())
        finally:
            with self._lock:
                self._threads.pop(threading.current_thread(), None)
            sock.close()

    def _exchange(self, connection: Connection) -> bool:
        """Answer one request; return whether the connection can serve another."""
        try:
            method, target, version, headers, body = connection.read_request()
        except Malformed as error:
            connection.write(whole_bytes(Whole({"error": {"message": str(error)}}, status=400)))
            return False
        began = time.perf_counter()
        request = Request(method, target, headers, body, self._memory)
        path, _, query = target.partition("?")
        request.query = dict(parse_qsl(query, keep_blank_values=True))
        if path.startswith("/_stand_in/"):
            connection.write(whole_bytes(self._about_itself(method, path, request.query)))
            return True
        record = self._journal.open(method, target, headers, body)
        try:
            format, answer, pace = self._answer(request, path, record)
            headers = format.headers(request, time.perf_counter() - began)
            answer = replace(answer, headers=_merged(headers, answer.headers))
            return Sending(connection, self._journal, record, format, pace).send(answer) and _keeps(version, request)
        except ClientLeft:
            self._journal.change(record, client_left=self._listener is not None)
            raise
        finally:
            self._journal.change(record, finished=True)

    def _answer(self, request: Request, path: str, record: Record) -> tuple[Format, Answer, Pace]:
        prefix = re.match(r"/scenario/([^/]+)(/.*)", path)
        request.path = prefix[2] if prefix else path
        format, route = formats.find(request)
        pace = Pace()
        try:
            requested = format.model(request)
            self._journal.change(record, model=requested)
            request.model, suffix = split_model(requested)
            for text in (unquote(prefix[1]) if prefix else "", suffix):
                request.scenarios += parse(text) if text else []
            return format, _answer_of(format, route, request, pace), pace
        except UnknownScenario as error:
            return format, format.error("404", str(error)), Pace()
        except Exception:
            self.faults.append(traceback.format_exc())
            return format, format.error("500", self.faults[-1]), Pace()

    def _about_itself(self, method: str, path: str, query: dict[str, str]) -> Whole:
        what = method, path.removeprefix("/_stand_in/")
        if what == ("GET", "journal"):
            if "wait_for" in query:
                try:
                    self.wait_for(int(query["wait_for"]))
                except TimeoutError as error:
                    return Whole({"error": str(error)}, status=504)
            return Whole([record.as_json() for record in self.journal])
        if what == ("GET", "totals"):
            return Whole(self.totals())
        if what == ("POST", "clear"):
            self.clear()
            return Whole({})
        return Whole({"error": "known: GET journal, GET totals, POST clear"}, status=404)


def _answer_of(format: Format, route: Route | None, request: Request, pace: Pace) -> Answer:
    rows = [(SCENARIOS[name], parameter) for name, parameter in request.scenarios]
    for row, parameter in rows:
        if row.pace:
            row.pace(pace, parameter)
    for row, parameter in rows:
        early = row.early(format, request, parameter) if row.early else None
        if early is not None:
            return early
    if route is None:
        return format.error("404", f"Invalid URL ({request.method} {request.path})")
    try:
        answer = route.answer(request)
    except Refused as refusal:
        return format.error(refusal.kind, refusal.message)
    for row, parameter in rows:
        answer = row.shape(format, request, answer, parameter) if row.shape else answer
    return answer


def _merged(first: Headers, second: Headers) -> Headers:
    """Join headers; the second value of a name has priority."""
    names = {name.lower() for name, _ in second}
    return [(name, value) for name, value in first if name.lower() not in names] + second


def _keeps(version: str, request: Request) -> bool:
    return version == "HTTP/1.1" and request.header("connection").lower() != "close"


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the client has already disconnected
