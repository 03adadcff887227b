"""Observe RPCs of grpc and grpc.aio, with HTTP statuses for gRPC codes.

A plain RPC passes ``_blocking``, an asynchronous RPC is a task. Retries inside the library are not visible. A stream
counts as accepted when the application gets its first message, because the library shows headers only to code that
waits for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .. import context
from ..extraction import failures
from ..guard import guarded, guarded_later
from ..observation import driver
from ..wrapper import Driver, Patch, driven
from .attempt import Answered, Attempt, Sent, begin

STATUSES: Mapping[str, int] = {
    "OK": 200, "INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "OUT_OF_RANGE": 400, "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403, "NOT_FOUND": 404, "ALREADY_EXISTS": 409, "ABORTED": 409, "RESOURCE_EXHAUSTED": 429,
    "UNKNOWN": 500, "INTERNAL": 500, "DATA_LOSS": 500, "UNIMPLEMENTED": 501, "UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 504,
}  # fmt: skip
"""HTTP statuses by the names of gRPC codes; a cancelled RPC has none."""

Function = Callable[..., Any]


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _begin(channel: Any, method: Any, keep: Callable[[Attempt], None]) -> None:
    call = context.running_call()
    if call is None or call.ended:
        return
    target = channel.target() if callable(channel.target) else channel.target
    # It may name a resolver, as in dns:///api.example.com:443.
    begin(call, channel, Sent("POST", f"https://{_text(target).rpartition('/')[2]}{_text(method)}"), keep)


def _emit_end(attempt: Attempt, code: str | None, metadata: Any) -> None:
    if code is not None and code in STATUSES:
        attempt.on_response(Answered(STATUSES[code], {_text(name): _text(value) for name, value in metadata or ()}))
    else:
        attempt.on_error(asyncio.CancelledError())


class _Rpc:
    """One RPC that blocks until its response is there."""

    def __init__(self, instance: Any) -> None:
        self._instance = instance
        self._attempt: Attempt | None = None

    def enter(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        _begin(self._instance._channel, self._instance._method, self._keep)

    def _keep(self, attempt: Attempt) -> None:
        self._attempt = attempt

    def leave(self) -> None:
        """Do nothing: no context variable is set."""

    def on_result(self, outcome: Any) -> None:
        if self._attempt is not None:
            _emit_end(self._attempt, outcome[0].code.name, outcome[0].trailing_metadata)

    def on_error(self, error: BaseException) -> None:
        if self._attempt is not None:
            self._attempt.on_error(error)


def _streaming(wrapped: Function, instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    guarded(lambda: _awaited(instance._channel, instance._method))
    return wrapped(*args, **kwargs)


def _awaited(channel: Any, method: Any) -> None:
    _begin(channel, method, _await)


def _await(attempt: Attempt) -> None:
    call = context.running_call()
    if call is not None:
        call.awaited = partial(_first, attempt)


def _first(attempt: Attempt, error: BaseException | None) -> None:
    code = None if error is None else failures.code_of(error)
    if error is None or code in STATUSES:
        metadata: Any = getattr(error, "trailing_metadata", tuple)()
        _emit_end(attempt, code or "OK", metadata)
    else:
        attempt.on_error(error)


def _unary_made(wrapped: Function, instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    begun: list[Attempt] = []
    try:
        guarded(lambda: _begin(args[5], args[6], begun.append))
        wrapped(*args, **kwargs)
        guarded(_await_task, begun, instance)
    except BaseException as error:
        for attempt in begun:
            guarded(attempt.on_error, error)
        raise


def _await_task(begun: list[Attempt], call: Any) -> None:
    for attempt in begun:
        call._invocation_task.add_done_callback(partial(guarded_later, _done, attempt, call._cython_call))


def _stream_made(wrapped: Function, instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    guarded(lambda: _awaited(*args[5:7]))
    wrapped(*args, **kwargs)


def _done(attempt: Attempt, call: Any, task: Any) -> None:
    status = call.status()
    try:
        # It is a coroutine that has nothing to wait for when the call is over.
        status.send(None)
    except StopIteration as known:
        _emit_end(attempt, _NAMES.get(known.value.code()), known.value.trailing_metadata())
    finally:
        status.close()


_NAMES: Mapping[int, str] = {
    0: "OK", 2: "UNKNOWN", 3: "INVALID_ARGUMENT", 4: "DEADLINE_EXCEEDED", 5: "NOT_FOUND", 6: "ALREADY_EXISTS",
    7: "PERMISSION_DENIED", 8: "RESOURCE_EXHAUSTED", 9: "FAILED_PRECONDITION", 10: "ABORTED", 11: "OUT_OF_RANGE",
    12: "UNIMPLEMENTED", 13: "INTERNAL", 14: "UNAVAILABLE", 15: "DATA_LOSS", 16: "UNAUTHENTICATED",
}  # fmt: skip
_DRIVERS: Mapping[str, tuple[str, Function]] = {
    "_UnaryUnaryMultiCallable._blocking": ("grpc._channel", driver(_Rpc, None)),
    "_UnaryStreamMultiCallable.__call__": ("grpc._channel", _streaming),
    "_SingleThreadedUnaryStreamMultiCallable.__call__": ("grpc._channel", _streaming),
    "UnaryUnaryCall.__init__": ("grpc.aio._call", _unary_made),
    "UnaryStreamCall.__init__": ("grpc.aio._call", _stream_made),
}


def _driver(original: Any) -> Driver:
    return _DRIVERS[original.__qualname__][1]


PATCHES = tuple(Patch("grpcio", f"{module}:{name}", driven(_driver)) for name, (module, _) in _DRIVERS.items())
