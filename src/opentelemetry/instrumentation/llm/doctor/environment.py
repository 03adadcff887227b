"""Find faults of the environment: files, copies of this package, variables."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

_FILES = (
    "OTEL_INSTRUMENTATION_LLM_PRICES",
    "OTEL_CONFIG_FILE",
    *(
        f"OTEL_EXPORTER_OTLP_{signal}{kind}"
        for signal in ("", "TRACES_", "METRICS_", "LOGS_")
        for kind in ("CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE")
    ),
)
"""Variables with the path of a file."""
_CONTENT = "contents are recorded only with OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_OF_OTHERS = {
    "TRACELOOP_": ("traceloop-sdk", "opentelemetry-instrumentation-openai", _CONTENT),
    "OPENINFERENCE_": ("openinference-instrumentation", "openinference-instrumentation-openai", _CONTENT),
    "OPENLIT_": ("openlit", "openlit", "docs/migration.md has the settings of this package"),
    "LANGTRACE_": ("langtrace-python-sdk", "langtrace-python-sdk", "docs/migration.md has the settings of this package"),
    "OTEL_INSTRUMENTATION_OPENAI_": (
        "opentelemetry-instrumentation-openai-v2",
        "opentelemetry-instrumentation-openai",
        "docs/migration.md has the settings of this package",
    ),
}
"""Prefixes of variables: two packages that read them, and a hint."""
AUTOMATIC = "opentelemetry.instrumentation.auto_instrumentation"
AUTOMATIC_FOLDER = os.path.join(*AUTOMATIC.split("."))


def missing_files(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return variables whose value is the path of a missing file, with the value."""
    named = ((name, environment.get(name, "").strip()) for name in _FILES)
    return tuple((name, value) for name, value in named if value and "://" not in value and not Path(value).exists())


def copies(name: str) -> tuple[str, ...]:
    """Return version and place of each copy of a distribution, if several."""
    found = {
        str(each.locate_file("")): f"{each.version} in {each.locate_file('')}" for each in distributions(name=name) if each.metadata["Name"]
    }
    return tuple(found.values()) if len(found) > 1 else ()


def is_loadable(name: str) -> bool:
    """Return whether a copy of a distribution declares an instrumentor."""
    return any(e.group == "opentelemetry_instrumentor" for each in distributions(name=name) for e in each.entry_points)


def without_effect(environment: Mapping[str, str], found: Mapping[str, Distribution]) -> tuple[tuple[str, str], ...]:
    """Return variables of other tools that nothing here reads, each with a hint."""
    return tuple(
        (name, hint)
        for name in sorted(environment)
        for prefix, (first, second, hint) in _OF_OTHERS.items()
        if name.startswith(prefix) and environment[name] and first not in found and second not in found
    )


def is_automatic() -> bool:
    """Return whether this process was started with opentelemetry-instrument."""
    on_path = any(path.rstrip(os.sep).endswith(AUTOMATIC_FOLDER) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep))
    return on_path or AUTOMATIC in sys.modules
