"""Read host and port from the address of a client."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from ..calls.declaration import Destination
from ..extraction.urls import port_of
from ._hosts import provider_of

_PORTS = {"https": 443, "http": 80}


class Endpoint(NamedTuple):
    """Host, port and path of a URL."""

    host: str
    port: int | None
    path: str


@lru_cache(maxsize=1024)
def endpoint(url: str) -> Endpoint:
    """Read a URL; without a port, its scheme gives the port.

    >>> endpoint("https://api.example.com/v1")
    Endpoint(host='api.example.com', port=443, path='/v1')
    """
    parts = urlsplit(url)
    return Endpoint(parts.hostname or "", port_of(parts) or _PORTS.get(parts.scheme), parts.path)


@lru_cache(maxsize=256)
def destination(url: str, default: str) -> Destination:
    """Return the destination of a URL; ``default`` names an unknown host."""
    host, port, path = endpoint(url)
    return Destination(provider_of(host, port, path, default), host or None, port)


@lru_cache(maxsize=256)
def channel_destination(target: str | bytes, default: str) -> Destination:
    """Return the destination of a gRPC channel.

    Its target may name a resolver.

    >>> channel_destination(b"dns:///api.x.ai:443", "x_ai")
    Destination(provider='x_ai', address='api.x.ai', port=443, in_process=False, mocked=False)
    """
    text = target.decode() if isinstance(target, bytes) else target
    host, _, port = text.rpartition("/")[2].partition(":")
    number = int(port) if port.isdigit() else 443
    return Destination(provider_of(host, number, "", default), host, number)
