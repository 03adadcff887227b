"""Test the Prometheus reporter over loopback.

Names, numbers, a port in use, and worker processes that share one port.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from opentelemetry.instrumentation.llm import PrometheusReporter, bus
from opentelemetry.instrumentation.llm.metrics import METRICS, basic_metrics, counter, distribution, last_value, level, metrics, summary
from opentelemetry.instrumentation.llm.metrics.ex_llm import BUCKETS_MS
from opentelemetry.instrumentation.llm.reporters.prometheus import http as prometheus_http
from opentelemetry.instrumentation.llm.reporters.prometheus import server as prometheus_server
from opentelemetry.instrumentation.llm.reporters.prometheus.server import prometheus_name

WHO = {"provider": "openai", "model": "gpt-4o-mini", "operation": "chat", "ref": 1}
LABELS = (("model", "gpt-4o-mini"), ("provider", "openai"))
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

Sample = tuple[str, tuple[tuple[str, str], ...]]


def page(port: int, accept: str = "text/plain") -> str:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=20) as response:
        return str(response.read().decode())


def values(port: int) -> dict[Sample, float]:
    """Return every sample on the page; fail on a duplicate sample."""
    found: dict[Sample, float] = {}
    for family in text_string_to_metric_families(page(port)):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def emit_a_chat(**more: Any) -> None:
    bus.execute("ex_llm.chat.start", {"system_time": 1}, {**WHO, **more})
    bus.execute("ex_llm.chat.stop", {"duration": 1_500_000_000}, {**WHO, "input_tokens": 10, "output_tokens": 5, **more})


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., PrometheusReporter]]:
    """Make reporters on free ports, and close them afterwards."""
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    made: list[PrometheusReporter] = []

    def one(mine: Any = None, port: int = 0, **more: Any) -> PrometheusReporter:
        made.append(PrometheusReporter(metrics() if mine is None else mine, port=port, **more))
        return made[-1]

    yield one
    for reporter in made:
        reporter.close()


Make = Callable[..., PrometheusReporter]


def test_a_chat_is_served(make: Make) -> None:
    port = make().port
    emit_a_chat()
    emit_a_chat()
    found = values(port)
    assert found["ex_llm_chat_requests_total", LABELS] == 2
    assert found["ex_llm_tokens_input_total", LABELS] == 20
    assert found["ex_llm_tokens_output_total", LABELS] == 10
    assert found["ex_llm_chat_duration_milliseconds_count", LABELS] == 2
    assert found["ex_llm_chat_duration_milliseconds_sum", LABELS] == 3000
    buckets = {dict(labels)["le"]: value for (name, labels), value in found.items() if name == "ex_llm_chat_duration_milliseconds_bucket"}
    assert (buckets["1280.0"], buckets["2560.0"], buckets["+Inf"]) == (0, 2, 2)
    assert len(buckets) == len(BUCKETS_MS) + 1


def emit_every_event() -> None:
    numbers = {metric.measurement for metric in METRICS if isinstance(metric.measurement, str)} | {"remaining_requests"}
    measured = dict.fromkeys(numbers, 2)
    for event in {event for metric in METRICS for event in metric.events}:
        bus.execute(event, measured, {**WHO, "kind": "timeout", "status": 200, "cache": "c", "scope": "call", "event": "e", "step": "s"})


def test_every_metric_has_its_name_its_help_and_one_suffix(make: Make) -> None:
    port = make().port
    emit_every_event()
    text = page(port)
    families = {family.name: family for family in text_string_to_metric_families(text)}
    for metric in METRICS:
        name = metric.name.replace(".", "_")
        family = families[name.removesuffix("_total")]
        assert family.documentation == metric.description
        assert f"# HELP {name} {metric.description}\n" in text
        assert {sample.name for sample in family.samples} == (
            {f"{name}_{part}" for part in ("bucket", "count", "sum")} if metric.kind == "distribution" else {name}
        )
        assert all(set(metric.tags) >= set(sample.labels) - {"le"} for sample in family.samples)
    assert len(families) == len(METRICS)
    assert "_total_total" not in text
    assert "_milliseconds_milliseconds" not in text


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")
@pytest.mark.parametrize("recorded", [True, False])
def test_promtool_finds_only_the_unit_in_the_names(make: Make, recorded: bool) -> None:
    port = make().port
    if recorded:
        emit_every_event()
    checked = subprocess.run(["promtool", "check", "metrics"], input=page(port), capture_output=True, text=True, timeout=60)
    remarks = [line for line in (checked.stdout + checked.stderr).splitlines() if line]
    # The names of these metrics promise milliseconds; promtool recommends seconds.
    assert [line for line in remarks if not line.endswith('use base unit "seconds" instead of "milliseconds"')] == []
    assert len(remarks) == (sum(".milliseconds" in metric.name for metric in METRICS) if recorded else 0)


def test_openmetrics_is_served_too(make: Make) -> None:
    port = make().port
    emit_a_chat()
    text = page(port, accept="application/openmetrics-text; version=1.0.0")
    assert text.endswith("# EOF\n")
    assert 'ex_llm_chat_requests_total{model="gpt-4o-mini",provider="openai"} 2.0' not in text
    assert 'ex_llm_chat_requests_total{model="gpt-4o-mini",provider="openai"} 1.0' in text


def test_custom_metrics_are_served(make: Make) -> None:
    mine = [
        counter("app.answers", "app.done", "Answers.", tags={"who is": "name"}),
        level("app.open", {"app.begun": 1, "app.done": -1}, "size", "Open.", tags=[]),
        last_value("app.ratio", "app.done", "ratio", "Ratio.", tags=["name"]),
        summary("app.time", "app.done", "size", "Time.", tags=[]),
        distribution("app.sizes", "app.done", "size", "Sizes.", tags=["name"], buckets=(1, 2)),
        counter("2app", "app.done", "Begins with a digit.", tags=[]),
    ]
    port = make(mine).port
    bus.execute("app.begun", {"size": 3})
    for name, ratio in ((1, 0.25), ("1", 0.5), (None, 0.75), ("", 1.0), ('"quoted"\\\n', 0)):
        bus.execute("app.done", {"size": 1, "ratio": ratio}, {"name": name})
    found = values(port)
    odd = (("name", '"quoted"\\?'),)
    assert found["app_answers_total", (("who_is", "1"),)] == found["app_answers_total", (("who_is", ""),)] == 2
    assert found["app_open", ()] == -2
    assert (found["app_ratio", (("name", "1"),)], found["app_ratio", (("name", ""),)], found["app_ratio", odd]) == (0.5, 1.0, 0)
    assert (found["app_time_count", ()], found["app_time_sum", ()]) == (5, 5)
    assert found["app_sizes_bucket", (("le", "1.0"), ("name", "1"))] == 2
    assert found["_2app_total", ()] == 5


def test_the_host_is_loopback_by_default(make: Make) -> None:
    def listening(port: int) -> set[str]:
        """Return the addresses that Linux lists as listening on a port."""
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return {row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}

    reporter, open_one = make(basic_metrics()), make(basic_metrics(), host="0.0.0.0")
    assert reporter.host == "127.0.0.1"
    if sys.platform == "linux":
        assert listening(reporter.port) == {"0100007F"}
        assert listening(open_one.port) == {"00000000"}
    assert page(open_one.port)


def test_a_port_in_use_is_one_warning_and_the_program_runs_on(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    first = make()
    second = make(port=first.port)
    assert (first.serving, second.serving, second.port) == (True, False, first.port)
    emit_a_chat()
    assert values(first.port)["ex_llm_chat_requests_total", LABELS] == 1
    first.close()
    assert in_the_end(lambda: second.serving)
    # Metrics were counted during the whole time.
    assert values(second.port)["ex_llm_chat_requests_total", LABELS] == 1
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert all(text in record.getMessage() for text in (str(first.port), "127.0.0.1", "port=", "PROMETHEUS_MULTIPROC_DIR"))


def test_a_closed_reporter_stops_waiting_for_its_port(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus_server, "_TRY_AGAIN_SECONDS", 0.01)
    first = make()
    second = make(port=first.port)
    waiting = [thread for thread in threading.enumerate() if thread.name == "ex_llm-prometheus"]
    second.close()
    for thread in waiting:
        thread.join(20)
    assert waiting and not any(thread.is_alive() for thread in waiting)
    first.close()
    assert not second.serving
    socket.create_server(("127.0.0.1", first.port)).close()


def test_a_foreign_address_is_a_warning_and_the_program_runs_on(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    reporter = make(host="203.0.113.1")
    assert not reporter.serving
    assert "port 0 on 203.0.113.1 cannot be served: " in caplog.text
    emit_a_chat()


def test_close_frees_the_port_and_attach_takes_it_again(make: Make) -> None:
    reporter = make()
    port = reporter.port
    emit_a_chat()
    reporter.close()
    reporter.close()
    emit_a_chat()
    with pytest.raises(urllib.error.URLError):
        page(port)
    socket.create_server(("127.0.0.1", port)).close()
    reporter.attach()
    emit_a_chat()
    assert reporter.port == port
    assert values(port)["ex_llm_chat_requests_total", LABELS] == 2


@pytest.mark.parametrize("port", [-1, 65536, "9568", None, True, 1.5])
def test_an_invalid_port_is_refused_by_name(make: Make, port: Any) -> None:
    with pytest.raises(ValueError, match=f"port={port!r} is not allowed; use a whole number"):
        make(port=port)


def test_without_the_library_the_extra_is_named(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ImportError, match=r"pip install 'opentelemetry-instrumentation-llm\[prometheus\]'"):
        make()


def test_importing_the_package_does_not_import_the_library() -> None:
    program = "import sys, opentelemetry.instrumentation.llm; assert 'prometheus_client' not in sys.modules"
    end(worker := run(program))
    assert worker.returncode == 0


def test_names_follow_the_rules_of_prometheus() -> None:
    assert [prometheus_name(name) for name in ("a.b-c d", "gen_ai.provider.name", "9")] == ["a_b_c_d", "gen_ai_provider_name", "_9"]


@forks
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_warns_and_does_not_hold_the_port(make: Make) -> None:
    reporter = make()
    emit_a_chat()
    handled, tell = os.pipe()
    go_on, go = os.pipe()
    child = os.fork()
    if child == 0:
        records: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
        logging.getLogger("opentelemetry.instrumentation.llm").addHandler(handler)
        emit_a_chat()
        emit_a_chat()
        os.write(tell, "\n".join(records).encode() or b"nothing")
        os.read(go_on, 1)
        os._exit(0)
    (record,) = os.read(handled, 10_000).decode().splitlines()
    assert all(text in record for text in (str(child), "not served", "PROMETHEUS_MULTIPROC_DIR"))
    assert values(reporter.port)["ex_llm_chat_requests_total", LABELS] == 1
    reporter.close()
    socket.create_server(("127.0.0.1", reporter.port)).close()
    os.write(go, b".")
    assert os.waitpid(child, 0)[1] == 0
    for pipe in (handled, tell, go_on, go):
        os.close(pipe)


def run(program: str, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    everything = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
    return subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)], text=True, env=everything, **pipes)


WORKER = """
import logging, os, sys
from opentelemetry.instrumentation.llm import PrometheusReporter, metrics, execute

