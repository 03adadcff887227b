"""Classify exceptions of all SDKs into a small set of failure kinds.

Kinds are rate_limited, timeout, auth, invalid_request, context_length, content_filter, overloaded, server_error,
network, cancelled, invalid_output, max_tokens and other. The text of an exception may repeat the prompt or a key, so
it is never recorded. It is searched only to classify the failure, because several providers report an overlong prompt
or a content filter only there.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from ..schema.bounds import encodable, short
from ..schema.errors import error_type
from .paths import as_int, as_str, full_text, get_path

_FRAMES = 64
_WORD = re.compile(r"[A-Za-z][\w.\-]{0,63}\Z")
_ID = re.compile(r"[\w.\-]{1,128}\Z")
_BY_CODE = (
    ("context_length", ("context_length", "context_window", "prompt_too_long", "string_above_max_length")),
    ("content_filter", ("content_filter", "content_policy", "responsibleai", "safety", "datainspection")),
    ("rate_limited", ("rate_limit", "throttl", "resource_exhausted", "too_many_requests", "insufficient_quota", "quota", "billing")),
    ("overloaded", ("overloaded", "model_busy", "unavailable")),
    (
        "auth",
        (
            "api_key",
            "apikey",
            "authentication",
            "unauthenticated",
            "unauthorized",
            "permission",
            "accessdenied",
            "access_denied",
            "forbidden",
        ),
    ),
    ("timeout", ("timeout", "timed_out", "deadline")),
    ("cancelled", ("cancelled",)),
    ("server_error", ("server_error", "internal", "api_error", "modelerror", "modelstreamerror")),
    ("invalid_request", ("too_large", "invalid", "validation", "not_found", "bad_request", "unsupported")),
)
_BY_STATUS = {
    401: "auth", 403: "auth", 407: "auth", 408: "timeout", 413: "invalid_request", 429: "rate_limited",
    499: "cancelled", 503: "overloaded", 504: "timeout", 529: "overloaded",
}  # fmt: skip
_BY_CLASS = (
    ("cancelled", ("Cancelled", "GeneratorExit", "KeyboardInterrupt", "SystemExit")),
    ("timeout", ("Timeout",)),
    ("content_filter", ("ContentFilter",)),
    ("max_tokens", ("LengthFinish",)),
    ("context_length", ("ContextWindow",)),
    ("rate_limited", ("RateLimit", "Throttl", "TooManyRequests", "ResourceExhausted")),
    ("auth", ("Authentication", "PermissionDenied", "Unauthorized", "Forbidden", "Credential")),
    (
        "network",
        (
            "Connect",
            "Network",
            "Protocol",
            "ReadError",
            "WriteError",
            "OSError",
            "IncompleteRead",
            "SSL",
            "ResponseStreaming",
            "PayloadError",
            "Disconnected",
            "ServiceRequest",
            "ServiceResponse",
        ),
    ),
    ("overloaded", ("Overloaded", "ServiceUnavailable")),
    ("server_error", ("InternalServer", "ServerError")),
    ("invalid_request", ("BadRequest", "NotFound", "Unprocessable", "Validation", "ValueError", "TypeError", "InvalidRequest")),
)
_CODES = (
    ("code",),
    ("body", "code"),
    ("body", "error", "code"),
    ("type",),
    ("body", "error", "type"),
    ("body", "type"),
    ("response", "Error", "Code"),
    ("error", "code"),
)
_STATUSES = (("status_code",), ("status",), ("response", "status_code"), ("code",), ("response", "ResponseMetadata", "HTTPStatusCode"))
_TEXTS = (
    ("message",), ("detail",), ("body", "message"), ("body", "error", "message"), ("body", "detail"), ("body",), ("error",), ("server_message",),
    ("error_msg",), ("response", "Error", "Message"),
)  # fmt: skip
_LOOKED_INTO = 4096
_UNANSWERED = ("network", "timeout")
_VAGUE = ("invalid_request", "auth")
_NOT_OF_THE_RESPONSE = ("invalid_request", "context_length", "other")
_BY_TEXT = (
    ("context_length", re.compile(
        r"context[ _](?:length|limit|window)|(?:prompt|input) is too long|maximum prompt length|too many (?:input )?tokens"
        r"|input token count|tokens[ _]limit|max(?:imum)? allowed tokens|must have less than \d+ tokens|max_new_tokens` must be|body too large for",
        re.IGNORECASE,
    )),
    ("content_filter", re.compile(
        r"content[ _-]filter|content[ _](?:management[ _])?policy|blocked output|responsible ai|safety (?:system|filter|polic)"
        r"|violat\w* (?:an?|our|the) (?:\w+ )?polic",
        re.IGNORECASE,
    )),
)  # fmt: skip
_BY_MESSAGE = (
    ("rate_limited", re.compile(r"rate[ -]?limit|too many requests|quota|slow down", re.IGNORECASE)),
    ("overloaded", re.compile(r"overloaded|over capacity|temporarily unavailable|service unavailable", re.IGNORECASE)),
    ("timeout", re.compile(r"timed? ?out|deadline", re.IGNORECASE)),
    ("auth", re.compile(r"unauthori[sz]ed|api key|authenticat|permission|forbidden", re.IGNORECASE)),
    ("server_error", re.compile(r"internal (?:server )?error|server error|upstream|provider returned error", re.IGNORECASE)),
    ("invalid_request", re.compile(r"invalid|not found|does not exist|not supported|unsupported", re.IGNORECASE)),
)
_STATUS = re.compile(r"[3-5]\d\d\Z")
_NUMBER = re.compile(r"\d{1,6}\Z")
_REQUEST_IDS = (("request_id",), ("response", "ResponseMetadata", "RequestId"))


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status of an SDK's exception, if any."""
    for path in _STATUSES:
        if (status := _status(get_path(error, path))) is not None:
            return status
    # Built-in exception classes have only the status and the text.
    return _status(error.args[0]) if len(error.args) == 2 and isinstance(error.args[1], str) else None


