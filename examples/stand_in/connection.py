"""One HTTP/1.1 connection.

It reads requests unchanged, writes responses whole or in chunks, and detects when the client disconnects.
"""

from __future__ import annotations

import socket
import struct
import time
from http import HTTPStatus

from .exchange import Headers

_FOREVER = 3600.0


def head(status: int, headers: Headers) -> bytes:
    """Return the bytes of a status line and headers."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class ClientLeft(Exception):
    """Raised when the client has closed its side."""


class Malformed(Exception):
    """Raised when the data is not HTTP."""


class Connection:
    """Wrap an accepted socket; methods raise ClientLeft after a disconnect."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._buffer = bytearray()

    def read_request(self) -> tuple[str, str, str, Headers, bytes]:
        """Return method, target, HTTP version, headers as received, body."""
        try:
            return self._read_request()
        except ValueError as error:
            raise Malformed(f"not an HTTP request: {error}") from error

    def _read_request(self) -> tuple[str, str, str, Headers, bytes]:
        line, *rest = self._read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        method, target, version = line.split(" ")
        headers = [(name, value.strip(" \t")) for name, _, value in (header.partition(":") for header in rest)]
        known = {name.lower(): value for name, value in headers}
        if known.get("expect", "").lower() == "100-continue":
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in known.get("transfer-encoding", "").lower():
            body = self._read_chunks()
        else:
            body = self._read_exactly(int(known.get("content-length") or 0))
        return method, target, version, headers, body

    def write(self, data: bytes) -> None:
        """Send these bytes immediately."""
        try:
            self._sock.sendall(data)
        except OSError as error:
            raise ClientLeft from error

    def write_chunk(self, data: bytes) -> None:
        """Send one chunk; an empty chunk ends the response."""
        self.write(b"%x\r\n%b\r\n" % (len(data), data))

    def wait(self, seconds: float | None) -> None:
        """Wait for this time (None: without limit), or until the client disconnects."""
        end = time.monotonic() + (_FOREVER if seconds is None else seconds)
        while (left := end - time.monotonic()) > 0:
            try:
                self._sock.settimeout(left)
                data = self._sock.recv(65536)
            except TimeoutError:
                return
            except OSError as error:
                raise ClientLeft from error
            finally:
                self._sock.settimeout(None)
            if not data:
                raise ClientLeft
            self._buffer += data

    def reset(self) -> None:
        """Close this connection with a reset instead of a normal end."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _receive(self) -> None:
        try:
            data = self._sock.recv(65536)
        except OSError as error:
            raise ClientLeft from error
        if not data:
            raise ClientLeft
        self._buffer += data

    def _read_until(self, mark: bytes) -> bytes:
        searched = 0
        while (found := self._buffer.find(mark, searched)) < 0:
            searched = max(0, len(self._buffer) - len(mark))
            self._receive()
        data = bytes(self._buffer[:found])
        del self._buffer[: found + len(mark)]
        return data

    def _read_exactly(self, length: int) -> bytes:
        while len(self._buffer) < length:
            self._receive()
        data = bytes(self._buffer[:length])
        del self._buffer[:length]
        return data

    def _read_chunks(self) -> bytes:
        body = b""
        while length := int(self._read_until(b"\r\n").split(b";")[0], 16):
            body += self._read_exactly(length)
            self._read_until(b"\r\n")
        while self._read_until(b"\r\n"):
            continue
        return body
