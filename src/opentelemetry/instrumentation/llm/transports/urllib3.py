"""Observe urllib3, and requests above it: attempts pass ``_make_request``.

Retries of urllib3 itself are included.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .attempt import Answered, Sent, Transport


def _sent(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Sent:
    method = args[1] if len(args) > 1 else kwargs.get("method")
    return Sent(str(method or ""), f"{instance.scheme}://{_host(instance.host)}:{instance.port}")


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _answered(response: Any) -> Answered:
    return Answered(response.status, response.headers)


URLLIB3 = Transport("urllib3", ("urllib3.connectionpool:HTTPConnectionPool._make_request",), _sent, _answered)
