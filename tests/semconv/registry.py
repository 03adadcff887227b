"""Read `registry.json` into typed definitions, with refinements applied.

`generate.py` writes the file; the rules of this package read the tables below.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final


@dataclass(frozen=True)
class Attribute:
    """A registered attribute: type, known values, deprecation."""

    type: str
    members: tuple[Any, ...] = ()
    renamed: Mapping[str, str] | None = None
    deprecated: str | None = None
    schema: str | None = None


@dataclass(frozen=True)
class Need:
    """Requirement level of an attribute in a definition, and its condition."""

    level: str
    when: str | None = None
    sampling: bool = False


@dataclass(frozen=True)
class Definition:
    """A span, metric or event by name and attributes, with fields of its signal."""

    name: str
    attributes: Mapping[str, Need]
    # spans
    kinds: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    also_names: tuple[str, ...] = ()
    duration: str | None = None
    # metrics
    instrument: str = ""
    unit: str = ""
    value: str = ""
    boundaries: tuple[float, ...] = ()
    streaming_only: bool = False
    not_inference: bool = False
    # events
    severity: int | None = None
    # refinements
    refines: str | None = None
    provider: str | None = None
    any_of: tuple[str, ...] = ()


def _definition(name: str, entry: Mapping[str, Any]) -> Definition:
    plain: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    plain["attributes"] = {attribute: Need(**need) for attribute, need in entry["attributes"].items()}
    return Definition(name=name, **plain)


def _refinement(name: str, entry: Mapping[str, Any], refined: Mapping[str, Any]) -> Definition:
    return _definition(name, {**refined, **entry, "attributes": {**refined["attributes"], **entry["attributes"]}})


def _definitions(section: str) -> dict[str, Definition]:
    return {name: _definition(name, entry) for name, entry in _DATA[section].items()}


def _refinements(section: str, refined: str) -> tuple[Definition, ...]:
    return tuple(_refinement(name, entry, _DATA[refined][entry["refines"]]) for name, entry in _DATA[section].items())


_DATA: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("registry.json").read_text("utf-8"))

SOURCE: Final[Mapping[str, Any]] = _DATA["source"]
SPANS: Final = _definitions("spans")
METRICS: Final = _definitions("metrics")
EVENTS: Final = _definitions("events")
SPAN_REFINEMENTS: Final = _refinements("span_refinements", "spans")
METRIC_REFINEMENTS: Final = _refinements("metric_refinements", "metrics")
DEPRECATED_METRICS: Final[Mapping[str, str]] = _DATA["deprecated_metrics"]
DEPRECATED_EVENTS: Final[Mapping[str, str]] = _DATA["deprecated_events"]
OPTIONAL_RECOMMENDED: Final[frozenset[str]] = frozenset(_DATA["optional_recommended"])
SCHEMAS: Final[Mapping[str, Any]] = _DATA["schemas"]
ATTRIBUTES: Final[Mapping[str, Attribute]] = {
    name: Attribute(**{**entry, "members": tuple(entry.get("members", ()))}) for name, entry in _DATA["attributes"].items()
}
TEMPLATES: Final = tuple(name for name, attribute in ATTRIBUTES.items() if attribute.type.startswith("template["))

NAMESPACES: Final = ("gen_ai.", "openai.", "aws.bedrock.", "mcp.")


def refined(definition: Definition, refinements: tuple[Definition, ...], attributes: Mapping[str, Any]) -> Definition:
    """Pick the refinement that the attributes speak of, or the definition itself."""
    for refinement in refinements:
        if refinement.refines == definition.name and (
            (refinement.provider is not None and attributes.get("gen_ai.provider.name") == refinement.provider)
            or any(name in attributes for name in refinement.any_of)
        ):
            return refinement
    return definition


def template_of(name: str) -> str | None:
    """Return the template of a name, such as `gen_ai.prompt.variable`."""
    return next((template for template in TEMPLATES if name.startswith(f"{template}.")), None)


def lookup(name: str) -> Attribute | None:
    """Find an attribute by name or template; a template itself is not one."""
    template = template_of(name)
    if template is not None:
        return Attribute(ATTRIBUTES[template].type.removeprefix("template[").removesuffix("]"))
    return None if name in TEMPLATES else ATTRIBUTES.get(name)
