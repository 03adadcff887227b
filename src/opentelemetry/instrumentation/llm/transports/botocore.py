"""Observe botocore and aiobotocore: each attempt passes the session's ``send``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .attempt import Answered, Sent, Transport


def _sent(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Sent:
    request = args[0] if args else kwargs["request"]
    return Sent(request.method, request.url)


def _answered(response: Any) -> Answered:
    return Answered(response.status_code, response.headers)


BOTOCORE = Transport("botocore", ("botocore.httpsession:URLLib3Session.send",), _sent, _answered)
AIOBOTOCORE = Transport("aiobotocore", ("aiobotocore.httpsession:AIOHTTPSession.send",), _sent, _answered)
