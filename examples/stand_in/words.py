"""The fixed texts and their token counts, shared by all wire formats."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .exchange import Json, Request

TEXT = "This is canned text from a stand-in, not from a model."
CREATED = 1_767_225_600
REASONING_TOKENS = 8
MODEL_DATE = "-2026-01-01"


def pieces(text: str) -> list[str]:
    """Cut a text into the pieces of a stream: words with the space before them.

    >>> pieces("one two  three")
    ['one', ' two', '  three']
    """
    return re.findall(r"\s*\S+", text)


def slices(text: str, length: int = 6) -> list[str]:
    """Cut a text into equal pieces, like streamed arguments of tool calls."""
    return [text[start : start + length] for start in range(0, len(text), length)]


def count(texts: Iterable[str]) -> int:
    """Count the words of all texts; at least 1."""
    return max(1, sum(len(text.split()) for text in texts))


def texts_in(content: Json) -> list[str]:
    """Collect the texts of a message's content: a string, a part, or a list of parts."""
    if isinstance(content, str):
        return [content]
    if isinstance(content, dict):
        return [part for key in ("text", "content", "output", "refusal") for part in texts_in(content.get(key))]
    if isinstance(content, list):
        return [text for part in content for text in texts_in(part)]
    return []


def answer_text(request: Request, prompt: str) -> str:
    """Return the text of the response.

    The words after ``say:`` in the prompt, ``words:<n>`` words, or the fixed text.
    """
    requested = request.scenario("words")
    if requested is not None:
        return " ".join(f"word{number}" for number in range(1, int(requested) + 1))
    output = re.search(r"\bsay:\s*(.+)", prompt)
    return output[1].strip() if output else TEXT


def response_model(request: Request) -> str:
    """Return the response model, which always differs from the requested model."""
    return request.model + MODEL_DATE


def cached_tokens(request: Request, input_tokens: int) -> int:
    """Return the number of cached input tokens: half for a model named ``cached``."""
    return max(1, input_tokens // 2) if "cached" in request.model else 0


def reasoning_tokens(request: Request) -> int:
    """Return the number of reasoning tokens, for a model named ``reasoning``."""
    return REASONING_TOKENS if "reasoning" in request.model else 0


_BY_FORMAT = {"date-time": "2026-01-01T00:00:00Z", "date": "2026-01-01", "time": "00:00:00Z", "email": "stand@in.example",
              "uuid": "00000000-0000-4000-8000-000000000000", "uri": "https://stand-in.example/", "ipv4": "127.0.0.1"}  # fmt: skip
_BY_TYPE: dict[str, Any] = {"string": "canned", "integer": 1, "number": 1.5, "boolean": True, "null": None}


def example_of(schema: Json, root: Json = None, depth: int = 0) -> Json:
    """Return a value that roughly fits a JSON schema.

    It has every property, one item of every array, and the first of every choice.

    >>> example_of({"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "array", "items": {"type": "integer"}}}})
    {'city': 'canned', 'days': [1]}
    """
    root = schema if root is None else root
    if not isinstance(schema, dict) or depth > 8:
        return None
    for key, value in (("const", schema.get("const")), ("enum", (schema.get("enum") or [None])[0])):
        if key in schema:
            return value
    if "$ref" in schema:
        return example_of(_resolve(schema["$ref"], root), root, depth + 1)
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return example_of(schema[key][0], root, depth + 1)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: example_of(part, root, depth + 1) for name, part in (schema.get("properties") or {}).items()}
    if kind == "array":
        return [example_of(schema.get("items") or {"type": "string"}, root, depth + 1) for _ in range(max(1, schema.get("minItems", 1)))]
    if kind in ("integer", "number") and "minimum" in schema:
        return schema["minimum"]
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(kind))


def _resolve(reference: str, root: Json) -> Json:
    for step in reference.lstrip("#/").split("/"):
        root = root.get(step) if isinstance(root, dict) and step else root
    return root
