"""Read the values that events bring to metrics, and refuse what is no amount."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from ..metrics import Metric, Sample
from ..schema.bounds import LARGEST, LARGEST_INTEGER
from ..schema.spread import Histogram

SPREAD_KINDS = ("distribution", "summary")
LIMIT = LARGEST
"""Integers from here on are no counts: they come from a broken response, and sums of them pass what encoders hold."""

Convert = Callable[[float], float]


def is_amount(metric: Metric, value: Any) -> bool:
    """Return whether a metric can take a value: a finite number of a possible size, or a ``Histogram``."""
    if isinstance(value, Histogram):
        return metric.kind in SPREAD_KINDS
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    # NaN and infinity would stay in a sum for ever (only their difference to themselves is not 0); a total only grows.
    if (value - value != 0) or (value < 0 and metric.kind == "total"):
        return False
    return isinstance(value, float) or -LIMIT < value < LIMIT


def samples(metric: Metric, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterable[Sample]:
    """Return the values that one event brings to a metric, in the metric's unit; none where there is no amount."""
    if metric.measurement is None:
        return ((1, {}),)
    if callable(metric.measurement):  # which gives values in the metric's unit
        return [sample for sample in metric.measurement(measurements, metadata) if is_amount(metric, sample[0])]
    value = measurements.get(metric.measurement)
    if value is None:
        value = metadata.get(metric.measurement)
    return ((_converted(value, converter(metric.scale)), {}),) if is_amount(metric, value) else ()


def numbers(metric: Metric, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterable[Sample]:
    """Return the same without spreads, for reporters that send each value by itself."""
    return [sample for sample in samples(metric, measurements, metadata) if not isinstance(sample[0], Histogram)]


def _converted(value: Any, convert: Convert | None) -> Any:
    if convert is None:
        return value
    if isinstance(value, Histogram):
        return value.converted(convert)
    return convert(value)


@lru_cache(maxsize=100)
def converter(scale: float) -> Convert | None:
    """Return a function that multiplies by ``scale``, or ``None`` for 1.

    A scale such as 1e-9 divides by its inverse instead: the result is then the nearest number, 0.02 and not
    0.020000000000000004, so values on the bound of a bucket stay in that bucket.
    """
    if scale == 1.0:
        return None
    inverse = round(1 / scale) if 0 < scale < 1 else 0
    if inverse and scale == 1 / inverse:
        return lambda value: value / inverse
    return lambda value: value * scale


def unscaled(bounds: tuple[float, ...], scale: float) -> tuple[float, ...]:
    """Return the bounds of buckets in the unit of the measurement.

    >>> unscaled((10.0, 20.0), 1e-6)
    (10000000, 20000000)
    """
    if scale == 1.0:
        return bounds
    exact = [bound / scale for bound in bounds]
    return tuple([round(bound) if abs(bound - round(bound)) < 1e-6 * abs(bound) else bound for bound in exact])


def by_event(metrics: Iterable[Metric]) -> dict[str, list[Metric]]:
    """Sort metrics by the events that change them."""
    changed: dict[str, list[Metric]] = {}
    for metric in metrics:
        for event in metric.events:
            changed.setdefault(event, []).append(metric)
    return changed


def bounded_number(metric: Metric, value: Any) -> Any:
    """Return a sum as encoders can hold it: whole where the metric is, integers within 64 bits."""
    if metric.whole and isinstance(value, float):
        value = int(value)
    return max(-LARGEST_INTEGER, min(value, LARGEST_INTEGER)) if isinstance(value, int) else value
