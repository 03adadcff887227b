"""Write `schema/conventions.py` of the package from the registry.

The module holds facts of the conventions only: version, severities of events, units and boundaries of metrics. The
package maps its own keys to attribute names in `schema/semconv.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PATH = Path(__file__).parents[2] / "src/opentelemetry/instrumentation/llm/schema/conventions.py"
_HEAD = '''"""Facts of the GenAI semantic conventions. Generated: do not edit.

``python -m semconv.generate`` in ``tests`` writes this file from the model of the conventions and prints the difference.
"""

from __future__ import annotations

from collections.abc import Mapping

'''


def _literal(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"({', '.join(_literal(item) for item in value)}{',' if len(value) == 1 else ''})"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _table(name: str, kind: str, rows: dict[str, Any], docstring: str) -> str:
    lines = "".join(f"    {json.dumps(key)}: {_literal(value)},\n" for key, value in rows.items())
    return f'{name}: Mapping[str, {kind}] = {{\n{lines}}}  # fmt: skip\n"""{docstring}"""\n'


def source(registry: dict[str, Any]) -> str:
    """Return the text of the module."""
    release, commit = registry["source"]["release"], registry["source"]["genai"]["commit"]
    buckets = {
        name: tuple(float(edge) for edge in entry["boundaries"]) for name, entry in registry["metrics"].items() if entry.get("boundaries")
    }
    return (
        _HEAD
        + f'VERSION, COMMIT = "{release["version"]}", "{commit}"\n"""The release, and the commit of the model that it was generated from."""\n'
        + f'SCHEMA_URL = "{release["schema_url"]}"\nCHANGES: tuple[str, ...] = (\n'
        + "".join(f"    {json.dumps(change)},\n" for change in release["changes"])
        + ')  # fmt: skip\n"""Changes since that commit: seen in the release, or inferred."""\n'
        + _table(
            "EVENTS",
            "int",
            {name: entry.get("severity") or 9 for name, entry in registry["events"].items()},
            "Events and their severity numbers.",
        )
        + _table("UNITS", "str", {name: entry["unit"] for name, entry in registry["metrics"].items()}, "Metrics and their units.")
        + _buckets(buckets)
    )


def _buckets(buckets: dict[str, tuple[float, ...]]) -> str:
    """Return the table of boundaries; equal ones are written once."""
    names = {edges: f"_EDGES_{number}" for number, edges in enumerate(dict.fromkeys(buckets.values()), 1)}
    shared = "".join(f"{name} = {_literal(edges)}\n" for edges, name in names.items())
    rows = "".join(f"    {json.dumps(key)}: {names[edges]},\n" for key, edges in buckets.items())
    return f'{shared}BUCKETS: Mapping[str, tuple[float, ...]] = {{\n{rows}}}\n"""Histograms and their boundaries."""\n'
