"""Add conversation, session, user and tenant ids to LLM spans in the context.

Users set them with ``with_attributes`` or with OpenTelemetry's baggage. They are stored in the baggage, so they
follow the context, and propagators send them to other processes. They are read when a call begins.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote_plus

from opentelemetry import baggage

from . import context
from .schema.bounds import short
from .scope import Scope

_logger = logging.getLogger(__name__)

SHORT: Mapping[str, str] = {
    "conversation_id": "gen_ai.conversation.id",
    "session_id": "session.id",
    "user_id": "user.id",
    "tenant_id": "tenant.id",
}
"""Names that can be keywords, and the names that they are short for."""

_LARGEST, _MOST = 8192, 64
"""Limits of bytes and values: W3C's for one header, and less than its 180 values."""

_VARIABLES = 32
_set_here: dict[str, None] = {}
"""Names that this process has set with ``with_attributes``; at most 64."""

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def carried(keys: Iterable[str]) -> dict[str, str]:
    """Return the values of ``keys`` in the current baggage, with bounded length."""
    held = baggage.get_all()
    found = {key: _bounded(held[key]) for key in (*keys, *_set_here) if key in held} if held else {}
    return {key: value for key, value in found.items() if value}


class with_attributes(Scope):
    """Set attributes for all LLM spans inside a block or function.

    ``conversation_id``, ``session_id``, ``user_id`` and ``tenant_id`` are short for ``gen_ai.conversation.id``,
    ``session.id``, ``user.id`` and ``tenant.id``; other names are used unchanged, ``**{"app.feature": "search"}``.
    Spans show every name with a dot, and values of other processes by the setting ``span_baggage_keys``; metrics show only
    the names in ``metric_baggage_keys``.
    ``None`` removes a value. A value is a string of at most 256 characters; longer values are cut. All values
    together are limited to 8 KiB; values beyond that limit are dropped with a warning. An invalid name raises
    ``ValueError``.

    The values travel as W3C baggage: HTTP clients that propagate the context also send them to the LLM provider.

    >>> with with_attributes(user_id="u-1"):
    ...     carried(["user.id", "session.id"])
    {'user.id': 'u-1'}
    """

    __slots__ = ("_attributes",)

    def __init__(self, **attributes: Any) -> None:
        named = {SHORT.get(name, name): value for name, value in attributes.items()}
        for name in named:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} cannot be the name of an attribute; use letters, digits, '.', '_' and '-'")
        for name in named:
            if "." in name and len(_set_here) < _MOST:
                _set_here.setdefault(name)
        self._attributes = {name: "" if value is None else _bounded(value) for name, value in named.items()}
        super().__init__()

    def _inside(self, before: context.Context) -> context.Context:
        return _joined(before, self._attributes)

    def _again(self) -> with_attributes:
        """Return a new object for one call of a decorated function."""
        return with_attributes(**self._attributes)


class with_prompt(with_attributes):
    """Set the prompt of all model calls inside a block or function.

    ``name`` and ``version`` become ``gen_ai.prompt.name`` and ``gen_ai.prompt.version``; they travel as baggage, see
    ``with_attributes``. ``variables`` are contents: they stay in the process, and spans show them as
    ``gen_ai.prompt.variable.<name>`` only where contents are captured. At most 32 variables are kept.

    >>> with with_prompt("summary", version="3", variables={"language": "pt"}):
    ...     carried(["gen_ai.prompt.name", "gen_ai.prompt.version"])
    {'gen_ai.prompt.name': 'summary', 'gen_ai.prompt.version': '3'}
    """

    __slots__ = ("_prompt",)

    def __init__(self, name: str, version: str | int | None = None, variables: Mapping[str, Any] | None = None) -> None:
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"the name of a prompt is a text that is not empty, not {name!r}")
        self._prompt = (name, version, variables)
        super().__init__(**{"gen_ai.prompt.name": name, "gen_ai.prompt.version": version})

    def _inside(self, before: context.Context) -> context.Context:
        variables = self._prompt[2] or {}
        kept = {str(key): str(value) for key, value in list(variables.items())[:_VARIABLES]}
        return context.with_prompt_variables(super()._inside(before), kept)

    def _again(self) -> with_prompt:
        return with_prompt(*self._prompt)


def _joined(outside: context.Context, attributes: Mapping[str, str]) -> context.Context:
    """Return ``outside`` with the attributes in its baggage, as far as there is room.

    An empty value removes the attribute.
    """
    inside = context.Context(outside)
    for name in attributes:
        inside = baggage.remove_baggage(name, inside)
    held = baggage.get_all(inside)
    room, places = _LARGEST - sum(_size(name, value) for name, value in held.items()), _MOST - len(held)
    for name, value in attributes.items():
        size = _size(name, value)
        if value and size <= room and places > 0:
            inside = baggage.set_baggage(name, value, inside)
            room, places = room - size, places - 1
        elif value:
            _logger.warning("no room is left in the baggage for %s; it is left out", name)
    return inside


def _bounded(value: object) -> str:
    # As it arrives elsewhere: propagators strip blanks and fail on half a surrogate.
    return short(str(value).strip()).strip()


def _size(name: str, value: object) -> int:
    return len(quote_plus(name)) + len(quote_plus(str(value), errors="replace")) + 2
