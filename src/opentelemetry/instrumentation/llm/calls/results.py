"""Record the fetch of a file if the file contains the results of a batch.

A function that fetches files is observed only afterwards: most files are not results, and their fetch is no model call.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any
from zlib import decompressobj

from .. import context
from ..dialects import Arguments
from ..dialects.batches import LONGEST
from ..guard import guarded
from ..schema.records import Response
from .call import Call
from .declaration import Destination
from .documents import body_of
from .running import ActiveCall
from .wrap import CallWrapper

_NAMES = ("file_id", "id", "file")


class ResultsCall(Call):
    """A call whose start is emitted when its response turns out to be a batch."""

    __slots__ = ("_started_at", "file")
    file: str | None

    def start(self, arguments: Arguments) -> None:
        """Store the time of the start."""
        self._started_at = time.time_ns()

    def _finish(self, duration: int, reply: Response | None, how: str | None, error: BaseException | None) -> None:
        if reply is not None and reply.batch is not None:
            reply.batch.output = self.file
            self._emit(f"ex_llm.{self.family}.start", {"system_time": self._started_at}, dict(self.known))
            super()._finish(duration, reply, how, error)

    def _say_barely(self, duration: int, error: BaseException | None) -> None:
        """Emit nothing: no start was emitted."""


class ResultsWrapper(CallWrapper):
    """The wrapper of a function that fetches files."""

    def begin(self, running: ActiveCall, instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Begin a call without making it the running call."""
        point = self._routes.find("GET", "")
        if not self._switch.on or point is None or not guarded(self._desk.has_handlers, default=True):
            return
        _, suppressed, outer = context.look()
        if suppressed or outer is not None:
            return
        client = instance if point.recorded_if_batch is None else guarded(point.recorded_if_batch, instance)
        arguments = Arguments({}, method="GET", path=guarded(_server_of, client, default=""))
        identity = guarded(self._provider.identify, client, arguments) or Destination(self._provider.name)
        renamed = self._desk.host_providers.get(identity.address or "")
        if renamed is not None:
            identity = identity._replace(provider=renamed)
        request = point.dialect.request(arguments)
        excluded = self._desk.excluded
        if excluded is not None and guarded(excluded, point.operation, identity, request.model, arguments.path):
            return
        call = ResultsCall(point, identity, request, self._desk)
        call.captures_content = False
        named = args[0] if args else next((kwargs[name] for name in _NAMES if name in kwargs), None)
        call.file = named if isinstance(named, str) else None
        running.call, running.point = call, point
        call.start(arguments)


def _server_of(client: Any) -> str:
    """Return the address of an SDK whose configuration has it, or an empty text."""
    about = getattr(client, "sdk_configuration", None)
    return "" if about is None else str(about.get_server_details()[0])


def open_results(call: Any, result: Any) -> bool:
    """End the call with the bytes of a file, now or when they have been read."""
    if isinstance(result, (bytes, type(None))):
        call.on_response(result)
        return True
    response = getattr(result, "http_response", None) or getattr(result, "response", result)
    body = body_of(response)
    if body is not None:
        call.on_response(body)
    elif (stream := getattr(getattr(response, "stream", None), "_stream", None)) is not None:
        encoding = str(response.headers.get("content-encoding") or "identity").lower()
        if encoding in ("identity", "gzip", "deflate"):
            response.stream._stream = _Copied(stream, call, None if encoding == "identity" else decompressobj(_ANY_FORMAT).decompress)
    return True


_ANY_FORMAT = 47
"""The window size with which zlib detects the format of the data."""


class _Copied:
    """Return the bytes of a response, and keep a copy of results until the last."""

    def __init__(self, inner: Any, call: Call, decode: Callable[[bytes], bytes] | None) -> None:
        self._inner, self._call, self._decode = inner, call, decode
        self._kept: bytearray | None = bytearray()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._inner:
            guarded(self._keep, chunk)
            yield chunk
        guarded(self._end)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            guarded(self._keep, chunk)
            yield chunk
        guarded(self._end)

    def _keep(self, chunk: bytes) -> None:
        kept = self._kept
        if kept is not None:
            kept += chunk if self._decode is None else self._decode(chunk)
            if (kept and not kept.startswith(b"{")) or len(kept) > LONGEST:
                self._kept = None  # Another file, or one that is not parsed.

    def _end(self) -> None:
        kept, self._kept = self._kept, None
        self._call.on_response(None if kept is None else bytes(kept))
