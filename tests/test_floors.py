"""The floors of the house: imports go down only, left and right never meet, and no SDK is imported anywhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import opentelemetry.instrumentation.llm as package

ROOT = Path(package.__file__).parent
NAME = "opentelemetry.instrumentation.llm"
FLOORS = (
    ("words", "settings", "version", "package"),
    ("bus", "context", "pricing", "metrics"),
    ("dialects", "reporters", "testing", "guard", "wrapper", "emit", "baggage", "listening"),
    ("calls", "transports", "caches", "bridges", "handlers"),
    ("steps",),  # above calls: the streams of a run are read by what reads those of a call
    ("providers", "frameworks"),
    ("instrumentor",),
    ("doctor", "workers"),
    ("__init__", "__main__"),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
LEFT = frozenset({"frameworks", "providers", "steps", "dialects", "calls", "transports", "caches", "bridges", "pricing"})
RIGHT = frozenset({"metrics", "handlers", "reporters"})
MAY_USE_OPENTELEMETRY = (
    "instrumentor.py", "context.py", "handlers/", "reporters/otel.py", "reporters/prometheus", "reporters/live", "reporters/statsd_exporter.py",
    "doctor/", "baggage.py", "workers.py", "listening.py",
)  # fmt: skip
ALLOWED = frozenset({"wrapt", "opentelemetry", "packaging", "prometheus_client", "statsd", "redis", "genai_prices"})
"""What is not of the standard library; the last four are extras or for development, and imported where they are used."""


def imports(path: Path) -> Iterator[str]:
    """Give the absolute names of everything that a module imports, at whatever depth it does so."""
    parts = [NAME, *path.relative_to(ROOT).parent.parts]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            prefix = ".".join(p for p in (base, node.module) if p)
            yield from (f"{prefix}.{alias.name}" for alias in node.names)


def room(path: Path) -> str:
    """Return the room on a floor that a module is in."""
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def _room_of(imported: str) -> str | None:
    if not imported.startswith(NAME + "."):
        return "__init__" if imported == NAME else None
    first = imported[len(NAME) + 1 :].partition(".")[0]
    return first if first in FLOOR else "__init__"


def faults(path: Path) -> list[str]:
    """Say what a module imports against the three sentences."""
    found = []
    here, where = room(path), str(path.relative_to(ROOT))
    for imported in imports(path):
        top, there = imported.partition(".")[0], _room_of(imported)
        if there is not None and there != here:
            if FLOOR[there] >= FLOOR[here]:
                found.append(f"{where} imports {imported}, which is not below it")
            if (here in LEFT and there in RIGHT) or (here in RIGHT and there in LEFT):
                found.append(f"{where} imports {imported} across the street")
        elif there is None and top == "opentelemetry" and not where.startswith(MAY_USE_OPENTELEMETRY):
            found.append(f"{where} imports {imported}; OpenTelemetry has no place there")
        elif there is None and top not in ALLOWED and not _standard(top):
            found.append(f"{where} imports {imported}, which is neither standard nor a dependency")
    return found


def _standard(top: str) -> bool:
    import sys

    return top in sys.stdlib_module_names


MODULES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_down_only(path: Path) -> None:
    assert room(path) in FLOOR, f"{room(path)} stands on no floor"
    assert faults(path) == []


@pytest.mark.parametrize(
    ("where", "line", "said"),
    [
        ("bus.py", "from .calls import call", "not below"),
        ("dialects/reading.py", "from ..handlers import spans", "across"),
        ("handlers/spans.py", "from ..dialects import reading", "across"),
        ("reporters/tally.py", "def f():\n    from ..pricing import cost", "across"),
        ("calls/call.py", "import opentelemetry.trace", "no place"),
        ("providers/openai.py", "import openai", "neither standard"),
    ],
)
def test_an_import_against_the_floors_is_seen(where: str, line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("test_floors.ROOT", tmp_path)
    planted = tmp_path / where
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(line)
    assert any(said in fault for fault in faults(planted))


def test_every_module_was_looked_at() -> None:
    assert len(MODULES) > 40 and ROOT / "calls" / "watch.py" in MODULES
