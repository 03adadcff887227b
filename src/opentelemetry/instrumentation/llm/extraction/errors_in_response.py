"""Read the error in a response with status 200: in the body, a choice or a chunk.

Hosts send codes as words, as numbers or not at all. If only a message exists, it is searched for the kind of failure
and never recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..schema.records import Response, Usage
from . import failures
from .paths import as_sequence, as_str, get_path

_PLACES = (("error",), ("x_groq", "error"), ("response", "error"), ("data", "error"))
_CODES = (("code",), ("error_code",), ("status_code",), ("type",), ("status",), ("name",))
_STATUSES = (("code",), ("status",), ("status_code",), ("http_status",), ("error_code",), ("http_code",))
_MESSAGES = (("message",), ("detail",), ("msg",), ("status_msg",), ("error_msg",), ("error_message",))
_UNNAMED = "_OTHER"
_NAMES_KEPT = 200
_names: set[str] = set()


class ReportedError(NamedTuple):
    """An error in a response: the provider's code, the HTTP status and the kind."""

    code: str
    status: int | None
    kind: str


def complete(record: Response, body: object) -> None:
    """Set ``failure`` and ``reported_error`` if the response has an error."""
    if record.failure is None and record.finish_reasons and "error" not in record.finish_reasons:
        return
    found = next(_errors(body), None)
    if found is None and record.failure is None and _is_nothing_else(record):
        found = _whole(body)
    if found is not None:
        record.reported_error = read(found, record.failure)
        record.failure = record.reported_error.code


def read(error: object, default: str | None = None) -> ReportedError:
    """Read one error: an object, or only its message.

    >>> read({"code": 429, "message": "Slow down"})
    ReportedError(code='429', status=429, kind='rate_limited')
    >>> read({"message": "Rate limit exceeded"}).kind
    'rate_limited'
    """
    message = (
        error
        if isinstance(error, str)
        else next((value for path in _MESSAGES if (value := as_str(get_path(error, path))) is not None), None)
    )
    status = next((found for path in _STATUSES if (found := failures.status_in(get_path(error, path))) is not None), None)
    code = next((word for path in _CODES if (word := failures.code_in(get_path(error, path))) is not None), None)
    if code is None or code == "error":
        code = default if default not in (None, "error", "failed") else code
    by_text = None if message is None else failures.kind_in_text(message)
    kind = failures.kind_of("", status, None if code in ("error", None) else code)
    if by_text is not None and kind in ("other", "invalid_request", "server_error"):
        kind = by_text
    return ReportedError(code or "error", status, kind)


def metadata(record: Response, refused_with: int | None) -> dict[str, Any]:
    """Return the failure metadata of a response."""
    code = record.failure or "error"
    known: ReportedError = record.reported_error or ReportedError(code, None, failures.kind_of("", refused_with, code))
    found: dict[str, Any] = {"kind": known.kind, "reason": bounded(known.code), "error_type": bounded(known.code)}
    if known.status is not None:
        found["status"] = known.status
    return found


def bounded(code: str) -> str:
    """Limit a provider's error codes to 200 different values per process."""
    if code in _names:
        return code
    if len(_names) >= _NAMES_KEPT:
        return _UNNAMED
    _names.add(code)
    return code


def _errors(body: object) -> Iterator[Any]:
    for path in _PLACES:
        if error := get_path(body, path):
            yield error
    for choice in as_sequence(get_path(body, ("choices",))):
        if error := get_path(choice, ("error",)):
            yield error


def _is_nothing_else(record: Response) -> bool:
    return record.response_id is None and record.finish_reasons is None and record.usage == Usage()


def _whole(body: object) -> Any:
    """Return a response that is an error itself.

    Such a response has the type ``error``, or a code or detail next to its message and no result.
    """
    status = get_path(body, ("base_resp", "status_code"))
    if status:
        return get_path(body, ("base_resp",))
    if as_str(get_path(body, ("object",))) == "error" or as_str(get_path(body, ("type",))) == "error":
        return body
    message = next((value for path in _MESSAGES if isinstance(value := get_path(body, path), str) and value), None)
    return body if message is not None and not any(get_path(body, (name,)) for name in _RESULTS) else None


_RESULTS = (
    "choices",
    "data",
    "results",
    "output",
    "outputs",
    "content",
    "candidates",
    "embeddings",
    "embedding",
    "text",
    "response",
    "images",
)
