"""Read the values of metrics from events, and reject invalid values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from ..metrics import Metric, Sample
from ..schema.bounds import LARGEST, LARGEST_INTEGER
from ..schema.spread import Histogram

SPREAD_KINDS = ("distribution", "summary")
LIMIT = LARGEST
"""Numbers from this limit on are not valid amounts. They come from a broken
response, and their sums exceed the range of encoders.
"""

Convert = Callable[[float], float]


def is_amount(metric: Metric, value: Any) -> bool:
    """Return True if a value is valid for a metric.

    Valid values are finite numbers below the limit, and histograms for distributions and summaries.
    """
    if isinstance(value, Histogram):
        return metric.kind in SPREAD_KINDS
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    # A sum with NaN or infinity can never become finite again (``value - value`` is not 0 for them). A total must not decrease.
    if (value - value != 0) or (value < 0 and metric.kind == "total"):
        return False
    return -LIMIT < value < LIMIT


def samples(metric: Metric, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterable[Sample]:
    """Return the values of one event for a metric, in the unit of the metric.

    Invalid values are left out.
    """
    if metric.measurement is None:
        return ((1, {}),)
    if callable(metric.measurement):  # The function returns values in the unit of the metric.
        return [sample for sample in metric.measurement(measurements, metadata) if is_amount(metric, sample[0])]
    value = measurements.get(metric.measurement)
    if value is None:
        value = metadata.get(metric.measurement)
    return ((_converted(value, converter(metric.scale)), {}),) if is_amount(metric, value) else ()


def numbers(metric: Metric, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterable[Sample]:
    """Return the same values without histograms, for reporters of single values."""
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

    A scale such as 1e-9 divides by its inverse instead. The result is then the nearest float, 0.02 and not
    0.020000000000000004, so that values at the bound of a bucket stay in that bucket.
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
    """Group metrics by the events that change them."""
    changed: dict[str, list[Metric]] = {}
    for metric in metrics:
        for event in metric.events:
            changed.setdefault(event, []).append(metric)
    return changed


def bounded_number(metric: Metric, value: Any) -> Any:
    """Return a sum in the range of encoders.

    It is an integer if the metric is ``whole``; integers are limited to 64 bits.
    """
    if metric.whole and isinstance(value, float):
        value = int(value)
    return max(-LARGEST_INTEGER, min(value, LARGEST_INTEGER)) if isinstance(value, int) else value