def _status(value: object) -> int | None:
    status = int(value) if isinstance(value, str) and _STATUS.match(value) else as_int(value)
    return status if status is not None and 300 <= status < 600 else None


def status_in(value: object) -> int | None:
    """Return the HTTP status in a field of an error, as a number or as digits."""
    return _status(value)


def code_in(value: object) -> str | None:
    """Return the code in a field of an error: one word, or a number of a few digits.

    >>> code_in("rate_limit_exceeded"), code_in(40303), code_in("no such thing")
    ('rate_limit_exceeded', '40303', None)
    """
    number = as_int(value)
    code = as_str(value) if number is None else str(number)
    return code if code is not None and (_WORD.match(code) or _NUMBER.match(code)) else None


def kind_in_text(message: str) -> str | None:
    """Return the kind of a failure that has only a message."""
    return next((kind for kind, pattern in (*_BY_TEXT, *_BY_MESSAGE) if pattern.search(message[:_LOOKED_INTO])), None)


def _is_of_an_rpc(error: BaseException) -> bool:
    return hasattr(error, "trailing_metadata") and callable(getattr(error, "details", None))


def code_of(error: BaseException) -> str | None:
    """Return the provider's error code, if it is a single word."""
    for path in _CODES:
        found = get_path(error, path)
        # gRPC errors have ``code`` as a method.
        code = as_str(get_path(found(), ("name",)) if callable(found) and _is_of_an_rpc(error) else found)
        if code is not None and _WORD.match(code):
            return code
    return None


@lru_cache(maxsize=1024)
def kind_of(class_name: str, status: int | None, code: str | None) -> str:
    """Return the kind of a failure from class name, HTTP status and provider code.

    >>> kind_of("BadRequestError", 400, "context_length_exceeded"), kind_of("APITimeoutError", None, None)
    ('context_length', 'timeout')
    """
    lowered = (code or "").lower()
    by_code = next((kind for kind, words in _BY_CODE if any(word in lowered for word in words)), None)
    if by_code in ("context_length", "content_filter", "overloaded"):
        return by_code
    if status is not None and status >= 400:
        by_status = _BY_STATUS.get(status) or ("server_error" if status >= 500 else None)
        return by_status or by_code or "invalid_request"
    if by_code is not None:
        return by_code
    return next((kind for kind, words in _BY_CLASS if any(word in class_name for word in words)), "other")


def after_response(kind: str) -> str:
    """Return the kind of an exception that was raised after the response.

    The request was valid then, so kinds that blame it become ``invalid_output``.
    """
    return "invalid_output" if kind in _NOT_OF_THE_RESPONSE else kind


def _kind_by_text(error: BaseException) -> str | None:
    """Return the kind that only the text of a rejection shows.

    The fields of the exception are searched; the exception is not converted to text.
    """
    texts = [full_text(get_path(error, path)) for path in _TEXTS] + [full_text(argument) for argument in error.args[:2]]
    if _is_of_an_rpc(error):
        texts.append(full_text(error.details()))  # type: ignore[attr-defined]
    whole_text = "\n".join(item[:_LOOKED_INTO] for item in texts if item is not None)
    return next((kind for kind, pattern in _BY_TEXT if pattern.search(whole_text)), None)


def describe(error: BaseException, answered: int | None = None, unanswered: str | None = None) -> dict[str, Any]:
    """Return the metadata of a failure.

    Keys: kind, reason (the provider's code or the class), error_type, stacktrace, status, request_id.

    ``answered`` is the HTTP status of the provider's response, if known: some exceptions lack it or contain another
    status. ``unanswered`` is the error kind if no response arrived. A status on the exception is then invented by the
    SDK and ignored.

    The stack trace contains only files, lines and functions: the exception's text may repeat the prompt or a key, and
    the text of a line of code may contain one.
    """
    name, status, code = short(type(error).__name__), answered or status_of(error), code_of(error)
    kind = kind_of(name, status, code)
    if unanswered in _UNANSWERED and status is not None:
        kind, status = str(unanswered), None
    if kind in _VAGUE and (status is not None or _is_of_an_rpc(error)):
        kind = _kind_by_text(error) or kind
    described: dict[str, Any] = {"kind": kind, "reason": code or name, "error_type": error_type(error)}
    described["stacktrace"] = encodable("".join(_frames(error)))
    if status is not None:
        described["status"] = status
    request_id = next((found for path in _REQUEST_IDS if (found := as_str(get_path(error, path))) is not None), None)
    if request_id is not None and _ID.match(request_id):
        described["request_id"] = request_id
    return described


def _frames(error: BaseException) -> Iterator[str]:
    for frame, line in islice(traceback.walk_tb(error.__traceback__), _FRAMES):
        yield f'  File "{frame.f_code.co_filename}", line {line}, in {frame.f_code.co_name}\n'
