"""The record of received requests and sent responses, for tests."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .exchange import Headers, Json, Usage


@dataclass(eq=False)
class Record:
    """One request in the order of arrival.

    ``status`` is None until a response starts (and stays None if the connection is lost before); ``events_sent`` counts the events of
    a stream; ``usage`` is the last (input, output) tokens that were sent; ``finished`` becomes True just before the last bytes are sent.
    """

    number: int
    method: str
    path: str
    headers: Headers
    body: bytes
    model: str = ""
    status: int | None = None
    events_sent: int = 0
    client_left: bool = False
    finished: bool = False
    usage: Usage | None = None

    @property
    def json(self) -> Json:
        """The body as JSON, or None if it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def header(self, name: str) -> str | None:
        """Return a header's first value, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def as_json(self) -> dict[str, Any]:
        """Return the record for another process (the body in base64 too)."""
        names = ("number", "method", "path", "headers", "model", "status", "events_sent", "client_left", "finished", "usage", "json")
        return {name: getattr(self, name) for name in names} | {"body_base64": base64.b64encode(self.body).decode()}


class Journal:
    """Hold the records of all threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._records: list[Record] = []

    def open(self, method: str, path: str, headers: Headers, body: bytes) -> Record:
        """Start the record of a received request."""
        with self._changed:
            record = Record(len(self._records) + 1, method, path, headers, body)
            self._records.append(record)
            self._changed.notify_all()
            return record

    def change(self, record: Record, **values: Any) -> None:
        """Set fields of a record and wake waiting threads."""
        with self._changed:
            for name, value in values.items():
                setattr(record, name, value)
            self._changed.notify_all()

    def records(self) -> list[Record]:
        """Return the records so far."""
        with self._changed:
            return list(self._records)

    def clear(self) -> None:
        """Clear all records."""
        with self._changed:
            self._records = []

    def wait(self, satisfied: Callable[[list[Record]], bool], timeout: float) -> list[Record]:
        """Wait until the records satisfy a condition, else raise TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: satisfied(self._records), timeout):
                raise TimeoutError(f"the stand-in waited {timeout} s in vain; its journal: {self._records}")
            return list(self._records)

    def totals(self) -> dict[str, dict[str, Any]]:
        """Return the totals by requested model: requests, tokens, errors by status."""
        totals: dict[str, dict[str, Any]] = {}
        for record in self.records():
            row = totals.setdefault(record.model, {"requests": 0, "input_tokens": 0, "output_tokens": 0, "errors": {}})
            row["requests"] += 1
            sent_input, sent_output = record.usage or (0, 0)
            row["input_tokens"] += sent_input
            row["output_tokens"] += sent_output
            if record.status is not None and record.status >= 400:
                row["errors"][record.status] = row["errors"].get(record.status, 0) + 1
        return totals
