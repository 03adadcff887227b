"""The doctor: report the state of installed SDKs, instrumentation and exporters.

``python -m opentelemetry.instrumentation.llm`` inspects an environment: each installed SDK is imported and
instrumented in a separate process. ``report()`` inspects the running program without importing anything. It also
knows keyword settings, models without a price, and errors of this process.

The module connects to the host and port of OTLP endpoints, except with ``--offline``; ``--send`` sends test records
through the exporters. ``report()`` opens no socket.
"""

from __future__ import annotations

import logging
import os
import platform
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from importlib.metadata import Distribution
from typing import Any, TextIO

from .. import bus, providers
from .. import settings as settings_module
from ..exporters.terminal import Terminal
from ..instrumentor import LLMInstrumentor
from ..reporters.aggregation import Aggregator
from ..reporters.otel import OtelReporter
from ..settings import Settings
from ..version import __version__
from . import agent_frameworks, connections, environment, exporters, findings, sending, text
from .conflicts import OURS, everything_installed, neighbours
from .facts import Facts, Finding, Setting
from .sdks import by_distribution, looked_at, probed

WAIT_SECONDS = 30.0
_SHOWN_VERSIONS = ("opentelemetry-api", "opentelemetry-sdk", "opentelemetry-instrumentation", "opentelemetry-distro")
_OWN = "OTEL_INSTRUMENTATION_LLM_"
_OFF = ("OTEL_SDK_DISABLED", "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", f"{_OWN}DISABLED_PROVIDERS")


