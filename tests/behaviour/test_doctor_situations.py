"""Test the doctor in broken and sound set-ups: cause, cure, no false alarm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from behaviour.test_doctor import TO_THE_CONSOLE, causes, doctor, installed, needs_distro, sound_facts
from harness.servers.collector import Collector
from opentelemetry.instrumentation.llm.doctor import Report
from opentelemetry.instrumentation.llm.doctor.conflicts import everything_installed
from opentelemetry.instrumentation.llm.doctor.facts import OtherInstrumentation, Signal

HTTP = {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
CLOSED = "http://127.0.0.1:9"
BOTOCORE = "[opentelemetry_instrumentor]\nbotocore = a.b:C\naiobotocore = a.b:D\n"
NO_PROXY = {"http_proxy": "", "https_proxy": "", "HTTP_PROXY": "", "HTTPS_PROXY": "", "no_proxy": "127.0.0.1"}

pytestmark = needs_distro


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as server:
        yield server


BROKEN: dict[str, tuple[dict[str, str], str, str]] = {
    "nobody listens": ({**HTTP, "OTEL_EXPORTER_OTLP_ENDPOINT": CLOSED}, "unreachable_endpoint", "start the collector"),
    "a protocol that does not exist": ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http"}, "unknown_protocol", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"),
    "a protocol without its exporter": (
        {**TO_THE_CONSOLE, "OTEL_TRACES_EXPORTER": "otlp"}, "exporter_not_installed", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
    ),
    "a misspelt exporter": ({**TO_THE_CONSOLE, "OTEL_TRACES_EXPORTER": "oltp"}, "unknown_exporter", "set OTEL_TRACES_EXPORTER=otlp"),
    "an exporter of another package": ({**TO_THE_CONSOLE, "OTEL_TRACES_EXPORTER": "zipkin_json"}, "exporter_not_installed", "install its package"),
    "no exporter": (dict.fromkeys(TO_THE_CONSOLE, "none"), "no_exporter", "OTEL_TRACES_EXPORTER"),
    "no price file": ({**TO_THE_CONSOLE, "OTEL_INSTRUMENTATION_LLM_PRICES": "/no/prices.json"}, "missing_file", "correct the path"),
    "no certificate": ({**TO_THE_CONSOLE, "OTEL_EXPORTER_OTLP_CERTIFICATE": "/no/ca.pem"}, "missing_file", "correct the path"),
    "an endpoint without a scheme": ({**HTTP, "OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318"}, "wrong_endpoint", "http://localhost:4318"),
    "an endpoint of gRPC": ({**HTTP, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317"}, "wrong_endpoint", "port 4318"),
    "an endpoint without a path": (
        {**TO_THE_CONSOLE, **HTTP, "OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://localhost:4318"},
        "wrong_endpoint", "/v1/traces",
    ),
    "instrumentation disabled": ({**TO_THE_CONSOLE, "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "llm"}, "disabled_by_environment", "remove llm"),
    "the OpenTelemetry SDK disabled": ({**TO_THE_CONSOLE, "OTEL_SDK_DISABLED": "true"}, "disabled_by_environment", "unset OTEL_SDK_DISABLED"),
}  # fmt: skip


@pytest.mark.parametrize("situation", BROKEN)
def test_the_cause_and_the_cure_are_right(situation: str) -> None:
    if situation == "a protocol without its exporter" and "opentelemetry-exporter-otlp-proto-grpc" in everything_installed():
        pytest.skip("the exporter of the default protocol is installed")
    environment, cause, cure = BROKEN[situation]
    result = doctor("--json", "openai", **NO_PROXY, **environment)
    assert (result.status, result.causes()) == (1, [cause])
    assert cure in result.json["findings"][0]["do"]


def test_two_copies_on_the_path_are_named(tmp_path: Path) -> None:
    place = installed(tmp_path, "opentelemetry-instrumentation-llm", "0.0.9")
    result = doctor("--json", "openai", first=place, **TO_THE_CONSOLE)
    assert (result.status, result.causes()) == (1, ["several_copies"])
    assert f"0.0.9 in {tmp_path}" in result.json["findings"][0]["says"]


def test_a_release_older_than_the_tested_ones_is_a_note(tmp_path: Path) -> None:
    result = doctor("--json", "openai", first=installed(tmp_path, "openai", "1.20.0"), **TO_THE_CONSOLE)
    assert (result.status, result.causes(), result.sdk()["state"]) == (0, ["sdk_untested"], "untested")
    assert result.sdk()["patched"] and "its calls are recorded" in result.json["findings"][0]["says"]


@pytest.mark.parametrize(("status", "cure"), [(401, "OTEL_EXPORTER_OTLP_HEADERS"), (404, "/v1/traces")])
def test_a_refused_test_record_is_named_with_its_status(status: int, cure: str) -> None:
    environment = {**TO_THE_CONSOLE, **HTTP, "OTEL_TRACES_EXPORTER": "otlp"}
    with Collector(status) as refusing:
        result = doctor("--json", "--send", "openai", OTEL_EXPORTER_OTLP_ENDPOINT=refusing.url, **NO_PROXY, **environment)
    assert (result.status, result.causes()) == (1, ["test_not_sent"])
    assert str(status) in result.json["findings"][0]["says"] and cure in result.json["findings"][0]["do"]


def test_test_records_arrive_at_the_collector(collector: Collector) -> None:
    collector.received.clear()
    result = doctor("--json", "--send", "openai", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **NO_PROXY, **HTTP)
    assert result.status == 0
    assert {(each["signal"], each["status"]) for each in result.json["sent"]} == {("traces", "sent"), ("metrics", "sent"), ("logs", "sent")}
    assert {path for path, _ in collector.received} == {"/v1/traces", "/v1/metrics", "/v1/logs"}
    assert any(b"test of the doctor" in body for _, body in collector.received)


def test_offline_opens_no_connection() -> None:
    result = doctor("--json", "--offline", "openai", OTEL_EXPORTER_OTLP_ENDPOINT=CLOSED, **NO_PROXY, **HTTP)
    assert (result.status, result.causes()) == (0, [])


def sound(tmp_path: Path, url: str) -> dict[str, dict[str, str]]:
    prices, file = tmp_path / "prices.json", tmp_path / "otel.yaml"
    prices.write_text("{}")
    file.write_text("file_format: '1.0'\n")
    otlp = {**HTTP, "OTEL_EXPORTER_OTLP_ENDPOINT": url}
    traces = f"{url}/v1/traces"
    return {
        "console": TO_THE_CONSOLE,
        "collector": otlp,
        "collector with a path": {**HTTP, "OTEL_EXPORTER_OTLP_ENDPOINT": f"{url}/otlp"},
        "an endpoint for each signal": {**otlp, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": traces},
        "tree on the terminal": {"OTEL_TRACES_EXPORTER": "llm_console", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"},
        "prometheus": {**otlp, "OTEL_METRICS_EXPORTER": "prometheus"},
        "statsd": {**otlp, "OTEL_METRICS_EXPORTER": "llm_statsd"},
        "two exporters": {**otlp, "OTEL_TRACES_EXPORTER": "otlp,console"},
        "own prices": {**otlp, "OTEL_INSTRUMENTATION_LLM_PRICES": str(prices)},
        "a configuration file": {"OTEL_CONFIG_FILE": str(file)},
        "another instrumentation disabled": {**otlp, "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "botocore"},
    }


def test_sound_set_ups_have_no_finding(tmp_path: Path, collector: Collector) -> None:
    place = tmp_path / "place"
    requires = ("botocore ~= 1.0; extra == 'instruments'", "aiobotocore ~= 2.0; extra == 'instruments'")
    installed(place, "opentelemetry-instrumentation-botocore", "0.66b1", requires, BOTOCORE)
    found = {
        name: doctor("--json", "openai", first=place, **NO_PROXY, **environment).causes()
        for name, environment in sound(tmp_path, collector.url).items()
    }
    assert found == {name: [] for name in found} and len(found) >= 10


# Facts that are not available on every machine.

OTHER = OtherInstrumentation("opentelemetry-instrumentation-openai-v2", "2.4", "openai", ("openai",))


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"neighbours": (OTHER,)}, ["instrumented_twice"]),
        ({"neighbours": (OTHER,), "disabled_by": {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "llm"}}, ["disabled_by_environment"]),
        ({"neighbours": (OTHER,), "automatic": False, "inside": True}, ["not_instrumented"]),
        ({"without_effect": (("TRACELOOP_TRACE_CONTENT", "a hint"),)}, ["variable_of_another_tool"]),
        (
            {"signals": (Signal("traces", ("otlp",), "distro", (), "http://collector:4318", "X", {}, "grpc"),)},
            ["wrong_endpoint"],
        ),
    ],
)
def test_facts_lead_to_their_causes(about: dict[str, Any], expected: list[str]) -> None:
    assert causes(Report(sound_facts(**about))) == expected


def test_variables_of_another_tool_that_is_installed_are_its_own(tmp_path: Path) -> None:
    alone = doctor("--json", "openai", **TO_THE_CONSOLE, TRACELOOP_TRACE_CONTENT="false")
    assert (alone.status, alone.causes()) == (0, ["variable_of_another_tool"])
    place = installed(tmp_path, "opentelemetry-instrumentation-openai", "0.50.0")
    assert doctor("--json", "openai", first=place, **TO_THE_CONSOLE, TRACELOOP_TRACE_CONTENT="false").causes() == []
