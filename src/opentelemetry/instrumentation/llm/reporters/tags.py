"""Limit the number of values of a tag and the number of tag sets of a metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..metrics import Metric
from ..schema.bounds import short

OTHER = "other"
VALUES_PER_TAG = 200
SETS_PER_METRIC = 2000
"""Maximum number of tag sets of one metric, including the overflow series, as
specified by OpenTelemetry.
"""

_CANDIDATES = 2000
_OFTEN = 3

Tags = tuple[Any, ...]


class Values:
    """The values of each metadata key that are used as tags: at most 200.

    All other values become ``other``. A value that occurred more than twice as often as the rarest of the 200 replaces it, so
    that values that occurred only once cannot stay permanently. ``forgotten`` is called with the key and the replaced value.
    ``settle`` is called before the rarest value is determined, so that counts that are kept elsewhere can be added first.
    """

    def __init__(self, settle: Callable[[], None] | None = None, forgotten: Callable[[str, Any], None] | None = None) -> None:
        self._shown: dict[str, dict[Any, int]] = {}
        self._candidates: dict[tuple[str, Any], int] = {}
        self._settle, self._forgotten = settle, forgotten

    def bounded(self, key: str, value: Any, times: int = 1) -> Any:
        """Return the tag value for ``value``.

        If the value itself is returned, it is counted ``times`` times.
        """
        if value is None:
            return None
        if isinstance(value, str):
            value = short(value)
        elif not isinstance(value, int):
            return OTHER
        shown = self._shown.setdefault(key, {})
        if value in shown:
            shown[value] += times
            return value
        if len(shown) < VALUES_PER_TAG:
            shown[value] = times
            return value
        return value if self._replaces(key, shown, value) else OTHER

    def add(self, key: str, value: Any, times: int) -> None:
        """Add occurrences that were counted elsewhere."""
        shown = self._shown.get(key)
        if shown is not None and value in shown:
            shown[value] += times

    def clear(self) -> None:
        """Remove all values."""
        self._shown.clear()
        self._candidates.clear()

    def _replaces(self, key: str, shown: dict[Any, int], value: Any) -> bool:
        if len(self._candidates) >= _CANDIDATES and (key, value) not in self._candidates:
            self._candidates.clear()
        times = self._candidates[key, value] = self._candidates.get((key, value), 0) + 1
        if times < _OFTEN:
            return False
        if self._settle is not None:
            self._settle()
        rarest, least = min(list(shown.items()), key=lambda item: item[1])
        if times <= 2 * least:
            return False
        del self._candidates[key, value], shown[rarest]
        shown[value] = times
        if self._forgotten is not None:
            self._forgotten(key, rarest)
        return True


class TagMapper:
    """Convert metadata to the tags of one metric, in the order of ``names``.

    A tag without a value is ``None``.
    """

    def __init__(self, metric: Metric, values: Values | None = None) -> None:
        self.names = tuple(metric.tags)
        self._keys = tuple(metric.tags.values())
        self._values = Values() if values is None else values
        self._refine = metric.refine
        self._sets: set[Tags] = set()

    def tags(self, metadata: Mapping[str, Any], extra: Mapping[str, Any] | None = None) -> Tags:
        """Return bounded tags. Above 2,000 sets, each tag of a new set is ``other``."""
        tags = self.shown(self.bounded(metadata), extra)
        if tags not in self._sets:
            if len(self._sets) >= SETS_PER_METRIC - 1:
                return (OTHER,) * len(tags)
            self._sets.add(tags)
        return tags

    def bounded(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """Return the metadata that become tags, with each value bounded."""
        return {key: self._values.bounded(key, metadata.get(key)) for key in self._keys}

    def shown(self, bounded: Mapping[str, Any], extra: Mapping[str, Any] | None = None) -> Tags:
        """Return the tags for bounded metadata.

        ``extra`` contains tags that apply to one value only.
        """
        if extra is None and self._refine is None:
            return tuple([bounded.get(key) for key in self._keys])
        named = {name: bounded.get(key) for name, key in zip(self.names, self._keys, strict=True)}
        if self._refine is not None:
            named = self._refine(named)
        for name, value in (extra or {}).items():
            named[name] = self._values.bounded(f"{name}=", value)
        return tuple([named.get(name) for name in self.names])
