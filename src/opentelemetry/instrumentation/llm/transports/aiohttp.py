"""aiohttp: every request of a session passes ``_request``, redirects included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..extraction.arguments import by_name
from .attempt import Answered, Sent, Transport


def _sent(instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Sent:
    named = by_name(("method", "str_or_url"), args, kwargs)
    return Sent(str(named.get("method", "")), str(named.get("str_or_url", "")))


def _answered(response: Any) -> Answered:
    return Answered(response.status, response.headers)


AIOHTTP = Transport("aiohttp", ("aiohttp.client:ClientSession._request",), _sent, _answered)
