"""Test both ways to fill histograms of the OpenTelemetry SDK.

The figures are equal; if the fast way does not fit the SDK, each value is recorded.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from opentelemetry.sdk.metrics import AlwaysOnExemplarFilter, Counter, MeterProvider, ObservableCounter
from opentelemetry.sdk.metrics import Histogram as SdkHistogram
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
from opentelemetry.sdk.metrics.view import DropAggregation, ExplicitBucketHistogramAggregation, ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.trace import TracerProvider

from opentelemetry.instrumentation.llm import bus
from opentelemetry.instrumentation.llm.metrics import counter, distribution, metrics
from opentelemetry.instrumentation.llm.metrics.gen_ai import conventions
from opentelemetry.instrumentation.llm.reporters import otel_spreads
from opentelemetry.instrumentation.llm.reporters.otel import OtelReporter
from opentelemetry.instrumentation.llm.schema.spread import CHUNK_GAP_BOUNDS, Histogram

TIMES = "ex_llm.chat.duration.milliseconds"
DELTA = {SdkHistogram: AggregationTemporality.DELTA, ObservableCounter: AggregationTemporality.DELTA, Counter: AggregationTemporality.DELTA}
SAMPLED = TracerProvider().get_tracer("test")


class Side:
    """A reporter with its own provider that receives every event of the test."""

    def __init__(self, views: tuple[View, ...] = (), temporality: Any = None, table: Any = None, **more: Any) -> None:
        self.reader = InMemoryMetricReader(preferred_temporality=temporality or {})
        self.provider = MeterProvider([self.reader], views=views, shutdown_on_exit=False, **more)
        self.reporter = OtelReporter(metrics() + conventions(legacy=False) if table is None else table, self.provider.get_meter("test"))
        self.reporter.attach()

    def points(self) -> dict[str, list[Any]]:
        data = self.reader.get_metrics_data()
        found: dict[str, list[Any]] = {}
        for resource in () if data is None else data.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    found[metric.name] = sorted(map(_shown, metric.data.data_points), key=str)
        return found

    def close(self) -> None:
        self.reporter.close()
        self.provider.shutdown()


def _shown(point: Any) -> tuple[Any, ...]:
    attributes = tuple(sorted(point.attributes.items()))
    if not hasattr(point, "bucket_counts"):
        return (attributes, getattr(point, "value", None) or getattr(point, "count", None))
    exemplars = [(f"{e.value:.9g}", e.trace_id, e.span_id) for e in point.exemplars]
    sums = [f"{number:.9g}" for number in (point.sum, point.min, point.max)]
    return (attributes, point.count, tuple(point.bucket_counts), *sums, exemplars)


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    sides: list[Side] = []

    def one(singly: bool, **more: Any) -> Side:
        side = Side(**more)
        if singly:
            side.reporter._undecided = []  # All histograms stay recorded one value at a time.
        sides.append(side)
        return side

    yield one
    for side in sides:
        side.close()


def emit(calls: int) -> None:
    """Emit the events of calls to two models.

    Some are in sampled spans; durations lie on and beside bucket bounds.
    """
    durations = itertools.cycle((1, 10_000_000, 10_000_001, 20_000_000, 640_000_000, 99_999_999_999, 350_000_000))
    for number in range(calls):
        known = {"provider": "openai", "model": f"m{number % 2}", "operation": "chat", "ref": -number - 1, "input_tokens": number}
        with SAMPLED.start_as_current_span("call") if number % 3 else nullcontext():
            bus.execute("ex_llm.chat.start", {}, known)
            bus.execute("ex_llm.provider.request.stop", {"duration": next(durations), "remaining_tokens": number}, {**known, "status": 200})
            bus.execute("ex_llm.chat.stop", {"duration": next(durations)}, {**known, "output_tokens": 4, "output_text_tokens": 3})


@pytest.mark.parametrize("temporality", [None, DELTA], ids=["cumulative", "delta"])
@pytest.mark.parametrize(
    "views",
    [(), (View(instrument_name="*duration*", attribute_keys={"provider"}),), (View(instrument_name=TIMES, aggregation=DropAggregation()),)],
    ids=["plain", "fewer attributes", "dropped"],
)
def test_merged_and_recorded_values_give_equal_points(make: Any, temporality: Any, views: Any) -> None:
    kept, recorded = (make(singly, temporality=temporality, views=views) for singly in (False, True))
    for calls in (1, 40, 0, 7):
        emit(calls)
        assert kept.points() == recorded.points()
    assert kept.reporter._kept, "no histogram was kept"
    assert not recorded.reporter._kept


def test_the_self_check_passes_on_this_sdk() -> None:
    assert otel_spreads.proved()


@pytest.mark.parametrize(
    "other",
    [
        {"views": (View(instrument_name=TIMES, aggregation=ExplicitBucketHistogramAggregation((1, 2))),)},
        {"views": (View(instrument_name=TIMES, aggregation=ExponentialBucketHistogramAggregation()),)},
        {"exemplar_filter": AlwaysOnExemplarFilter()},
    ],
    ids=["other bounds", "exponential", "exemplars of all"],
)
def test_values_that_buckets_do_not_fit_are_recorded(make: Any, other: Any) -> None:
    kept, recorded = (make(singly, **other) for singly in (False, True))
    emit(20)
    assert kept.points() == recorded.points()
    assert TIMES not in [metric.name for metric in kept.reporter._kept]


@pytest.mark.parametrize("name", ["_matches", "_measurement", "_add_rest"])
def test_a_changed_sdk_makes_every_value_recorded(make: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def gone(*args: Any, **kwargs: Any) -> Any:
        raise AttributeError("renamed")

    recorded = make(True)
    monkeypatch.setattr(otel_spreads, name, gone)
    otel_spreads.proved.cache_clear()
    kept = make(False)
    try:
        emit(20)
        assert kept.points() == recorded.points()
        assert not kept.reporter._kept
    finally:
        otel_spreads.proved.cache_clear()


def test_a_wrong_figure_in_the_self_check_disables_merging(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otel_spreads, "_add_rest", lambda *args: None)
    otel_spreads.proved.cache_clear()
    try:
        kept = make(False)
        emit(2)
        assert not kept.reporter._kept
    finally:
        otel_spreads.proved.cache_clear()


def test_a_table_of_histograms_only_is_recorded(make: Any) -> None:
    side = make(False, table=[distribution("app.time", "app.done", "size", "Time.", tags=[])])
    bus.execute("app.done", {"size": 30}, {})
    assert side.points()["app.time"][0][1] == 1


def gaps_of(stream_chunks: int, side: Side, *, singly: bool) -> tuple[Any, ...]:
    known = {"provider": "openai", "model": "m", "operation": "chat", "ref": -1}
    since = [0, *range(5_000_000, 5_000_000 * stream_chunks, 5_000_000)]
    gaps = Histogram(CHUNK_GAP_BOUNDS)
    gaps.add_many(since[1:])
    with SAMPLED.start_as_current_span("call") as span:
        assert bus.has_handlers("ex_llm.stream.chunk") == singly
        for index, gap in enumerate(since if singly else ()):
            bus.execute("ex_llm.stream.chunk", {"since_last": gap, "index": index}, known)
        bus.execute("ex_llm.stream.stop", {"chunks": stream_chunks, "duration": 1, "gaps": gaps}, known)
    (point,) = side.points()["gen_ai.client.inference.time_per_output_chunk"]
    assert {exemplar[2] for exemplar in point[-1]} == {span.get_span_context().span_id}
    return (*point[:-1], [value for value, *_ in point[-1]])


def test_chunk_gaps_are_equal_one_by_one_and_merged(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    emit(1)
    kept = make(False)
    emit(1)
    together = gaps_of(12, kept, singly=False)
    kept.reporter.close()
    monkeypatch.setattr(otel_spreads, "proved", lambda: False)
    recorded = make(False)
    emit(1)
    assert gaps_of(12, recorded, singly=True) == together
    assert together[1] == 11
    recorded.reporter.close()
    assert not bus.has_handlers("ex_llm.stream.chunk")


def test_two_readers_get_all_values(make: Any) -> None:
    first, second = InMemoryMetricReader(), InMemoryMetricReader(preferred_temporality=DELTA)
    provider = MeterProvider([first, second], shutdown_on_exit=False)
    reporter = OtelReporter(metrics(), provider.get_meter("test"))
    reporter.attach()
    try:
        emit(10)
        first.get_metrics_data()
        emit(10)
        counts = []
        for reader in (second, first):
            data = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
            counts.append(sum(point.count for metric in data if metric.name == TIMES for point in metric.data.data_points))
        assert counts == [20, 20]
    finally:
        reporter.close()
        provider.shutdown()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("temporality", [None, DELTA], ids=["cumulative", "delta"])
def test_a_forked_child_reports_only_its_own_values(make: Any, temporality: Any) -> None:
    table = [counter("app.done.total", "app.done", "Done.", tags=[]), distribution("app.time", "app.done", "size", "Time.", tags=[])]
    side = make(False, temporality=temporality, table=table)
    bus.execute("app.done", {"size": 30}, {})
    if temporality is not None:
        assert side.points()["app.done.total"][0][1] == 1
        bus.execute("app.done", {"size": 30}, {})
    child = os.fork()
    if child == 0:
        bus.execute("app.done", {"size": 30}, {})
        found = side.points()
        os._exit(10 * found["app.done.total"][0][1] + found["app.time"][0][1])
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 11
