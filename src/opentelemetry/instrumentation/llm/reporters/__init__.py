"""Who passes on what was said: one back end a file.

A reporter takes a list of metrics (``metrics()``, a part of it, or a list of your own) and attaches itself to the bus
for their events. It MUST NOT block the caller or raise into it, MUST bound what it keeps, MUST ``close()`` without loss
and be attachable again, and SHOULD take its numbers from a ``Aggregator`` unless its back end wants each value at once.
"""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """What every reporter can do."""

    def close(self) -> None:
        """Detach from the bus, pass on what is left, and let go of sockets and threads."""
