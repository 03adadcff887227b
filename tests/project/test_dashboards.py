"""Test the dashboards and the alert rules.

They are generated from METRICS, promtool accepts them, and each alert fires when it should.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from opentelemetry.instrumentation.llm.metrics import METRICS

HERE = Path(__file__).parents[2] / "dashboards"
RULES, ALERTS = HERE / "prometheus-rules.yml", HERE / "prometheus-alerts.yml"
DASHBOARDS = {path.name: json.loads(path.read_text()) for path in sorted(HERE.glob("grafana-*.json"))}
OVERVIEW = DASHBOARDS["grafana-overview.json"]
TARGETS = [
    (panel["title"], target["legendFormat"], target["expr"])
    for each in DASHBOARDS.values()
    for panel in each["panels"]
    for target in panel.get("targets", ())
]
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool, of the Debian package prometheus")


def expressions(path: Path) -> dict[str, str]:
    """Return the expression of every rule in a file by the rule's name."""
    return dict(re.findall(r"- (?:record|alert): (\S+)\n\s+expr: >-\n\s+(.*)\n", path.read_text()))


def test_the_files_equal_the_output_of_the_generator() -> None:
    checked = subprocess.run([sys.executable, str(HERE / "generate.py"), "--check"], capture_output=True, text=True, timeout=60)
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stdout + checked.stderr


def test_every_query_uses_existing_metrics_and_labels() -> None:
    served: dict[str, set[str]] = {}
    for metric in METRICS:
        spread = metric.kind in ("distribution", "summary")
        for part in ("_bucket", "_sum", "_count") if spread else ("",):
            served[metric.name.replace(".", "_") + part] = set(metric.tags) | ({"le"} if part == "_bucket" else set())
    recorded = expressions(RULES)
    queries = [query for *_, query in TARGETS] + [*recorded.values(), *expressions(ALERTS).values()]
    assert len(queries) > 50
    named = {name for query in queries for name in re.findall(r"[\w:]*ex_llm[\w:]*", query)}
    assert named <= served.keys() | recorded.keys()
    for query in queries:
        for by, name in re.findall(r"by \(([\w, ]+)\) \((?:rate|increase)?\(?(ex_llm\w+)", query):
            assert set(by.split(", ")) <= served[name], query


