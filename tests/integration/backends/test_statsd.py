"""The StatsD server of npm and collectd count the same as the stand-in."""

from __future__ import annotations

import ast
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.backends.waiting import free_ports, listens, until
from opentelemetry.instrumentation.llm import LLMInstrumentor, StatsdReporter, metrics

MESSAGES = [{"role": "user", "content": "say three words"}]


class Statsd:
    """The StatsD server of npm, asked over its port for administration."""

    def __init__(self, udp: int, tcp: int) -> None:
        self.port, self._tcp = udp, tcp

    def ask(self, what: str) -> dict[str, Any]:
        """Return its counters, gauges or timers."""
        with socket.create_connection(("127.0.0.1", self._tcp), timeout=20) as connection:
            connection.sendall(f"{what}\n".encode())
            answer = b""
            while b"END" not in answer:
                answer += connection.recv(1 << 16)
        # It prints objects of JavaScript: names in quotes, numbers, lists of numbers. Python reads that too.
        return dict(ast.literal_eval(answer.partition(b"END")[0].decode()))


@pytest.fixture(scope="session")
def statsd_script(request: pytest.FixtureRequest) -> Path:
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("needs node and npm")
    assert request.config.cache is not None
    place = request.config.cache.mkdir("statsd")
    script = place / "node_modules" / "statsd" / "stats.js"
    if not script.exists():
        command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(place), "statsd@0.9.0"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if done.returncode or not script.exists():
            pytest.skip(f"npm could not install statsd: {done.stderr.strip()[-200:]}")
    return script


@pytest.fixture
def statsd(statsd_script: Path, tmp_path: Path) -> Iterator[Statsd]:
    ((udp,), (tcp,)) = free_ports(1, socket.SOCK_DGRAM), free_ports(1)
    settings = {
        "port": udp, "address": "127.0.0.1", "mgmt_port": tcp, "mgmt_address": "127.0.0.1", "backends": [], "flushInterval": 3_600_000,
    }  # fmt: skip
    (tmp_path / "settings.js").write_text(json.dumps(settings))
    printed = tmp_path / "printed"
    with printed.open("w") as into:
        process = subprocess.Popen(["node", str(statsd_script), str(tmp_path / "settings.js")], stdout=into, stderr=subprocess.STDOUT)
    try:
        until(lambda: listens(tcp), printed.read_text)
        yield Statsd(udp, tcp)
        assert "Bad line" not in printed.read_text()
    finally:
        process.terminate()
        process.wait(20)


def called(stand_in: Any, port: int, tags: Any) -> dict[str, int]:
    """Make calls with a reporter for a port; return the counts of the stand-in."""
    import openai

    LLMInstrumentor().instrument()
    reporter = StatsdReporter(metrics(), host="127.0.0.1", port=port, prefix="app", tags=tags)
    try:
        with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="sk-secret", max_retries=1) as client:
            for _ in range(3):
                client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)  # type: ignore[arg-type]
            # A stream has no usage unless the request includes it.
            list(client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True))  # type: ignore[arg-type]
            client.chat.completions.create(model="gpt-4o@flaky:429", messages=MESSAGES)  # type: ignore[arg-type]
    finally:
        LLMInstrumentor().uninstrument()
        reporter.close()
    assert reporter.dropped == 0
    totals = stand_in.totals().values()
    counted = {f"tokens.{kind}.total": sum(row[f"{kind}_tokens"] for row in totals) for kind in ("input", "output")}
    counted["provider.requests.total"] = sum(row["requests"] for row in totals)
    counted["provider.retries.total"] = counted["provider.rate_limits.total"] = sum(row["errors"].get(429, 0) for row in totals)
    assert all(counted.values())
    return counted


@pytest.mark.parametrize("tags", ["dogstatsd", "none"])
def test_the_server_of_its_inventors_counts_the_same(statsd: Statsd, tags: Any, stand_in: Any) -> None:
    counted = called(stand_in, statsd.port, tags)

    def reported(name: str) -> float:
        # Tags come back as part of the name, after a semicolon.
        return float(sum(value for key, value in statsd.ask("counters").items() if key.partition(";")[0] == f"app.ex_llm.{name}"))

    until(lambda: {name: reported(name) for name in counted} == counted, lambda: f"{counted} in {statsd.ask('counters')}")
    timers = {key: values for key, values in statsd.ask("timers").items() if key.startswith("app.ex_llm.chat.duration.milliseconds")}
    assert sum(map(len, timers.values())) == 5 and all(value > 0 for values in timers.values() for value in values)
    assert any(";" in key for key in statsd.ask("counters")) is (tags == "dogstatsd")


class Collectd:
    """The daemon collectd, which refuses tags and writes its totals as CSV."""

    def __init__(self, port: int, place: Path) -> None:
        self.port, self._place = port, place

    def totals(self) -> dict[str, float]:
        """Return the newest value of every counter by its name."""
        files = sorted(self._place.glob("csv/*/statsd/derive-*"))
        return {file.name[7:-11]: float(file.read_text().split(",")[-1]) for file in files}

    def log(self) -> str:
        return (self._place / "log").read_text()


@pytest.fixture
def collectd(tmp_path: Path) -> Iterator[Collectd]:
    program = shutil.which("collectd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("needs collectd, of the Debian package collectd-core")
    (port,) = free_ports(1, socket.SOCK_DGRAM)
    settings = f"""
        BaseDir "{tmp_path}"
        Interval 0.2
        LoadPlugin logfile
        LoadPlugin statsd
        LoadPlugin csv
        <Plugin logfile>
            File "{tmp_path}/log"
        </Plugin>
        <Plugin statsd>
            Host "127.0.0.1"
            Port "{port}"
        </Plugin>
        <Plugin csv>
            DataDir "{tmp_path}/csv"
            StoreRates false
        </Plugin>
    """
    (tmp_path / "collectd.conf").write_text(settings)
    (tmp_path / "log").touch()
    process = subprocess.Popen([program, "-f", "-C", str(tmp_path / "collectd.conf"), "-P", str(tmp_path / "pid")])
    made = Collectd(port, tmp_path)
    try:
        until(lambda: process.poll() is not None or "Initialization complete" in made.log(), made.log)
        if process.poll() is not None:
            pytest.skip(f"collectd does not run here: {made.log().strip()[-200:]}")
        yield made
    finally:
        process.terminate()
        process.wait(20)


def test_a_strict_server_without_tags_counts_the_same(collectd: Collectd, stand_in: Any) -> None:
    counted = called(stand_in, collectd.port, "none")
    until(
        lambda: {name: collectd.totals().get(f"app.ex_llm.{name}") for name in counted} == counted,
        lambda: f"{counted} in {collectd.totals()} {collectd.log()}",
    )
    assert "Unable to parse line" not in collectd.log()


def test_a_strict_server_refuses_tags(collectd: Collectd, stand_in: Any) -> None:
    """That is how it is known to be strict."""
    called(stand_in, collectd.port, "dogstatsd")
    until(lambda: "Unable to parse line" in collectd.log(), collectd.log)
