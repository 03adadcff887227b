"""Check single attributes against the registry and their requirement levels.

The three signals share these rules; each passes its own name for the item (`where`) and receives findings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import content
from .registry import NAMESPACES, OPTIONAL_RECOMMENDED, Need, lookup, template_of
from .rules import Scenario, Violation

Attributes = Mapping[str, Any]

_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "double": lambda value: isinstance(value, float),
    "boolean": lambda value: isinstance(value, bool),
    "any": lambda value: True,
}

# Conditions that the telemetry itself decides, by the model's words.
_REQUIRED_WHEN: dict[str, Callable[[Attributes], bool]] = {
    "If `server.address` is set.": lambda given: "server.address" in given,
    "When `server.address` is set.": lambda given: "server.address" in given,
    "When `client.address` is set.": lambda given: "client.address" in given,
    "If the request was a streaming request.": lambda given: given.get("gen_ai.request.stream") is True,
    "Required if `exception.message` is not set, recommended otherwise.": lambda given: "exception.message" not in given,
    "Required if `exception.type` is not set, recommended otherwise.": lambda given: "exception.type" not in given,
    "SHOULD be set to `execute_tool` when the operation describes a tool call and SHOULD NOT be set otherwise.": (
        lambda given: given.get("mcp.method.name") == "tools/call"
    ),
}

_NEVER_SAID = {
    "gen_ai.conversation.compacted": False,
    "gen_ai.request.choice.count": 1,
    "gen_ai.request.stream": False,
    "jsonrpc.protocol.version": "2.0",
    "openai.request.service_tier": "auto",
}

_ONLY_WITH: dict[str, Callable[[Attributes], bool]] = {
    "client.port": lambda given: "client.address" in given,
    "gen_ai.prompt.version": lambda given: "gen_ai.prompt.name" in given,
    "gen_ai.response.time_to_first_chunk": lambda given: given.get("gen_ai.request.stream") is True,
    "server.port": lambda given: "server.address" in given,
}

_ONLY_OF_PROVIDER = {"openai.": "openai", "aws.bedrock.": "aws.bedrock"}

# A failed operation needs no attributes of a response.
_OF_RESPONSE = ("gen_ai.response.", "gen_ai.usage.", "gen_ai.embeddings.dimension.count", "openai.response.")

_MODALITIES = ("text", "image", "audio")
SUBSETS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("cache_read.input_tokens", "cache_write.input_tokens"), "input_tokens"),
    (("reasoning.output_tokens",), "output_tokens"),
    (tuple(f"{kind}.input_tokens" for kind in _MODALITIES), "input_tokens"),
    (tuple(f"{kind}.output_tokens" for kind in _MODALITIES), "output_tokens"),
    (tuple(f"{kind}.cache_read.input_tokens" for kind in _MODALITIES), "cache_read.input_tokens"),
    *(((f"{kind}.cache_read.input_tokens",), f"{kind}.input_tokens") for kind in _MODALITIES),
)

_RULE_OF_LEVEL = {
    "required": "attribute.required",
    "conditionally_required": "attribute.conditional",
    "recommended": "attribute.recommended",
    "opt_in": "attribute.conditional",
}


HTTP = frozenset({"http.response.status_code", "http.request.resend_count"})
"""HTTP attributes of the core registry that ``registry.json`` does not hold."""


def is_genai(attributes: Attributes) -> bool:
    """Return True if any attribute is in one of the conventions' namespaces."""
    return any(name.startswith(NAMESPACES) for name in attributes)


def examine_values(where: str, attributes: Attributes, scenario: Scenario, on_event: bool = False) -> Iterator[Violation]:
    """Find unknown or deprecated names, wrong types, enum values and content."""
    for name, value in attributes.items():
        if name.startswith(scenario.own_prefixes):
            continue
        if name in HTTP:
            if not fits("int", value):
                yield Violation(where, "attribute.type", f"{name} is {value!r:.80}, not int")
            continue
        attribute = lookup(name)
        if attribute is None:
            yield Violation(where, "attribute.unknown", name)
        elif attribute.deprecated:
            yield Violation(where, "attribute.deprecated", f"{name}, {attribute.deprecated}")
        elif not fits(attribute.type, value):
            yield Violation(where, "attribute.type", f"{name} is {value!r:.80}, not {attribute.type}")
        elif attribute.schema:
            yield from content.examine(where, name, attribute.schema, value, on_event)
        elif attribute.members and value not in attribute.members:
            yield _odd_value(where, name, value, attribute.members, attribute.renamed or {})


