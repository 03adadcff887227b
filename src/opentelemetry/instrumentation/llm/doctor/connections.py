"""Try to reach the endpoints of exporters: a TCP connection, nothing is sent."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.request import getproxies, proxy_bypass

from .exporters import endpoint_fault, host_and_port
from .facts import Signal

WAIT_SECONDS = 1.0


def connected(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """Return the signals with the error of a connection to their endpoint, if any."""
    signals = tuple(signals)
    endpoints = [s.endpoint for s in signals if s.endpoint and not s.missing and endpoint_fault(s) is None]
    with ThreadPoolExecutor(max(1, len(endpoints))) as pool:
        errors = dict(zip(endpoints, pool.map(_error, endpoints), strict=True))
    return tuple(replace(s, unreachable=errors.get(s.endpoint or "")) for s in signals)


def _error(endpoint: str) -> str | None:
    host, port = host_and_port(endpoint)
    if host is None or port is None:
        return "the address cannot be read"
    proxies = getproxies()
    if proxies and not proxy_bypass(host):
        # Exporters may use the proxy, which decides later whether the host can be reached.
        return None
    try:
        socket.create_connection((host, port), WAIT_SECONDS).close()
    except (OSError, UnicodeError) as error:
        return f"{host} port {port}: {getattr(error, 'strerror', None) or error}"
    return None
