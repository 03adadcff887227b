"""Read the JSON document of an HTTP response that has already been received.

This also works after the SDK has raised an exception.
"""

from __future__ import annotations

import json
from typing import Any

_BODIES = ("_content", "_body")
"""The attributes in which httpx, requests, botocore, aiohttp and urllib3 store a
complete body.
"""


def body_of(response: object) -> bytes | None:
    """Return a body that has already been read, or ``None``. Nothing is read here."""
    held = (getattr(response, name, None) for name in _BODIES)
    return next((body for body in held if isinstance(body, bytes)), None)


def document(response: Any) -> Any:
    """Return the JSON document of a response whose body has been read, or ``None``."""
    body = body_of(response)
    if body is None or "json" not in str(response.headers.get("content-type", "")):
        return None
    try:
        return json.loads(body)
    except ValueError:
        return None


def received(error: BaseException, response: object) -> tuple[bool, Any]:
    """Return whether a response was received before ``error``, and its document.

    The document is the completion in the error, or the body of the response.
    """
    completion = getattr(error, "completion", None)
    if completion is not None or response is None:
        return completion is not None, completion
    return body_of(response) is not None, document(response)