@pytest.mark.parametrize(
    ("write", "error"),
    [
        (lambda q: q.rate("ex_llm.chat.requests"), KeyError),
        (lambda q: q.rate("ex_llm.chat.requests.total", "team"), ValueError),
        (lambda q: q.rate("ex_llm.cache.size.bytes"), ValueError),
        (lambda q: q.series("ex_llm.chat.requests.total", "_bucket"), ValueError),
        (lambda q: q.series("ex_llm.chat.duration.milliseconds"), ValueError),
        (lambda q: q.series("ex_llm.chat.errors.total", status="500"), ValueError),
    ],
)
def test_a_query_with_an_unknown_name_is_refused(write: Any, error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(HERE)
    from queries import Queries

    with pytest.raises(error):
        write(Queries("5m"))


@pytest.mark.parametrize("name", DASHBOARDS)
def test_grafana_can_import_a_dashboard(name: str) -> None:
    shown = DASHBOARDS[name]
    numbers = [panel["id"] for panel in shown["panels"]]
    assert len(set(numbers)) == len(numbers) and shown["schemaVersion"] >= 36
    places = [panel["gridPos"] for panel in shown["panels"]]
    taken = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    assert len(set(taken)) == len(taken) and max(x for x, _ in taken) == 23
    panels = [panel for panel in shown["panels"] if panel["type"] != "row"]
    assert all(target["datasource"]["uid"] == "${datasource}" for panel in panels for target in panel["targets"])
    variables = {"datasource", "job", "service", "instance", "provider", "model", "budget"}
    assert {variable["name"] for variable in shown["templating"]["list"]} == variables
    assert all(panel["title"] and panel["description"] and panel["targets"] for panel in panels)
    assert {link["url"].rpartition("/")[2] for link in shown["links"]} == {d["uid"] for d in DASHBOARDS.values()} - {shown["uid"]}


@needs_promtool
def test_promtool_accepts_the_rules() -> None:
    checked = subprocess.run(["promtool", "check", "rules", str(RULES), str(ALERTS)], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0 and checked.stderr == "", checked.stdout + checked.stderr
    assert checked.stdout.count("SUCCESS") == 2


WHO = '{provider="openai", model="gpt-4o"}'
KIND = '{provider="openai", model="gpt-4o", kind="tokens"}'
HEALTHY = {
    f"ex_llm_chat_requests_total{WHO}": "0+60x60",
    f"ex_llm_cost_cents_total{WHO}": "0+0.1x60",
    'ex_llm_chat_duration_milliseconds_bucket{provider="openai", model="gpt-4o", le="640.0"}': "0+60x60",
    'ex_llm_chat_duration_milliseconds_bucket{provider="openai", model="gpt-4o", le="+Inf"}': "0+60x60",
    f"ex_llm_provider_rate_limit_remaining{KIND}": "9000x60",
    "ex_llm_telemetry_handler_failures_total": "0x60",
}  # fmt: skip
SLOW = '{{provider="openai", model="gpt-4o", le="{}"}}'
FIRES = {
    "LLMErrorRateHigh": {'ex_llm_chat_errors_total{provider="openai", model="gpt-4o", kind="timeout"}': "0+6x60"},
    "LLMLatencyHigh": {
        f"ex_llm_chat_duration_milliseconds_bucket{SLOW.format('640.0')}": "0+1x60",
        f"ex_llm_chat_duration_milliseconds_bucket{SLOW.format('40960.0')}": "0+60x60",
    },
    "LLMTimeToFirstChunkHigh": {
        f"ex_llm_stream_time_to_first_chunk_milliseconds_bucket{SLOW.format('10240.0')}": "0+1x60",
        f"ex_llm_stream_time_to_first_chunk_milliseconds_bucket{SLOW.format('20480.0')}": "0+9x60",
        f"ex_llm_stream_time_to_first_chunk_milliseconds_bucket{SLOW.format('+Inf')}": "0+9x60",
    },
    "LLMBudgetBurn": {f"ex_llm_cost_cents_total{WHO}": "0+1x60"},
    "LLMBudgetExceeded": {f"ex_llm_cost_cents_total{WHO}": "0+50x60"},
    "LLMRateLimitNearlyExhausted": {f"ex_llm_provider_rate_limit_remaining{KIND}": "9000x30 400x30"},
    "LLMRateLimited": {f"ex_llm_provider_rate_limits_total{WHO}": "0+1x60"},
    "LLMToolErrors": {
        'ex_llm_tool_calls_total{tool_name="search"}': "0+60x60",
        'ex_llm_tool_errors_total{tool_name="search", kind="timeout"}': "0+30x60",
    },
    "LLMRunawayAgent": {
        'ex_llm_agent_runs_total{agent_name="a"}': "0+1x60",
        'ex_llm_agent_inferences_total{agent_name="a"}': "0+40x60",
    },
    "LLMSilence": {f"ex_llm_chat_requests_total{WHO}": "0+60x30 1800x30"},
    "LLMMetricsAbsent": {f"ex_llm_chat_requests_total{WHO}": "_x60"},
    "LLMTelemetryFaults": {'ex_llm_telemetry_extraction_errors_total{step="s"}': "0x50 0+1x10"},
    "LLMUnpricedCalls": {'ex_llm_telemetry_unpriced_calls_total{provider="openai", model="m", reason="unknown_model"}': "0+1x60"},
}


def test_every_alert_is_tested() -> None:
    assert FIRES.keys() == expressions(ALERTS).keys()


@needs_promtool
@pytest.mark.parametrize("alert", [None, *FIRES])
def test_an_alert_fires_only_when_it_should(alert: str | None, tmp_path: Path) -> None:
    series = {**HEALTHY, **(FIRES[alert] if alert else {})}
    expected = [] if alert is None else [{"labels": f'{{alertname="{alert}"}}', "value": 1}]
    expression = 'count by (alertname) (ALERTS{alertstate="firing"})' if alert is None else (
        f'count by (alertname) (ALERTS{{alertstate="firing", alertname="{alert}"}})'
    )  # fmt: skip
    case = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": expression, "eval_time": "60m", "exp_samples": expected}],
    }
    tried = tmp_path / "tests.yml"
    tried.write_text(json.dumps({"rule_files": [str(RULES), str(ALERTS)], "evaluation_interval": "1m", "tests": [case]}))
    done = subprocess.run(["promtool", "test", "rules", str(tried)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
