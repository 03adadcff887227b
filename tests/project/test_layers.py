"""Test the imports: layers and sides, OpenTelemetry in few modules, no SDK.

The contracts of import-linter are in pyproject.toml.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import opentelemetry.instrumentation.llm as package
from opentelemetry.instrumentation.llm.providers import KNOWN

NAME = "opentelemetry.instrumentation.llm"
ROOT = Path(package.__file__).parent
PROJECT = Path(__file__).parents[2]
MODULES = sorted(ROOT.rglob("*.py"))
MAY_USE_OPENTELEMETRY = (
    "configuration.py", "instrumentor.py", "context.py", "baggage.py", "listening.py", "workers.py",
    "doctor/", "exporters/", "handlers/", "reporters/otel", "reporters/prometheus/",
)  # fmt: skip
ALLOWED = frozenset(
    {"wrapt", "opentelemetry", "packaging", "typing_extensions", "prometheus_client", "statsd", "redis", "genai_prices", "PyInstaller"}
)
"""Packages outside the standard library.

typing_extensions is a requirement of opentelemetry-api.
The last five are extras or development tools, imported where they are used.
"""


LONGEST_TABLE = 60
LONGER = {
    "aleph_alpha": "plain calls and streams pass different functions, with different arguments",
    "anthropic": "the classes of its clients for clouds name the provider",
    "azure_inference": "a request is a body, or arguments over the defaults of the client",
    "bedrock": "twelve operations pass one function, and the body of a request decides the operation",
    "cohere": "two versions of the API, public and raw functions, and clients that redirect to clouds",
    "google_genai": "calls of functions and calls of requests are read in different ways",
    "google_genai_interactions": "two generations of generated code, each with a table",
    "huggingface": "the address is computed as the SDK computes it: model, provider, token, router",
    "litellm": "eleven classes of streams and eight tables of positional arguments; its code is in the modules beside it",
    "mistralai": "six packages and thirteen ranges of releases; it is a table only",
    "transformers": "one call of a pipeline is one or several model calls",
    "voyageai": "arguments depend on the type of the first; the model of a response is read in four constructors",
    "xai": "the arguments of three kinds of clients, and a channel below interceptors",
}
"""Provider modules that are longer than a table should be, each with the reason."""


def imports(path: Path) -> Iterator[str]:
    """Yield the absolute name of every import in a module, nested imports included."""
    parts = [*NAME.split("."), *path.relative_to(ROOT).parent.parts]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            prefix = ".".join(part for part in (base, node.module) if part)
            yield from (f"{prefix}.{alias.name}" for alias in node.names)


def foreign_imports(path: Path) -> list[str]:
    """Return the imports of a module that its folder does not allow."""
    where = path.relative_to(ROOT).as_posix()
    found = []
    for imported in imports(path):
        top = imported.partition(".")[0]
        if imported.startswith(NAME):
            continue
        if top == "opentelemetry":
            if not where.startswith(MAY_USE_OPENTELEMETRY):
                found.append(f"{where} imports {imported}; this module must not use OpenTelemetry")
        elif top not in ALLOWED and top not in sys.stdlib_module_names:
            found.append(f"{where} imports {imported}, which is neither in the standard library nor a dependency")
    return found


def lint(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter in a process of its own, with src first on the path."""
    run = "import sys; sys.path.insert(0, 'src'); from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run([sys.executable, "-c", run, *arguments], capture_output=True, text=True, cwd=PROJECT, timeout=300)


def test_layers_and_sides_are_kept() -> None:
    result = lint("--no-cache")
    assert result.returncode == 0, result.stdout
    assert "3 kept, 0 broken" in result.stdout


def test_an_import_from_a_higher_layer_is_found(tmp_path: Path) -> None:
    settings = tmp_path / "upside_down.toml"
    settings.write_text(f"""
[tool.importlinter]
root_packages = ["{NAME}"]
[[tool.importlinter.contracts]]
name = "The instrumentor below the bus"
type = "layers"
containers = ["{NAME}"]
layers = ["bus", "instrumentor"]
""")
    result = lint("--no-cache", "--config", str(settings))
    assert result.returncode == 1 and "1 broken" in result.stdout, result.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_module_imports_no_sdk(path: Path) -> None:
    assert foreign_imports(path) == []


@pytest.mark.parametrize(
    ("where", "line", "reason"),
    [("calls/call.py", "import opentelemetry.trace", "OpenTelemetry"), ("providers/openai.py", "def f():\n    import openai", "neither")],
)
def test_a_foreign_import_is_found(where: str, line: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("project.test_layers.ROOT", tmp_path)
    planted = tmp_path / where
    planted.parent.mkdir(parents=True)
    planted.write_text(line)
    assert any(reason in problem for problem in foreign_imports(planted))


def test_every_module_is_examined() -> None:
    assert len(MODULES) > 40 and ROOT / "calls" / "wrap.py" in MODULES


def test_tables_of_providers_are_short_or_listed_with_a_reason() -> None:
    tables = {known.table.partition(":")[0] for known in KNOWN}
    modules = {name: ROOT / "providers" / name for name in tables}
    lengths = {
        name: len((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text().splitlines())
        for name, path in modules.items()
    }
    assert {name for name, length in lengths.items() if length > LONGEST_TABLE} == set(LONGER), lengths
