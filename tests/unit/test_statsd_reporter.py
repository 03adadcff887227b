"""Test the StatsD reporter and exporter against real UDP sockets.

Exact totals, a strict grammar, no waiting, and counted losses.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections import Counter as Count
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

from opentelemetry.instrumentation.llm import StatsdReporter, bus
from opentelemetry.instrumentation.llm.exporters.statsd import StatsdMetricExporter
from opentelemetry.instrumentation.llm.metrics import basic_metrics, distribution, last_value, level, metrics, summary
from opentelemetry.instrumentation.llm.reporters.otel import OtelReporter
from opentelemetry.instrumentation.llm.reporters.statsd.protocol import number, tail_of
from opentelemetry.instrumentation.llm.reporters.statsd.udp import DATAGRAM_BYTES, UdpSender, packed

WHO = {"provider": "openai", "model": "gpt-4o-mini", "operation": "chat", "ref": 1}
TAGS = "|#provider:openai,model:gpt-4o-mini"
STRICT = re.compile(
    r"(?P<name>[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]+)*):(?P<value>-?\d+(\.\d+)?)\|(?P<kind>c|ms|g|h)(?P<tags>\|#[^|#,\s]+(,[^|#,\s]+)*)?"
)


class Server:
    """A strict StatsD server: every line has to match the grammar."""

    def __init__(self, tagged: bool = True) -> None:
        self._tagged = tagged
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(20)
        self.port: int = self._socket.getsockname()[1]
        self.lines: list[str] = []

    def read(self, upto: str | None = None) -> list[str]:
        """Read all datagrams, or until a line holds ``upto``; return the new lines."""
        begin = len(self.lines)
        while True:
            self._socket.setblocking(False) if upto is None else self._socket.settimeout(20)
            try:
                datagram = self._socket.recv(1 << 16)
            except BlockingIOError:
                return self.lines[begin:]
            assert len(datagram) <= DATAGRAM_BYTES
            for line in datagram.decode().split("\n"):
                match = STRICT.fullmatch(line)
                assert match, line
                assert self._tagged or (match["tags"] is None and match["kind"] != "h"), line
                self.lines.append(line)
            if upto is not None and any(upto in line for line in self.lines[begin:]):
                return self.lines[begin:]

    def totals(self) -> dict[str, float]:
        """Add counters by name and count timers, as a server does."""
        found: Count[str] = Count()
        for match in filter(None, map(STRICT.fullmatch, self.lines)):
            if match["kind"] == "c":
                found[match["name"]] += float(match["value"])  # type: ignore[assignment]
            elif match["kind"] == "ms":
                found[f"{match['name']}.timers"] += 1
        return dict(found)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def untagged() -> Iterator[Server]:
    made = Server(tagged=False)
    yield made
    made.close()


def emit_a_chat(**more: Any) -> None:
    bus.execute("ex_llm.chat.start", {"system_time": 1}, {**WHO, **more})
    bus.execute("ex_llm.chat.stop", {"duration": 1_500_000_000}, {**WHO, "input_tokens": 10, "output_tokens": 5, **more})


def test_counters_timers_and_gauges(server: Server) -> None:
    reporter = StatsdReporter(metrics(), port=server.port)
    emit_a_chat()
    emit_a_chat()
    bus.execute("ex_llm.cost.calculated", {"cost": 0.00001234}, WHO)
    bus.execute("ex_llm.chat.exception", {"duration": 2_500_000}, {**WHO, "kind": "timeout"})
    reporter.close()
    assert server.read() == [
        f"ex_llm.chat.requests.total:2|c{TAGS}",
        f"ex_llm.tokens.input.total:20|c{TAGS}",
        f"ex_llm.tokens.output.total:10|c{TAGS}",
        f"ex_llm.cost.cents.total:0.00001234|c{TAGS}",
        f"ex_llm.chat.errors.total:1|c{TAGS},kind:timeout",
        f"ex_llm.cost.last.cents:0.00001234|g{TAGS}",
        f"ex_llm.chat.duration.milliseconds:1500|ms{TAGS}",
        f"ex_llm.chat.duration.milliseconds:1500|ms{TAGS}",
        f"ex_llm.chat.duration.milliseconds:2.5|ms{TAGS}",
    ]
    assert reporter.dropped == 0


def test_without_tags_all_values_are_counted_together(untagged: Server) -> None:
    reporter = StatsdReporter(metrics(), host="127.0.0.1", port=untagged.port, prefix="my app", tags="none")
    emit_a_chat()
    emit_a_chat(model="gpt-4o")
    for name, size in (("a", 10), ("b", 20)):
        bus.execute("ex_llm.cache.put", {"size_bytes": size}, {"cache": name})
    reporter.close()
    assert untagged.read() == [
        "my_app.ex_llm.chat.requests.total:2|c",
        "my_app.ex_llm.tokens.input.total:20|c",
        "my_app.ex_llm.tokens.output.total:10|c",
        "my_app.ex_llm.cache.puts.total:2|c",
        "my_app.ex_llm.cache.size.bytes:30|g",
        "my_app.ex_llm.chat.duration.milliseconds:1500|ms",
        "my_app.ex_llm.chat.duration.milliseconds:1500|ms",
    ]


def test_gauges_are_absolute_and_reset_before_a_negative_value(server: Server) -> None:
    reporter = StatsdReporter(metrics(), port=server.port)
    bus.execute("ex_llm.cache.put", {"size_bytes": 10}, {"cache": "c"})
    reporter.flush()
    bus.execute("ex_llm.cache.put", {"size_bytes": 5}, {"cache": "c"})
    reporter.flush()
    bus.execute("ex_llm.cache.evicted", {"size_bytes": 20}, {"cache": "c"})
    reporter.close()
    sizes = [line.split(":")[1].split("|")[0] for line in server.read() if ".size.bytes" in line]
    assert sizes == ["10", "15", "0", "-5"]


def test_reserved_characters_are_removed_from_lines(server: Server) -> None:
    reporter = StatsdReporter(basic_metrics(), port=server.port, prefix="a:b|c.")
    bus.execute("ex_llm.chat.start", {}, {"provider": "x|y#z,w v\n", "model": "ft:gpt-4o:größe"})
    bus.execute("ex_llm.chat.start", {}, {"provider": "p", "model": "m" * 5000})
    reporter.close()
    first, second = server.read()
    assert first == "a_b_c.ex_llm.chat.requests.total:1|c|#provider:x_y_z_w_v?,model:ft:gpt-4o:größe"
    assert second.endswith("model:" + "m" * 200)


def test_distributions_that_are_not_times(server: Server, untagged: Server) -> None:
    mine = [
        distribution("app.size", "app.done", "size", "Size.", tags=["who"], unit="By"),
        summary("app.seconds", "app.done", "seconds", "Seconds.", tags=[], unit="s"),
        last_value("app.ratio", "app.done", "ratio", "Ratio.", tags=[]),
        level("app.open", "app.done", "size", "Open.", tags=[]),
    ]
    reporters = [StatsdReporter(mine, port=server.port), StatsdReporter(mine, port=untagged.port, tags="none")]
    bus.execute("app.done", {"size": 7, "seconds": 1.25, "ratio": 0.5}, {"who": "me"})
    for reporter in reporters:
        reporter.close()
    assert server.read() == ["app.ratio:0.5|g", "app.open:7|g", "app.size:7|h|#who:me", "app.seconds:1250|ms"]
    assert untagged.read() == ["app.ratio:0.5|g", "app.open:7|g", "app.size:7|ms", "app.seconds:1250|ms"]


def test_lines_are_sent_after_a_short_delay(server: Server) -> None:
    reporter = StatsdReporter(metrics(), port=server.port)
    assert not any(thread.name == "ex_llm-statsd" for thread in threading.enumerate())
    emit_a_chat()
    assert server.read(upto="duration")
    emit_a_chat(model="second")
    assert "model:second" in "".join(server.read(upto="duration"))
    reporter.close()
    assert not any(thread.name == "ex_llm-statsd" for thread in threading.enumerate())


def test_eight_threads_and_datagrams_below_the_mtu_lose_nothing(server: Server) -> None:
    reporter = StatsdReporter(metrics(), port=server.port)

    def emit(name: int) -> None:
        for _ in range(100):
            emit_a_chat(model=f"a-model-with-a-rather-long-name-{name}")

    threads = [threading.Thread(target=emit, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    reporter.close()
    server.read()
    totals = server.totals()
    assert totals["ex_llm.chat.requests.total"] == totals["ex_llm.chat.duration.milliseconds.timers"] == 800
    assert totals["ex_llm.tokens.input.total"] == 8000
    assert reporter.dropped == 0


def test_a_closed_reporter_sends_nothing_until_attached_again(server: Server) -> None:
    reporter = StatsdReporter(basic_metrics(), port=server.port)
    reporter.close()
    reporter.close()
    emit_a_chat()
    assert server.read() == []
    reporter.attach()
    emit_a_chat()
    assert len(server.read(upto="duration")) == 2
    reporter.close()


def closed_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell every refusal")
def test_an_absent_server_is_counted_line_by_line() -> None:
    reporter = StatsdReporter(basic_metrics(), host="127.0.0.1", port=closed_port())
    for _ in range(3):
        emit_a_chat()
        reporter.flush()
    # Each refusal reports the datagram before it, so the result of the last datagram is unknown.
    assert reporter.dropped == 4
    reporter.close()


def test_a_server_that_returns_gets_new_lines(server: Server) -> None:
    reporter = StatsdReporter(basic_metrics(), host="127.0.0.1", port=server.port)
    emit_a_chat()
    reporter.flush()
    assert len(server.read(upto="duration")) == 2
    port = server.port
    server.close()
    emit_a_chat()
    reporter.flush()
    again = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    again.bind(("127.0.0.1", port))
    again.settimeout(20)
    emit_a_chat(model="back")
    reporter.close()
    assert b"model:back" in again.recv(1 << 16)
    again.close()


def test_an_unresolved_host_drops_lines_and_is_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    requested: list[Any] = []

    def unknown(*arguments: Any, **more: Any) -> Any:
        requested.append(arguments)
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    wire = UdpSender("nowhere.invalid", 8125)
    wire.send(["a:1|c", "b:1|c"])
    wire.send(["c:1|c"])
    assert (wire.dropped, len(requested)) == (3, 1)


def test_a_slow_name_server_blocks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    requested, unblock = threading.Event(), threading.Event()

    def slow(*arguments: Any, **more: Any) -> Any:
        requested.set()
        unblock.wait(60)
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    reporter = StatsdReporter(basic_metrics(), host="slow.invalid")
    bus.execute("ex_llm.chat.start", {}, WHO)
    assert requested.wait(20)
    for _ in range(30_000):  # more lines than are kept: the rest is counted as dropped
        bus.execute("ex_llm.chat.start", {}, WHO)
    assert not unblock.is_set()
    assert reporter.dropped == 30_000 - 20_000
    unblock.set()
    reporter.close()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("tags", "datadog"),
        ("tags", None),
        ("port", 0),
        ("port", "8125"),
        ("port", 70000),
        ("port", True),
        ("host", ""),
        ("host", None),
        ("prefix", 3),
    ],
)
def test_an_invalid_setting_is_named_with_the_allowed_values(setting: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"{setting}={re.escape(repr(value))} is not allowed; use "):
        StatsdReporter(basic_metrics(), **{setting: value})
    assert bus.list_handlers("ex_llm.chat.start") == []


@pytest.mark.parametrize(
    ("value", "text"), [(1e-7, "0.0000001"), (10**18, "1000000000000000000"), (2.0, "2"), (-0.5, "-0.5"), (1e21, "1" + "0" * 21)]
)
def test_numbers_have_no_exponent(value: float, text: str) -> None:
    assert number(value) == text


def test_packing_fills_datagrams_up_to_their_size() -> None:
    lines = [f"name.{n}:{n}|c" for n in range(500)]
    groups = list(packed(lines, size=100))
    assert [line for group in groups for line in group] == [line.encode() for line in lines]
    sizes = [len(b"\n".join(group)) for group in groups]
    assert max(sizes) <= 100
    assert all(size + 1 + len(after[0]) > 100 for size, after in zip(sizes, groups[1:], strict=False))
    assert list(packed(["x" * 200, "y"], size=100)) == [[b"x" * 200], [b"y"]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_sends_its_own_lines_only(server: Server) -> None:
    reporter = StatsdReporter(basic_metrics(), port=server.port)
    emit_a_chat(model="parent")
    with reporter._starting, reporter._sending:
        child = os.fork()
        if child == 0:
            emit_a_chat(model="child")
            reporter.close()
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    reporter.close()
    lines = server.read()
    assert Count(line.rpartition(":")[2] for line in lines) == {"child": 2, "parent": 2}


def test_a_program_that_ends_loses_nothing(server: Server) -> None:
    program = """
