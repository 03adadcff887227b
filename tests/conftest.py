"""Shared fixtures: a stand-in provider, and an instrumented process.

The telemetry of the process is kept in memory.
"""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs import export as log_export
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from opentelemetry.instrumentation.llm import LLMInstrumentor
from stand_in import StandIn

# Renamed in 1.39; the oldest supported release has the other name.
LogExporter = getattr(log_export, "InMemoryLogRecordExporter", None) or log_export.InMemoryLogExporter


# Long tests run over one SDK by default, and over every SDK if this is "all".
CONTRACT = os.environ.get("LLM_CONTRACT", "openai")
LONG = (
    "test_exits",
    "test_twin",
    "test_faults",
    "test_census",
    "test_canaries",
    "test_callers_data",
    "test_native",
    "test_leaks",
    "test_conformance",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option ``--matrix``."""
    parser.addoption("--matrix", action="store_true", help="print what was proved of every Point, and fail where nothing was")


def pytest_configure(config: pytest.Config) -> None:
    """Collect results if a matrix is requested."""
    if config.getoption("matrix"):
        from harness.report.results import Proving

        config.pluginmanager.register(Proving(CONTRACT))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the long parts of the contract unless they are requested."""
    if CONTRACT == "all":
        return
    left = [item for item in items if item.path.stem in LONG and f"[{CONTRACT}" not in item.name and "[" in item.name]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]


class Seen:
    """The telemetry of an instrumented process.

    Spans, metrics, log records, and the number of open spans.
    """

    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self._logs = LogExporter()
        self._reader = InMemoryMetricReader()
        self.tracer_provider = TracerProvider()
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._spans))
        self.meter_provider = MeterProvider([self._reader])
        self.logger_provider = LoggerProvider()
        self.logger_provider.add_log_record_processor(log_export.SimpleLogRecordProcessor(self._logs))

    def instrument(self, **settings: Any) -> None:
        LLMInstrumentor().instrument(
            tracer_provider=self.tracer_provider, meter_provider=self.meter_provider, logger_provider=self.logger_provider, **settings
        )

    def spans(self) -> list[ReadableSpan]:
        return list(self._spans.get_finished_spans())

    def span(self) -> ReadableSpan:
        """Return the only span; fail if there is not exactly one."""
        (span,) = self.spans()
        return span

    def logs(self) -> list[Any]:
        return list(self._logs.get_finished_logs())

    def metrics_data(self) -> Any:
        return self._reader.get_metrics_data()

    def metrics(self) -> dict[str, list[Any]]:
        """Return data points by name of metric."""
        data = self.metrics_data()
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics] if data is not None else []
        return {metric.name: list(metric.data.data_points) for scope in scopes for metric in scope.metrics}

    def total(self, name: str) -> float:
        """Add up a metric over all its tags; a histogram counts its measurements."""
        return sum(point.count if hasattr(point, "count") else point.value for point in self.metrics().get(name, []))

    def clear(self) -> None:
        self._spans.clear()
        self._logs.clear()

    def close(self) -> None:
        self.tracer_provider.shutdown()
        self.meter_provider.shutdown()
        self.logger_provider.shutdown()


@pytest.fixture
def seen() -> Iterator[Seen]:
    """Instrument with the default settings, and uninstrument afterwards."""
    made = Seen()
    made.instrument()
    yield made
    LLMInstrumentor().uninstrument()
    made.close()


@pytest.fixture
def watch() -> Iterator[Any]:
    """Instrument with settings of the test.

    ``watch(cost_threshold_cents=1)`` returns the recorded telemetry.
    """
    made: list[Seen] = []

    def instrument(**settings: Any) -> Seen:
        made.append(Seen())
        made[-1].instrument(**settings)
        return made[-1]

    yield instrument
    if LLMInstrumentor().is_instrumented_by_opentelemetry:
        LLMInstrumentor().uninstrument()
    for each in made:
        each.close()


@pytest.fixture(scope="session")
def _stand_in() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


@pytest.fixture
def stand_in(_stand_in: StandIn) -> StandIn:
    """Return the stand-in provider with an empty journal."""
    _stand_in.clear()
    return _stand_in


@pytest.fixture
def no_context_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail if OpenTelemetry logs that a context was attached in another context."""
    with caplog.at_level(logging.DEBUG, logger="opentelemetry.context"):
        yield
        gc.collect()
    # ``records`` has only those of the current phase, which is the teardown here.
    logged = [*caplog.get_records("call"), *caplog.records]
    assert [record for record in logged if record.name == "opentelemetry.context"] == []
