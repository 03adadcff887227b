"""The OTLP receiver ``rotel`` gets spans, metrics and logs (HTTP, gRPC)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from integration.backends.waiting import free_ports, listens, until

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
import openai
with openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="sk-secret", max_retries=0) as client:
    chat = client.chat.completions.create
    messages = [{"role": "user", "content": "say three words"}]
    for _ in range(3):
        chat(model="gpt-4o-mini", messages=messages)
    list(chat(model="gpt-4o", messages=messages, stream=True, stream_options={"include_usage": True}))
    client.embeddings.create(model="text-embedding-3-small", input="hello")
    try:
        chat(model="gpt-4o@error-404", messages=messages)
    except openai.NotFoundError:
        pass
"""


class Rotel:
    """The process of rotel, with its printed output."""

    def __init__(self, grpc: int, http: int, printed: Path) -> None:
        self.endpoints = {"grpc": f"http://127.0.0.1:{grpc}", "http/protobuf": f"http://127.0.0.1:{http}"}
        self._printed = printed

    def text(self) -> str:
        return self._printed.read_text(errors="replace")

    def spans(self) -> list[tuple[str, dict[str, str]]]:
        """Return the name and the attributes of every span, as they were printed."""
        return [
            (re.search(r"Name +: (.*)", span)[1].strip(), _attributes(span.partition("\nEvents:")[0]))  # type: ignore[index]
            for span in re.split(r"\nSpan #\d+\n", self.text())[1:]
        ]

    def metrics(self) -> dict[str, tuple[str, list[tuple[dict[str, str], float]]]]:
        """Return unit and points of every metric: attributes, and a value or count."""
        reported = {}
        for metric in re.split(r"\nMetric #\d+\n", self.text())[1:]:
            head, *points = re.split(r"\n(?:Number|Histogram)DataPoints #\d+\n", metric)
            name, unit = (re.search(rf"-> {key}: (.*)", head)[1] for key in ("Name", "Unit"))  # type: ignore[index]
            reported[name] = (unit, [(_attributes(p), float(re.search(r"^(?:Value|Count): (.*)", p, re.M)[1])) for p in points])  # type: ignore[index]
        return reported


def _attributes(text: str) -> dict[str, str]:
    return dict(re.findall(r"^ +-> ([\w.]+): \w+\((.*)\)$", text, re.M))


@pytest.fixture
def rotel(tmp_path: Path) -> Iterator[Rotel]:
    found = find_spec("rotel")
    if found is None or found.origin is None:
        pytest.skip("needs rotel: pip install rotel")
    grpc, http = free_ports(2)
    printed = tmp_path / "received"
    command = [
        str(Path(found.origin).parent / "rotel-agent"), "start", "--exporter", "blackhole", "--pid-file", str(tmp_path / "pid"),
        "--otlp-grpc-endpoint", f"127.0.0.1:{grpc}", "--otlp-http-endpoint", f"127.0.0.1:{http}", "--debug-log-verbosity", "detailed",
        *(word for signal in ("traces", "metrics", "logs") for word in ("--debug-log", signal)),
    ]  # fmt: skip
    with printed.open("w") as into:
        process = subprocess.Popen(command, stdout=into, stderr=subprocess.STDOUT)
    try:
        until(lambda: process.poll() is not None or (listens(grpc) and listens(http)), printed.read_text)
        if process.poll() is not None:
            pytest.skip(f"rotel does not run here: {printed.read_text().strip()[-200:]}")
        yield Rotel(grpc, http, printed)
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.skipif(shutil.which("opentelemetry-instrument", path=Path(sys.executable).parent) is None, reason="needs opentelemetry-distro")
@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_foreign_receiver_gets_spans_metrics_and_logs(rotel: Rotel, protocol: str, stand_in: Any) -> None:
    if protocol == "grpc" and find_spec("grpc") is None:
        pytest.skip("needs opentelemetry-exporter-otlp-proto-grpc")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    reported = {
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol, "OTEL_EXPORTER_OTLP_ENDPOINT": rotel.endpoints[protocol],
        "OTEL_TRACES_EXPORTER": "otlp", "OTEL_METRICS_EXPORTER": "otlp", "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_SERVICE_NAME": "a-program", "PYTHONPATH": str(ROOT / "src"),
    }  # fmt: skip
    command = [str(Path(sys.executable).parent / "opentelemetry-instrument"), sys.executable, "-c", PROGRAM, stand_in.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**kept, **reported})
    assert (done.returncode, done.stderr) == (0, "")
    until(lambda: len(rotel.spans()) >= 6 and "ex_llm.tokens.input.total" in rotel.metrics() and "EventName" in rotel.text(), rotel.text)
    _check(rotel, stand_in.totals())


def _check(rotel: Rotel, totals: dict[str, Any]) -> None:
    spans = rotel.spans()
    assert Counter(name for name, _ in spans) == {
        "chat gpt-4o-mini": 3, "chat gpt-4o": 1, "embeddings text-embedding-3-small": 1, "chat gpt-4o@error-404": 1,
    }  # fmt: skip
    for kind in ("input", "output"):
        counted = sum(int(attributes.get(f"gen_ai.usage.{kind}_tokens", 0)) for _, attributes in spans)
        assert counted == sum(row[f"{kind}_tokens"] for row in totals.values()) > 0
    reported = rotel.metrics()
    unit, points = reported["ex_llm.tokens.input.total"]
    assert unit == "{token}"
    counted_there = {model: row["input_tokens"] for model, row in totals.items() if row["input_tokens"]}
    assert {attributes["model"]: value for attributes, value in points} == counted_there
    attempts = Counter({m: t["requests"] for m, t in totals.items()})
    assert Counter({a["model"]: int(v) for a, v in reported["ex_llm.provider.requests.total"][1]}) == attempts
    assert sum(value for _, value in reported["gen_ai.client.inference.duration"][1]) == 5
    assert reported["ex_llm.chat.duration.milliseconds"][0] == "ms" and reported["gen_ai.client.inference.duration"][0] == "s"
    text = rotel.text()
    assert "EventName: gen_ai.client.inference.exception" in text and "service.name: Str(a-program)" in text
    assert "sk-secret" not in text and "say three words" not in text