import sys, threading
from opentelemetry.instrumentation.llm import StatsdReporter, basic_metrics, execute
assert threading.active_count() == 1
reporter = StatsdReporter(basic_metrics(), port=int(sys.argv[1]))
execute("ex_llm.chat.start", {}, {"provider": "p", "model": "last"})
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program, str(server.port)], capture_output=True, text=True, timeout=60, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert server.read() == ["ex_llm.chat.requests.total:1|c|#provider:p,model:last"]


class Exporting:
    """A MeterProvider that exports on demand.

    It has the metrics of this package and one histogram of another instrumentation.
    """

    def __init__(self, exporter: StatsdMetricExporter) -> None:
        self.provider = MeterProvider([PeriodicExportingMetricReader(exporter, export_interval_millis=1e9)])
        meter = self.provider.get_meter("test")
        self.ours = OtelReporter(metrics(), meter)
        self.ours.attach()
        self.foreign = meter.create_histogram("http.client.duration", unit="s")
        self.active = meter.create_up_down_counter("app.active")

    def close(self) -> None:
        self.ours.close()
        self.provider.shutdown()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name in ("HOST", "PORT", "PREFIX", "TAGS"):
        monkeypatch.delenv(f"OTEL_INSTRUMENTATION_LLM_STATSD_{name}", raising=False)
    yield monkeypatch


