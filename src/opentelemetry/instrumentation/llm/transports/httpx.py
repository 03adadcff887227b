"""httpx and httpx2, which are one code under two names: every attempt of an SDK passes ``send``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .attempt import Answered, Sent, Transport


def _sent(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Sent:
    request = args[0] if args else kwargs["request"]
    return Sent(request.method, str(request.url))


def _answered(response: Any) -> Answered:
    return Answered(response.status_code, response.headers)


def _named(package: str) -> Transport:
    return Transport(package, (f"{package}._client:Client.send", f"{package}._client:AsyncClient.send"), _sent, _answered)


HTTPX, HTTPX2 = _named("httpx"), _named("httpx2")
