"""Reporters that turn events into metrics, each for one back end.

A reporter takes a list of metrics (``metrics()``, a part of it, or your own list) and attaches itself to their events. It
MUST NOT block the caller or raise an exception into it. It MUST limit the memory that it uses. ``close()`` MUST NOT lose
values, and the reporter MUST be attachable again. It SHOULD read its numbers from an ``Aggregator``, unless its back end
needs every single value.
"""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """The interface of every reporter."""

    def close(self) -> None:
        """Detach from the bus, report remaining values, and release sockets and threads."""
