"""The scenarios that a client can select, as a table by name.

``early`` can return a response before the route is called (errors), ``shape`` changes the response of the route (unusual bodies),
``pace`` changes how the response is sent (slow, cut). A scenario with none of them is handled by the formats. Parameters follow a
colon; combinations are joined with ``+``: ``slow:50+error-500``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from .exchange import Answer, Event, Format, Json, Request, Stream, Whole


@dataclass
class Pace:
    """How a response is sent.

    Seconds to wait before it and between events, and where and how it is cut.
    """

    before: float = 0.0
    between: float = 0.0
    stop_after: int | None = None
    stop_how: str = ""


@dataclass(frozen=True)
class Scenario:
    """One row of the table.

    The last argument of every function is the scenario's parameter (the text after the colon).
    """

    about: str
    early: Callable[[Format, Request, str], Answer | None] | None = None
    shape: Callable[[Format, Request, Answer, str], Answer] | None = None
    pace: Callable[[Pace, str], None] | None = None


class UnknownScenario(Exception):
    """Raised for a scenario that is not in the table."""


def parse(text: str) -> list[tuple[str, str]]:
    """Read ``name:parameter+name`` into pairs.

    >>> parse("slow:50+error-500")
    [('slow', '50'), ('error-500', '')]
    """
    pairs = [(name, parameter) for name, _, parameter in (part.partition(":") for part in text.split("+"))]
    unknown = [name for name, _ in pairs if name not in SCENARIOS]
    if unknown:
        raise UnknownScenario(f"unknown scenario {unknown[0]!r}; known: {', '.join(SCENARIOS)}")
    return pairs


def split_model(model: str) -> tuple[str, str]:
    """Split a model's name and its scenario.

    A date or ``latest`` after the ``@`` belongs to the name.

    >>> split_model("gpt-4o-mini@error-429"), split_model("claude@20260101")
    (('gpt-4o-mini', 'error-429'), ('claude@20260101', ''))
    """
    name, at, suffix = model.rpartition("@")
    if not at or re.fullmatch(r"[\d-]+|latest|default", suffix):
        return model, ""
    return name, suffix


def _refuse(kind: str) -> Callable[[Format, Request, str], Answer]:
    def early(format: Format, _request: Request, milliseconds: str) -> Answer:
        return _with_retry_after(format.error(kind, ""), milliseconds or ("20" if kind == "429" else ""))

    return early


_KEY_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")


def _repeat(format: Format, request: Request, _parameter: str) -> Answer:
    key = next((value.rpartition(" ")[2] for name in _KEY_HEADERS if (value := request.header(name))), "")
    output = re.search(r"[^\"\\\\]*\bsay:[^\"\\\\]*", request.body.decode(errors="replace"))
    return format.error("401", f"Incorrect API key provided: {key}. You asked: {output[0] if output else 'nothing'}")


def _with_retry_after(answer: Whole, milliseconds: str) -> Whole:
    if not milliseconds:
        return answer
    seconds = -(-int(milliseconds) // 1000)
    return replace(answer, headers=[*answer.headers, ("retry-after", str(seconds)), ("retry-after-ms", milliseconds)])


def _flaky(format: Format, request: Request, statuses: str) -> Answer | None:
    boundary = re.search(r'boundary="?([^";,]+)', request.header("content-type"))
    body = request.body.replace(boundary[1].encode(), b"") if boundary else request.body
    key = "flaky " + (request.header("x-stand-in-run") or f"{request.target} {quote(body)}")
    failures = statuses.split(",")
    attempt = request.memory.count(key)
    if attempt <= len(failures):
        return _with_retry_after(format.error(failures[attempt - 1], ""), "1")
    request.memory.restart(key)
    return None


Change = Callable[[Format, Json], Json]


def _each_body(change: Change) -> Callable[[Format, Request, Answer, str], Answer]:
    """Apply a change to the JSON of a whole response or of every event."""

    def shape(format: Format, _request: Request, answer: Answer, _parameter: str) -> Answer:
        if isinstance(answer, Whole):
            return answer if isinstance(answer.body, bytes) else replace(answer, body=change(format, answer.body))
        return answer.with_events([e if isinstance(e.data, str) else replace(e, data=change(format, e.data)) for e in answer.events])

    return shape


def _replace_fields(body: Json, names: tuple[str, ...], value: Json) -> Json:
    """Replace the named fields at every level; the value ``...`` removes them."""
    if isinstance(body, list):
        return [_replace_fields(item, names, value) for item in body]
    if not isinstance(body, dict):
        return body
    kept = {key: item for key, item in body.items() if value is not ... or key not in names}
    return {key: value if key in names else _replace_fields(item, names, value) for key, item in kept.items()}


def _of_wrong_type(value: Json) -> Json:
    if isinstance(value, dict):
        return [value, "odd"]
    if isinstance(value, list):
        return {"odd": value}
    return 7 if isinstance(value, str) else "odd"


def _odd_everything(_format: Format, body: Json) -> Json:
    return {key: _of_wrong_type(value) for key, value in body.items()} if isinstance(body, dict) else body


def _odd_stream(format: Format, _request: Request, answer: Answer, _parameter: str) -> Answer:
    return answer.with_events(format.odd_stream(answer.events)) if isinstance(answer, Stream) else answer


def _truncated(_format: Format, _request: Request, answer: Answer, _parameter: str) -> Answer:
    if isinstance(answer, Whole):
        return replace(answer, body=answer.encoded()[: len(answer.encoded()) // 2])
    first, second = answer.events[0], answer.events[min(1, len(answer.events) - 1)]
    text = second.data if isinstance(second.data, str) else json.dumps(second.data)
    return answer.with_events([first, Event(text[: len(text) // 2], second.name)])


def _not_json(_format: Format, _request: Request, _answer: Answer, _parameter: str) -> Answer:
    return Whole(b"<html><body>The stand-in is having a rest.</body></html>", content_type="text/html")


def _stream_error(format: Format, request: Request, answer: Answer, after: str) -> Answer:
    if isinstance(answer, Whole):
        return answer
    kept = list(answer.events[: int(after or 1)])
    return answer.with_events([*kept, format.stream_error(request, len(kept))])


def _stop(how: str) -> Callable[[Pace, str], None]:
    def pace(pace: Pace, after: str) -> None:
        pace.stop_after, pace.stop_how = int(after or 0), how

    return pace


def _slow(pace: Pace, milliseconds: str) -> None:
    pace.before = int(milliseconds or 50) / 1000


def _drip(pace: Pace, milliseconds: str) -> None:
    pace.between = int(milliseconds or 50) / 1000


def _spoil(fields: str, value: Any) -> Change:
    return lambda format, body: _replace_fields(body, getattr(format, fields), value)


ERROR_STATUSES = (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529)

SCENARIOS: dict[str, Scenario] = {
    **{
        f"error-{status}": Scenario(f"fails with status {status}; error-{status}:<ms> says when to try again", early=_refuse(str(status)))
        for status in ERROR_STATUSES
    },
    "context-length": Scenario("refuses the prompt as too long", early=_refuse("context-length")),
    "content-filter": Scenario("refuses the prompt by a content filter", early=_refuse("content-filter")),
    "repeat": Scenario("refuses with status 401 and repeats the key and what was to be said, as some providers do", early=_repeat),
    "flaky": Scenario("flaky:429,500 fails with these statuses on consecutive attempts, then succeeds", early=_flaky),
    "slow": Scenario("slow:<ms> waits before the answer", pace=_slow),
    "drip": Scenario("drip:<ms> waits between the events of a stream", pace=_drip),
    "die": Scenario("die:<n> resets the connection after n events (a whole answer: before it)", pace=_stop("die")),
    "cut": Scenario("cut:<n> closes the connection after n events (a whole answer: in its middle)", pace=_stop("cut")),
    "hang": Scenario("hang:<n> falls silent after n events (a whole answer: before it) until the client leaves", pace=_stop("hang")),
    "stream-error": Scenario("stream-error:<n> ends a stream with an error after n events", shape=_stream_error),
    "truncated": Scenario("cuts the JSON in its middle, under correct headers", shape=_truncated),
    "not-json": Scenario("answers a page of HTML with status 200", shape=_not_json),
    "odd-choices": Scenario("answers a list of results that holds only null", shape=_each_body(_spoil("results", [None]))),
    "odd-usage": Scenario("answers a text instead of usage", shape=_each_body(_spoil("usages", "n/a"))),
    "odd-everything": Scenario("answers every field with a wrong type", shape=_each_body(_odd_everything)),
    "odd-stream": Scenario("streams odd events that a lenient client can read", shape=_odd_stream),
    "no-usage": Scenario("leaves usage out", shape=_each_body(_spoil("usages", ...))),
    "empty": Scenario("answers an empty object", shape=_each_body(lambda _format, _body: {})),
    "failed-response": Scenario("answers a response whose status is failed"),
    "incomplete-response": Scenario("answers a response whose status is incomplete"),
    "words": Scenario("words:<n> answers n words"),
}
