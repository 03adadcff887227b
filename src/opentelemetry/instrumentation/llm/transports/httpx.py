"""Observe httpx and httpx2, which share code: every attempt passes ``send``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from .attempt import Answered, Sent, Transport, is_read


def _sent(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Sent:
    request = args[0] if args else kwargs["request"]
    return Sent(request.method, str(request.url))


def _answered(response: Any) -> Answered:
    """Read only the headers in use: decoding all of them is expensive."""
    found: dict[str, str] = {}
    for raw, value in response.headers.raw:
        name = _name(raw)
        if name is not None:
            text = value.decode("latin-1")
            found[name] = f"{found[name]}, {text}" if name in found else text
    return Answered(response.status_code, found, read=True)


@lru_cache(maxsize=1024)
def _name(raw: bytes) -> str | None:
    name = raw.decode("latin-1").lower()
    return name if is_read(name) else None


def _named(package: str) -> Transport:
    return Transport(package, (f"{package}._client:Client.send", f"{package}._client:AsyncClient.send"), _sent, _answered)


HTTPX, HTTPX2 = _named("httpx"), _named("httpx2")
