"""Decide which calls are not recorded, by the rules of the setting ``excluded``."""

from __future__ import annotations

from fnmatch import fnmatchcase

from .declaration import Destination


class Exclusion:
    """Rules as pairs of a key and a pattern; a call that matches one is not recorded.

    >>> excluded = Exclusion((("model", "gpt-4o-*"), ("host", "*.internal")))
    >>> excluded("chat", Destination("openai", "api.openai.com"), "gpt-4o-mini", "/chat/completions")
    True
    >>> excluded("chat", Destination("openai", "api.openai.com"), "gpt-5", "/chat/completions")
    False
    """

    __slots__ = ("_rules",)

    def __init__(self, rules: tuple[tuple[str, str], ...]) -> None:
        self._rules = rules

    def __call__(self, operation: str, destination: Destination, model: str | None, path: str) -> bool:
        values = {
            "operation": operation,
            "provider": destination.provider,
            "model": model or "",
            "host": destination.address or "",
            "path": path.partition("?")[0],
        }
        return any(fnmatchcase(values[key], pattern) for key, pattern in self._rules)
