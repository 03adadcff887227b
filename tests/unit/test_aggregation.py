"""Test the aggregator of the reporters.

Nothing is lost among threads, forks and finalizers, and tags are bounded.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from opentelemetry.instrumentation.llm import bus
from opentelemetry.instrumentation.llm.metrics import Metric, counter, distribution, last_value, level, metrics, summary, total
from opentelemetry.instrumentation.llm.metrics.gen_ai import conventions
from opentelemetry.instrumentation.llm.reporters.aggregation import VALUES_PER_TAG, Aggregator
from opentelemetry.instrumentation.llm.reporters.amounts import converter, unscaled
from opentelemetry.instrumentation.llm.reporters.inbox import DeferredQueue
from opentelemetry.instrumentation.llm.schema.spread import Histogram

WHO = {"provider": "openai", "model": "gpt-4o-mini", "operation": "chat", "ref": 1}
REQUESTS = counter("t.requests.total", "t.start", "Requests.", tags=["model"])
WEIGHT = total("t.weight.total", "t.start", "weight", "Weight.", tags=["model"])
SIZE = level("t.size", {"t.put": 1, "t.taken": -1}, "size", "Size.", tags=[])
NEWEST = last_value("t.newest", "t.start", "weight", "Newest weight.", tags=[])
TIMES = distribution("t.time", "t.start", "duration", "Times.", tags=[], scale=1e-6, buckets=(1.0, 2.0))
SPREAD = summary("t.spread", "t.start", "weight", "Spread of weight.", tags=[])
MINE = (REQUESTS, WEIGHT, SIZE, NEWEST, TIMES, SPREAD)


@pytest.fixture
def tally() -> Iterator[Aggregator]:
    made = Aggregator(MINE)
    made.attach()
    yield made
    made.detach()


def read(tally: Aggregator, metric: Metric) -> dict[tuple[Any, ...], Any]:
    return {tuple(tags.values()): value for tags, value in tally.read(metric)}


def test_each_kind_keeps_its_number(tally: Aggregator) -> None:
    for weight in (2.5, 4):
        bus.execute("t.start", {"weight": weight, "duration": weight * 1e6}, {"model": "m"})
    bus.execute("t.put", {"size": 7})
    bus.execute("t.taken", {"size": 3})
    assert read(tally, REQUESTS) == {("m",): 2}
    assert read(tally, WEIGHT) == {("m",): 6.5}
    assert read(tally, SIZE) == {(): 4}
    assert read(tally, NEWEST) == {(): 4}
    times, spread = read(tally, TIMES)[()], read(tally, SPREAD)[()]
    assert (times.counts, times.count, times.sum, times.lowest, times.highest) == ([0, 0, 2], 2, 6.5, 2.5, 4.0)
    assert (spread.count, spread.sum) == (2, 6.5)


def test_a_value_on_a_bound_belongs_to_the_lower_bucket() -> None:
    spread = Histogram((1.0, 2.0))
    for value in (1.0, 1.5, 2.0, 2.1):
        spread.add(value)
    assert spread.counts == [1, 2, 1]


def test_values_added_together_equal_values_added_one_by_one() -> None:
    values = [5, 1, 2, 3, 2, 9, 1]
    single, many = Histogram((1, 2, 4)), Histogram((1, 2, 4))
    for value in values:
        single.add(value)
    many.add_many(values[:3])
    many.add_many([])
    many.add_many(iter(values[3:]))
    assert [getattr(single, name) for name in Histogram.__slots__] == [getattr(many, name) for name in Histogram.__slots__]
    assert {place: value for place, (value, _) in single.newest.items()} == {0: 1, 1: 2, 2: 3, 3: 9}


def test_a_histogram_merges_into_one_of_another_scale() -> None:
    nanoseconds, seconds = Histogram((10, 20)), Histogram((0.01, 0.02))
    nanoseconds.add_many([10, 15, 40])
    seconds.merge(nanoseconds.converted(lambda value: value / 1e3))
    assert (seconds.counts, seconds.count) == ([1, 1, 1], 3)
    assert (seconds.sum, seconds.highest) == (pytest.approx(0.065), 0.04)


def test_a_value_with_an_exemplar_is_preferred() -> None:
    spread = Histogram((1.0,))
    for value, mark in ((0.1, "span"), (0.2, None), (3, None)):
        spread.add(value, mark)
    assert spread.newest == {0: (0.1, "span"), 1: (3, None)}
    spread.merge(spread.take(), "other span")
    assert spread.newest == {0: (0.1, "span"), 1: (3, "other span")}


def test_merged_histograms_equal_one_of_all_values() -> None:
    one, other, both = (Histogram((1.0, 2.0)) for _ in range(3))
    for spread, values in ((one, (0.5, 1.5)), (other, (3.0,)), (both, (0.5, 1.5, 3.0))):
        for value in values:
            spread.add(value)
    one.merge(other)
    assert [getattr(one, name) for name in Histogram.__slots__] == [getattr(both, name) for name in Histogram.__slots__]


@pytest.mark.parametrize("value", [None, "n/a", True, [1], float("nan"), float("inf"), -1])
def test_an_invalid_amount_is_not_added(tally: Aggregator, value: Any) -> None:
    bus.execute("t.start", {"weight": 1}, {"model": "m"})
    bus.execute("t.start", {"weight": value}, {"model": "m"})
    assert read(tally, REQUESTS) == {("m",): 2}
    assert read(tally, WEIGHT) == {("m",): 1}


@pytest.mark.parametrize("value", [["a"], {"a": 1}, 1.5, b"a"])
def test_an_invalid_tag_value_becomes_other(tally: Aggregator, value: Any) -> None:
    bus.execute("t.start", {}, {"model": value})
    assert read(tally, REQUESTS) == {("other",): 1}


def test_a_measurement_may_be_read_from_the_metadata() -> None:
    tally = Aggregator(metrics())
    tally.handle("ex_llm.chat.stop", {"duration": 1_500_000_000}, {**WHO, "input_tokens": 10, "output_tokens": 5})
    found = {metric.name: [value for _, value in tally.read(metric)] for metric in tally.metrics}
    assert found["ex_llm.tokens.input.total"] == [10]
    assert found["ex_llm.tokens.output.total"] == [5]
    assert found["ex_llm.chat.duration.milliseconds"][0].sum == 1500.0


def test_status_classes_are_derived_from_statuses() -> None:
    tally = Aggregator(metrics())
    for status in (200, 204, 503):
        tally.handle("ex_llm.provider.request.stop", {"duration": 1}, {"provider": "openai", "status": status})
    requests = next(metric for metric in tally.metrics if metric.name == "ex_llm.provider.requests.total")
    assert {tags["status_class"]: value for tags, value in tally.read(requests)} == {"2xx": 2, "5xx": 1}


def test_after_two_hundred_tag_values_new_ones_become_other(tally: Aggregator) -> None:
    for number in range(VALUES_PER_TAG + 50):
        bus.execute("t.start", {}, {"model": f"m{number}"})
    bus.execute("t.start", {}, {"model": "m0"})
    found = read(tally, REQUESTS)
    assert len(found) == VALUES_PER_TAG + 1 == 201
    assert found[("other",)] == 50
    assert found[("m0",)] == 2


def test_a_detached_aggregator_keeps_its_numbers(tally: Aggregator) -> None:
    bus.execute("t.start", {}, {"model": "m"})
    tally.detach()
    bus.execute("t.start", {}, {"model": "m"})
    assert read(tally, REQUESTS) == {("m",): 1}
    tally.attach()
    bus.execute("t.start", {}, {"model": "m"})
    assert read(tally, REQUESTS) == {("m",): 2}


def test_eight_threads_lose_nothing_while_a_ninth_reads(tally: Aggregator) -> None:
    threads, events = 8, 3000
    ready, over = threading.Barrier(threads + 1), threading.Event()
    seen: list[int] = []

    def emit() -> None:
        ready.wait(10)
        for number in range(events):
            bus.execute("t.start", {"weight": 1, "duration": 1_500_000}, {"model": f"m{number % 3}"})

    def look() -> None:
        ready.wait(10)
        while not over.is_set():
            spread = read(tally, TIMES).get(())
            if spread is not None:
                assert sum(spread.counts) == spread.count
                seen.append(spread.count)

    speakers = [threading.Thread(target=emit) for _ in range(threads)]
    reader = threading.Thread(target=look)
    for thread in (*speakers, reader):
        thread.start()
    for thread in speakers:
        thread.join(60)
    over.set()
    reader.join(60)
    assert seen == sorted(seen)
    assert read(tally, REQUESTS) == {(f"m{number}",): threads * events / 3 for number in range(3)}
    assert read(tally, WEIGHT) == read(tally, REQUESTS)
    assert read(tally, TIMES)[()].count == threads * events


def test_an_event_during_counting_is_counted_without_a_wait() -> None:
    taken: list[str] = []

    def take(metric: Metric, tags: Any, value: float) -> None:
        if not taken:  # the work of a finalizer that the garbage collector runs at this point
            taken.append("outer")
            inbox.put(WEIGHT, ("inner",), 1)
        else:
            taken.append(tags[0])

    inbox = DeferredQueue(take)
    inbox.put(WEIGHT, ("outer",), 1)
    assert taken == ["outer", "inner"]


def test_an_event_during_a_read_is_in_the_next_read(tally: Aggregator) -> None:
    bus.execute("t.start", {}, {"model": "m"})
    with tally._inbox.lock:
        bus.execute("t.start", {}, {"model": "m"})
    assert read(tally, REQUESTS) == {("m",): 2}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_counts_only_its_own_events(tally: Aggregator) -> None:
    bus.execute("t.start", {}, {"model": "m"})
    with tally._inbox.lock:
        child = os.fork()
        if child == 0:
            bus.execute("t.start", {}, {"model": "m"})
            os._exit(read(tally, REQUESTS)[("m",)])
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert read(tally, REQUESTS) == {("m",): 1}


def test_after_two_thousand_tag_sets_new_ones_share_a_series() -> None:
    pairs = counter("t.pairs", "t.done", "Pairs.", tags=["model", "response_model"])
    models = counter("t.models", "t.done", "Models.", tags=["model"])
    tally = Aggregator([pairs, models])
    for number in range(6000):
        tally.handle("t.done", {}, {"model": f"m{number % 190}", "response_model": f"r{number // 190}"})
    found = [(tags, value) for tags, value in tally.read(pairs)]
    assert len(found) == 2000
    assert ({"otel.metric.overflow": True}, 6000 - 1999) in found
    assert sum(value for _, value in found) == 6000
    by_model = {tags["model"]: value for tags, value in tally.read(models)}
    assert (len(by_model), sum(by_model.values())) == (190, 6000), "a metric below its limit stays exact"


def test_rare_tag_values_are_replaced_by_a_frequent_value(tally: Aggregator) -> None:
    bus.execute("t.start", {"weight": 1, "duration": 1}, {"model": "early"})
    for number in range(1000):
        bus.execute("t.start", {"weight": 1}, {"model": f"junk{number}"})
        if number < 50:
            bus.execute("t.start", {"weight": 1}, {"model": "early"})
    for _ in range(10):
        bus.execute("t.start", {"weight": 1}, {"model": "real"})
    found = read(tally, REQUESTS)
    assert found[("early",)] == 51
    assert found[("real",)] >= 7
    assert len(found) <= VALUES_PER_TAG + 1
    assert sum(found.values()) == 1061
    assert found == read(tally, WEIGHT)


def test_sums_stay_within_the_range_of_encoders() -> None:
    whole = total("t.whole", "t.start", "weight", "Weight.", tags=["model"], whole=True)
    tally = Aggregator([whole])
    for _ in range(3000):
        tally.handle("t.start", {"weight": 2**53 - 1}, {"model": "m"})
    tally.handle("t.start", {"weight": 2**63}, {"model": "n"})
    assert read(tally, whole) == {("m",): 2**63 - 1}


@pytest.mark.parametrize("value", [-1, 2**63, float("nan"), "n/a", None, True])
def test_values_that_functions_return_are_checked_too(value: Any) -> None:
    mine = total("t.made", "t.start", lambda measurements, metadata: [(value, {}), (1, {})], "Made.", tags=[])
    tally = Aggregator([mine])
    tally.handle("t.start", {}, {})
    assert read(tally, mine) == {(): 1}


def test_parts_of_a_total_and_the_total_alone_add_up() -> None:
    usage = [metric for metric in conventions(legacy=False) if metric.name == "gen_ai.client.inference.usage.input_tokens"]
    tally = Aggregator([*usage, *metrics()])
    tally.handle("ex_llm.chat.stop", {"duration": 1}, {**WHO, "input_tokens": 10})
    tally.handle("ex_llm.chat.stop", {"duration": 1}, {**WHO, "input_tokens": 10, "input_text_tokens": 7, "input_image_tokens": 1})
    tally.handle("ex_llm.chat.stop", {"duration": 1}, {**WHO, "input_tokens": 0})
    by_modality = {tags["gen_ai.token.modality"]: value for tags, value in tally.read(usage[0])}
    assert by_modality == {"unknown": 12, "text": 7, "image": 1}
    tokens = next(metric for metric in metrics() if metric.name == "ex_llm.tokens.input.total")
    assert [value for _, value in tally.read(tokens)] == [20]


def test_values_on_the_bounds_of_our_buckets_stay_in_them() -> None:
    tables = [metric for metric in (*metrics(), *conventions(legacy=True)) if metric.kind == "distribution"]
    for metric in tables:
        convert = converter(metric.scale) or float
        assert tuple(map(convert, unscaled(metric.buckets, metric.scale))) == metric.buckets, metric.name


def test_an_invalid_part_leaves_the_others_counted_once() -> None:
    (tokens,) = [metric for metric in conventions(legacy=True) if metric.name == "gen_ai.client.token.usage"]
    tally = Aggregator([tokens, *metrics()])
    for output in (4, -1, 2**60):
        tally.handle("ex_llm.chat.stop", {"duration": 1}, {**WHO, "input_tokens": 10, "output_tokens": output})
    found = {tags["gen_ai.token.type"]: (spread.count, spread.sum) for tags, spread in tally.read(tokens)}
    assert found["input"] == (3, 30)
    assert found["output"][0] in (1, 2)  # a distribution may take negative values, an exporter may not
    remaining = next(metric for metric in metrics() if metric.name == "ex_llm.provider.rate_limit.remaining")
    for left in (9, 3):
        tally.handle("ex_llm.provider.request.stop", {"duration": 1, "remaining_tokens": left, "remaining_requests": left + 1}, WHO)
    assert {tags["kind"]: value for tags, value in tally.read(remaining)} == {"tokens": 3, "requests": 4}


def test_a_histogram_with_other_bounds_is_not_counted() -> None:
    mine = distribution("t.gaps", "t.done", "gaps", "Gaps.", tags=[], buckets=(1.0, 2.0))
    tally = Aggregator([mine])
    for bounds in ((1.0, 2.0), (1.0, 3.0), (1.0,)):
        gaps = Histogram(bounds)
        gaps.add(1.5)
        tally.handle("t.done", {"gaps": gaps}, {})
    assert [spread.count for _, spread in tally.read(mine)] == [1]
