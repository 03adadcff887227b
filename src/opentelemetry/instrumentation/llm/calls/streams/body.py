"""Bodies that stand inside a result and are read later, by the application and by nobody before it.

The application keeps the result, the body and the response below it as the SDK made them. Only the file below those is
stood in for, until the call has ended: each piece is seen as it is read, never before and never more of it.
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
from .finalize import _collected as lost
from .finalize import end_when_collected
from .inner_iterator import stream_failed

if TYPE_CHECKING:
    _Proxy = wrapt.ObjectProxy[Any]
else:
    _Proxy = wrapt.ObjectProxy
_LARGEST = 32 * 1024 * 1024
"""Bytes of a body that are kept until it is whole: more than providers send, so that an endless one ends somewhere."""

Raised = Callable[[BaseException], BaseException]


def body_in(key: str, raised: Raised = lambda error: error) -> ResultHandler:
    """Make the strategy for a result with a body under ``key``; ``raised`` is what the SDK makes of an error of the file below.

    The dialect's ``reply`` reads the result twice: at once, with ``None`` in the place of the body, for one that is never
    read whole; and with the JSON document of the body there.
    """

    def opened(call: Call, result: Any) -> bool:
        body = result.get(key) if isinstance(result, dict) else None
        if not hasattr(body, "read"):
            return False
        reading = Reading(call, key, result, raised)
        call.draft = guarded(call.dialect.response, reading.answer())
        reading.touch()
        below = next((inner for name in ("_raw_stream", "__wrapped__") if (inner := getattr(body, name, None)) is not None), None)
        guarded(_stand_in, body, below, reading)
        # What is below the body lives at least as long: others take it out and read it without the body.
        end_when_collected(body if below is None else below, call)
        return True

    return opened


def _stand_in(body: Any, below: Any, reading: Reading) -> None:
    """Stand in for the file that is read: that of a response, that of an asynchronous one, or the one that is the response."""
    for owner, name, kind in ((below, "_fp", _File), (below, "content", _Content), (body, "_raw_stream", _File)):
        file = getattr(owner, name, None)
        if hasattr(file, "read"):
            setattr(owner, name, kind(file, reading))
            reading.forgets(owner, name)
            return


class Reading:
    """What is seen of one body while the application reads it."""

    __slots__ = ("_call", "_json", "_key", "_length", "_pieces", "_raised", "_rest", "_size")

    def __init__(self, call: Call, key: str, result: Mapping[str, Any], raised: Raised) -> None:
        self._call, self._key, self._raised = call, key, raised
        # Never the result itself: it holds the body, and what watches a body must not keep it alive.
        self._rest = {name: value for name, value in result.items() if name != key}
        headers = result.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        self._length = digits(headers.get("content-length"))
        self._json = "json" in str(headers.get("content-type", "json"))
        self._pieces: list[bytes] = []
        self._size = 0

    def answer(self, document: Any = None) -> dict[str, Any]:
        """Return the result with a document in the place of the body."""
        return {**self._rest, self._key: document}

    def touch(self) -> None:
        """Remember this moment: a body that is left half read or unread ends its call with the last that came of it."""
        self._call._chunk_at = time.perf_counter_ns()

    def forgets(self, owner: Any, name: str) -> None:
        """Give ``owner`` its own file back when the call ends."""
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
        """End the call because its body was closed before it was whole, perhaps by being collected."""
        lost(self._call)

    def abort(self, error: BaseException) -> None:
        """End the call with an error and nothing else."""
        self._call.abort(error)

    def on_chunk(self, piece: bytes, last: bool) -> None:
        """Keep one piece; the last one ends the call."""
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
            self._call.on_response(self.answer(self._document()))

    def _document(self) -> Any:
        text, self._pieces = b"".join(self._pieces), []
        if not self._json or self._size > _LARGEST:
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None


def _is_last(asked: Any, got: bytes) -> bool:
    return asked is None or asked < 0 or (not got and asked > 0)


def _asked(args: tuple[Any, ...], kwargs: Mapping[str, Any], default: Any = None) -> Any:
    return next(iter((*args, *kwargs.values())), default)


class _File(_Proxy):
    """Stand in for a file: what it gives is told and handed on as it is."""

    def __init__(self, file: Any, reading: Reading) -> None:
        super().__init__(file)
        self._self_reading = reading

    def _self_told(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            guarded(self._self_reading.broke, error, rescue=partial(self._self_reading.abort, error))
            raise

    def read(self, *args: Any, **kwargs: Any) -> Any:
        got = self._self_told(self.__wrapped__.read, args, kwargs)
        guarded(lambda: self._self_reading.on_chunk(got, _is_last(_asked(args, kwargs), got)))
        return got

    def read1(self, *args: Any, **kwargs: Any) -> Any:
        got = self._self_told(self.__wrapped__.read1, args, kwargs)
        guarded(lambda: self._self_reading.on_chunk(got, not got and _asked(args, kwargs, -1) != 0))
        return got

    def readinto(self, buffer: Any) -> Any:
        got = self._self_told(self.__wrapped__.readinto, (buffer,), {})
        guarded(lambda: self._self_reading.on_chunk(bytes(memoryview(buffer)[:got]), got == 0 and len(buffer) > 0))
        return got

    def close(self) -> None:
        guarded(self._self_reading.closed)
        self.__wrapped__.close()


class _Content(_Proxy):
    """Stand in for the content of an asynchronous response, as ``_File`` does."""

    def __init__(self, content: Any, reading: Reading) -> None:
        super().__init__(content)
        self._self_reading = reading

    async def read(self, *args: Any, **kwargs: Any) -> Any:
        try:
            got = await self.__wrapped__.read(*args, **kwargs)
        except BaseException as error:
            guarded(self._self_reading.broke, error, rescue=partial(self._self_reading.abort, error))
            raise
        guarded(lambda: self._self_reading.on_chunk(got, _is_last(_asked(args, kwargs), got)))
        return got

    def __aiter__(self) -> AsyncIterator[Any]:
        inner: AsyncIterator[Any] = self.__wrapped__.__aiter__()
        return inner

    def set_exception(self, *args: Any) -> None:
        # So a response tells whoever still reads that it was closed.
        guarded(self._self_reading.closed)
        self.__wrapped__.set_exception(*args)
