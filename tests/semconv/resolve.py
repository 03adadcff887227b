"""Resolve the conventions' model: expand groups and apply refinements.

`generate.py` calls these pure functions with parsed YAML; `registry.json` contains their results unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from . import prose

Json = dict[str, Any]


def resolve(entries: Iterable[Json], groups: Mapping[str, Json], refined: Mapping[str, Json] | None = None) -> Json:
    """Expand `ref_group`s recursively, and apply them and the `ref`s."""
    entries = list(entries)
    needs: Json = {name: dict(need) for name, need in (refined or {}).items()}
    for entry in entries:
        if "ref_group" in entry:
            for name, need in resolve(groups[entry["ref_group"]]["attributes"], groups).items():
                needs[name] = {**needs.get(name, {}), **need}
    for entry in entries:
        if "ref" in entry:
            needs[entry["ref"]] = {**needs.get(entry["ref"], {"level": "recommended"}), **need_of(entry)}
    return needs


def need_of(entry: Json) -> Json:
    """Read the fields of one `ref`, without inherited ones."""
    need: Json = {}
    level = entry.get("requirement_level")
    if isinstance(level, dict):
        ((name, when),) = level.items()
        need = {"level": name, "when": " ".join(when.split())}
    elif level:
        need = {"level": level, "when": None}
    if entry.get("sampling_relevant"):
        need["sampling"] = True
    return need


def finish(needs: Json) -> Json:
    """Sort by name and drop conditions that an override has emptied."""
    return {name: {key: value for key, value in needs[name].items() if value is not None} for name in sorted(needs)}


def span_names(span_type: str, note: str, operations: Iterable[str]) -> list[str]:
    """List the span's name templates, the fullest first, the bare operation last."""
    if span_type.startswith("mcp."):
        return list(prose.MCP_NAMES)
    quoted = [" ".join(text.split()) for text in re.findall(r"`([^`]+)`", note)]
    names = [text for text in quoted if "{" in text or text in operations]
    return list(dict.fromkeys([*names, names[0].split()[0]]))


def span_operations(span: Json) -> list[str]:
    """List the operation names that the span's note claims."""
    if span["type"] == prose.INFERENCE:
        return list(prose.INFERENCE_OPERATIONS)
    claim = re.search(r"`gen_ai\.operation\.name` SHOULD be (?:one of )?((?:[\s,]|or|`\w+`)+)", span.get("note", ""))
    return re.findall(r"`(\w+)`", claim.group(1)) if claim else []


def span_entry(span: Json, groups: Mapping[str, Json]) -> Json:
    """Describe one span type."""
    name, note = span["type"], span.get("note", "")
    operations = span_operations(span)
    entry: Json = {
        "kinds": [span["kind"].upper(), *(["INTERNAL"] if "MAY be set to `INTERNAL`" in note else [])],
        "operations": operations,
        "names": span_names(name, span["name"]["note"], operations),
        "also_names": list(prose.ALSO_ALLOWED_NAMES.get(name, ())),
        "duration": prose.DURATION_OF.get(name),
        "attributes": finish(resolve(span["attributes"], groups)),
    }
    return {key: value for key, value in entry.items() if value}


def provider_of(refinement: Json) -> str:
    """Find the provider that a refinement is for."""
    text = refinement.get("note", "") + refinement.get("brief", "")
    for pattern in (r'`gen_ai\.provider\.name` MUST be set to `"([^"]+)"`', r"when the provider is `([^`]+)`"):
        found = re.search(pattern, text)
        if found:
            return found.group(1)
    raise ValueError(f"{refinement['id']}: names no provider and is no row of TOOL_REFINEMENTS")


def refinement_entry(refinement: Json, refined: Json, groups: Mapping[str, Json]) -> Json:
    """Describe a refinement by its differences."""
    name = refinement["id"]
    entry: Json = {"refines": refinement["ref"]}
    if name in prose.TOOL_REFINEMENTS:
        entry["any_of"] = list(prose.TOOL_REFINEMENTS[name])
    else:
        entry["provider"] = provider_of(refinement)
    if "name" in refinement:
        entry["names"] = span_names(name, refinement["name"]["note"], ())
        entry["also_names"] = list(prose.ALSO_ALLOWED_NAMES.get(name, ()))
    needs = finish(resolve(refinement["attributes"], groups, refined["attributes"]))
    for attribute in needs:
        if (name, attribute) in prose.SOFTENED:
            needs[attribute] = {"level": "conditionally_required", "when": prose.SOFTENED[name, attribute]}
    changed = {attribute: need for attribute, need in needs.items() if need != refined["attributes"].get(attribute)}
    return {**{key: value for key, value in entry.items() if value}, "attributes": changed}


def metric_entry(metric: Json, groups: Mapping[str, Json]) -> Json:
    """Describe one metric."""
    note = metric.get("note", "")
    value = metric.get("annotations", {}).get("code_generation", {}).get("metric_value_type")
    entry: Json = {
        "instrument": metric["instrument"],
        "unit": metric["unit"],
        # The MCP metrics leave their value type out; all of them are seconds.
        "value": value or "double",
        "boundaries": list(prose.BOUNDARIES.get(metric["name"], ())),
        "streaming_only": "SHOULD be reported for streaming calls and SHOULD NOT be reported otherwise" in note,
        "not_inference": "SHOULD NOT be reported for inference" in note,
        "attributes": finish(resolve(metric["attributes"], groups)),
    }
    if metric["instrument"] == "histogram" and not entry["boundaries"]:
        raise ValueError(f"{metric['name']}: no row in BOUNDARIES")
    return {key: value for key, value in entry.items() if value}


def event_entry(event: Json, groups: Mapping[str, Json]) -> Json:
    """Describe one event."""
    severity = re.search(r"severity number (\d+)", event.get("note", ""))
    attributes = finish(resolve(event["attributes"], groups))
    return {**({"severity": int(severity.group(1))} if severity else {}), "attributes": attributes}


def refinements(entries: Iterable[Json], refined: Mapping[str, Json], groups: Mapping[str, Json]) -> Json:
    """Describe all refinements; those of tools in the order of evaluation."""
    order = list(prose.TOOL_REFINEMENTS)
    named = {entry["id"]: refinement_entry(entry, refined[entry["ref"]], groups) for entry in entries}
    return {name: named[name] for name in sorted(named, key=lambda name: (order.index(name) if name in order else -1, name))}
