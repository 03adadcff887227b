"""requests: every attempt passes the adapter's ``send``; what urllib3 repeats below it is not seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .attempt import Answered, Sent, Transport


def _sent(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Sent:
    request = args[0] if args else kwargs["request"]
    return Sent(request.method or "", request.url or "")


def _answered(response: Any) -> Answered:
    return Answered(response.status_code, response.headers)


REQUESTS = Transport("requests", ("requests.adapters:HTTPAdapter.send",), _sent, _answered)