logging.basicConfig(stream=sys.stdout, level="ERROR", format="%(levelname)s %(message)s")

who = {"provider": "openai", "model": "gpt-4o-mini"}

def work(times, size):
    for _ in range(times):
        execute("ex_llm.chat.start", {}, who)
        execute("ex_llm.chat.stop", {"duration": 1_500_000_000}, {**who, "input_tokens": 10})
    execute("ex_llm.cache.put", {"size_bytes": size}, {"cache": "c"})
    execute("ex_llm.cost.calculated", {"cost": size}, who)
"""
EACH = (
    WORKER
    + """
try:
    reporter = PrometheusReporter(metrics(), port=int(sys.argv[1]))
except ValueError as error:
    sys.exit(print(type(error).__name__, error, flush=True))
print("ready", flush=True)
for line in sys.stdin:
    work(*map(int, line.split()))
    print("done", flush=True)
"""
)
PREFORK = (
    WORKER
    + """
reporter = PrometheusReporter(metrics(), port=int(sys.argv[1]))
work(1, 1)
children = []
for number in (10, 100):
    child = os.fork()
    if child == 0:
        work(number, number)
        os._exit(0)
    children.append(child)
for child in children:
    assert os.waitpid(child, 0)[1] == 0
print("done", flush=True)
sys.stdin.read()
"""
)


def send(worker: subprocess.Popen[str], line: str = "") -> str:
    assert worker.stdin is not None and worker.stdout is not None
    if line:
        worker.stdin.write(line + "\n")
        worker.stdin.flush()
    return worker.stdout.readline().strip()


def end(worker: subprocess.Popen[str]) -> None:
    if worker.poll() is None:
        worker.communicate(timeout=60)
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            pipe.close()


def requests(port: int) -> float:
    return values(port)["ex_llm_chat_requests_total", LABELS]


def in_the_end(look: Callable[[], bool], seconds: float = 30) -> bool:
    """Wait until the condition is true; a port without a server counts as false."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if look():
                return True
        except (OSError, KeyError):
            pass
        time.sleep(0.02)
    return False


