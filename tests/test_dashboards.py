"""The dashboard and the rules: made from METRICS, right to a real Prometheus, and true to what the stand-in counted."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opentelemetry.instrumentation.llm.metrics import METRICS
from stand_in import StandIn

HERE = Path(__file__).parent.parent / "dashboards"
RULES, ALERTS = HERE / "prometheus-rules.yml", HERE / "prometheus-alerts.yml"
OVERVIEW = json.loads((HERE / "grafana-overview.json").read_text())
TARGETS = [(panel["title"], target["legendFormat"], target["expr"]) for panel in OVERVIEW["panels"] for target in panel["targets"]]
VARIABLES = {"$__rate_interval": "30s", "$__range": "1h", "$provider": ".*", "$model": ".*", "$budget": "10"}
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool, of the Debian package prometheus")
needs_prometheus = pytest.mark.skipif(shutil.which("prometheus") is None, reason="needs the Debian package prometheus")


def filled(query: str) -> str:
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    assert "$" not in query
    return query


def expressions(path: Path) -> dict[str, str]:
    """Return the expression of every rule in a file by the rule's name."""
    return dict(re.findall(r"- (?:record|alert): (\S+)\n\s+expr: >-\n\s+(.*)\n", path.read_text()))


def test_the_files_are_what_the_generator_makes() -> None:
    checked = subprocess.run([sys.executable, str(HERE / "generate.py"), "--check"], capture_output=True, text=True, timeout=60)
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stdout + checked.stderr


def test_every_name_is_one_of_ours_and_has_the_labels_that_are_asked_for() -> None:
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
def test_a_query_cannot_name_what_does_not_exist(write: Any, error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(HERE)
    from queries import Queries

    with pytest.raises(error):
        write(Queries("5m"))


def test_the_dashboard_is_one_that_grafana_imports() -> None:
    numbers = [panel["id"] for panel in OVERVIEW["panels"]]
    assert len(set(numbers)) == len(numbers) and OVERVIEW["schemaVersion"] >= 36
    places = [panel["gridPos"] for panel in OVERVIEW["panels"]]
    taken = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    assert len(set(taken)) == len(taken) and max(x for x, _ in taken) == 23
    assert all(target["datasource"]["uid"] == "${datasource}" for panel in OVERVIEW["panels"] for target in panel["targets"])
    assert {variable["name"] for variable in OVERVIEW["templating"]["list"]} == {"datasource", "provider", "model", "budget"}
    assert all(panel["title"] and panel["description"] and panel["targets"] for panel in OVERVIEW["panels"])


@needs_promtool
def test_promtool_finds_nothing_in_the_rules() -> None:
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
    "LLMSilence": {f"ex_llm_chat_requests_total{WHO}": "0+60x30 1800x30"},
    "LLMMetricsAbsent": {f"ex_llm_chat_requests_total{WHO}": "_x60"},
    "LLMTelemetryFaults": {'ex_llm_telemetry_extraction_errors_total{step="s"}': "0x50 0+1x10"},
    "LLMUnpricedCalls": {'ex_llm_telemetry_unpriced_calls_total{provider="openai", model="m", reason="unknown_model"}': "0+1x60"},
}


def test_every_alert_is_tried() -> None:
    assert FIRES.keys() == expressions(ALERTS).keys()


