"""Show message contents where they were asked for: redact first, then bound, then serialise."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from ..settings import Settings
from ..words.records import Content
from .attributes import CONTENT

_CUT = " [cut]"
_SHORTEST = 32
_CREDENTIALS = re.compile(
    r"""(?x)
    \b(?:sk|pk|rk|gsk|xai|csk|r8|hf|fw|pplx|key)[-_][A-Za-z0-9_\-*]{8,}
    | \bAIza[\w\-]{20,} | \b(?:AKIA|ASIA)[A-Z0-9]{12,} | \beyJ[\w\-]{10,}\.[\w\-]+\.[\w\-]*
    | (?i:\bbearer\s+[\w\-.~+/=]{8,}) | (?i:(?<=api_key=)[^&\s"']+) | (?i:(?<=api-key:\s)\S+)
    """
)
_NAMED = re.compile(
    r"""(?ix)
    (\b(?:api[ _-]?key|key|token|secret|password|credentials?|authorization)\b [^:=\n]{0,24} [:=]\s*["'(<]?) [^\s"'()<>,;]{6,}
    """
)
"""What the texts of errors call a key. Only there: in what people and models write, such words go before much that is none."""
_FILE = re.compile(r"(data:[^,]{0,100};base64,)|(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])(?=[^0-9]*[0-9])[\w+/\-]{1000,}={0,2}\Z", re.ASCII)


def shown(content: Content, settings: Settings) -> dict[str, Any]:
    """Return what may be shown of a content, by attribute name, as structures; ``exception_message`` beside them."""
    made: dict[str, Any] = {}
    for field, name in CONTENT.items():
        value = getattr(content, field)
        if value is None:
            continue
        if field == "tool_definitions" and settings.tool_definitions == "names":
            value = [{key: tool[key] for key in ("type", "name") if key in tool} for tool in value]
        made[name] = _prepared(value, settings)
    if content.exception_message is not None:
        made["exception_message"] = _prepared(_NAMED.sub(r"\1[credential]", content.exception_message), settings)
    return {name: value for name, value in made.items() if value is not None}


def _prepared(value: Any, settings: Settings) -> Any:
    if settings.redact is not None:
        value = settings.redact(value)
    return None if value is None else bounded(_each_text(value, _harmless), settings.max_content_bytes)


def _harmless(text: str) -> str:
    # What a dialect knows as a file it tells by size and digest; this is for the parts of a message that it does not know.
    file = _FILE.match(text)
    return without_credentials(text) if file is None else f"{file[1] or ''}[{len(text) - len(file[1] or '')} characters of a file]"


def without_credentials(text: str) -> str:
    """Return ``text`` without what looks like a key or token; providers repeat keys in their errors."""
    return _CREDENTIALS.sub("[credential]", text)


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {str(key): _each_text(inner, change) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_each_text(inner, change) for inner in value]
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def bounded(value: Any, limit: int) -> Any:
    """Return ``value`` small enough for ``limit`` bytes of JSON and still of its own structure.

    Long texts are cut first; if that is not enough, the oldest parts of a list are left out.
    """
    longest = limit
    while len(as_json(value)) > limit and longest > _SHORTEST:
        longest //= 4
        value = _each_text(value, lambda text: text if len(text) <= longest else text[:longest] + _CUT)  # noqa: B023 - used at once
    if isinstance(value, list):
        while value and len(as_json(value)) > limit:
            value = value[max(1, len(value) // 4) :]
    return value


def as_json(value: Any) -> str:
    """Serialise a structure; letters of every language stay letters, and lone surrogates do not break an exporter."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode("utf-8")


def as_attributes(contents: dict[str, Any], structured: bool) -> dict[str, Any]:
    """Return contents as a span takes them: JSON text, or structures where the setting says so."""
    if structured:
        return contents
    return {name: value if isinstance(value, str) else as_json(value) for name, value in contents.items()}
