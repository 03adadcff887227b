"""Decide for a part of a program where message contents are recorded."""

from __future__ import annotations

from . import context
from .scope import Scope
from .settings import content_places

used = False
"""Whether a scope was ever entered; calls look for one only then."""


def places() -> tuple[str, ...] | None:
    """Return where contents are recorded in this scope; ``None`` without a scope."""
    return context.content_places() if used else None


def wanted(default: bool) -> bool:
    """Return whether contents are captured here; ``default`` is the setting."""
    here = places()
    return default if here is None else bool(here)


class with_content(Scope):
    """Set where contents of the calls in a block or function are recorded.

    ``where`` has the values of the setting ``capture_message_content``: ``no_content``, ``span_only``, ``event_only``,
    ``span_and_event``, or a ``bool``. It applies to calls and steps that begin inside, and replaces the setting for
    them. All other settings of contents, such as ``redact``, apply as everywhere. Another value raises ``ValueError``.

    >>> with with_content("no_content"):
    ...     wanted(True)
    False
    """

    __slots__ = ("_where",)

    def __init__(self, where: str | bool = True) -> None:
        self._where = content_places(where)
        super().__init__()

    def _inside(self, before: context.Context) -> context.Context:
        global used
        used = True
        return context.with_content_places(self._where)

    def _again(self) -> with_content:
        return with_content(_named(self._where))


def _named(where: tuple[str, ...]) -> str:
    return {(): "no_content", ("span",): "span_only", ("event",): "event_only"}.get(where, "span_and_event")
