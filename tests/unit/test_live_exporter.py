"""Test the console span exporter.

A tree for each trace, totals at the end, and plain text if the output is not a terminal.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExportResult
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, Status, StatusCode, TraceFlags

from opentelemetry import trace
from opentelemetry.instrumentation.llm.exporters.console_text import time_shown
from opentelemetry.instrumentation.llm.exporters.console_tree import LiveSpanExporter

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o-mini"}
USED = {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5}
FAILED = {"error.type": "openai.RateLimitError", "ex_llm.error.kind": "rate_limited"}
SECOND = 1_000_000_000
RED = re.compile(r"\x1b\[31m(.*?)\x1b\[0m")


class Terminal(io.StringIO):
    """A stream whose ``isatty`` is true."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Ascii(io.StringIO):
    encoding = "ascii"


class Traced:
    """Make spans of known times; the printed output is in ``lines``."""

    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream
        self.exporter = LiveSpanExporter(stream)
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("test")

    def span(self, name: str, parent: Span | None = None, begins: float = 0, **attributes: Any) -> Span:
        context = trace.set_span_in_context(parent) if parent is not None else trace.set_span_in_context(trace.INVALID_SPAN)
        return self.tracer.start_span(name, context, attributes=attributes.get("known"), start_time=SECOND + int(begins * SECOND))

    def chat(self, parent: Span | None = None, seconds: float = 1.5, begins: float = 0, **more: Any) -> None:
        known = {**CHAT, **USED, **more.get("known", {})}
        span = self.span("chat gpt-4o-mini", parent, begins, known=known)
        for attempt in range(1, more.get("attempts", 0) + 1):
            span.add_event("ex_llm.provider.request.stop", {"attempt": attempt})
        if "error.type" in known:
            span.set_status(Status(StatusCode.ERROR, "too many"))
        end(span, begins + seconds)

    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


def end(span: Span, after: float) -> None:
    span.end(SECOND + int(after * SECOND))


@pytest.fixture
def traced() -> Iterator[Traced]:
    made = Traced(io.StringIO())
    yield made
    made.provider.shutdown()


def test_a_call_is_one_line(traced: Traced) -> None:
    traced.chat()
    assert traced.lines() == ["chat gpt-4o-mini  openai  1.50 s  in 10  out 5"]


def test_a_line_shows_all_known_values(traced: Traced) -> None:
    known = {
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.usage.reasoning.output_tokens": 2,
        "gen_ai.response.time_to_first_chunk": 0.32,
        "ex_llm.cost.cents": 0.00045,
        "ex_llm.stream.end": "closed_early",
        "http.request.resend_count": 2,
    }
    traced.chat(known=known)
    assert traced.lines() == [
        "chat gpt-4o-mini  openai  1.50 s  first chunk 320 ms  in 10 (4 cached)  out 5 (2 reasoning)  0.00045 cents"
        "  2 retries  stream closed_early"
    ]


def test_an_agent_shows_its_calls_tools_and_outcome(traced: Traced) -> None:
    known = {"ex_llm.agent.inference_calls": 2, "ex_llm.agent.tool_calls": 1, "ex_llm.outcome": "handed_off", "ex_llm.cost.cents": 0.5}
    traced.chat(known=known)
    assert traced.lines() == ["chat gpt-4o-mini  openai  1.50 s  in 10  out 5  0.5 cents  2 calls  1 tool  handed off"]


def test_contents_are_not_printed(traced: Traced) -> None:
    traced.chat(known={"gen_ai.input.messages": "secret", "gen_ai.response.id": "secret"})
    traced.provider.shutdown()
    assert "secret" not in traced.stream.getvalue()


@pytest.mark.parametrize(("attempts", "reported"), [(0, ""), (1, ""), (2, "  1 retry"), (4, "  3 retries")])
def test_retries_are_read_from_attempts_if_not_counted(traced: Traced, attempts: int, reported: str) -> None:
    traced.chat(attempts=attempts)
    assert traced.lines() == ["chat gpt-4o-mini  openai  1.50 s  in 10  out 5" + reported]


def test_a_trace_is_printed_as_a_tree_when_its_root_ends(traced: Traced) -> None:
    root = traced.span("answer")
    agent = traced.span("agent", root, begins=0.1)
    traced.chat(agent, begins=0.3)
    traced.chat(agent, begins=0.2, seconds=0.05)
    end(agent, 2)
    traced.chat(root, begins=2, known=FAILED)
    assert traced.lines() == []
    end(root, 83)
    assert traced.lines() == [
        "answer  1 min 23 s",
        "├─ agent  1.90 s",
        "│  ├─ chat gpt-4o-mini  openai  50 ms  in 10  out 5",
        "│  └─ chat gpt-4o-mini  openai  1.50 s  in 10  out 5",
        "└─ chat gpt-4o-mini  openai  1.50 s  in 10  out 5  ERROR openai.RateLimitError (rate_limited)",
    ]