class Report:
    """Result: ``facts``, and ``findings`` sorted by weight; ``str()`` is the text."""

    def __init__(self, collected: Facts) -> None:
        self.facts = collected
        self.findings: tuple[Finding, ...] = findings.findings(collected)

    @property
    def healthy(self) -> bool:
        """Return whether no problem prevents complete and unduplicated telemetry."""
        return not any(finding.problem for finding in self.findings)

    @property
    def what_to_do(self) -> str:
        """The last line of the report: the first action to take."""
        return findings.what_to_do(self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain dicts, lists, texts and numbers."""
        found = [{"cause": f.cause, "says": f.description, "do": f.do, "problem": f.problem} for f in self.findings]
        return {**self.facts.as_json(), "findings": found, "healthy": self.healthy, "what_to_do": self.what_to_do}

    def __str__(self) -> str:
        return text.written(self.facts, self.findings)

    def for_stream(self, stream: TextIO) -> str:
        """Return the text for ``stream``; a terminal gets colours and folded findings."""
        width = shutil.get_terminal_size().columns if stream.isatty() else None
        return text.written(self.facts, self.findings, Terminal(stream), width)


def report() -> Report:
    """Report the instrumentation, settings and errors of this process.

    Imports no SDK and changes nothing.

    >>> str(report()).splitlines()[-1].startswith("What to do: ")
    True
    """
    watcher = LLMInstrumentor()
    chosen, ignored = _settings_of(os.environ)
    in_force = (watcher.settings if watcher.is_instrumented_by_opentelemetry else None) or chosen
    collected = _collect(os.environ, in_force, ignored, tuple(looked_at(name, in_force) for name in by_distribution()))
    return Report(
        replace(
            collected, inside=True, automatic=environment.is_automatic(), watching=watcher.is_instrumented_by_opentelemetry, **_met(watcher)
        )
    )


def examine(wait: float = WAIT_SECONDS, names: Iterable[str] = (), offline: bool = False, send: bool = False) -> Report:
    """Report how a program started here is instrumented, for ``names`` or all.

    ``names`` are SDKs or providers; an unknown name raises ``ValueError``. The import of an SDK is abandoned after
    ``wait`` seconds. ``offline`` opens no connection. ``send`` sends a test span, metric and log record.
    """
    chosen, ignored = _settings_of(os.environ)
    collected = _collect(os.environ, chosen, ignored, probed(chosen, wait, list(names)))
    if not offline and not collected.config_file and collected.versions.get("opentelemetry-sdk"):
        collected = replace(collected, signals=connections.connected(collected.signals))
        if send:
            collected = replace(collected, sent=sending.sent(collected.signals))
    return Report(collected)


def _collect(variables: Mapping[str, str], settings: Settings, ignored: tuple[str, ...], sdks: tuple[Any, ...]) -> Facts:
    found = everything_installed()
    disabled = [name.strip() for name in variables.get(_OFF[1], "").split(",") if name.strip()]
    return Facts(
        versions={"python": platform.python_version(), OURS: __version__, **{n: _version(found.get(n)) for n in _SHOWN_VERSIONS}},
        inside=False,
        watching=False,
        loadable=environment.is_loadable(OURS),
        sdks=sdks,
        neighbours=neighbours(sdks, disabled, found),
        configurator=exporters.configurator(found, variables),
        config_file=variables.get("OTEL_CONFIG_FILE") or None,
        signals=exporters.signals(found, variables),
        settings=tuple(_setting(name, settings, variables) for name in (f.name for f in fields(Settings))),
        ignored=ignored + _nobody_reads(variables),
        disabled_by={name: exporters.masked(variables[name]) for name in _OFF if variables.get(name)},
        unreadable=providers.unreadable(),
        frozen=bool(getattr(sys, "frozen", False)),
        missing_files=tuple((name, exporters.masked(value)) for name, value in environment.missing_files(variables)),
        copies=environment.copies(OURS),
        without_effect=environment.without_effect(variables, found),
        frameworks=tuple(agent_frameworks.found(settings)),
        known_providers=tuple(p.name for several in by_distribution().values() for p in several),
    )


def _version(distribution: Distribution | None) -> str | None:
    return None if distribution is None else distribution.version


def _settings_of(variables: Mapping[str, str]) -> tuple[Settings, tuple[str, ...]]:
    """Return settings from the environment, and warnings about invalid variables."""
    with _warnings() as messages:
        chosen = Settings.read({}, variables)
    return chosen, tuple(messages)


@contextmanager
def _warnings() -> Iterator[list[str]]:
    collected: list[str] = []
    logger = logging.getLogger(settings_module.__name__)

    def keep(record: logging.LogRecord) -> bool:
        collected.append(record.getMessage())
        return False

    logger.addFilter(keep)
    try:
        yield collected
    finally:
        logger.removeFilter(keep)


def _setting(name: str, settings: Settings, variables: Mapping[str, str]) -> Setting:
    field = next(f for f in fields(Settings) if f.name == name)
    value, variable = getattr(settings, name), field.metadata["env"]
    with _warnings():
        effective = getattr(Settings.read({}, {variable: variables.get(variable, "")} if variable else {}), name)
    # A keyword overrides the variable, so a value that differs from the variable or the default was a keyword.
    origin = "keyword" if effective != value else variable if value != field.default else "default"
    return Setting(name, getattr(value, "__qualname__", None) or exporters.masked(repr(value)), origin)


def _nobody_reads(variables: Mapping[str, str]) -> tuple[str, ...]:
    known = settings_module.variables()
    return tuple(f"{name} is set, but not used" for name in sorted(variables) if name.startswith(_OWN) and name not in known)


def _met(watcher: LLMInstrumentor) -> dict[str, Any]:
    """Return data of a running program only: providers, handlers, prices, errors."""
    reporter = next((a for a in watcher._attached if isinstance(a, OtelReporter)), None)
    spans = next((a for a in watcher._attached if not isinstance(a, OtelReporter)), None)
    handlers: dict[str, int] = {}
    for attached in bus.list_handlers():
        handlers[attached.id] = handlers.get(attached.id, 0) + 1
    unpriced = watcher.costs.unpriced if watcher.costs is not None else {}
    return {
        "providers_in_process": exporters.in_process(getattr(spans, "_tracer", None)),
        "handlers": handlers,
        "unpriced": tuple(
            {"provider": wrapper_name, "model": model, "reason": why} for (wrapper_name, model), why in sorted(unpriced.items())
        ),
        "extraction_errors": _counts(reporter, "ex_llm.telemetry.extraction_errors.total", "step"),
        "handler_failures": _counts(reporter, "ex_llm.telemetry.handler_failures.total", "event"),
    }


def _counts(reporter: OtelReporter | None, name: str, tag: str) -> dict[str, int]:
    tally: Aggregator | None = getattr(reporter, "_tally", None)
    metric = next((m for m in tally.metrics if m.name == name), None) if tally is not None else None
    return {} if tally is None or metric is None else {str(tags.get(tag, "")): int(count) for tags, count in tally.read(metric)}
