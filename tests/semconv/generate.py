"""Write `registry.json` and `schema/conventions.py` from the models.

cd tests && python -m semconv.generate [MODEL_DIR CORE_DIR]

Run it by hand for a new version of the conventions (PyYAML needed) and commit the result, so that nothing else needs
the YAML. It prints how both files change. Without arguments it only writes the module again, from `registry.json`.
`registry.py` reads the file. All functions above `read_yaml` are pure.
"""

from __future__ import annotations

import difflib
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import product, prose, release, resolve

Json = dict[str, Any]
WIDTH = 120
_PROSE_KEYS = {"title", "description", "examples", "default", "deprecated"}


def attribute_entry(attribute: Json) -> Json:
    """Describe one attribute of a registry."""
    kind = attribute["type"]
    entry: Json = {"type": kind}
    if isinstance(kind, dict):
        members = [member["value"] for member in kind["members"] if "deprecated" not in member]
        entry = {"type": "string" if isinstance(members[0], str) else "int", "members": members}
    if "deprecated" in attribute:
        entry["deprecated"] = deprecation(attribute["key"], attribute["deprecated"])
    schema = attribute.get("annotations", {}).get("type", {})
    if isinstance(schema, dict) and "json_schema" in schema:
        entry["schema"] = Path(schema["json_schema"]).stem
    return entry


def deprecation(name: str, deprecated: Json) -> str:
    """Describe in a few words the replacement of a deprecated name."""
    note = " ".join(deprecated.get("note", "").split())
    replaced = re.search(r"Replaced by `([^`]+)`", note)
    successor = prose.SUCCESSORS.get(name) or (replaced.group(1) if replaced else None)
    return f"now {successor}" if successor else "removed"


def strip_schema(schema: Any, inside_properties: bool = False) -> Any:
    """Remove descriptions from a JSON schema, but not properties of such a name."""
    if isinstance(schema, list):
        return [strip_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: strip_schema(value, inside_properties=key in ("properties", "$defs") and not inside_properties)
        for key, value in schema.items()
        if inside_properties or key not in _PROSE_KEYS
    }


def collect(documents: Iterable[Json], key: str) -> list[Json]:
    """Gather one kind of entry from all documents of a model."""
    return [entry for document in documents for entry in document.get(key, ())]


def core_attributes(core: list[Json]) -> list[Json]:
    """Collect the attributes of the core model, some in an older file format."""
    groups = [group for group in collect(core, "groups") if group["type"] == "attribute_group"]
    older = [{"key": entry["id"], **entry} for group in groups for entry in group.get("attributes", ()) if "id" in entry]
    return [*older, *collect(core, "attributes")]


def all_attributes(model: list[Json], core: list[Json]) -> Json:
    """Merge both registries; names of the GenAI model are not deprecated there."""
    entries = {entry["key"]: entry for entry in [*core_attributes(core), *collect(model, "attributes")]}
    attributes = {name: attribute_entry(entries[name]) for name in sorted(entries)}
    for old, new in prose.RENAMED_VALUES_OF.items():
        members = [member for member in entries[old]["type"]["members"] if "deprecated" in member]
        attributes[new]["renamed"] = {member["value"]: member["deprecated"]["renamed_to"] for member in members}
    return attributes


def deprecated_names(core: list[Json], kind: str, key: str, living: Iterable[str]) -> Json:
    """Return deprecated metrics or events of the core that GenAI does not define."""
    gone = {group[key]: group["deprecated"] for group in collect(core, "groups") if group["type"] == kind and "deprecated" in group}
    return {name: deprecation(name, gone[name]) for name in sorted(set(gone) - set(living))}


def check(spans: Json, definitions: Json, attributes: Json) -> None:
    """Refuse a model of which an operation has no span, or an attribute no type."""
    claimed = {operation for span in spans.values() for operation in span.get("operations", ())}
    referred = {name for definition in definitions.values() for name in definition["attributes"]}
    for problem in (claimed ^ set(attributes["gen_ai.operation.name"]["members"]), referred - set(attributes)):
        if problem:
            raise ValueError(f"without a definition: {sorted(problem)}")


def build(model: list[Json], core: list[Json], schemas: Json) -> Json:
    """Build the whole registry from parsed documents."""
    groups = {group["id"]: group for group in collect(model, "attribute_groups")}
    groups.update({f"span.{span['type']}": span for span in collect(model, "spans")})
    spans = {span["type"]: resolve.span_entry(span, groups) for span in collect(model, "spans")}
    metrics = {metric["name"]: resolve.metric_entry(metric, groups) for metric in collect(model, "metrics")}
    events = {event["name"]: resolve.event_entry(event, groups) for event in collect(model, "events")}
    attributes = all_attributes(model, core)
    check(spans, {**spans, **metrics, **events}, attributes)
    return {
        "source": prose.SOURCE,
        "optional_recommended": sorted(prose.OPTIONAL_RECOMMENDED + prose.CALLERS_CHOICE),
        "spans": spans,
        "span_refinements": resolve.refinements(collect(model, "span_refinements"), spans, groups),
        "events": events,
        "deprecated_events": deprecated_names(core, "event", "name", events),
        "metrics": metrics,
        "metric_refinements": resolve.refinements(collect(model, "metric_refinements"), metrics, groups),
        "deprecated_metrics": deprecated_names(core, "metric", "metric_name", metrics),
        "attributes": attributes,
        "schemas": {name: strip_schema(schemas[name]) for name in sorted(schemas)},
    }


def dump(value: Any, indent: int = 0) -> str:
    """Render JSON with one entry in each line if an object is long."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict) or (indent and len(line) + indent <= WIDTH):
        return line
    rows = (f"{' ' * (indent + 1)}{json.dumps(key)}: {dump(item, indent + 1)}" for key, item in value.items())
    return "{\n" + ",\n".join(rows) + "\n" + " " * indent + "}"


def read_yaml(folder: Path) -> list[Json]:
    """Read all YAML documents under a folder."""
    import yaml

    return [yaml.safe_load(path.read_text("utf-8")) for path in sorted(folder.rglob("*.yaml"))]


def write(path: Path, text: str) -> None:
    """Write a file and print how it changes."""
    before = path.read_text("utf-8") if path.exists() else ""
    lines = difflib.unified_diff(before.splitlines(), text.splitlines(), f"{path.name} (before)", path.name, lineterm="", n=0)
    print("\n".join(lines) or f"{path.name} stays as it is")
    path.write_text(text, "utf-8")


def main(*folders: str) -> None:
    """Write the registry, if the folders of both models are given, and the module."""
    path = Path(__file__).with_name("registry.json")
    if folders:
        model_dir, core_dir = folders
        schemas = {path.stem: json.loads(path.read_text("utf-8")) for path in Path(model_dir).rglob("*.json")}
        write(path, dump(release.apply(build(read_yaml(Path(model_dir)), read_yaml(Path(core_dir)), schemas))) + "\n")
    write(product.PATH, product.source(json.loads(path.read_text("utf-8"))))


if __name__ == "__main__":
    main(*sys.argv[1:])