@forks
def test_workers_share_the_port_and_replace_each_other(tmp_path: Path) -> None:
    port = free_port()
    workers = [run(EACH, port, PROMETHEUS_MULTIPROC_DIR=str(tmp_path)) for _ in range(3)]
    try:
        assert [send(worker) for worker in workers] == ["ready"] * 3
        assert [send(worker, line) for worker, line in zip(workers, ("1 1", "10 10", "100 100"), strict=True)] == ["done"] * 3
        found = values(port)
        assert found["ex_llm_chat_requests_total", LABELS] == 111
        assert found["ex_llm_tokens_input_total", LABELS] == 1110
        assert found["ex_llm_chat_duration_milliseconds_count", LABELS] == 111
        assert found["ex_llm_chat_duration_milliseconds_bucket", (("le", "2560.0"), *LABELS)] == 111
        assert found["ex_llm_chat_duration_milliseconds_sum", LABELS] == 111 * 1500
        assert found["ex_llm_cost_cents_total", LABELS] == 111
        assert found["ex_llm_cost_last_cents", LABELS] in (1, 10, 100)
        assert found["ex_llm_cache_size_bytes", (("cache", "c"),)] == 111
        assert "# HELP ex_llm_chat_requests_total Number of chat calls that were started.\n" in page(port)
        # Kill one worker after the other, so that the serving worker is among them; their counts must stay.
        for left in (2, 1):
            workers[left].send_signal(signal.SIGKILL)
            workers[left].wait(60)
            assert in_the_end(lambda: requests(port) == 111)
        assert send(workers[0], "1 1") == "done"
        assert requests(port) == 112
    finally:
        for worker in workers:
            end(worker)


