"""Bodies that stand inside a result and are read later, by the application and by nobody before it.

The application keeps the result and the body that the SDK made. What reads the body is watched on the very object, and
on the raw one below it, until the call has ended: each piece is seen as it is read, and never more is read than that.
"""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .call import CLOSED_EARLY, Call
from .guard import guarded
from .loss import watch_for_loss
from .methods import Watched, before, forget, watched
from .point import Open
from .streams import broke

_READS = ("read", "read1", "readinto")
_CLOSES = ("close", "aclose", "release")
_BELOW = ("_raw_stream", "__wrapped__")
_LARGEST = 32 * 1024 * 1024
"""Bytes of a body that are kept until it is whole: more than providers send, so that an endless one ends somewhere."""


def body_in(key: str) -> Open:
    """Make the strategy for a result with a body under ``key``.

    The dialect's ``reply`` reads the result twice: at once, with ``None`` in the place of the body, for a body that is
    never read whole; and with the JSON document of the body there.
    """

    def opened(call: Call, result: Any) -> bool:
        body = result.get(key) if isinstance(result, dict) else None
        if not hasattr(body, "read"):
            return False
        reading = Reading(call, key, result)
        call.draft = guarded(call.dialect.reply, reading.answer())
        reading.touch()
        below = next((inner for name in _BELOW if (inner := getattr(body, name, None)) is not None), body)
        methods = _reads(body, reading) if below is body else _reads(body, reading) + _reads(below, reading)
        if not methods:
            call.answered(reading.answer())
            return True
        methods += [m for name in _CLOSES if hasattr(below, name) for m in watched(below, name, before(reading.closed))]
        call.forget = partial(forget, methods)
        # What is below the body lives at least as long: others take it out and read it without the body.
        watch_for_loss(below, call)
        return True

    return opened


def _reads(owner: Any, reading: Reading) -> list[Watched]:
    methods: list[Watched] = []
    for name in _READS:
        if (read := getattr(owner, name, None)) is not None:
            methods += watched(owner, name, reading.around_async if inspect.iscoroutinefunction(read) else reading.around)
    return methods


class Reading:
    """What is seen of one body while the application reads it."""

    __slots__ = ("_call", "_inside", "_json", "_key", "_length", "_pieces", "_rest", "_size")

    def __init__(self, call: Call, key: str, result: Mapping[str, Any]) -> None:
        self._call, self._key = call, key
        # Never the result itself: it holds the body, and what watches a body must not keep it alive.
        self._rest = {name: value for name, value in result.items() if name != key}
        headers = result.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        length = str(headers.get("content-length", ""))
        self._length = int(length) if length.isdigit() else None
        self._json = "json" in str(headers.get("content-type", "json"))
        self._pieces: list[bytes] = []
        self._size = 0
        self._inside = False

    def answer(self, document: Any = None) -> dict[str, Any]:
        """Return the result with a document in the place of the body."""
        return {**self._rest, self._key: document}

    def touch(self) -> None:
        """Remember this moment: a body that is dropped or left half read ends its call with the last that came of it."""
        self._call._chunk_at = time.perf_counter_ns()

    def closed(self) -> None:
        """End the call because its body was closed before it was whole."""
        # A body that is collected closes itself; that it is lost has been noticed before, and may have to wait.
        watcher = self._call.watcher
        if not self._inside and (watcher is None or watcher.alive):
            self._call.stream_ended(CLOSED_EARLY)

    def around(self, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Drive a plain function that reads; one that calls another is seen once."""
        if self._inside or self._call.ended:
            return wrapped(*args, **kwargs)
        self._inside = True
        try:
            got = wrapped(*args, **kwargs)
        except BaseException as error:
            guarded(broke, self._call, error)
            raise
        finally:
            self._inside = False
        guarded(self._took, wrapped.__name__, got, args, kwargs)
        return got

    async def around_async(self, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Drive a coroutine function that reads."""
        if self._inside or self._call.ended:
            return await wrapped(*args, **kwargs)
        self._inside = True
        try:
            got = await wrapped(*args, **kwargs)
        except BaseException as error:
            guarded(broke, self._call, error)
            raise
        finally:
            self._inside = False
        guarded(self._took, wrapped.__name__, got, args, kwargs)
        return got

    def _took(self, name: str, got: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        asked: Any = args[0] if args else next((kwargs[key] for key in ("amt", "n", "b") if key in kwargs), None)
        if name == "readinto":
            piece, last = bytes(memoryview(asked)[:got]), got == 0 and len(asked) > 0
        else:
            everything = name == "read" and (asked is None or asked < 0)
            piece, last = bytes(got), everything or (not got and asked != 0)
        self.touch()
        self._size += len(piece)
        self._pieces.append(piece)
        if self._size > _LARGEST:
            self._pieces.clear()
        if last or self._size == self._length:
            self._call.answered(self.answer(self._document()))

    def _document(self) -> Any:
        text, self._pieces = b"".join(self._pieces), []
        if not self._json or self._size > _LARGEST:
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None
