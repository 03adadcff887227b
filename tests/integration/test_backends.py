"""Test the environment variables of docs/backends.md.

They are parsed as a shell and OpenTelemetry parse them, and telemetry goes to the destination that the page names.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk import environment_variables
from opentelemetry.util.re import parse_env_headers

from opentelemetry import environment_variables as exporter_variables
from opentelemetry.instrumentation.llm.doctor import exporters
from opentelemetry.instrumentation.llm.doctor.conflicts import everything_installed
from opentelemetry.instrumentation.llm.settings import variables

ROOT = Path(__file__).parents[2]

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
    ("Logfire", "traces metrics logs", "https://logfire-us.pydantic.dev/v1/traces", {"authorization": "your-write-token"}),
    ("Lines of JSON", "traces metrics logs", "http://localhost:4318/v1/traces", {}),
]
OF_OTHER_PACKAGES = {"LOGFIRE_TOKEN"}
"""Variables of the documentation that another package reads."""
SECRETS = {
    "HONEYCOMB_API_KEY": "key", "DD_API_KEY": "key", "GRAFANA_ZONE": "zone", "GRAFANA_INSTANCE_ID": "id", "GRAFANA_TOKEN": "key",
    "PHOENIX_SPACE": "space", "PHOENIX_API_KEY": "key", "LANGFUSE_PUBLIC_KEY": "id", "LANGFUSE_SECRET_KEY": "key",
}  # fmt: skip


def test_every_documented_variable_is_read() -> None:
    theirs = {value for module in (environment_variables, exporter_variables) for value in vars(module).values() if isinstance(value, str)}
    ours = variables() | {"PROMETHEUS_MULTIPROC_DIR"}
    parsed = set(re.findall(r"^export (\w+)=", (ROOT / "docs" / "backends.md").read_text(), re.M))
    assert len(parsed) > 15 and parsed - theirs - ours == OF_OTHER_PACKAGES


def test_every_documented_backend_has_an_expected_destination() -> None:
    assert [title for title, _ in BLOCKS] == [title for title, *_ in EXPECTED]


@pytest.mark.skipif(
    not {"opentelemetry-distro", "opentelemetry-exporter-otlp"} <= everything_installed().keys(), reason="needs the exporters of OTLP"
)
@pytest.mark.parametrize(("block", "expected"), [pytest.param(b, e, id=e[0]) for (_, b), e in zip(BLOCKS, EXPECTED, strict=False)])
def test_documented_variables_lead_to_the_named_destination(block: str, expected: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, wanted, endpoint, headers = expected
    around = {"PATH": os.environ["PATH"], **SECRETS}
    shell = subprocess.run(["sh", "-euc", f"{block}\nenv"], env=around, capture_output=True, text=True, timeout=20)
    parsed = dict(line.split("=", 1) for line in shell.stdout.splitlines() if line.startswith("OTEL_"))
    assert len(parsed) == block.count("export ") and shell.stderr == ""
    signals = exporters.signals(everything_installed(), parsed)
    assert [s.name for s in signals if s.exporters] == wanted.split() and not any(s.missing for s in signals)
    sent = parsed.get("OTEL_EXPORTER_OTLP_TRACES_HEADERS") or parsed.get("OTEL_EXPORTER_OTLP_HEADERS", "")
    assert parse_env_headers(sent, liberal=False) == headers
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    for name, value in parsed.items():
        monkeypatch.setenv(name, value)
    exporter = _span_exporter(parsed.get("OTEL_EXPORTER_OTLP_PROTOCOL"))
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
