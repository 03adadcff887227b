"""Test the metadata of the package: extras and dependencies follow the tables."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from opentelemetry.instrumentation.llm import frameworks, providers

if sys.version_info < (3, 11):
    pytest.skip("tomllib is new in Python 3.11", allow_module_level=True)

import tomllib

PROJECT = Path(__file__).parents[2]
METADATA: dict[str, Any] = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[ <>=\[;]", line, maxsplit=1)[0].lower().replace("_", "-") for line in requirements}


def test_the_extra_of_any_sdk_names_every_table() -> None:
    """OpenTelemetry loads this package if one of these packages is installed."""
    tables = [sdk.requires for sdk in providers.ALL] + [framework.requires for framework in frameworks.everyone()]
    listed = names(METADATA["optional-dependencies"]["instruments-any"])
    assert names(tables) <= listed
    assert "opentelemetry-instrumentation" in listed and METADATA["optional-dependencies"]["instruments"] == []


def test_the_dependencies_are_those_that_are_imported() -> None:
    source = PROJECT / "src"
    text = "\n".join(path.read_text() for path in source.rglob("*.py"))
    imported = {
        "opentelemetry-api": "from opentelemetry.trace",
        "opentelemetry-instrumentation": "opentelemetry.instrumentation.instrumentor",
        "opentelemetry-instrumentation-threading": "opentelemetry.instrumentation.threading",
        "opentelemetry-semantic-conventions": "opentelemetry.semconv",
        "wrapt": "import wrapt",
    }
    assert names(METADATA["dependencies"]) == {name for name, line in imported.items() if line in text}
