"""Free ports, and waits for another program."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any


def free_ports(number: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[int]:
    taken = [socket.socket(type=kind) for _ in range(number)]
    for each in taken:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in taken]
    for each in taken:
        each.close()
    return ports


def until(satisfied: Callable[[], Any], what: Callable[[], str], seconds: float = 30) -> None:
    """Ask again and again until something holds."""
    deadline = time.monotonic() + seconds
    while not satisfied():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what()}"
        time.sleep(0.1)


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
