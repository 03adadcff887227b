"""Validate message, tool, document and memory content with the JSON schemas.

The published schemas accept any part as a generic part, so the `type` of a part first selects the definition.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from .registry import SCHEMAS
from .rules import Violation

_INPUT, _INSTRUCTIONS = "gen-ai-input-messages", "gen-ai-system-instructions"
_DRAFT_07 = "http://json-schema.org/draft-07/schema#"


def examine(where: str, name: str, schema: str, value: Any, on_event: bool) -> Iterator[Violation]:
    """Find errors in a content attribute, given as a structure or as JSON."""
    if isinstance(value, str):
        if on_event:
            yield Violation(where, "content.structured", f"{name} is a string")
        try:
            value = json.loads(value)
        except ValueError as problem:
            yield Violation(where, "content.json", f"{name}: {problem}")
            return
    value = plain(value)
    for error in validator(schema).iter_errors(value):
        yield Violation(where, "content.schema", f"{name} at {error.json_path}: {error.message[:200]}")
    yield from _misplaced_parts(where, name, schema, value)
    yield from _undecoded_arguments(where, name, value)


def plain(value: Any) -> Any:
    """Convert exported values (tuples, read-only mappings) to lists and dicts."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


@cache
def validator(schema: str) -> Draft202012Validator:
    """Make the validator of one schema, with its discriminator."""
    return Draft202012Validator(discriminated(SCHEMAS[schema], SCHEMAS[schema].get("$defs", {})))


def discriminated(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Rewrite each `anyOf` of typed parts so that `type` selects the definition."""
    if isinstance(schema, list):
        return [discriminated(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("$ref") == _DRAFT_07:
        # The reference leads out of this file; whatever it holds is an object.
        return {"type": "object"}
    rewritten = {key: discriminated(item, definitions) for key, item in schema.items()}
    branches = [_branch(option, definitions) for option in schema.get("anyOf", ())]
    if any(branches):
        rewritten["allOf"] = [branch for branch in branches if branch]
    return rewritten


def _branch(option: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any] | None:
    kind = _const_type(definitions.get(option.get("$ref", "").removeprefix("#/$defs/"), {}))
    if kind is None:
        return None
    return {"if": {"properties": {"type": {"const": kind}}, "required": ["type"]}, "then": dict(option)}


def _const_type(definition: Mapping[str, Any]) -> str | None:
    kind: str | None = definition.get("properties", {}).get("type", {}).get("const")
    return kind


@cache
def part_types(schema: str) -> frozenset[str]:
    """List the part types that a schema defines."""
    kinds = (_const_type(definition) for definition in SCHEMAS[schema].get("$defs", {}).values())
    return frozenset(kind for kind in kinds if kind is not None)


def _misplaced_parts(where: str, name: str, schema: str, value: Any) -> Iterator[Violation]:
    if schema != _INSTRUCTIONS or not isinstance(value, list):
        return
    for part in value:
        if isinstance(part, dict) and part.get("type") in part_types(_INPUT) - part_types(_INSTRUCTIONS):
            yield Violation(where, "content.part", f"{name} holds a part of type {part['type']!r}")


def _undecoded_arguments(where: str, name: str, value: Any) -> Iterator[Violation]:
    messages = value if isinstance(value, list) else []
    for message in messages:
        parts = message.get("parts") if isinstance(message, dict) else None
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, dict) and part.get("type") == "tool_call" and _is_json_object(part.get("arguments")):
                yield Violation(where, "content.undecoded", f"{name}: arguments of tool call {part.get('name')!r}")


def _is_json_object(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return isinstance(json.loads(value), (dict, list))
    except ValueError:
        return False