@forks
def test_a_new_worker_takes_over_the_port_but_not_the_gauge(tmp_path: Path) -> None:
    port = free_port()
    first = run(EACH, port, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    assert (send(first), send(first, "1 5")) == ("ready", "done")
    second = run(EACH, port, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    assert (send(second), send(second, "1 7")) == ("ready", "done")
    size = "ex_llm_cache_size_bytes", (("cache", "c"),)
    assert values(port)[size] == 12
    end(first)
    assert in_the_end(lambda: values(port)[size] == 7)
    assert requests(port) == 2
    end(second)


@forks
def test_a_reporter_made_before_fork_serves_counts_of_children(tmp_path: Path) -> None:
    port = free_port()
    parent = run(PREFORK, port, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    assert send(parent) == "done"
    found = values(port)
    assert found["ex_llm_chat_requests_total", LABELS] == 111
    assert found["ex_llm_chat_duration_milliseconds_count", LABELS] == 111
    end(parent)


@forks
def test_a_foreign_server_on_the_port_is_waited_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        worker = run(EACH, port, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
        assert send(worker).startswith(f"ERROR metrics are not served: port {port} on 127.0.0.1 is taken")
        assert (send(worker), send(worker, "3 1")) == ("ready", "done")
    assert in_the_end(lambda: requests(port) == 3)
    end(worker)


@pytest.mark.parametrize(
    ("port", "directory", "named"),
    [(0, "", "port=0 is not allowed"), (None, "missing", "is not a directory")],
    ids=["port 0", "no directory"],
)
def test_a_setting_that_processes_cannot_share_is_refused(tmp_path: Path, port: int | None, directory: str, named: str) -> None:
    worker = run(EACH, free_port() if port is None else port, PROMETHEUS_MULTIPROC_DIR=str(tmp_path / directory))
    reported = send(worker)
    assert reported.startswith("ValueError")
    assert named in reported
    assert "PROMETHEUS_MULTIPROC_DIR" in reported
    end(worker)


TWICE = (
    WORKER
    + """
port = int(sys.argv[1])
first = PrometheusReporter(metrics(), port=port)
work(1, 1)
try:
    PrometheusReporter(metrics(), port=port)
except ValueError as error:
    print("close that one first" in str(error), flush=True)
first.close()
again = PrometheusReporter(metrics(), port=port)
work(1, 1)
print("done", flush=True)
sys.stdin.read()
"""
)


@forks
def test_a_process_has_one_reporter_and_the_next_one_continues(tmp_path: Path) -> None:
    port = free_port()
    worker = run(TWICE, port, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    assert (send(worker), send(worker)) == ("True", "done")
    assert requests(port) == 2
    end(worker)


APPLICATION = (
    WORKER
    + """
reporter = PrometheusReporter(metrics(), port=int(os.environ["METRICS_PORT"]))

def application(environ, start_response):
    work(1, 1)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Connection", "close")])
    return [str(os.getpid()).encode()]
"""
)


@contextmanager
def gunicorn(place: Path, port: int, *more: str, **environment: str) -> Iterator[tuple[int, Path]]:
    """Run the application with two workers.

    Yield the port of the application, and the file with its output.
    """
    (place / "application.py").write_text(APPLICATION)
    printed = place / "printed"
    with socket.create_server(("127.0.0.1", 0)) as listener, printed.open("w") as into:
        os.set_inheritable(listener.fileno(), True)
        arguments = [
            "--workers", "2", "--bind", f"fd://{listener.fileno()}", "--chdir", str(place), "--log-level", "warning", "--no-control-socket", *more,
        ]  # fmt: skip
        around = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "METRICS_PORT": str(port), **environment}
        command = [sys.executable, "-m", "gunicorn", *arguments, "application:application"]
        server = subprocess.Popen(command, env=around, pass_fds=[listener.fileno()], stdout=into, stderr=subprocess.STDOUT)
        try:
            yield listener.getsockname()[1], printed
        finally:
            server.terminate()
            server.wait(60)


@forks
@pytest.mark.parametrize("preload", [False, True])
def test_gunicorn_with_several_workers(tmp_path: Path, preload: bool) -> None:
    port, files = free_port(), tmp_path / "files"
    files.mkdir()
    with gunicorn(tmp_path, port, *(["--preload"] if preload else []), PROMETHEUS_MULTIPROC_DIR=str(files)) as (application, printed):
        assert both_workers(application) == 2
        assert in_the_end(lambda: requests(port) == 2)
        assert values(port)["ex_llm_cache_size_bytes", (("cache", "c"),)] == 2
    assert printed.read_text() == ""


@forks
def test_gunicorn_without_the_directory_works_and_warns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    port = free_port()
    with gunicorn(tmp_path, port) as (application, printed):
        assert both_workers(application) == 2
        assert in_the_end(lambda: requests(port) == 1)
    (recorded,) = printed.read_text().splitlines()
    assert f"port {port} on 127.0.0.1 is taken" in recorded and "PROMETHEUS_MULTIPROC_DIR" in recorded


def both_workers(port: int) -> int:
    """Send slow requests to one worker, so that the other worker must respond too.

    Return the number of workers that responded.
    """
    request = b"GET / HTTP/1.0\r\n\r\n"

    def response(connection: socket.socket) -> bytes:
        return b"".join(iter(lambda: connection.recv(1000), b"")).rpartition(b"\r\n\r\n")[2]

    with socket.create_connection(("127.0.0.1", port), 30) as slow, socket.create_connection(("127.0.0.1", port), 30) as quick:
        slow.sendall(request[:10])
        quick.sendall(request)
        pids = {response(quick)}
        slow.sendall(request[10:])
        pids.add(response(slow))
        assert all(pid.isdigit() for pid in pids)
        return len(pids)


def _threads_of_the_page() -> int:
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


def _ended(connection: socket.socket, within: float) -> bool:
    connection.settimeout(within)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@pytest.mark.parametrize("letters", [False, True], ids=["silent", "a letter now and then"])
def test_a_request_that_is_not_finished_in_time_is_ended(letters: bool, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    monkeypatch.setattr(prometheus_http, "SECONDS", 0.5)
    reporter = PrometheusReporter(basic_metrics(), port=0)
    held = [socket.create_connection(("127.0.0.1", reporter.port)) for _ in range(20)]
    try:
        for connection in held:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nX")
        until = time.monotonic() + 1.5
        while letters and time.monotonic() < until:
            for connection in held:
                try:
                    connection.sendall(b"x")
                except OSError:
                    until = 0
            time.sleep(0.1)
        assert all(_ended(connection, 3) for connection in held)
        assert page(reporter.port) and _threads_of_the_page() <= 1
        assert capfd.readouterr() == ("", "")
    finally:
        for connection in held:
            connection.close()
        reporter.close()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{}", 200), ("localhost:{}", 200), ("LOCALHOST", 200), ("[::1]:{}", 200), ("host.docker.internal:{}", 200),
        ("evil.example:{}", 403), ("127.0.0.1.evil.example", 403), ("localhost.evil.example:{}", 403), ("169.254.169.254", 403),
    ],
)  # fmt: skip
def test_a_page_on_loopback_refuses_foreign_host_headers(host: str, status: int) -> None:
    reporter = PrometheusReporter(basic_metrics(), port=0)
    try:
        request = urllib.request.Request(f"http://127.0.0.1:{reporter.port}/metrics", headers={"Host": host.format(reporter.port)})
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                found = response.status
        except urllib.error.HTTPError as error:
            found = error.code
            assert b"ex_llm" not in error.read()
        assert found == status
    finally:
        reporter.close()


def test_a_page_on_every_address_accepts_any_host_header() -> None:
    reporter = PrometheusReporter(basic_metrics(), port=0, host="0.0.0.0")
    try:
        request = urllib.request.Request(f"http://127.0.0.1:{reporter.port}/metrics", headers={"Host": "metrics.example.com"})
        with urllib.request.urlopen(request, timeout=20) as response:
            assert response.status == 200
    finally:
        reporter.close()
