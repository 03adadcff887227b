"""Store the process id, and reset functions and objects in the child of a fork.

This is the only module that registers with ``os.register_at_fork``.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Protocol


class AtFork(Protocol):
    """An object with a lock, thread, socket or queue, which a fork invalidates."""

    def after_fork_in_child(self) -> None:
        """Reset the object in the child of a fork, before other code runs there."""


_renewals: list[Callable[[], object]] = []
_objects: weakref.WeakSet[AtFork] = weakref.WeakSet()
process = os.getpid()
"""The id of this process, stored because ``os.getpid()`` is a system call."""


def in_child(renew: Callable[[], object]) -> None:
    """Call ``renew`` in every forked child, in the order of registration."""
    _renewals.append(renew)


def register_at_fork(keeper: AtFork) -> None:
    """Call ``keeper.after_fork_in_child()`` in every forked child of this process.

    The registration ends when ``keeper`` is garbage collected.
    """
    _objects.add(keeper)


def registered() -> list[AtFork]:
    """Return the objects that are reset in a forked child."""
    return list(_objects)


def _forked() -> None:
    global process
    process = os.getpid()
    for renew in _renewals:
        renew()
    for keeper in registered():
        keeper.after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