def test_concurrent_traces_are_not_mixed(traced: Traced) -> None:
    one, other = traced.span("one"), traced.span("other")
    traced.chat(one)
    traced.chat(other)
    end(other, 2)
    end(one, 3)
    assert [line.split("  ")[0] for line in traced.lines()] == ["other", "└─ chat gpt-4o-mini", "one", "└─ chat gpt-4o-mini"]


def test_a_span_that_ends_after_its_root_is_printed(traced: Traced) -> None:
    root = traced.span("root")
    late = traced.span("late", root)
    end(root, 1)
    traced.chat(late)
    end(late, 2)
    assert [line.split("  ")[0] for line in traced.lines()] == ["root", "late", "└─ chat gpt-4o-mini"]


def test_a_child_of_another_process_is_a_root_here(traced: Traced) -> None:
    parent = NonRecordingSpan(SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(1)))
    traced.chat(parent)
    second = traced.span("second", parent)
    traced.chat(second)
    end(second, 2)
    assert [line.split("  ")[0] for line in traced.lines()] == ["chat gpt-4o-mini", "second", "└─ chat gpt-4o-mini"]


def test_a_trace_without_an_ended_root_is_printed_at_shutdown(traced: Traced) -> None:
    root = traced.span("never ended")
    middle = traced.span("middle", root)
    traced.chat(middle)
    end(middle, 2)
    traced.chat(root)
    traced.provider.shutdown()
    assert [line.split("  ")[0] for line in traced.lines()[:3]] == ["middle", "└─ chat gpt-4o-mini", "chat gpt-4o-mini"]


def test_spans_of_a_root_that_never_ends_are_bounded(traced: Traced) -> None:
    root = traced.span("server")
    for _ in range(5001):
        end(traced.span("job", root), 1)
    assert len(traced.lines()) == 5001
    assert traced.exporter._waiting == {}


def test_a_chain_deeper_than_the_stack_is_printed(traced: Traced) -> None:
    chain = [traced.span("0")]
    for depth in range(1, 1500):
        chain.append(traced.span(str(depth), chain[-1]))
    for span in reversed(chain):
        end(span, 1)
    assert len(traced.lines()) == 1500
    assert traced.lines()[-1].endswith("└─ 1499  1.00 s")


def test_totals_are_a_table_at_the_end(traced: Traced) -> None:
    root = traced.span("invoke_agent", known={"gen_ai.operation.name": "invoke_agent", **USED})
    traced.chat(root, known={"ex_llm.cost.cents": 0.25, "gen_ai.usage.cache_read.input_tokens": 4})
    traced.chat(root, seconds=0.5, known=FAILED)
    traced.chat(root, known={"gen_ai.request.model": "a-model", "ex_llm.cost.cents": 1.5})
    end(root, 5)
    before = len(traced.lines())
    traced.provider.shutdown()
    traced.exporter.shutdown()
    empty, head, *rows = traced.lines()[before:]
    assert empty == ""
    assert re.split(r"  +", head) == [
        "operation",
        "provider",
        "model",
        "calls",
        "errors",
        "tokens in",
        "cached",
        "tokens out",
        "cents",
        "mean time",
    ]
    assert [re.split(r"  +", row) for row in rows] == [
        ["chat", "openai", "a-model", "1", "0", "10", "5", "1.5", "1.50 s"],
        ["chat", "openai", "gpt-4o-mini", "2", "1", "20", "4", "10", "0.25", "1.00 s"],
        ["all", "3", "1", "30", "4", "15", "1.75", "1.17 s"],
    ]
    assert len({len(row) for row in (head, *rows)}) == 1
    assert rows[0].index("10") < head.index("cached") < rows[0].index("5") - len("tokens out")


def test_an_unknown_cost_is_not_shown_as_zero(traced: Traced) -> None:
    traced.chat()
    traced.chat(known={"gen_ai.request.model": "free", "ex_llm.cost.cents": 0})
    traced.provider.shutdown()
    rows = {row[2]: row[7:-1] for row in (re.split(r"  +", line) for line in traced.lines()[-3:-1])}
    assert rows == {"gpt-4o-mini": [], "free": ["0"]}


def test_no_table_is_printed_without_a_call(traced: Traced) -> None:
    end(traced.span("job"), 1)
    traced.provider.shutdown()
    assert traced.lines() == ["job  1.00 s"]


