"""Count the usage of a background response once.

It is counted at the first fetch that finds it complete, if this process has seen it incomplete before.
"""

from __future__ import annotations

from ..schema.records import Response, Usage

_UNFINISHED = frozenset({"queued", "in_progress", "starting", "processing"})
_IDS_KEPT = 10_000


class Deferred:
    """The ids of incomplete responses. Above the limit the oldest ids are dropped."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}

    def is_unfinished(self, reply: Response) -> bool:
        """Return True if a response is incomplete; remember its id until it is complete."""
        if reply.response_status not in _UNFINISHED or reply.response_id is None:
            return False
        self._ids[reply.response_id] = None
        while len(self._ids) > _IDS_KEPT:
            self._ids.pop(next(iter(self._ids)), None)
        return True

    def finished(self, reply: Response) -> Usage | None:
        """Return the usage of a response at the first fetch that finds it complete.

        Later fetches report the same usage again, and get ``None``.
        """
        used = reply.usage if reply.deferred_usage is None else reply.deferred_usage
        if used == Usage() or reply.response_id not in self._ids:
            return None
        # If two threads fetch the response at the same time, only one of them counts it.
        return used if self._ids.pop(reply.response_id, self) is None else None
