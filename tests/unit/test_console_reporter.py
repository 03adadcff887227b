"""Test the console reporter: a line for each event, a table at the end."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from opentelemetry.instrumentation.llm import ConsoleReporter, bus
from opentelemetry.instrumentation.llm.metrics import basic_metrics, last_value, level, metrics
from opentelemetry.instrumentation.llm.reporters.text_table import aligned, amount

WHO = {"provider": "openai", "model": "gpt-4o-mini", "operation": "chat", "ref": 1}


@pytest.fixture
def printed() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def reporter(printed: io.StringIO) -> Iterator[ConsoleReporter]:
    made = ConsoleReporter(metrics(), stream=printed)
    yield made
    made.close()


def emit_a_chat() -> None:
    bus.execute("ex_llm.chat.start", {"system_time": 1}, WHO)
    bus.execute("ex_llm.chat.stop", {"duration": 1_500_000_000}, {**WHO, "input_tokens": 10, "output_tokens": 5})
    bus.execute("ex_llm.chat.exception", {"duration": 500_000_000}, {**WHO, "kind": "timeout"})


def test_each_event_is_one_line_with_the_metrics_it_changes(reporter: ConsoleReporter, printed: io.StringIO) -> None:
    emit_a_chat()
    bus.execute("ex_llm.cost.calculated", {"cost": 0.00001234}, WHO)
    bus.execute("ex_llm.cache.put", {"size_bytes": 20}, {"cache": "my cache"})
    bus.execute("ex_llm.cache.evicted", {"size_bytes": 5}, {"cache": "my cache"})
    who = "provider=openai model=gpt-4o-mini"
    assert printed.getvalue().splitlines() == [
        f"ex_llm.chat.start {who}: ex_llm.chat.requests.total +1",
        f"ex_llm.chat.stop {who}: ex_llm.chat.duration.milliseconds 1500 ms, ex_llm.tokens.input.total +10, ex_llm.tokens.output.total +5",
        f"ex_llm.chat.exception {who} kind=timeout: ex_llm.chat.duration.milliseconds 500 ms, ex_llm.chat.errors.total +1",
        f"ex_llm.cost.calculated {who}: ex_llm.cost.cents.total +0.00001234, ex_llm.cost.last.cents 0.00001234 cents",
        "ex_llm.cache.put cache='my cache': ex_llm.cache.puts.total +1, ex_llm.cache.size.bytes +20",
        "ex_llm.cache.evicted cache='my cache': ex_llm.cache.evictions.total +1, ex_llm.cache.size.bytes -5",
    ]


def test_an_event_that_changes_no_metric_is_not_printed(printed: io.StringIO) -> None:
    reporter = ConsoleReporter(basic_metrics(), stream=printed)
    bus.execute("ex_llm.cache.hit", {}, {"cache": "c"})
    bus.execute("ex_llm.chat.stop", {}, WHO)  # without a duration
    assert printed.getvalue() == ""
    reporter.close()


def test_the_table_is_aligned_and_printed_at_close(printed: io.StringIO) -> None:
    reporter = ConsoleReporter(basic_metrics(), stream=printed)
    assert reporter.table() == "no metrics yet"
    emit_a_chat()
    table = reporter.table().splitlines()
    assert [line.split() for line in table] == [
        ["metric", "tags", "value", "values", "mean", "lowest", "highest", "unit"],
        ["ex_llm.chat.requests.total", "provider=openai", "model=gpt-4o-mini", "1"],
        ["ex_llm.chat.duration.milliseconds", "provider=openai", "model=gpt-4o-mini", "2", "1000", "500", "1500", "ms"],
        ["ex_llm.chat.errors.total", "provider=openai", "model=gpt-4o-mini", "kind=timeout", "1"],
    ]
    assert len({line.index("provider=") for line in table[1:]}) == 1
    assert table[1].index("1", table[1].index("mini")) == table[0].index("value ") + len("value") - 1
    assert not printed.getvalue().endswith("\n".join(table) + "\n")
    reporter.close()
    assert printed.getvalue().endswith("\n".join(table) + "\n")
    printed.truncate(0)
    reporter.close()
    assert printed.getvalue() == ""


def test_a_closed_reporter_counts_nothing_until_attached_again(reporter: ConsoleReporter, printed: io.StringIO) -> None:
    emit_a_chat()
    reporter.close()
    printed.seek(0)
    printed.truncate()
    emit_a_chat()
    assert printed.getvalue() == ""
    reporter.attach()
    emit_a_chat()
    assert len(printed.getvalue().splitlines()) == 3
    requests = next(line for line in reporter.table().splitlines() if line.startswith("ex_llm.chat.requests.total"))
    assert requests.split()[-1] == "2"


def test_custom_metrics_are_printed(printed: io.StringIO) -> None:
    mine = [
        level(
            "app.open",
            {"app.begun": 1, "app.over": -1},
            lambda measurements, metadata: [(1, {})],
            "Open.",
            tags={"who": "name"},
            unit="{job}",
        ),
        last_value("app.ratio", "app.over", "ratio", "Ratio.", tags=[]),
    ]
    reporter = ConsoleReporter(mine, stream=printed)
    bus.execute("app.begun", {}, {"name": "a"})
    bus.execute("app.over", {"ratio": 0.25}, {"name": "a"})
    bus.execute("app.begun", {}, {"name": "\x1b[31mred"})
    assert printed.getvalue().splitlines() == [
        "app.begun who=a: app.open +1",
        "app.over who=a: app.open -1, app.ratio 0.25",
        "app.begun who=?[31mred: app.open +1",
    ]
    reporter.close()


def test_a_closed_output_stream_stops_only_the_reporter(printed: io.StringIO, caplog: pytest.LogCaptureFixture) -> None:
    reporter = ConsoleReporter(basic_metrics(), stream=printed)
    printed.close()
    emit_a_chat()
    assert "is detached" in caplog.text
    reporter.close()


def test_a_program_without_close_prints_its_totals_once() -> None:
    program = """
from opentelemetry.instrumentation.llm import ConsoleReporter, basic_metrics, execute
reporter = ConsoleReporter(basic_metrics())
execute("ex_llm.chat.start", {}, {"provider": "p", "model": "m"})
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0
    assert done.stdout == ""
    line, head, row = done.stderr.splitlines()
    assert line == "ex_llm.chat.start provider=p model=m: ex_llm.chat.requests.total +1"
    assert head.startswith("metric")
    assert row.split() == ["ex_llm.chat.requests.total", "provider=p", "model=m", "1"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (10**20, "1" + "0" * 20), (0.1, "0.1"), (1e-9, "0.000000001"), (1234567.25, "1234567.25"), (0.0, "0"), (-2.5, "-2.5")],
)
def test_numbers_have_no_exponent(value: float, text: str) -> None:
    assert amount(value) == text


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert aligned([("a", "b"), ("longer", "10")], texts=(0,)) == "a        b\nlonger  10"


def test_a_program_whose_output_pipe_is_closed_ends_silently() -> None:
    code = (
        "from opentelemetry.instrumentation.llm import *; import sys; r = ConsoleReporter(basic_metrics(), sys.stdout); sys.stdout.close()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (ran.returncode, ran.stderr) == (0, "")
