"""Record one HTTP attempt of a running call: start, headers or failure."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from .. import bus, context
from ..context import RunningCall
from ..extraction import failures
from ..extraction.urls import port_of
from ..guard import failed, guarded
from ..schema.bounds import short
from ..schema.interruption import is_interruption
from ..wrapper import Driver, Patch, driven
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
        return tuple(Patch(self.name, target, driven(self._driver)) for target in self.targets)

    def _driver(self, original: Any) -> Driver:
        function = inspect.unwrap(original)
        return self._around_async if inspect.iscoroutinefunction(function) else self._around

    def _around(self, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        call: RunningCall | None = None
        try:
            call = context.running_call()
        except Exception as error:
            # The same as ``guarded``, without an additional frame for each request of the application.
            if is_interruption(error):
                raise
            failed(context.running_call, error)
        if call is None or call.ended or _sending.get() == call.ref:
            return wrapped(*args, **kwargs)
        attempt, token = guarded(self._begin, call, instance, args, kwargs), guarded(no_attempts, call.ref)
        try:
            response = wrapped(*args, **kwargs)
        except BaseException as error:
            guarded(_failed, attempt, error)
            raise
        finally:
            guarded(attempts_again, token)
        guarded(self._ended, attempt, response, rescue=attempt.abort if attempt is not None else None)
        return response

    async def _around_async(self, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        call: RunningCall | None = None
        try:
            call = context.running_call()
        except Exception as error:
            # The same as ``guarded``, without an additional frame for each request of the application.
            if is_interruption(error):
                raise
            failed(context.running_call, error)
        if call is None or call.ended or _sending.get() == call.ref:
            return await wrapped(*args, **kwargs)
        attempt, token = guarded(self._begin, call, instance, args, kwargs), guarded(no_attempts, call.ref)
        try:
            response = await wrapped(*args, **kwargs)
        except BaseException as error:
            guarded(_failed, attempt, error)
            raise
        finally:
            guarded(attempts_again, token)
        guarded(self._ended, attempt, response, rescue=attempt.abort if attempt is not None else None)
        return response

    def _begin(self, call: RunningCall, instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Attempt | None:
        return begin(call, instance, self.sent(instance, args, kwargs))

    def _ended(self, attempt: Attempt | None, response: Any) -> None:
        if attempt is not None:
            attempt.on_response(answered := self.on_response(response))
            attempt.keep(response, answered.status)


def no_attempts(ref: int) -> Token[int | None]:
    """Ignore requests in call ``ref`` until ``attempts_again`` receives the result."""
    return _sending.set(ref)


def attempts_again(token: Token[int | None] | None) -> None:
    """Take requests for attempts again."""
    context.leave(token)


def _failed(attempt: Attempt | None, error: BaseException) -> None:
    if attempt is not None:
        attempt.on_error(error)


def begin(call: RunningCall, client: Any, sent: Sent) -> Attempt | None:
    """Begin an attempt of ``call``; ``None`` if ``client`` sends another request."""
    server = urlsplit(sent.url)
    return Attempt(call, sent, server) if is_attempt(call, client, sent.method, server) else None


class Attempt:
    """One attempt, from ``ex_llm.provider.request.start`` to its stop or exception."""

    __slots__ = ("_began", "_call", "_ended", "_known", "_running")

    def __init__(self, call: RunningCall, sent: Sent, server: SplitResult) -> None:
        self._running, self._call, self._ended = call, call.outermost, False
        number, waited = self._call.attempt_begins()
        self._known: dict[str, Any] = {**call.event_identity(), "attempt": number, "method": short(sent.method.upper())}
        if server.hostname:
            self._known |= {
                "server_address": short(server.hostname),
                "server_port": port_of(server) or (443 if server.scheme == "https" else 80),
            }
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

    def keep(self, response: Any, status: int) -> None:
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
        failure = failures.describe(error)
        failure.pop("stacktrace", None)
        bus.execute(
            "ex_llm.provider.request.exception", {"duration": self._duration(True, unanswered=failure["kind"])}, {**self._known, **failure}
        )
