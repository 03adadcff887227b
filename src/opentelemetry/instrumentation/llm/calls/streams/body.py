"""Observe response bodies that the application reads after the call returned.

The application keeps the result, the body and the response object of the SDK. Only the file object below them is replaced
until the call has ended. Each piece is observed when the application reads it. Nothing is read in advance.
"""

from __future__ import annotations

import http.client
import json
import time
import weakref
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import wrapt

from ...extraction.paths import digits
from ...guard import guarded
from ..call import Call
from ..declaration import ResultHandler
from .finalize import call_collected, end_when_collected
from .inner_iterator import stream_failed

if TYPE_CHECKING:
    _Proxy = wrapt.ObjectProxy[Any]
else:
    _Proxy = wrapt.ObjectProxy
_LARGEST = 32 * 1024 * 1024
"""Maximum number of body bytes that are kept. It is more than providers send, and
limits an endless body.
"""

Raised = Callable[[BaseException], BaseException]


def body_in(key: str, raised: Raised = lambda error: error) -> ResultHandler:
    """Make the strategy for a result with a body under ``key``.

    ``raised`` converts an error of the file object to the exception of the SDK. The dialect's ``response`` function reads the
    result twice: first at once, with ``None`` as the body, in case the body is never read completely; and then with the JSON
    document of the body.
    """

    def opened(call: Call, result: Any) -> bool:
        body = result.get(key) if isinstance(result, dict) else None
        if not hasattr(body, "read"):
            return False
        reading = Reading(call, key, result, raised)
        call.draft = guarded(call.dialect.response, reading.result_with())
        reading.touch()
        below = next((inner for name in ("_raw_stream", "__wrapped__") if (inner := getattr(body, name, None)) is not None), None)
        guarded(_replace_file, body, below, reading)
        # The response below the body lives at least as long as the body, because other code may read it without the body.
        end_when_collected(body if below is None else below, call)
        return True

    return opened


def _replace_file(body: object, below: object, reading: Reading) -> None:
    """Replace the file object of a sync response, an async response, or of the body."""
    for owner, name, kind in ((below, "_fp", _File), (below, "content", _Content), (body, "_raw_stream", _File)):
        file = getattr(owner, name, None)
        if hasattr(file, "read"):
            setattr(owner, name, kind(file, reading))
            reading.restore_at_end(owner, name)
            return


class Reading:
    """The state of one body while the application reads it."""

    __slots__ = ("_call", "_json", "_key", "_length", "_pieces", "_raised", "_rest", "_size")

    def __init__(self, call: Call, key: str, result: Mapping[str, Any], raised: Raised) -> None:
        self._call, self._key, self._raised = call, key, raised
        # The result itself is not stored: it refers to the body, and an observer must not keep the body alive.
        self._rest = {name: value for name, value in result.items() if name != key}
        headers = result.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        self._length = digits(headers.get("content-length"))
        self._json = "json" in str(headers.get("content-type", "json"))
        self._pieces: list[bytes] = []
        self._size = 0

    def result_with(self, document: object = None) -> dict[str, Any]:
        """Return the result with a document in place of the body."""
        return {**self._rest, self._key: document}

    def touch(self) -> None:
        """Record the time of the last read. An abandoned body ends its call at this time."""
        self._call._chunk_at = time.perf_counter_ns()

    def restore_at_end(self, owner: object, name: str) -> None:
        """Restore the file object of ``owner`` when the call ends."""
        here = weakref.ref(owner)

        def forget() -> None:
            held = here()
            if isinstance(file := getattr(held, name, None), (_File, _Content)):
                setattr(held, name, file.__wrapped__)

        self._call.forget = forget

    def broke(self, error: BaseException) -> None:
        """End the call because reading its body failed."""
        stream_failed(self._call, self._raised(error))

    def closed(self) -> None:
        """End the call because its body was closed or collected before it was complete."""
        call_collected(self._call)

    def abort(self, error: BaseException) -> None:
        """End the call with an error and minimal metadata."""
        self._call.abort(error)

    def on_chunk(self, piece: bytes, last: bool) -> None:
        """Keep a piece of the body. The last piece ends the call."""
        if self._call.ended:
            return
        self.touch()
        self._size += len(piece)
        self._pieces.append(piece)
        if self._size > _LARGEST:
            self._pieces.clear()
        if last and self._length is not None and self._size < self._length:
            self.broke(http.client.IncompleteRead(b"", self._length - self._size))
        elif last or self._size == self._length:
            self._call.on_response(self.result_with(self._document()))

    def _document(self) -> Any:
        text, self._pieces = b"".join(self._pieces), []
        if not self._json or self._size > _LARGEST:
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None


def _is_last(requested: Any, got: bytes) -> bool:
    return requested is None or requested < 0 or (not got and requested > 0)


def _requested(args: tuple[object, ...], kwargs: Mapping[str, object], default: object = None) -> Any:
    return next(iter((*args, *kwargs.values())), default)


class _File(_Proxy):
    """Replace a file object: record each piece and return it unchanged."""

    def __init__(self, file: object, reading: Reading) -> None:
        super().__init__(file)
        self._self_reading = reading

    def _self_call(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            guarded(self._self_reading.broke, error, rescue=partial(self._self_reading.abort, error))
            raise

    def read(self, *args: object, **kwargs: object) -> Any:
        got = self._self_call(self.__wrapped__.read, args, kwargs)
        guarded(lambda: self._self_reading.on_chunk(got, _is_last(_requested(args, kwargs), got)))
        return got

    def read1(self, *args: object, **kwargs: object) -> Any:
        got = self._self_call(self.__wrapped__.read1, args, kwargs)
        guarded(lambda: self._self_reading.on_chunk(got, not got and _requested(args, kwargs, -1) != 0))
        return got

    def readinto(self, buffer: Any) -> Any:
        got = self._self_call(self.__wrapped__.readinto, (buffer,), {})
        guarded(lambda: self._self_reading.on_chunk(bytes(memoryview(buffer)[:got]), got == 0 and len(buffer) > 0))
        return got

    def close(self) -> None:
        guarded(self._self_reading.closed)
        self.__wrapped__.close()


class _Content(_Proxy):
    """Replace the content of an asynchronous response, like ``_File``."""

    def __init__(self, content: object, reading: Reading) -> None:
        super().__init__(content)
        self._self_reading = reading

    async def read(self, *args: object, **kwargs: object) -> Any:
        try:
            got = await self.__wrapped__.read(*args, **kwargs)
        except BaseException as error:
            guarded(self._self_reading.broke, error, rescue=partial(self._self_reading.abort, error))
            raise
        guarded(lambda: self._self_reading.on_chunk(got, _is_last(_requested(args, kwargs), got)))
        return got

    def __aiter__(self) -> AsyncIterator[Any]:
        inner: AsyncIterator[Any] = self.__wrapped__.__aiter__()
        return inner

    def set_exception(self, *args: object) -> None:
        # aiohttp calls this method when the response is closed, to inform its readers.
        guarded(self._self_reading.closed)
        self.__wrapped__.set_exception(*args)
