"""Give the contents of each inference to a completion hook for uploads.

The hook is that of ``opentelemetry-util-genai``: an entry point of the group ``opentelemetry_genai_completion_hook``, or an
object with its method ``on_completion``. It receives whole contents, hidden and redacted as the settings ask, in the
classes of that package; without the package, it receives dicts.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from dataclasses import fields, make_dataclass, replace
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from ..schema.records import Content
from ..schema.semconv import CONTENT
from ..settings import Settings
from . import content

_logger = logging.getLogger(__name__)
GROUP = "opentelemetry_genai_completion_hook"
_TYPES = "opentelemetry.util.genai.types"
_LONGEST = 100_000_000
"""Limit of one list of contents in bytes: enough for contents of usual size."""
_PARTS = {
    "text": "TextPart", "reasoning": "ReasoningPart", "tool_call": "ToolCallRequestPart", "tool_call_response": "ToolCallResponsePart",
    "server_tool_call": "ServerToolCallPart", "server_tool_call_response": "ServerToolCallResponsePart", "compaction": "CompactionPart",
    "blob": "BlobPart", "file": "FilePart", "uri": "UriPart",
}  # fmt: skip


def loaded(hook: Any) -> Any:
    """Return the hook of a setting: an object, or the name of an entry point."""
    if hook is None or not isinstance(hook, str):
        return hook
    try:
        found = next(iter(entry_points(group=GROUP, name=hook)), None)
        made = None if found is None else found.load()()
    except Exception:  # A hook is the code of others.
        _logger.warning("the completion hook %s cannot be made, so it is not used", hook, exc_info=True)
        return None
    if made is None or not hasattr(made, "on_completion"):
        _logger.warning("no completion hook %s is installed (entry point group %s)", hook, GROUP)
        return None
    return made


class CompletionHook:
    """Call a hook with the contents of a call."""

    def __init__(self, hook: Any, settings: Settings) -> None:
        self._hook = hook
        media = "inline" if settings.media == "upload" else settings.media
        self._settings = replace(settings, max_content_bytes=_LONGEST, tool_definitions="full", media=media)

    def call(self, captured: Content, operation: str | None, span: Any, log_record: Any) -> None:
        """Call the hook before the span ends and before the log event is emitted."""
        shown = content.shown(captured, self._settings, None, operation)

        def listed(field: str) -> list[Any]:
            return shown.get(CONTENT[field]) or []

        self._hook.on_completion(
            inputs=[_message("InputMessage", item) for item in listed("input_messages")],
            outputs=[_message("OutputMessage", item) for item in listed("output_messages")],
            system_instruction=[_part(item) for item in listed("system_instructions")],
            tool_definitions=[_tool(item) for item in listed("tool_definitions")] or None,
            span=span,
            log_record=log_record,
        )


@lru_cache(maxsize=64)
def _class(name: str) -> Any:
    try:
        return getattr(import_module(_TYPES), name, None)
    except ImportError:
        return None


def _made(name: str, values: Mapping[str, Any]) -> Any:
    """Return an instance of a class of the package, with the fields that it has."""
    kind = _class(name)
    if kind is None:
        return dict(values)
    known = {field.name for field in fields(kind)}
    given = {key: value for key, value in values.items() if key in known}
    return kind(**{field.name: None for field in fields(kind) if field.name not in given and field.name != "type"} | given)


def _message(name: str, value: Mapping[str, Any]) -> Any:
    return _made(name, {**value, "parts": [_part(part) for part in value.get("parts", ())]})


def _part(value: Mapping[str, Any]) -> Any:
    name = _PARTS.get(value["type"])
    if name == "BlobPart":
        return _made(name, {**value, "content": base64.b64decode(value["content"] + "==")})
    if name is not None:
        return _made(name, value)
    generic = _class("GenericPart")
    if generic is None:
        return dict(value)
    others = [(key, Any, None) for key in value if key != "type" and key.isidentifier()]
    return make_dataclass("GenericPart", others, bases=(generic,))(**{key: value[key] for key, _, _ in others}, type=value["type"])


def _tool(value: Mapping[str, Any]) -> Any:
    return _made("FunctionToolDefinition" if value.get("type") == "function" else "GenericToolDefinition", value)
