"""Types shared by the server and the wire formats: requests, responses, formats.

The server makes a ``Request``. A route of a format turns it into a ``Whole`` or a ``Stream``. Scenarios may change the response. The
server sends it. Formats and scenarios never use a socket.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import unquote

Json = Any
Headers = list[tuple[str, str]]
Usage = tuple[int, int]

_REMEMBERED = 1000


class Memory:
    """State that outlives one request.

    Id counters, attempts of flaky calls, and requests that can be fetched again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Clear everything; ids start at 1 again."""
        with self._lock:
            self._counters: Counter[str] = Counter()
            self._objects: dict[str, Json] = {}

    def count(self, name: str) -> int:
        """Count this name, and return its count."""
        with self._lock:
            self._counters[name] += 1
            return self._counters[name]

    def restart(self, name: str) -> None:
        """Reset the count of this name."""
        with self._lock:
            self._counters.pop(name, None)

    def remember(self, key: str, value: Json) -> None:
        """Keep a value; the oldest value is removed if there are too many."""
        with self._lock:
            self._objects[key] = value
            if len(self._objects) > _REMEMBERED:
                del self._objects[next(iter(self._objects))]

    def recall(self, key: str) -> Json:
        """Return the value that was kept under this key, or None."""
        with self._lock:
            return self._objects.get(key)


@dataclass
class Request:
    """One request as it was received, with its format, route and scenarios."""

    method: str
    target: str
    headers: Headers
    body: bytes
    memory: Memory
    path: str = ""
    query: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    model: str = ""
    scenarios: list[tuple[str, str]] = field(default_factory=list)

    def header(self, name: str) -> str:
        """Return a header's first value, or the empty string."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")

    @cached_property
    def json(self) -> Json:
        """The body as JSON, or None if it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The body's fields, whether they came as JSON or as a form (files as bytes)."""
        boundary = re.search(r'multipart/form-data;.*boundary="?([^";,]+)', self.header("content-type"))
        if boundary:
            return _form_fields(self.body, boundary[1].encode("latin-1"))
        return self.json if isinstance(self.json, dict) else {}

    def scenario(self, name: str) -> str | None:
        """Return the parameter of a selected scenario, or None."""
        return dict(self.scenarios).get(name)

    def new_id(self, prefix: str) -> str:
        """Return the next id with this prefix: ``chatcmpl-1``, ``chatcmpl-2`` ..."""
        return f"{prefix}{self.memory.count(prefix)}"


def _form_fields(body: bytes, boundary: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, value = part.removeprefix(b"\r\n").removesuffix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        if name is None:
            continue
        key = name[1].decode("utf-8", "replace")
        content: Any = value if b"filename=" in head else value.decode("utf-8", "replace")
        if key.endswith("[]"):
            fields.setdefault(key[:-2], []).append(content)
        else:
            fields[key] = content
    return fields


@dataclass(frozen=True)
class Event:
    """One event of a stream: data (JSON, or text that is sent unchanged) and name."""

    data: Json
    name: str = ""


@dataclass(frozen=True)
class Whole:
    """A response that is sent at once: JSON, or bytes of another content type."""

    body: Json
    status: int = 200
    headers: Headers = field(default_factory=list)
    content_type: str = "application/json"

    def encoded(self) -> bytes:
        """Return the body's bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def server_sent_event(event: Event) -> bytes:
    """Frame one event as a server-sent event."""
    data = event.data if isinstance(event.data, str) else json.dumps(event.data)
    name = f"event: {event.name}\n" if event.name else ""
    return f"{name}data: {data}\n\n".encode()


@dataclass(frozen=True)
class Stream:
    """A response that is sent event by event, each in a separate chunk."""

    events: Sequence[Event]
    headers: Headers = field(default_factory=list)
    content_type: str = "text/event-stream; charset=utf-8"
    frame: Callable[[Event], bytes] = server_sent_event
    status: int = 200

    def with_events(self, events: Sequence[Event]) -> Stream:
        """Return the same stream with other events."""
        return replace(self, events=events)


Answer = Whole | Stream


class Refused(Exception):
    """Raised by a route: an error of the format's table.

    ``kind`` is a status or a name of the table.
    """

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(kind)
        self.kind, self.message = kind, message


@dataclass(frozen=True)
class Route:
    """A method, a path with ``{names}``, and the function that returns the response.

    ``{name}`` matches one segment of the path, which is then unquoted.
    """

    method: str
    path: str
    answer: Callable[[Request], Answer]


def _nothing_odd(events: Sequence[Event]) -> Sequence[Event]:
    return events


@dataclass(frozen=True)
class Format:
    """A wire format: the data of one provider for the server and the scenarios.

    MUST: ``mount`` is a regular expression for the prefix of a route's path; ``model`` returns the requested model (body or
    ``request.parameters``), including the scenario suffix; ``error`` returns an error response for a kind (``"429"``,
    ``"context-length"``, ``"content-filter"``, any status) and an optional message; ``usage`` reads (input, output) tokens
    from a body or an event's data, None if there are none; ``stream_error`` is the event of a failed stream.
    MAY: ``headers`` are added to every response; ``results`` and ``usages`` name the fields that the ``odd-`` scenarios change;
    ``odd_stream`` makes a stream unusual but readable.
    """

    name: str
    mount: str
    routes: tuple[Route, ...]
    model: Callable[[Request], str]
    error: Callable[[str, str], Whole]
    usage: Callable[[Json], Usage | None]
    stream_error: Callable[[Request, int], Event]
    headers: Callable[[Request, float], Headers] = lambda _request, _seconds: []
    results: tuple[str, ...] = ()
    usages: tuple[str, ...] = ()
    odd_stream: Callable[[Sequence[Event]], Sequence[Event]] = _nothing_odd

    @cached_property
    def patterns(self) -> list[tuple[Route, re.Pattern[str]]]:
        """Each route with the expression that its path has to match."""
        return [(route, re.compile(self.mount + _pattern(route.path))) for route in self.routes]

    def find(self, request: Request) -> Route | None:
        """Return the route for this request and set its ``parameters``, or None."""
        for route, pattern in self.patterns:
            match = route.method == request.method and pattern.fullmatch(request.path)
            if match:
                request.parameters = {key: unquote(value) for key, value in match.groupdict().items() if value is not None}
                return route
        return None


def _pattern(path: str) -> str:
    parts = re.split(r"(\{\w+\})", path)
    return "".join(f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part) for part in parts)
