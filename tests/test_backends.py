"""Back ends that nobody here wrote: an OTLP receiver over HTTP and gRPC, and the StatsD server of its inventors.

Each test is skipped where its server cannot be had: ``rotel`` is on PyPI, ``statsd`` on npm (installed once, into the
cache of pytest).
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk import environment_variables
from opentelemetry.util.re import parse_env_headers

from opentelemetry import environment_variables as exporter_variables
from opentelemetry.instrumentation.llm import LLMInstrumentor, StatsdReporter, metrics
from opentelemetry.instrumentation.llm.doctor import READ_ELSEWHERE, exporters
from opentelemetry.instrumentation.llm.doctor.neighbours import everything_installed
from opentelemetry.instrumentation.llm.settings import Settings

ROOT = Path(__file__).parent.parent
MESSAGES = [{"role": "user", "content": "say three words"}]
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


def free_ports(number: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[int]:
    taken = [socket.socket(type=kind) for _ in range(number)]
    for each in taken:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in taken]
    for each in taken:
        each.close()
    return ports


def until(satisfied: Callable[[], Any], what: Callable[[], str], seconds: float = 30) -> None:
    """Ask again and again until something holds."""
    deadline = time.monotonic() + seconds
    while not satisfied():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what()}"
        time.sleep(0.1)


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


class Rotel:
    """A foreign receiver of OTLP: what it printed of everything that it got."""

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
        """Return by name the unit of every metric and its points: attributes, and a value or a count."""
        told = {}
        for metric in re.split(r"\nMetric #\d+\n", self.text())[1:]:
            head, *points = re.split(r"\n(?:Number|Histogram)DataPoints #\d+\n", metric)
            name, unit = (re.search(rf"-> {key}: (.*)", head)[1] for key in ("Name", "Unit"))  # type: ignore[index]
            told[name] = (unit, [(_attributes(p), float(re.search(r"^(?:Value|Count): (.*)", p, re.M)[1])) for p in points])  # type: ignore[index]
        return told


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
    told = {
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol, "OTEL_EXPORTER_OTLP_ENDPOINT": rotel.endpoints[protocol],
        "OTEL_TRACES_EXPORTER": "otlp", "OTEL_METRICS_EXPORTER": "otlp", "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_SERVICE_NAME": "a-program", "PYTHONPATH": str(ROOT / "src"),
    }  # fmt: skip
    command = [str(Path(sys.executable).parent / "opentelemetry-instrument"), sys.executable, "-c", PROGRAM, stand_in.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**kept, **told})
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
    told = rotel.metrics()
    unit, points = told["ex_llm.tokens.input.total"]
    assert unit == "{token}"
    counted_there = {model: row["input_tokens"] for model, row in totals.items() if row["input_tokens"]}
    assert {attributes["model"]: value for attributes, value in points} == counted_there
    attempts = Counter({m: t["requests"] for m, t in totals.items()})
    assert Counter({a["model"]: int(v) for a, v in told["ex_llm.provider.requests.total"][1]}) == attempts
    assert sum(value for _, value in told["gen_ai.client.inference.duration"][1]) == 5
    assert told["ex_llm.chat.duration.milliseconds"][0] == "ms" and told["gen_ai.client.inference.duration"][0] == "s"
    text = rotel.text()
    assert "EventName: gen_ai.client.operation.exception" in text and "service.name: Str(a-program)" in text
    assert "sk-secret" not in text and "say three words" not in text


# The variables of docs/backends.md, as a shell reads them and OpenTelemetry understands them.

BLOCKS = [
    (title.strip(), block)
    for title, text in re.findall(r"^#+ (.*?)\n(.*?)(?=^#+ |\Z)", (ROOT / "docs" / "backends.md").read_text(), re.M | re.S)
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    if "OTLP" in block
]
BEARER = {"authorization": "Bearer key"}
BASIC = {"authorization": "Basic aWQ6a2V5"}
EXPECTED: list[tuple[str, str, str, dict[str, str]]] = [
    ("OpenTelemetry Collector", "traces metrics logs", "http://localhost:4318/v1/traces", {}),
    ("Jaeger", "traces", "localhost:4317", {}),
    ("Honeycomb", "traces metrics logs", "https://api.honeycomb.io/v1/traces", {"x-honeycomb-team": "key"}),
    ("Datadog", "traces metrics logs", "http://localhost:4318/v1/traces", {}),
    ("Datadog", "traces metrics", "https://otlp.datadoghq.com/v1/traces", {"dd-api-key": "key", "dd-otlp-source": "llmobs"}),
    ("Grafana Cloud", "traces metrics logs", "https://otlp-gateway-zone.grafana.net/otlp/v1/traces", BASIC),
    ("Phoenix", "traces", "http://localhost:6006/v1/traces", {}),
    ("Phoenix", "traces", "https://app.phoenix.arize.com/s/space/v1/traces", BEARER),
    ("Langfuse", "traces", "https://cloud.langfuse.com/api/public/otel/v1/traces", {**BASIC, "x-langfuse-ingestion-version": "4"}),
    ("MLflow", "traces", "http://localhost:5000/v1/traces", {"x-mlflow-experiment-id": "0"}),
]
SECRETS = {
    "HONEYCOMB_API_KEY": "key", "DD_API_KEY": "key", "GRAFANA_ZONE": "zone", "GRAFANA_INSTANCE_ID": "id", "GRAFANA_TOKEN": "key",
    "PHOENIX_SPACE": "space", "PHOENIX_API_KEY": "key", "LANGFUSE_PUBLIC_KEY": "id", "LANGFUSE_SECRET_KEY": "key",
}  # fmt: skip


def test_every_variable_of_the_documentation_is_read_by_somebody() -> None:
    theirs = {value for module in (environment_variables, exporter_variables) for value in vars(module).values() if isinstance(value, str)}
    ours = {field.metadata["env"] for field in fields(Settings)} | set(READ_ELSEWHERE) | {"PROMETHEUS_MULTIPROC_DIR"}
    told = set(re.findall(r"^export (\w+)=", (ROOT / "docs" / "backends.md").read_text(), re.M))
    assert len(told) > 15 and told - theirs - ours == set()


def test_every_back_end_of_the_documentation_is_expected() -> None:
    assert [title for title, _ in BLOCKS] == [title for title, *_ in EXPECTED]


@pytest.mark.skipif(
    not {"opentelemetry-distro", "opentelemetry-exporter-otlp"} <= everything_installed().keys(), reason="needs the exporters of OTLP"
)
@pytest.mark.parametrize(("block", "expected"), [pytest.param(b, e, id=e[0]) for (_, b), e in zip(BLOCKS, EXPECTED, strict=False)])
def test_variables_of_the_documentation_lead_where_they_say(block: str, expected: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, wanted, endpoint, headers = expected
    around = {"PATH": os.environ["PATH"], **SECRETS}
    shell = subprocess.run(["sh", "-euc", f"{block}\nenv"], env=around, capture_output=True, text=True, timeout=20)
    told = dict(line.split("=", 1) for line in shell.stdout.splitlines() if line.startswith("OTEL_"))
    assert len(told) == block.count("export ") and shell.stderr == ""
    signals = exporters.signals(everything_installed(), told)
    assert [s.name for s in signals if s.exporters] == wanted.split() and not any(s.missing for s in signals)
    sent = told.get("OTEL_EXPORTER_OTLP_TRACES_HEADERS") or told.get("OTEL_EXPORTER_OTLP_HEADERS", "")
    assert parse_env_headers(sent, liberal=False) == headers
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    exporter = _span_exporter(told.get("OTEL_EXPORTER_OTLP_PROTOCOL"))
    try:
        assert exporter._endpoint == endpoint
    finally:
        exporter.shutdown()


def _span_exporter(protocol: str | None) -> Any:
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    return OTLPSpanExporter()


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


@pytest.mark.parametrize("tags", ["dogstatsd", "none"])
def test_the_statsd_server_of_its_inventors_counts_the_same(statsd: Statsd, tags: Any, stand_in: Any) -> None:
    import openai

    LLMInstrumentor().instrument()
    reporter = StatsdReporter(metrics(), host="127.0.0.1", port=statsd.port, prefix="app", tags=tags)
    try:
        with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="sk-secret", max_retries=1) as client:
            for _ in range(3):
                client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)  # type: ignore[arg-type]
            list(client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True))  # type: ignore[arg-type]
            client.chat.completions.create(model="gpt-4o@flaky:429", messages=MESSAGES)  # type: ignore[arg-type]
    finally:
        LLMInstrumentor().uninstrument()
        reporter.close()
    totals = stand_in.totals()
    requests = sum(row["requests"] for row in totals.values())

    def counted(name: str) -> float:
        # Tags come back as part of the name, after a semicolon.
        return float(sum(value for key, value in statsd.ask("counters").items() if key.partition(";")[0] == f"app.ex_llm.{name}"))

    until(lambda: counted("provider.requests.total") == requests, lambda: str(statsd.ask("counters")))
    assert requests == 6 and reporter.dropped == 0
    for kind in ("input", "output"):
        # The stream was not asked for its usage, so the stand-in told none.
        assert counted(f"tokens.{kind}.total") == sum(row[f"{kind}_tokens"] for row in totals.values()) > 0
    assert counted("provider.retries.total") == counted("provider.rate_limits.total") == 1
    timers = {key: values for key, values in statsd.ask("timers").items() if key.startswith("app.ex_llm.chat.duration.milliseconds")}
    assert sum(map(len, timers.values())) == 5 and all(value > 0 for values in timers.values() for value in values)
    assert any(";" in key for key in statsd.ask("counters")) is (tags == "dogstatsd")
