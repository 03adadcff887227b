"""Count the usage of batches once, whichever request reports it.

The results of a batch can be read several times, and the batch itself may report their sum.
"""

from __future__ import annotations

from typing import Any

from ..schema.records import Batch, BatchItem

_BATCHES_KEPT = 10_000
_RESPONSES_KEPT = 100_000
"""The largest batch of a provider. Of each response, only a hash is kept."""
_SUM, _ITEMS = "sum", "items"


class Batches:
    """Counted batches and responses. Above the limits the oldest are dropped."""

    def __init__(self) -> None:
        self._unfinished: dict[str, None] = {}
        self._files: dict[str, str] = {}
        self._responses: dict[int, None] = {}

    def uncounted(self, provider: str, batch: Batch) -> list[BatchItem]:
        """Return the items that are to be counted now.

        A sum is counted if this process has seen the batch unfinished. The results are counted unless their sum was.
        """
        if not batch.finished:
            if batch.id is not None:
                _keep(self._unfinished, batch.id, None, _BATCHES_KEPT)
            return []
        if batch.items is None:
            return self._sum(provider, batch)
        if batch.output is not None:
            name = f"{provider} {batch.output}"
            if self._files.get(name) is _SUM:
                return []
            _keep(self._files, name, _ITEMS, _BATCHES_KEPT)
        found = []
        for item in batch.items:
            key = hash((provider, item.key))
            if key not in self._responses:
                _keep(self._responses, key, None, _RESPONSES_KEPT)
                found.append(item)
        return found

    def _sum(self, provider: str, batch: Batch) -> list[BatchItem]:
        if batch.total is None or batch.id is None:
            return []
        # If two threads fetch the batch at the same time, only one of them counts it.
        if self._unfinished.pop(batch.id, self) is not None:
            return []
        if batch.output is not None:
            name = f"{provider} {batch.output}"
            if name in self._files:
                return []
            _keep(self._files, name, _SUM, _BATCHES_KEPT)
        return [batch.total]


def _keep(kept: dict[Any, Any], key: Any, value: Any, most: int) -> None:
    kept[key] = value
    while len(kept) > most:
        kept.pop(next(iter(kept)), None)
