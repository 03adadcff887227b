"""Log events as readable lines with structured data, on the logger ``ex_llm``.

The application or ``OTEL_INSTRUMENTATION_LLM_LOG_LEVEL`` attaches it. It logs measurements and the metadata keys of the
table EVENTS. It never logs message contents.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from .. import bus
from ..schema.events import CONTENT, EVENTS, HANDLER_FAILURE, STREAM_CHUNK
from .text_table import amount

HANDLER_ID = "ex_llm.default-logger"
LEVELS = {"DEBUG": logging.DEBUG, "INFO": logging.INFO, "WARNING": logging.WARNING, "ERROR": logging.ERROR}
_logger = logging.getLogger("ex_llm")

_LEVEL_OF = {
    CONTENT: logging.DEBUG,
    STREAM_CHUNK: logging.DEBUG,
    "ex_llm.provider.request.start": logging.DEBUG,
    "ex_llm.provider.request.stop": logging.DEBUG,
    HANDLER_FAILURE: logging.WARNING,
    "ex_llm.provider.rate_limit": logging.WARNING,
    "ex_llm.provider.request.exception": logging.WARNING,
    "ex_llm.cost.threshold_exceeded": logging.WARNING,
    "ex_llm.context.window_exceeded": logging.WARNING,
    "ex_llm.telemetry.extraction_error": logging.WARNING,
}
_NANOSECONDS = frozenset({"duration", "time_to_first_chunk", "since_last"})
# Left out of lines, to keep them readable. The extra data of the record contain all keys.
_NOT_IN_LINES = frozenset({"system_time", "operation", "server_address", "server_port"})
_NOT_IF_ZERO = frozenset({"cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "cache_read", "cache_write", "saved"})
_NEVER = frozenset({"content", "stacktrace"})
_PARTS = ("system_instructions", "input_messages", "output_messages", "tool_definitions")
_PLAIN = re.compile(r"[^\s\"'=,\x00-\x1f\x7f-\x9f\u2028\u2029]+\Z")


class _UntilConfigured(logging.StreamHandler):  # type: ignore[type-arg]
    """Print lines while logging is not configured, and stop when it is."""

    def emit(self, record: logging.LogRecord) -> None:
        if not logging.getLogger().handlers:
            super().emit(record)


class _Attached:
    """The state that ``detach_default_logger`` restores."""

    handler: logging.Handler | None = None
    level: int | None = None


def attach_default_logger(level: str | int = "INFO") -> None:
    """Log every event from ``level`` up on the logger ``ex_llm``, a line for each.

    ``level`` is DEBUG, INFO, WARNING or ERROR, as a string or as a number of ``logging``. Other values raise ``ValueError``.
    Chunks are logged at DEBUG only, failures at ERROR. Each record has the attributes ``ex_llm_event``,
    ``ex_llm_measurements`` and ``ex_llm_metadata``. If logging is not configured, lines go to stderr. A second call replaces
    the level.

    >>> attach_default_logger("WARNING")
    >>> detach_default_logger()
    True
    """
    number = _checked(level)
    detach_default_logger()
    selected = [name for name in EVENTS if _level_of(name) >= number]
    if not _logger.hasHandlers():
        _Attached.handler = _UntilConfigured()
        _Attached.handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        _logger.addHandler(_Attached.handler)
    _Attached.level = _logger.level
    _logger.setLevel(number)
    bus.attach_many(HANDLER_ID, selected, _log, keep=True)


def detach_default_logger() -> bool:
    """Stop logging and restore the logger ``ex_llm``; return True if it was attached."""
    found = bus.detach(HANDLER_ID)
    handler, _Attached.handler = _Attached.handler, None
    if handler is not None:
        _logger.removeHandler(handler)
    level, _Attached.level = _Attached.level, None
    if level is not None:
        _logger.setLevel(level)
    return found


def _checked(level: str | int) -> int:
    if isinstance(level, str) and level.strip().upper() in LEVELS:
        return LEVELS[level.strip().upper()]
    if isinstance(level, int) and level in LEVELS.values():
        return level
    raise ValueError(f"level={level!r} is not allowed; use one of {', '.join(LEVELS)}, or their numbers in logging")


def _level_of(event: str) -> int:
    return _LEVEL_OF.get(event, logging.ERROR if event.endswith(".exception") else logging.INFO)


def _log(event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any], config: Any) -> None:
    level = _level_of(event)
    if not _logger.isEnabledFor(level):
        return
    known = {key: metadata[key] for key in EVENTS[event].metadata if key not in _NEVER and metadata.get(key) is not None}
    if event == CONTENT:
        measurements = {**measurements, **_counts(metadata.get("content"))}
    extra = {"ex_llm_event": event, "ex_llm_measurements": dict(measurements), "ex_llm_metadata": known}
    _logger.log(level, "%s", _line(event, measurements, known), extra=extra)


def _counts(content: Any) -> dict[str, int]:
    # Contents are counted and not shown, because more people read logs than traces.
    parts = {part: content.get(part) if isinstance(content, Mapping) else getattr(content, part, None) for part in _PARTS}
    return {part: len(items) for part, items in parts.items() if isinstance(items, (list, tuple))}


def _line(event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    """Return the line of one event.

    >>> _line("ex_llm.chat.stop", {"duration": 1_500_000_000}, {"provider": "openai", "model": "gpt-4o-mini", "ref": 7})
    'ex_llm.chat.stop provider=openai model=gpt-4o-mini duration=1500ms ref=7'
    """
    who = {key: metadata[key] for key in ("provider", "model") if key in metadata}
    rest = {key: value for key, value in metadata.items() if key not in who and key != "ref"}
    ref = {"ref": metadata["ref"]} if "ref" in metadata else {}
    ordered = {**who, **measurements, **rest, **ref}
    visible = {key: value for key, value in ordered.items() if key not in _NOT_IN_LINES and (value or key not in _NOT_IF_ZERO)}
    return " ".join((event, *(f"{key}={_shown(key, value)}" for key, value in visible.items() if value is not None)))


def _shown(key: str, value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ",".join(_shown("", part) for part in value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{amount(value / 1e6)}ms" if key in _NANOSECONDS else amount(value)
    text = str(value)
    return text if _PLAIN.match(text) else json.dumps(text)
