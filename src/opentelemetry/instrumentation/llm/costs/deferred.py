"""Count what is made in the background once: at the first fetch that finds it finished, if this process saw it unfinished."""

from __future__ import annotations

from ..schema.records import Response, Usage

_UNFINISHED = frozenset({"queued", "in_progress", "starting", "processing"})
_IDS_KEPT = 10_000


class Deferred:
    """Know the ids of responses that were seen unfinished, the oldest ones out first."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}

    def is_unfinished(self, reply: Response) -> bool:
        """Say whether a response has still to be finished, and remember it until then."""
        if reply.response_status not in _UNFINISHED or reply.response_id is None:
            return False
        self._ids[reply.response_id] = None
        while len(self._ids) > _IDS_KEPT:
            self._ids.pop(next(iter(self._ids)), None)
        return True

    def finished(self, reply: Response) -> Usage | None:
        """Return what a response used that is found finished for the first time; every later fetch reports it again."""
        used = reply.usage if reply.deferred_usage is None else reply.deferred_usage
        if used == Usage() or reply.response_id not in self._ids:
            return None
        # Of two threads that fetch it at once, one counts it.
        return used if self._ids.pop(reply.response_id, self) is None else None
