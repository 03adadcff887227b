"""Store the process id, and run functions in the child after a fork."""

from __future__ import annotations

import os
from collections.abc import Callable

_renewals: list[Callable[[], object]] = []
process = os.getpid()
"""The id of this process, stored because ``os.getpid()`` is a system call."""


def in_child(renew: Callable[[], object]) -> None:
    """Call ``renew`` in every forked child, in the order of registration."""
    _renewals.append(renew)


def _forked() -> None:
    global process
    process = os.getpid()
    for renew in _renewals:
        renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
