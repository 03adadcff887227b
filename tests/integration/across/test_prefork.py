"""No span of a stream is lost in forking servers under load.

The OTLP receiver is compared with the journal of the provider.
"""

from __future__ import annotations

import http.client
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("opentelemetry.proto", reason="needs the package opentelemetry-proto")
pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="needs the package opentelemetry-exporter-otlp-proto-http")
pytest.importorskip("opentelemetry.distro", reason="needs the package opentelemetry-distro")

from integration.across.sink import Sink

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
REQUESTS, CLIENTS = 80, 8
LONG = 60.0


def _program(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"needs the program {name}")
    return found


def _gunicorn(port: int, preload: bool) -> list[str]:
    pytest.importorskip("gunicorn", reason="needs the package gunicorn")
    options = ["--workers", "4", "--worker-class", "gthread", "--threads", "4", "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    return [sys.executable, "-m", "gunicorn", *options, *(["--preload"] if preload else []), "integration.across.prefork_app:app"]


def _uwsgi(port: int, preload: bool) -> list[str]:
    options = ["--master", "--processes", "2", "--threads", "4", "--enable-threads", "--die-on-term", "--disable-logging", "--need-app"]
    # Without it uWSGI forks without Python's fork hooks, and threads of the parent are not restarted.
    forking = ["--py-call-osafterfork"] if preload else ["--lazy-apps"]
    return [_program("uwsgi"), "--http-socket", f"127.0.0.1:{port}", *options, *forking, "--module", "integration.across.prefork_app:app"]


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as receiver:
        yield receiver


class Served:
    """A server with workers, from when it answers until it has ended in good order."""

    def __init__(self, command: Callable[[int, bool], list[str]], preload: bool, environment: dict[str, str], log: Path) -> None:
        self.port = _free_port()
        paths = os.pathsep.join(str(ROOT / part) for part in ("src", "examples", "tests"))
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command(self.port, preload), stdout=output, stderr=output, env={**os.environ, "PYTHONPATH": paths, **environment}, cwd=HERE
            )
        until = time.monotonic() + LONG
        while not self._listens():
            assert self._process.poll() is None and time.monotonic() < until, self.recorded()
            time.sleep(0.05)

    def _listens(self) -> bool:
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def recorded(self) -> str:
        return self._log.read_text()

    def stop(self) -> None:
        """Ask it to end, and wait until all of its workers have."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(LONG)
        finally:
            self._process.kill()
            self._process.wait()


def _ask(port: int, number: int) -> tuple[str, str, str]:
    """Read a stream, or leave it after two lines; return trace, parent and process."""
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
    connection.request("GET", "/", headers={"traceparent": f"00-{trace_id}-{span_id}-01", "baggage": f"session.id={number}"})
    response = connection.getresponse()
    worker = response.readline().decode().strip()
    if number % 4:
        assert len(response.read().splitlines()) > 2
    else:
        response.readline()
    response.close()
    connection.close()
    return trace_id, span_id, worker


@pytest.mark.parametrize("preload", [True, False], ids=["forked when set up", "set up when forked"])
@pytest.mark.parametrize("server", [_gunicorn, _uwsgi], ids=["gunicorn", "uwsgi"])
def test_no_span_is_lost(server: Callable[[int, bool], list[str]], preload: bool, stand_in: Any, sink: Sink, tmp_path: Path) -> None:
    served = Served(server, preload, {**sink.environment(), "PROVIDER": stand_in.url}, tmp_path / "log")
    try:
        with ThreadPoolExecutor(CLIENTS) as clients:
            requested = list(clients.map(lambda number: _ask(served.port, number), range(REQUESTS)))
    finally:
        served.stop()
    calls = sink.calls()
    assert len(stand_in.journal) == len(calls) == len({call.id for call in calls}) == REQUESTS, served.recorded()
    assert sorted((call.trace, call.parent, call.attributes["session.id"]) for call in calls) == sorted(
        (trace_id, span_id, str(number)) for number, (trace_id, span_id, _) in enumerate(requested)
    )
    ends = Counter(call.attributes["ex_llm.stream.end"] for call in calls)
    assert set(ends) <= {"complete", "closed_early"} and ends["complete"] >= REQUESTS * 3 / 4
    assert sink.total("ex_llm.chat.requests.total") == sink.total("ex_llm.stream.started.total") == REQUESTS
    assert len({worker for *_, worker in requested}) > 1
