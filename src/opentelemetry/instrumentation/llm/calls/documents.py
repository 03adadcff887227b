"""Read the JSON document of an HTTP response that has been received, also after the SDK has raised."""

from __future__ import annotations

import json
from typing import Any

_BODIES = ("_content", "_body")
"""Where httpx, requests, botocore, aiohttp and urllib3 keep a body that was read whole."""


def body_of(response: Any) -> bytes | None:
    """Return the body that has been read already; ``None`` if it was not, because nothing is read here."""
    held = (getattr(response, name, None) for name in _BODIES)
    return next((body for body in held if isinstance(body, bytes)), None)


def document(response: Any) -> Any:
    """Return the JSON document of a response whose body the SDK or the caller has read; else ``None``."""
    body = body_of(response)
    if body is None or "json" not in str(response.headers.get("content-type", "")):
        return None
    try:
        return json.loads(body)
    except ValueError:
        return None


def received(error: BaseException, response: Any) -> tuple[bool, Any]:
    """Say whether a response was received when the SDK raised ``error``, and return its document: a completion in the error, or the body."""
    completion = getattr(error, "completion", None)
    if completion is not None or response is None:
        return completion is not None, completion
    return body_of(response) is not None, document(response)