def test_an_unknown_cost_shows_its_reason(traced: Traced) -> None:
    traced.chat(known={"ex_llm.cost.unknown_reason": "unknown_model"})
    assert traced.lines() == ["chat gpt-4o-mini  openai  1.50 s  in 10  out 5  no cost (unknown model)"]


@pytest.mark.parametrize(
    ("stream", "environment", "red"),
    [
        (Terminal, {}, ["ERROR openai.RateLimitError (rate_limited)"]),
        (Terminal, {"NO_COLOR": ""}, ["ERROR openai.RateLimitError (rate_limited)"]),
        (Terminal, {"NO_COLOR": "1"}, []),
        (Terminal, {"TERM": "dumb"}, []),
        (io.StringIO, {}, []),
        (io.StringIO, {"FORCE_COLOR": "1"}, ["ERROR openai.RateLimitError (rate_limited)"]),
        (Terminal, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, []),
    ],
)
def test_failures_are_red_only_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], environment: dict[str, str], red: list[str]
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    traced = Traced(stream())
    traced.chat()
    traced.chat(known=FAILED)
    assert RED.findall(traced.stream.getvalue()) == red
    assert "ERROR openai.RateLimitError (rate_limited)" in traced.stream.getvalue()
    assert ("\x1b" in traced.stream.getvalue()) == bool(red)


def test_a_stream_that_cannot_encode_lines_gets_ascii() -> None:
    traced = Traced(Ascii())
    root = traced.span("root")
    traced.chat(traced.span("unended", root))
    child = traced.span("child", root)
    traced.chat(child)
    end(child, 1)
    traced.chat(root, begins=1)
    end(root, 2)
    assert [line.split("  openai")[0] for line in traced.lines()] == [
        "root  2.00 s",
        "|- child  1.00 s",
        "|  `- chat gpt-4o-mini",
        "`- chat gpt-4o-mini",
    ]


def test_control_characters_in_names_do_not_reach_the_terminal(traced: Traced) -> None:
    end(traced.span("a\x1b[2J\nb", known={"gen_ai.operation.name": "chat", "gen_ai.provider.name": "x\x07"}), 1)
    traced.provider.shutdown()
    assert traced.lines()[0] == "a?[2J?b  x?  1.00 s"
    assert "\x1b" not in traced.stream.getvalue()


@pytest.mark.parametrize("known", [{"error.type": "ValueError"}, {}])
def test_a_failure_is_named_by_the_known_attributes(traced: Traced, known: dict[str, str]) -> None:
    span = traced.span("job", known=known)
    span.set_status(Status(StatusCode.ERROR))
    end(span, 1)
    assert traced.lines() == ["job  1.00 s  ERROR " + known.get("error.type", "failed")]


def test_a_closed_stream_fails_the_export_only(traced: Traced) -> None:
    span = traced.span("job")
    end(span, 1)
    traced.stream.close()
    assert traced.exporter.export([span]) is SpanExportResult.FAILURE  # type: ignore[list-item]
    traced.exporter.shutdown()
    traced.stream = io.StringIO()


def test_trees_are_the_same_in_batches() -> None:
    stream = io.StringIO()
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(LiveSpanExporter(stream)))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("root"):
        tracer.start_span("chat m", attributes={**CHAT, **USED}).end()
    provider.shutdown()
    assert [line.split("  ")[0] for line in stream.getvalue().splitlines()] == ["root", "└─ chat m", "", "operation", "chat", "all"]


def test_stdout_is_the_default_output() -> None:
    program = """
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.instrumentation.llm.exporters.console_tree import LiveSpanExporter
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(LiveSpanExporter()))
provider.get_tracer("test").start_span("job", start_time=0).end(2_000_000_000)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "job  2.00 s\n", "")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 ms"),
        (0.00994, "9.9 ms"),
        (0.00996, "10 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.00 s"),
        (59.994, "59.99 s"),
        (59.996, "1 min 0 s"),
        (3725, "62 min 5 s"),
    ],
)
def test_durations_are_printed_in_readable_units(seconds: float, text: str) -> None:
    assert time_shown(seconds) == text


def test_totals_and_printed_spans_are_bounded_in_a_trace() -> None:
    traced = Traced(io.StringIO())
    root = traced.span("endless")
    root.end()
    for number in range(2500):
        traced.chat(root, known={"gen_ai.request.model": f"m{number}"})
    (printed,) = traced.exporter._printed.values()
    assert len(printed) <= 1000 and traced.exporter._spans_waiting == 0
    assert len(traced.exporter._totals._rows) <= 201 and traced.exporter._totals._rows["other", "", ""][0] == 2300