@needs_promtool
@pytest.mark.parametrize("alert", [None, *FIRES])
def test_an_alert_fires_when_it_should_and_only_then(alert: str | None, tmp_path: Path) -> None:
    series = {**HEALTHY, **(FIRES[alert] if alert else {})}
    expected = [] if alert is None else [{"labels": f'{{alertname="{alert}"}}', "value": 1}]
    asked = 'count by (alertname) (ALERTS{alertstate="firing"})' if alert is None else (
        f'count by (alertname) (ALERTS{{alertstate="firing", alertname="{alert}"}})'
    )  # fmt: skip
    case = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": asked, "eval_time": "60m", "exp_samples": expected}],
    }
    tried = tmp_path / "tests.yml"
    tried.write_text(json.dumps({"rule_files": [str(RULES), str(ALERTS)], "evaluation_interval": "1m", "tests": [case]}))
    done = subprocess.run(["promtool", "test", "rules", str(tried)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


class Prometheus:
    """A real server, asked over its API."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def get(self, path: str, **query: str) -> Any:
        asked = f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{query}: {refused.read().decode()}") from None

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._url}/-/ready", timeout=5):
                return True
        except OSError:
            return False

    def ask(self, query: str) -> list[dict[str, Any]]:
        """Return what a query gives now; numbers only, because 0/0 is no data."""
        return [row for row in self.get("query", query=query)["result"] if row["value"][1] != "NaN"]

    def by(self, label: str, query: str) -> dict[str, float]:
        return {row["metric"].get(label, ""): float(row["value"][1]) for row in self.ask(query)}

    def without_data(self) -> list[tuple[str, str]]:
        return [(title, legend) for title, legend, query in TARGETS if not self.ask(filled(query))]


def until(satisfied: Any, what: str, seconds: float = 60) -> None:
    """Ask again and again until something holds."""
    deadline = time.monotonic() + seconds
    while not satisfied():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(0.2)


def configuration(place: Path, target: str) -> Path:
    written = place / "prometheus.yml"
    jobs = [{"job_name": "llm", "static_configs": [{"targets": [urllib.parse.urlsplit(target).netloc]}]}]
    every = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    written.write_text(json.dumps({"global": every, "rule_files": [str(RULES), str(ALERTS)], "scrape_configs": jobs}))
    return written


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Prometheus, StandIn, str]]:
    """Let a real Prometheus scrape a program that calls the stand-in, until every panel has data; then end the calls."""
    place = tmp_path_factory.mktemp("prometheus")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes: list[subprocess.Popen[str]] = []
    with StandIn() as stand_in:
        try:
            command = [sys.executable, "-W", "error", str(HERE / "traffic.py"), "--port", "0", "--pause", "0.05", "--url", stand_in.url]
            traffic = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            processes.append(traffic)
            assert traffic.stdin and traffic.stdout
            target = traffic.stdout.readline().strip()
            command = [
                "prometheus", f"--config.file={configuration(place, target)}", f"--storage.tsdb.path={place / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
            ]  # fmt: skip
            processes.append(subprocess.Popen(command, text=True))
            prometheus = Prometheus(port)
            until(prometheus.ready, "Prometheus")
            try:
                until(lambda: not prometheus.without_data(), "data in every panel")
            except AssertionError:
                pytest.fail(f"no data in {prometheus.without_data()}")
            traffic.stdin.write("\n")
            traffic.stdin.flush()
            assert traffic.stdout.readline() == "enough\n"
            requests = sum(row["requests"] for row in stand_in.totals().values())
            until(lambda: sum(prometheus.by("", "sum(ex_llm_provider_requests_total)").values()) == requests, f"all {requests} requests")
            yield prometheus, stand_in, target
        finally:
            for process in reversed(processes):
                process.terminate()
                process.wait(20)
                for stream in (process.stdin, process.stdout):
                    if stream:
                        stream.close()


@needs_prometheus
def test_answers_are_what_the_stand_in_counted(scraped: tuple[Prometheus, StandIn, str]) -> None:
    prometheus, stand_in, _ = scraped
    totals = stand_in.totals()
    assert len(totals) > 5 and not stand_in.faults
    assert prometheus.by("model", "sum by (model) (ex_llm_provider_requests_total)") == {m: row["requests"] for m, row in totals.items()}
    for kind in ("input", "output"):
        counted = {model: row[f"{kind}_tokens"] for model, row in totals.items() if row[f"{kind}_tokens"]}
        assert prometheus.by("model", f"sum by (model) (ex_llm_tokens_{kind}_total) > 0") == counted
    refused: dict[str, int] = {}
    for status, times in ((s, n) for row in totals.values() for s, n in row["errors"].items()):
        refused[f"{status // 100}xx"] = refused.get(f"{status // 100}xx", 0) + times
    assert len(refused) == 2
    assert prometheus.by("status_class", 'sum by (status_class) (ex_llm_provider_requests_total{status_class=~"[45]xx"})') == refused


@needs_prometheus
def test_every_rule_is_evaluated_and_recorded(scraped: tuple[Prometheus, StandIn, str]) -> None:
    prometheus, *_ = scraped
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in rules} == expressions(RULES).keys() | expressions(ALERTS).keys()
    assert [rule["lastError"] for rule in rules if rule["health"] != "ok"] == []
    assert [name for name in expressions(RULES) if not prometheus.get("query", query=name)["result"]] == []


@needs_prometheus
def test_the_variables_of_the_dashboard_have_values(scraped: tuple[Prometheus, StandIn, str]) -> None:
    prometheus, *_ = scraped
    queries = {v["name"]: v["query"] for v in OVERVIEW["templating"]["list"] if v["type"] == "query"}
    series, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", queries["model"]).groups()  # type: ignore[union-attr]
    assert {"gpt-4o", "gpt-4o-mini"} <= set(prometheus.get(f"label/{label}/values", **{"match[]": series}))


@needs_prometheus
@needs_promtool
def test_promtool_finds_only_milliseconds_in_what_a_program_serves(scraped: tuple[Prometheus, StandIn, str]) -> None:
    with urllib.request.urlopen(scraped[2], timeout=20) as page:
        checked = subprocess.run(["promtool", "check", "metrics"], input=page.read(), capture_output=True, timeout=60)
    remarks = (checked.stdout + checked.stderr).decode().splitlines()
    assert [line for line in remarks if not line.endswith('use base unit "seconds" instead of "milliseconds"')] == []
