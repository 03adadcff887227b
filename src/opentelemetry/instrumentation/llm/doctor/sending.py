"""Send one span, one metric and one log record through the chosen exporters.

``sent`` runs this module in a child process, because an exporter may print, wait or end the process.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import entry_points
from typing import Any

from .exporters import masked
from .facts import Sent, Signal
from .sdks import child_environment

SCOPE = "opentelemetry.instrumentation.llm.doctor"
NAME = "test of the doctor"
_SECONDS = 5
_TIMEOUTS = {"OTEL_EXPORTER_OTLP_TIMEOUT": str(_SECONDS)}


def sent(signals: Iterable[Signal]) -> tuple[Sent, ...]:
    """Send a test record for each signal, and return the results."""
    wanted = [(s.name, _entry_point(s, exporter)) for s in signals for exporter in s.exporters if exporter not in s.missing]
    if not wanted:
        return ()
    command = [sys.executable, "-m", f"{__package__}.sending", json.dumps(wanted)]
    environment = {**_TIMEOUTS, **child_environment()}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=20 + 2 * _SECONDS * len(wanted), env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        return tuple(Sent(signal, name, "not sent", "no result in time") for signal, name in wanted)
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines:
        reason = masked((done.stderr.strip().splitlines() or [f"the process ended with status {done.returncode}"])[-1])
        return tuple(Sent(signal, name, "not sent", reason) for signal, name in wanted)
    return tuple(Sent(**each) for each in json.loads(lines[-1]))


def _entry_point(signal: Signal, exporter: str) -> str:
    return (
        {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}.get(signal.protocol or "", exporter)
        if exporter == "otlp"
        else exporter
    )


def main(wanted: str) -> None:
    """Send, and print the results as JSON; output of exporters is discarded."""
    result = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    found = [asdict(_send(signal, name)) for signal, name in json.loads(wanted)]
    os.write(result, json.dumps(found).encode() + b"\n")
    os._exit(0)


def _send(signal: str, name: str) -> Sent:
    try:
        (entry,) = (e for e in entry_points(group=f"opentelemetry_{signal}_exporter") if e.name == name)
        with _messages() as messages:
            ok = _SENDERS[signal](entry.load())
    except Exception as error:  # noqa: BLE001 - an exporter of another package may raise anything
        return Sent(signal, name, "not sent", masked(f"{type(error).__name__}: {error}"))
    if ok is None:
        return Sent(signal, name, "not tried", "it is read by its back end")
    detail = masked(messages[-1]) if messages and not ok else ""
    return Sent(signal, name, "sent" if ok else "refused", detail)


@contextmanager
def _messages() -> Iterator[list[str]]:
    """Collect the log messages of exporters, the only place of a status code."""
    found: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("opentelemetry")
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)


def _recorded(exporter: Any) -> list[bool]:
    """Record the result of each export of an exporter."""
    results: list[bool] = []
    export = exporter.export

    def observed(*args: object, **kwargs: object) -> Any:
        result = export(*args, **kwargs)
        results.append(getattr(result, "name", "") == "SUCCESS")
        return result

    exporter.export = observed
    return results


def _send_span(kind: Any) -> bool:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON

    exporter = kind()
    results = _recorded(exporter)
    provider = TracerProvider(sampler=ALWAYS_ON, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    provider.get_tracer(SCOPE).start_span(NAME).end()
    return bool(results) and all(results)


def _send_metric(kind: Any) -> bool | None:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader

    if issubclass(kind, MetricReader):
        return None
    exporter = kind()
    results = _recorded(exporter)
    provider = MeterProvider([PeriodicExportingMetricReader(exporter, export_interval_millis=float("inf"))], shutdown_on_exit=False)
    provider.get_meter(SCOPE).create_counter("ex_llm.doctor.tests").add(1)
    provider.force_flush()
    return bool(results) and all(results)


def _send_log(kind: Any) -> bool:
    from opentelemetry._logs import SeverityNumber
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor

    exporter = kind()
    results = _recorded(exporter)
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    provider.get_logger(SCOPE).emit(body=NAME, severity_number=SeverityNumber.INFO)
    return bool(results) and all(results)


_SENDERS: dict[str, Callable[[Any], bool | None]] = {"traces": _send_span, "metrics": _send_metric, "logs": _send_log}

if __name__ == "__main__":
    main(sys.argv[1])
