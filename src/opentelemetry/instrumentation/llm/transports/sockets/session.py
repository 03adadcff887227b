"""Hold the generations of one observed socket, and turn frames into their steps."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from ... import context
from ...calls.call import ABANDONED, CLOSED_EARLY, COMPLETE, ERROR, Call, CallServices
from ...calls.declaration import Destination, PatchPoint
from ...calls.streams import finalize
from ...guard import guarded
from ...schema.records import Response
from .clients import Ended
from .generation import Moment, Start, count_unread, plain, read_into
from .protocol import Frame, SocketApi

_MOST_RUNNING = 100
_MOST_ENDED = 200
_MOST_UNKNOWN = 32
_LARGEST_UNKNOWN = 1 << 20


class _Entry(NamedTuple):
    call: Call
    lane: str
    frame_id: str | None


class Session:
    """One observed socket: its protocol, and the calls that run on it.

    Protocols call ``ask`` when the application requests a generation, ``started`` when the provider begins it,
    ``chunk`` for its parts, and ``end`` or ``refuse`` at its end. The socket itself is not kept.
    """

    __slots__ = (
        "_ended", "_opened", "_running", "_start", "_unknown", "_waiting",
        "api", "foreign", "known", "protocol", "reader", "reads_all", "since",
    )  # fmt: skip

    def __init__(self, api: SocketApi, query: Mapping[str, str], identity: Destination, services: CallServices) -> None:
        self.api = api
        self.protocol = api.protocol(query)
        self._start = Start(identity, services, self.protocol)
        self.known = self.foreign = self.reads_all = False
        self.reader: Any = None
        """The task that is receiving, if the library is asynchronous."""
        self._unknown = 0
        self._waiting: deque[_Entry] = deque()
        self._running: dict[str, _Entry] = {}
        self._ended: dict[str, None] = {}
        self.since: Moment | None = None
        """When the user stopped speaking, if no generation has begun since."""
        self._opened = context.without_runs()
        """The context in which the socket was first used: the parent of generations that
        the application did not request.
        """

    # Frames

    def sent(self, data: object) -> list[Call]:
        """Read a frame before it is sent; return the calls that it begins."""
        if not isinstance(data, (str, bytes)) or self.api.unread.sent.match(data):
            return []
        before = list(self._waiting)
        self._read(data, self.protocol.sent)
        return [entry.call for entry in list(self._waiting) if entry not in before]

    def received(self, data: object) -> None:
        """Read the result of a receiving function."""
        if isinstance(data, Ended):
            self.lost(data)
        elif isinstance(data, (str, bytes)):
            if not self._is_chunk(data):
                self._read(data, self.protocol.received)
        elif isinstance(data, bytearray):
            self.received(bytes(data))

    def _is_chunk(self, data: str | bytes) -> bool:
        unread = self.api.unread
        if self.reads_all or not unread.chunk.match(data) or (unread.chunk_end is not None and not unread.chunk_end.match(data[-160:])):
            return False
        if len(self._running) == 1:
            count_unread(next(iter(self._running.values())).call)
            return True
        owner = unread.owner.match(data) if unread.owner is not None and self._running else None
        if owner is None:
            # Where a chunk has no end of its own, no frame of this kind can begin a generation.
            return not self._running and self.known and unread.chunk_end is None
        found = owner[1] if isinstance(owner[1], str) else owner[1].decode("ascii", "replace")
        if (entry := self._running.get(found)) is not None:
            count_unread(entry.call)
        return True

    def _read(self, data: str | bytes, read: Any) -> None:
        if not self.known and len(data) > _LARGEST_UNKNOWN and "response.create" not in str(data[:512]):
            return  # A large frame of a socket that may be of another API.
        try:
            frame = json.loads(data)
        except (ValueError, RecursionError):
            frame = None
        if isinstance(frame, dict) and read(self, frame):
            self.known = True
        elif not self.known:
            self._unknown += 1
            self.foreign = self._unknown >= _MOST_UNKNOWN

    # Steps of protocols

    def ask(self, point: PatchPoint, named: Frame, lane: str = "", frame_id: str | None = None) -> None:
        """Begin a generation that the application requests in this frame."""
        call = self._start.begin(point, named)
        if call is not None:
            self._waiting.append(_Entry(call, lane, frame_id))
            if len(self._waiting) > _MOST_RUNNING:
                self._close(self._waiting.popleft().call, ABANDONED)

    def started(self, point: PatchPoint, named: Frame, key: str, lane: str = "") -> None:
        """Record that the provider has begun the generation ``key``.

        It is the oldest requested generation of its lane, or else one that nobody requested.
        """
        if key in self._running or key in self._ended:
            return
        entry = self._take(lane)
        if entry is None:
            call = guarded(self._begin_unasked, point, named)
            entry = None if call is None else _Entry(call, lane, None)
        self.since = None
        if entry is None:
            return
        self._running[key] = entry
        if not entry.call.streaming:
            entry.call.on_stream_start()
        if len(self._running) > _MOST_RUNNING:
            self._close(self._running.pop(next(iter(self._running))).call, ABANDONED)

    def runs(self, key: str) -> bool:
        """Return whether the generation ``key`` has begun and not ended."""
        return key in self._running

    def waits(self) -> bool:
        """Return whether a requested generation has not begun."""
        return bool(self._waiting)

    def chunk(self, key: str, frame: object) -> None:
        """Add a frame to the generation ``key``."""
        entry = self._running.get(key)
        if entry is not None:
            self._add(entry.call, frame)

    def note(self, key: str, frame: object) -> None:
        """Read a frame of the generation ``key`` that is not a part of its output."""
        entry = self._running.get(key)
        if entry is not None:
            read_into(entry.call, frame)

    def chunk_in(self, lane: str, frame: object) -> None:
        """Add a frame without an id to the generation that runs in ``lane``."""
        entry = next((entry for entry in list(self._running.values()) if entry.lane == lane), None)
        if entry is not None:
            self._add(entry.call, frame)

    def end(self, point: PatchPoint, named: Frame, key: str, frame: Frame | None, how: str = COMPLETE, lane: str = "") -> None:
        """End the generation ``key`` with its last frame."""
        if key in self._ended:
            return
        self.started(point, named, key, lane)
        entry = self._running.pop(key, None)
        self._ended[key] = None
        if len(self._ended) > _MOST_ENDED:
            self._ended.pop(next(iter(self._ended)), None)
        if entry is not None:
            try:
                if frame is not None:
                    self._add(entry.call, frame)
            finally:
                self._close(entry.call, how)

    def refuse(self, frame: Frame, lane: str = "", frame_id: str | None = None) -> None:
        """End the requested generation that an error frame refuses, if there is one."""
        entry = self._take(lane, frame_id)
        if entry is None:
            return
        try:
            if not entry.call.streaming:
                entry.call.on_stream_start()
            read_into(entry.call, frame)
        finally:
            self._close(entry.call, COMPLETE)

    def fail(self, lane: str, frame: Frame) -> None:
        """End the generation that runs in ``lane``, or else the one that waits in it."""
        key = next((key for key, entry in list(self._running.items()) if entry.lane == lane), None)
        entry = None if key is None else self._running.pop(key)
        if entry is None:
            self.refuse(frame, lane)
            return
        read_into(entry.call, frame)
        self._close(entry.call, COMPLETE)

    # Ends of the socket

    def lost(self, ended: Ended) -> None:
        """End every generation because the connection has ended."""
        for call in self._all():
            if ended.normal:
                self._close(call, CLOSED_EARLY)
            else:
                self.failed(call, ended.error)

    def failed(self, call: Call, error: BaseException | None) -> None:
        """End one call with the exception of its socket."""
        if error is None:
            call.draft = call.draft or Response()
            call.draft.failure = "connection_closed"
        self._close(call, ERROR, None if error is None else plain(error))

    def closed(self) -> None:
        """End every generation because the application closes the socket."""
        for call in self._all():
            self._close(call, CLOSED_EARLY)

    def collected(self) -> None:
        """End every generation because the socket was garbage collected."""
        for call in self._all():
            finalize.call_collected(call)

    def forget(self) -> None:
        """Drop every generation; the instrumentation or another process ends them."""
        self._all()

    def _all(self) -> list[Call]:
        calls = [entry.call for entry in (*list(self._waiting), *list(self._running.values()))]
        self._waiting.clear()
        self._running.clear()
        return calls

    # Calls

    def _take(self, lane: str, frame_id: str | None = None) -> _Entry | None:
        for entry in list(self._waiting):
            if entry.lane == lane and frame_id in (None, entry.frame_id):
                self._waiting.remove(entry)
                return entry
        return None

    def _add(self, call: Call, chunk: object) -> None:
        if not call.ended:
            call.on_chunk(chunk)

    def _close(self, call: Call, how: str, error: BaseException | None = None) -> None:
        guarded(call.on_stream_end, how, error, rescue=partial(call.abort, error))
        finalize.no_longer_open(call)  # A call that was aborted does not do this itself.

    def _begin_unasked(self, point: PatchPoint, named: Frame) -> Call | None:
        entered = None
        try:
            entered = context.enter(self._opened)
            return self._start.begin(point, named, self.since or Moment.now())
        finally:
            context.leave(entered)