def test_the_exporter_sends_each_count_and_each_time_once(server: Server, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OTEL_INSTRUMENTATION_LLM_STATSD_HOST", "127.0.0.1")
    environment.setenv("OTEL_INSTRUMENTATION_LLM_STATSD_PORT", str(server.port))
    environment.setenv("OTEL_INSTRUMENTATION_LLM_STATSD_PREFIX", "app")
    exporting = Exporting(StatsdMetricExporter())
    emit_a_chat()
    exporting.foreign.record(0.25, {"gen_ai.provider.name": "openai"})
    exporting.active.add(3, {"who": "a"})
    exporting.provider.force_flush()
    assert sorted(server.read()) == [
        "app.app.active:3|g|#who:a",
        f"app.ex_llm.chat.duration.milliseconds:1500|ms{TAGS}",
        f"app.ex_llm.chat.requests.total:1|c{TAGS}",
        f"app.ex_llm.tokens.input.total:10|c{TAGS}",
        f"app.ex_llm.tokens.output.total:5|c{TAGS}",
        "app.http.client.duration.count:1|c|#gen_ai.provider.name:openai",
        "app.http.client.duration.sum:0.25|c|#gen_ai.provider.name:openai",
    ]
    emit_a_chat()
    exporting.active.add(-1, {"who": "a"})
    exporting.close()
    server.read()
    assert server.totals() == {
        "app.ex_llm.chat.requests.total": 2,
        "app.ex_llm.tokens.input.total": 20,
        "app.ex_llm.tokens.output.total": 10,
        "app.ex_llm.chat.duration.milliseconds.timers": 2,
        "app.http.client.duration.count": 1,
        "app.http.client.duration.sum": 0.25,
    }
    assert "app.app.active:2|g|#who:a" in server.lines


def test_the_exporter_without_tags(untagged: Server, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OTEL_INSTRUMENTATION_LLM_STATSD_TAGS", "NONE")
    exporter = StatsdMetricExporter(host="127.0.0.1", port=untagged.port)
    exporting = Exporting(exporter)
    emit_a_chat()
    emit_a_chat(model="gpt-4o")
    exporting.active.add(3, {"who": "a"})
    exporting.active.add(4, {"who": "b"})
    exporting.close()
    assert sorted(untagged.read()) == [
        "app.active:7|g",
        "ex_llm.chat.duration.milliseconds:1500|ms",
        "ex_llm.chat.duration.milliseconds:1500|ms",
        "ex_llm.chat.requests.total:2|c",
        "ex_llm.tokens.input.total:20|c",
        "ex_llm.tokens.output.total:10|c",
    ]
    assert exporter.dropped == 0


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [("PORT", "many", "a whole number"), ("PORT", "0", "a whole number"), ("TAGS", "datadog", "dogstatsd, none")],
)
def test_an_invalid_variable_is_a_warning_and_the_default_used(
    environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str, value: str, allowed: str
) -> None:
    environment.setenv(f"OTEL_INSTRUMENTATION_LLM_STATSD_{name}", value)
    exporter = StatsdMetricExporter()
    exporter.shutdown()
    (record,) = caplog.records
    assert all(text in record.getMessage() for text in (f"OTEL_INSTRUMENTATION_LLM_STATSD_{name}", repr(value), allowed))
    assert (exporter._sender.port, exporter._tagging) == (8125, "dogstatsd")


@pytest.mark.parametrize("harmful", ["\x9b31m", "\x85", "\u202e", "\u2066", "\u200f", "\u2028", "\ud800"], ids=ascii)
def test_tags_hold_no_control_character_mark_or_surrogate(harmful: str) -> None:
    tail = tail_of({"model": f"gpt{harmful}4"}, "dogstatsd")
    assert harmful not in tail and tail.startswith("|#model:gpt_") and tail.encode("utf-8")
