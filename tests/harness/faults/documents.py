"""Build documents that have a value for every key, to test dialects.

A value is anything that an unknown server may send.
"""

from __future__ import annotations

import ast
import random
import re
from functools import cache
from pathlib import Path
from typing import Any

from opentelemetry.instrumentation.llm import dialects

_DEEPEST, _WIDEST, _LARGEST = 9, 4, 300
_WHOLE = [0, 1, -1, 7, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63) - 1, 2**70, 10**400, True, False, None]
_REAL = [0.0, -0.5, 1e-320, 1e308, 1e300, 7.0, float("nan"), float("inf"), float("-inf")]
_TEXTS = [
    "", " ", "\ud800", "gpt-\udfff4", "\x00\x1b[31m", "a\nb", "\u202eevil", "x" * 1000, "é🙂模" * 200, "1e999", "9" * 5000, "NaN", "{}", '{"a": NaN}',
    '{"n": 123456789012345678901234567890, "e": 1e999}', "[" * 400 + "]" * 400, "data:image/png;base64,AAAA", "https://u:p@h/?k=v", "a|b#c,d:e",
]  # fmt: skip


_COUNTS = re.compile(r"(?i)(?:tokens?|counts?|characters|units|images|seconds|pages|searches|ticks|cost|index|_n|seed|dimensions?)$")
_WORDS = re.compile(r"(?i)(?:type|role|reason|object|kind|status|modality|event)$")
_DOCUMENTS = re.compile(r"(?i)^(?:usage.*|message|delta|function|error|response|metrics|meta|.*details|.*config|source|metadata|x_groq)$")
_LISTS = re.compile(
    r"(?i)^(?:choices|messages|contents?|parts|outputs?|candidates|input|tools|tool_?calls|data|results|generations|completions|steps)$"
)
_HINTS = ((_COUNTS, "count"), (_WORDS, "word"), (_DOCUMENTS, "document"), (_LISTS, "list"))
"""Usual values of a key: three of four are usual, so that dialects read on."""


@cache
def vocabulary() -> tuple[str, ...]:
    """Return the words that dialects know: block types, events, roles, reasons."""
    root = Path(dialects.__file__).parent
    found: set[str] = set()
    for file in [*root.rglob("*.py"), *(root.parent / "extraction").rglob("*.py")]:
        found |= {
            node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    return tuple(sorted(word for word in found if word and len(word) < 40 and " " not in word and word.isascii()))


class Anything(dict[str, Any]):
    """Return a value for every key: a document, a list, a word or a given value."""

    def __init__(self, chance: random.Random, given: list[Any], depth: int = 0, size: list[int] | None = None) -> None:
        super().__init__()
        self._chance, self._given, self._depth, self._size = chance, given, depth, size or [0]
        for key in chance.sample(vocabulary(), 2):
            self[key] = self._made(key)
        if chance.random() < 0.1:
            self["\ud800" + "k" * 500] = self._leaf()

    def _made(self, key: str = "") -> Any:
        self._size[0] += 1
        if self._depth >= _DEEPEST or self._size[0] > _LARGEST:
            return self._leaf()
        hinted = next((kind for pattern, kind in _HINTS if pattern.search(key)), "")
        kind = hinted if hinted and self._chance.random() < 0.75 else self._chance.choice(("leaf", "leaf", "list", "document", "document"))
        if kind == "count":
            return self._chance.choice([*_WHOLE, *self._given])
        if kind == "list":
            return [self._inner() if self._chance.random() < 0.8 else self._leaf() for _ in range(self._chance.randint(0, _WIDEST))]
        return self._inner() if kind == "document" else self.word() if kind == "word" else self._leaf()

    def _inner(self) -> Anything:
        return Anything(self._chance, self._given, self._depth + 1, self._size)

    def _leaf(self) -> Any:
        return self._chance.choice(
            [*self._given, self._chance.choice(_WHOLE), self._chance.choice(_REAL), self._chance.choice(_TEXTS), self.word()]
        )

    def word(self) -> str:
        return self._chance.choice(vocabulary())

    def get(self, key: Any, default: Any = None) -> Any:
        return self[key]

    def __missing__(self, key: Any) -> Any:
        value = self[key] = self._made(str(key))
        return value


class Refused(Exception):
    """An error of an SDK whose attributes hold anything."""

    def __init__(self, document: Anything) -> None:
        super().__init__(str(document["message"])[:5000], document["code"])
        self.body, self.response = document["body"], document
        self.code, self.status_code, self.type, self.request_id = (document[name] for name in ("code", "status", "type", "request_id"))


def headers(chance: random.Random, given: list[Any]) -> dict[str, str]:
    """Return headers as a server may send them."""
    names = [
        "x-ratelimit-remaining-requests", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens", "ratelimit", "retry-after", "retry-after-ms",
        "x-request-id", "anthropic-ratelimit-requests-reset", "x-amzn-errortype", "x-ratelimit-remaining-" + "x" * 300,
    ]  # fmt: skip
    values = [*_TEXTS, *(str(value) for value in given if not isinstance(value, int)), "1e300", "-1", "12s", "1m30s", "r=9, t=5", "9" * 60]
    return {name: chance.choice(values) for name in names}
