"""Record one HTTP attempt of a running call: start, headers or failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from .. import bus, context
from ..context import RunningCall
from ..extraction import failures
from ..extraction.urls import port_of
from ..observation import driver
from ..schema.bounds import short
from ..wrapper import Patch, driven
from . import cost_headers, rate_limit_headers
from .own import is_attempt

_REQUEST_IDS = ("x-request-id", "request-id", "x-amzn-requestid", "apim-request-id", "x-goog-request-id", "cf-ray")
_THROTTLED = "x-amzn-errortype"
_REFUSED = frozenset({429, 529})

# One HTTP client may use another (httpx uses aiohttp, and so does aiobotocore): the outer client records the attempt.
# The id of the call is stored, so that a value that was not reset affects that call only.
_sending: ContextVar[int | None] = ContextVar("ex_llm.sending", default=None)


@lru_cache(maxsize=1024)
def is_read(name: str) -> bool:
    """Return whether anything here reads the header of this name, in lower case."""
    return name in _REQUEST_IDS or name == _THROTTLED or rate_limit_headers.is_read(name) or cost_headers.is_read(name)


class Sent(NamedTuple):
    """The request, before it is sent."""

    method: str
    url: str


class Answered(NamedTuple):
    """The response, when its headers have been received."""

    status: int
    headers: Mapping[str, str]
    read: bool = False
    """Whether ``headers`` holds only headers that are read, by lower-case name."""


@dataclass(frozen=True, slots=True)
class Transport:
    """An HTTP client as data: sending functions, and readers of both directions."""

    name: str
    targets: tuple[str, ...]
    sent: Callable[[Any, tuple[Any, ...], Mapping[str, Any]], Sent]
    on_response: Callable[[Any], Answered]

    @property
    def patches(self) -> tuple[Patch, ...]:
        """Return the patches of the sending functions."""
        return tuple(Patch(self.name, target, driven(partial(driver, self._observe))) for target in self.targets)

    def _observe(self, instance: object) -> _Sending | None:
        call = context.running_call()
        return None if call is None or call.ended or _sending.get() == call.ref else _Sending(self, call, instance)


class _Sending:
    """One request that an HTTP client sends while a call runs."""

    __slots__ = ("_attempt", "_call", "_client", "_token", "_transport")

    def __init__(self, transport: Transport, call: RunningCall, client: object) -> None:
        self._transport, self._call, self._client = transport, call, client
        self._attempt: Attempt | None = None
        self._token: Token[int | None] | None = None

    def enter(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
        self._token = _sending.set(self._call.ref)
        sent = self._transport.sent(self._client, args, kwargs)
        server = urlsplit(sent.url)
        if is_attempt(self._call, self._client, sent.method, server):
            self._attempt = Attempt(self._call, sent, server)
            self._attempt.start()

    def leave(self) -> None:
        context.leave(self._token)

    def on_result(self, response: object) -> None:
        if self._attempt is not None:
            try:
                answered = self._transport.on_response(response)
                self._attempt.on_response(answered)
                self._attempt.keep(response, answered.status)
            except Exception:
                self._attempt.abort()
                raise

    def on_error(self, error: BaseException) -> None:
        if self._attempt is not None:
            self._attempt.on_error(error)


def no_attempts(ref: int) -> Token[int | None]:
    """Ignore requests in call ``ref`` until ``attempts_again`` receives the result."""
    return _sending.set(ref)


def attempts_again(token: Token[int | None] | None) -> None:
    """Take requests for attempts again."""
    context.leave(token)


def begin(call: RunningCall, client: object, sent: Sent, keep: Callable[[Attempt], None]) -> None:
    """Begin an attempt of ``call``, unless ``client`` sends another request.

    ``keep`` receives the attempt before it emits an event, so that an interrupted frame can end it.
    """
    server = urlsplit(sent.url)
    if is_attempt(call, client, sent.method, server):
        attempt = Attempt(call, sent, server)
        keep(attempt)
        attempt.start()


@lru_cache(maxsize=512)
def _address(scheme: str, netloc: str) -> Mapping[str, Any]:
    """Return the metadata of a server; a client sends to few servers, many times."""
    server = SplitResult(scheme, netloc, "", "", "")
    if not server.hostname:
        return {}
    return {"server_address": short(server.hostname), "server_port": port_of(server) or (443 if scheme == "https" else 80)}


class Attempt:
    """One attempt, from ``ex_llm.provider.request.start`` to its stop or exception."""

    __slots__ = ("_began", "_call", "_ended", "_known", "_running")

    def __init__(self, call: RunningCall, sent: Sent, server: SplitResult) -> None:
        self._running, self._call, self._ended = call, call.outermost, True
        self._began = 0
        self._known: dict[str, Any] = {**call.event_identity(), "method": short(sent.method.upper())}
        # Credentials in a URL are not part of the key, so that they are not kept.
        self._known.update(_address(server.scheme, server.netloc.rpartition("@")[2]))

    def start(self) -> None:
        """Count the attempt and emit its start."""
        number, waited = self._call.attempt_begins()
        self._known["attempt"], self._ended = number, False
        measured = {"system_time": time.time_ns(), "retry": int(number > 1)}
        if waited is not None:
            measured["waited"] = waited
        self._began = time.perf_counter_ns()
        bus.execute("ex_llm.provider.request.start", measured, self._known)

    def _duration(self, refused: bool, status: int | None = None, unanswered: str | None = None) -> int:
        self._ended = True
        self._call.attempt_ended(refused, status, unanswered)
        return time.perf_counter_ns() - self._began

    def on_response(self, answer: Answered) -> None:
        """Emit that headers are received, their rate limits, and a refusal."""
        headers = answer.headers
        if not answer.read:
            headers = {name: str(value) for raw, value in answer.headers.items() if is_read(name := str(raw).lower())}
        known = {**self._known, "status": answer.status}
        request_id = next((headers[name] for name in _REQUEST_IDS if name in headers), None)
        if request_id is not None:
            known["request_id"] = short(request_id)
        left = rate_limit_headers.remaining(headers)
        refused = answer.status >= 400
        if not refused and (cents := cost_headers.reported_cents(headers)) is not None:
            self._call.reported_cents = (self._call.reported_cents or 0) + cents
        bus.execute("ex_llm.provider.request.stop", {"duration": self._duration(refused, answer.status), **left}, known)
        if answer.status in _REFUSED or headers.get(_THROTTLED, "").startswith("Throttling"):
            measured = {**left, **rate_limit_headers.retry_after(headers)}
            bus.execute("ex_llm.provider.rate_limit", measured, {**known, "limit": "overloaded" if answer.status == 529 else "rate"})

    def keep(self, response: object, status: int) -> None:
        """Keep an accepted response, to read it if the SDK raises an error."""
        call = self._running
        if not (call.asked_to_stream or call.streaming):
            call.response = response if status < 400 else None

    def abort(self) -> None:
        """End the attempt with minimal data, because its response could not be read."""
        if not self._ended:
            measured = {"duration": self._duration(False)}
            bus.execute("ex_llm.provider.request.stop", measured, self._known)

    def on_error(self, error: BaseException) -> None:
        """Emit that there was no response, and the kind of the error."""
        if self._ended:
            return
        failure = failures.describe(error)
        failure.pop("stacktrace", None)
        bus.execute(
            "ex_llm.provider.request.exception", {"duration": self._duration(True, unanswered=failure["kind"])}, {**self._known, **failure}
        )
