"""Print metrics for people during development.

It prints a line for each event that changes a metric, and a table of totals at the end.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from .. import bus
from ..metrics import Metric
from ..schema.spread import Histogram
from .aggregation import Aggregator
from .amounts import by_event, numbers
from .tags import TagMapper
from .text_table import aligned, amount

_logger = logging.getLogger(__name__)
_SUMS = ("counter", "total", "level")
_HEAD = ("metric", "tags", "value", "values", "mean", "lowest", "highest", "unit")


class ConsoleReporter:
    """Print each change of ``metrics``, and all totals at ``close()``.

    The default of ``stream`` is stderr. At interpreter exit the reporter is closed.
    """

    def __init__(self, metrics: Iterable[Metric], stream: TextIO | None = None) -> None:
        self._aggregator = Aggregator(metrics)
        self._by_event = by_event(self._aggregator.metrics)
        self._taggers = {metric.name: TagMapper(metric) for metric in self._aggregator.metrics}
        self._stream = stream
        self._id = f"console-reporter-{bus.new_ref()}"
        self.attach()

    def attach(self) -> None:
        """Start or resume reporting."""
        # A single handler counts and prints, so that a line is printed only after its event was counted.
        bus.attach_many(self._id, self._by_event, self._handle)
        self._pid = os.getpid()
        atexit.register(self._at_exit)

    def close(self) -> None:
        """Stop counting and print the table of totals."""
        atexit.unregister(self._at_exit)
        if bus.detach(self._id):
            self._print(self.table())

    def table(self) -> str:
        """Return all totals as a table with aligned columns."""
        rows = [_row(metric, tags, value) for metric in self._aggregator.metrics for tags, value in self._aggregator.read(metric)]
        return aligned([_HEAD, *rows], texts=(0, 1, len(_HEAD) - 1)) if rows else "no metrics yet"

    def _handle(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any], config: Any) -> None:
        self._aggregator.handle(event, measurements, metadata)
        changes: list[str] = []
        about: dict[str, Any] = {}
        for metric in self._by_event[event]:
            tagger = self._taggers[metric.name]
            for value, extra in numbers(metric, measurements, metadata):
                changes.append(_change(metric, value * metric.events[event]))
                about |= dict(zip(tagger.names, tagger.tags(metadata, extra), strict=True))
        if changes:
            self._print(" ".join((event, _tags(about))).rstrip() + ": " + ", ".join(changes))

    def _print(self, text: str) -> None:
        stream = sys.stderr if self._stream is None else self._stream
        if stream is not None:  # A program without a console has no stderr.
            stream.write(text + "\n")
            stream.flush()

    def _at_exit(self) -> None:
        if os.getpid() != self._pid:
            return
        try:
            self.close()
        except (OSError, ValueError) as error:  # The reader has closed its end, or the stream is closed.
            _logger.debug("the table of totals cannot be printed: %s", error)


def _change(metric: Metric, value: float) -> str:
    """Return a text for the change of a metric by one value."""
    new = amount(value)
    shown = (f"+{new}" if value >= 0 else new) if metric.kind in _SUMS else f"{new} {_unit(metric)}".rstrip()
    return f"{metric.name} {shown}"


def _row(metric: Metric, tags: Mapping[str, Any], value: Any) -> tuple[str, ...]:
    if isinstance(value, Histogram):
        numbers = ("", *map(amount, (value.count, value.sum / value.count, value.lowest, value.highest)))
    else:
        numbers = (amount(value), "", "", "", "")
    return (metric.name, _tags(tags), *numbers, _unit(metric))


def _unit(metric: Metric) -> str:
    return "" if metric.unit == "1" else metric.unit.strip("{}")


def _tags(tags: Mapping[str, Any]) -> str:
    present = {name: str(value) for name, value in tags.items() if value is not None}
    return " ".join(f"{name}={value if value.isprintable() and ' ' not in value else repr(value)}" for name, value in present.items())
