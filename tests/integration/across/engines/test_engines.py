"""One trace, session and budget across the workers of real engines."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("redis", reason="needs the extra [redis]")
pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="needs the package opentelemetry-exporter-otlp-proto-http")
if shutil.which("redis-server") is None:
    pytest.skip("needs the program redis-server", allow_module_level=True)

import redis

from integration.across.sink import Sink

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
ENGINES = ROOT / "examples" / "engines"
CALLS = 8
LONG = 240.0


class Engine:
    """Requirements and results of one run of an engine."""

    def __init__(self, environment: dict[str, str], redis_url: str, sink: Sink) -> None:
        self.environment, self.redis_url, self.sink = environment, redis_url, sink
        self.output = ""

    def run(self, program: Path, *arguments: str) -> list[str]:
        """Run an example to its end and return its lines."""
        ran = subprocess.run(
            [sys.executable, str(program), *arguments],
            env=self.environment, cwd=program.parent, capture_output=True, text=True, timeout=LONG,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return [line for line in ran.stdout.splitlines() if ": " in line and line.partition(":")[0].isdigit()]

    def judge(self, lines: list[str], session: str) -> None:
        """Check one trace, one span for each call, the session, and a shared budget."""
        calls = self.sink.calls()
        (driver,) = (span for span in self.sink.spans() if span.name == "driver")
        assert len(calls) == len({call.id for call in calls}) == len(lines) == CALLS
        assert {call.trace for call in calls} == {driver.trace}
        assert {call.attributes["session.id"] for call in calls} == {session}
        assert len({line.partition(":")[0] for line in lines}) > 1, "all ran in one process"
        client = redis.Redis.from_url(self.redis_url, decode_responses=True)
        (key,) = (key for key in client.keys("ex_llm:budget:*") if key.endswith("}"))
        costs = sum(call.attributes["ex_llm.cost.cents"] for call in calls)
        assert int(client.get(key)) / 1e9 == pytest.approx(costs, abs=1e-8) and costs > 0
        client.close()
        assert self.sink.total("ex_llm.chat.requests.total") == CALLS
        assert self.sink.total("ex_llm.cost.threshold_exceeded.total") == 1


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def redis_url() -> Iterator[str]:
    port = _free_port()
    server = subprocess.Popen(
        ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"redis://127.0.0.1:{port}"
    with redis.Redis.from_url(url) as client:
        until = time.monotonic() + LONG
        while True:
            try:
                client.ping()
                break
            except redis.exceptions.ConnectionError:
                assert time.monotonic() < until
                time.sleep(0.02)
    yield url
    server.terminate()
    server.wait()


@pytest.fixture
def engine(stand_in: Any, redis_url: str) -> Iterator[Engine]:
    with Sink() as sink:
        environment = {
            **os.environ,
            **sink.environment(),
            "PYTHONPATH": os.pathsep.join(str(path) for path in (ROOT / "src", ENGINES)),
            "OPENAI_BASE_URL": f"{stand_in.url}/v1",
            "OPENAI_API_KEY": "sk-test",
            "BUDGET_REDIS": f"{redis_url}/1",
            # A call costs more than this, so each worker passes it; the sum they share does so once.
            "BUDGET_CENTS": "0.0001",
            "CELERY_REDIS": f"{redis_url}/0",
            "RAY_USAGE_STATS_ENABLED": "0",
            "PYTHONWARNINGS": "ignore",
        }
        yield Engine(environment, f"{redis_url}/1", sink)


def needs(module: str) -> Any:
    return pytest.mark.skipif(importlib.util.find_spec(module) is None, reason=f"needs the package {module}")


@pytest.fixture
def celery_worker(engine: Engine, tmp_path: Path) -> Iterator[Any]:
    """Start a worker of two processes for an application and stop it afterwards."""
    workers: list[tuple[Any, Path]] = []

    def start(directory: Path, application: str) -> Any:
        log = tmp_path / "celery.log"
        with log.open("wb") as output:
            command = [sys.executable, "-m", "celery", "-A", application, "worker", "--concurrency", "2", "--loglevel", "INFO", "-Ofair"]
            worker = subprocess.Popen(command, env=engine.environment, cwd=directory, stdout=output, stderr=output)
        workers.append((worker, log))
        until = time.monotonic() + LONG
        while " ready." not in log.read_text():
            assert worker.poll() is None and time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        return worker

    yield start
    for worker, _ in workers:
        if worker.poll() is None:
            worker.kill()
            worker.wait()


@needs("celery")
@pytest.mark.parametrize("official", [False, True], ids=["task class", "official instrumentation"])
def test_celery(official: bool, engine: Engine, celery_worker: Any) -> None:
    if official and importlib.util.find_spec("opentelemetry.instrumentation.celery") is None:
        pytest.skip("needs the package opentelemetry-instrumentation-celery")
    if not official:
        engine.environment["OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"] = "celery"
    directory, application = (HERE, "celery_official") if official else (ENGINES, "celery_app")
    worker = celery_worker(directory, application)
    lines = engine.run(directory / f"{application}.py")
    worker.terminate()
    worker.wait(LONG)
    engine.judge(lines, "celery")


@needs("distributed")
def test_dask(engine: Engine) -> None:
    engine.judge(engine.run(ENGINES / "dask_run.py"), "dask")


@needs("ray")
@pytest.mark.parametrize("hook", [(), ("hook",)], ids=["carried", "hook"])
def test_ray(engine: Engine, hook: tuple[str, ...]) -> None:
    engine.judge(engine.run(ENGINES / "ray_run.py", *hook), "ray")


@needs("pyspark")
@pytest.mark.skipif(shutil.which("java") is None, reason="needs the program java")
def test_spark(engine: Engine) -> None:
    engine.judge(engine.run(ENGINES / "spark_run.py"), "spark")