def fits(kind: str, value: Any) -> bool:
    """Return True if a value has a type of the registry."""
    if kind.endswith("[]"):
        return isinstance(value, (list, tuple)) and all(fits(kind[:-2], item) for item in value)
    return _TYPES[kind](value)


def _odd_value(where: str, name: str, value: Any, members: tuple[Any, ...], renamed: Mapping[str, str]) -> Violation:
    if value in renamed:
        return Violation(where, "value.renamed", f"{name} is {value!r}, now {renamed[value]!r}")
    for member in members:
        if _squeezed(member) == _squeezed(value):
            return Violation(where, "value.spelling", f"{name} is {value!r}, to be written {member!r}")
    return Violation(where, "value.custom", f"{name} is {value!r}")


def _squeezed(value: Any) -> str:
    return re.sub(r"[^a-z0-9]", "", str(value).lower())


def examine_needs(where: str, needs: Mapping[str, Need], attributes: Attributes, scenario: Scenario, failed: bool) -> Iterator[Violation]:
    """Find attributes that are missing although the definition asks for them."""
    given = set(attributes) | {template_of(name) for name in attributes}
    for name, need in needs.items():
        if name not in given and _is_asked(name, need, attributes, scenario, failed):
            yield Violation(where, _RULE_OF_LEVEL[need.level], f"{name} is missing" + (f" ({need.when})" if need.when else ""))


def _is_asked(name: str, need: Need, attributes: Attributes, scenario: Scenario, failed: bool) -> bool:
    if need.level == "required" or name in scenario.declared:
        return True
    if name in scenario.absent or (failed and name.startswith(_OF_RESPONSE)):
        return False
    if need.when is not None:
        return need.when in _REQUIRED_WHEN and _REQUIRED_WHEN[need.when](attributes)
    return need.level == "recommended" and name not in OPTIONAL_RECOMMENDED


def examine_conditions(where: str, attributes: Attributes) -> Iterator[Violation]:
    """Find attributes whose condition is false, or of another provider."""
    provider = attributes.get("gen_ai.provider.name")
    for name, value in attributes.items():
        never = _NEVER_SAID.get(name)
        if never is not None and type(value) is type(never) and value == never:
            yield Violation(where, "attribute.false_condition", f"{name} is {value!r}, which is to be left out")
        if name in _ONLY_WITH and not _ONLY_WITH[name](attributes):
            yield Violation(where, "attribute.false_condition", f"{name} without what it belongs to")
        for prefix, owner in _ONLY_OF_PROVIDER.items():
            if name.startswith(prefix) and provider != owner:
                yield Violation(where, "attribute.provider", f"{name} beside gen_ai.provider.name {provider!r}")
    if "mcp.method.name" in attributes and "gen_ai.operation.name" in attributes and not _is_tool_call(attributes):
        yield Violation(where, "attribute.false_condition", "gen_ai.operation.name on an MCP operation that calls no tool")


def _is_tool_call(attributes: Attributes) -> bool:
    return (attributes["mcp.method.name"], attributes["gen_ai.operation.name"]) == ("tools/call", "execute_tool")


def examine_subsets(where: str, amounts: Mapping[str, Any], prefix: str) -> Iterator[Violation]:
    """Find token counts that exceed the total of which they are a part."""
    for parts, whole in SUBSETS:
        total = amounts.get(prefix + whole)
        counts = [amounts[prefix + part] for part in parts if prefix + part in amounts]
        if isinstance(total, int) and all(isinstance(count, int) for count in counts) and sum(counts) > total:
            yield Violation(where, "usage.subset", f"{' + '.join(parts)} is {sum(counts)}, more than {whole} {total}")


def examine_unlisted(where: str, needs: Mapping[str, Need], attributes: Attributes) -> Iterator[Violation]:
    """Find registered attributes which the definition does not list."""
    for name in attributes:
        if name not in needs and template_of(name) not in needs and lookup(name):
            yield Violation(where, "attribute.unlisted", name)
