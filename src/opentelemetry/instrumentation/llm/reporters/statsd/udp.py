"""Send datagrams to a StatsD server without blocking.

Lines are packed into datagrams below the MTU, and lost lines are counted.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Iterator

from ...fork import register_at_fork

DATAGRAM_BYTES = 1432
_RESOLVE_AGAIN_SECONDS = 30.0


def packed(lines: Iterable[str], size: int = DATAGRAM_BYTES) -> Iterator[list[bytes]]:
    """Yield groups of lines that fit into a datagram each.

    A line longer than ``size`` is a group of its own.

    >>> list(packed(["a:1|c", "b:2|c", "c:3|c"], size=11))
    [[b'a:1|c', b'b:2|c'], [b'c:3|c']]
    """
    group: list[bytes] = []
    room = size
    for line in (line.encode("utf-8", "replace") for line in lines):
        if group and len(line) + 1 > room:
            yield group
            group, room = [], size
        room -= len(line) + (1 if group else 0)
        group.append(line)
    if group:
        yield group


class UdpSender:
    """A UDP socket that never blocks.

    It is created with the first lines. The host is resolved again after a failed send.
    """

    def __init__(self, host: str, port: int) -> None:
        if isinstance(port, bool) or not isinstance(port, int) or not 0 < port <= 65535:
            raise ValueError(f"port={port!r} is not allowed; use a whole number from 1 to 65535")
        if not isinstance(host, str) or not host:
            raise ValueError(f"host={host!r} is not allowed; use a name or an address such as 'localhost'")
        self.host, self.port = host, port
        self.dropped = 0
        self._socket: socket.socket | None = None
        self._not_before = 0.0
        self._unsure = 0
        register_at_fork(self)

    def send(self, lines: Iterable[str]) -> None:
        """Send lines, and count those that could not be sent."""
        for group in packed(lines):
            if not self._sent(b"\n".join(group), len(group)):
                self.dropped += len(group)

    def _sent(self, datagram: bytes, lines: int) -> bool:
        found = self._socket or self._connected()
        if found is None:
            return False
        try:
            self._send(found, datagram, lines)
        except BlockingIOError:
            return False
        except OSError:
            self.close()
            return False
        return True

    def _send(self, found: socket.socket, datagram: bytes, lines: int) -> None:
        try:
            found.send(datagram)
        except ConnectionRefusedError:
            # The error is about the previous datagram, which was not delivered. The current one has not been sent yet.
            self.dropped, self._unsure = self.dropped + self._unsure, 0
            found.send(datagram)
        self._unsure = lines

    def _connected(self) -> socket.socket | None:
        if time.monotonic() < self._not_before:
            return None
        made: socket.socket | None = None
        try:
            # IPv4 first: most servers listen on IPv4 only, and "localhost" often resolves to both.
            found = sorted(socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM), key=lambda a: a[0] != socket.AF_INET)
            made = socket.socket(found[0][0], socket.SOCK_DGRAM)
            made.setblocking(False)
            made.connect(found[0][4])
        except (OSError, UnicodeError):
            self._not_before = time.monotonic() + _RESOLVE_AGAIN_SECONDS
            if made is not None:
                made.close()
            return None
        self._socket = made
        return made

    def close(self) -> None:
        """Close the socket. The next line creates a new socket."""
        made, self._socket = self._socket, None
        if made is not None:
            made.close()

    def after_fork_in_child(self) -> None:
        """Reset the counts and close the socket of the parent in a forked child."""
        self.dropped = self._unsure = 0
        self.close()
