"""A real Prometheus returns the figures of the stand-in.

Every query of the dashboard has data, and every rule is evaluated.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.backends.waiting import until
from project.test_dashboards import ALERTS, HERE, OVERVIEW, RULES, TARGETS, expressions, needs_promtool
from stand_in import StandIn

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="needs the Debian package prometheus")
VARIABLES = {
    "$__rate_interval": "30s",
    "$__range": "1h",
    "$job": ".*",
    "$service": ".*",
    "$instance": ".*",
    "$provider": ".*",
    "$model": ".*",
    "$budget": "10",
}


def filled(query: str) -> str:
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    assert "$" not in query
    return query


class Prometheus:
    """A real server, asked over its API."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def get(self, path: str, **query: str) -> Any:
        requested = f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(requested, timeout=20) as answer:
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
        """Return the numbers of a query, without NaN, because 0/0 is not data."""
        return [row for row in self.get("query", query=query)["result"] if row["value"][1] != "NaN"]

    def by(self, label: str, query: str) -> dict[str, float]:
        return {row["metric"].get(label, ""): float(row["value"][1]) for row in self.ask(query)}

    def without_data(self) -> list[tuple[str, str]]:
        return [(title, legend) for title, legend, query in TARGETS if not self.ask(filled(query))]


def configuration(place: Path, target: str) -> Path:
    written = place / "prometheus.yml"
    jobs = [{"job_name": "llm", "static_configs": [{"targets": [urllib.parse.urlsplit(target).netloc]}]}]
    every = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    written.write_text(json.dumps({"global": every, "rule_files": [str(RULES), str(ALERTS)], "scrape_configs": jobs}))
    return written


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Prometheus, StandIn, str]]:
    """Let Prometheus scrape a program until every panel has data; then end calls."""
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
            until(prometheus.ready, lambda: "Prometheus")
            try:
                until(lambda: not prometheus.without_data(), lambda: "data in every panel", 60)
            except AssertionError:
                pytest.fail(f"no data in {prometheus.without_data()}")
            traffic.stdin.write("\n")
            traffic.stdin.flush()
            assert traffic.stdout.readline() == "enough\n"
            requests = sum(row["requests"] for row in stand_in.totals().values())
            until(
                lambda: sum(prometheus.by("", "sum(ex_llm_provider_requests_total)").values()) == requests,
                lambda: f"all {requests} requests",
            )
            yield prometheus, stand_in, target
        finally:
            for process in reversed(processes):
                process.terminate()
                process.wait(20)
                for stream in (process.stdin, process.stdout):
                    if stream:
                        stream.close()


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


def test_every_rule_is_evaluated_and_recorded(scraped: tuple[Prometheus, StandIn, str]) -> None:
    prometheus, *_ = scraped
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in rules} == expressions(RULES).keys() | expressions(ALERTS).keys()
    assert [rule["lastError"] for rule in rules if rule["health"] != "ok"] == []
    assert [name for name in expressions(RULES) if not prometheus.get("query", query=name)["result"]] == []


def test_the_variables_of_the_dashboard_have_values(scraped: tuple[Prometheus, StandIn, str]) -> None:
    prometheus, *_ = scraped
    queries = {v["name"]: v["query"] for v in OVERVIEW["templating"]["list"] if v["type"] == "query"}
    series, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", queries["model"]).groups()  # type: ignore[union-attr]
    assert {"gpt-4o", "gpt-4o-mini"} <= set(prometheus.get(f"label/{label}/values", **{"match[]": series}))


@needs_promtool
def test_promtool_finds_only_milliseconds_in_what_a_program_serves(scraped: tuple[Prometheus, StandIn, str]) -> None:
    with urllib.request.urlopen(scraped[2], timeout=20) as page:
        checked = subprocess.run(["promtool", "check", "metrics"], input=page.read(), capture_output=True, timeout=60)
    remarks = (checked.stdout + checked.stderr).decode().splitlines()
    assert [line for line in remarks if not line.endswith('use base unit "seconds" instead of "milliseconds"')] == []
