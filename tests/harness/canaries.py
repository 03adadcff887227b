"""Secrets of every kind, put into a call wherever an application or a provider puts text; and the bytes in which they are sought."""

from __future__ import annotations

import dataclasses
import inspect
import io
import json
from collections.abc import Iterable
from typing import Any

from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from payloads import Payload
from stand_in.words import TEXT

PROMPT, OUTPUT, SYSTEM, RESULT, ARGUMENT = (
    f"canary-{name}-5ecret" for name in ("prompt", "output", "system", "tool-result", "tool-argument")
)
FILE, USER, METADATA = "canary-file-5ecret", "canary-user-5ecret", "canary-metadata-5ecret"
HEADER, QUERY = "canary-header-5ecret", "canary-query-5ecret"
CONTENTS = (PROMPT, OUTPUT, SYSTEM, RESULT, ARGUMENT, FILE, TEXT[:24])
CREDENTIALS = (HEADER, QUERY)
PERSONAL = (USER, METADATA)
_ASKED = {
    "user": USER,
    "safety_identifier": USER,
    "metadata": {"note": METADATA},
    "extra_headers": {"x-secret": HEADER},
    "extra_query": {"token": QUERY},
}
_AUTHORITY = ("authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie")
_SHORTEST_KEY = 6
_TALK: list[dict[str, Any]] = [
    {"role": "system", "content": f"{SYSTEM} be brief"},
    {"role": "assistant", "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": json.dumps({"q": ARGUMENT})}}]},
    {"role": "tool", "tool_call_id": "call_1", "content": f"{RESULT} found"},
]  # fmt: skip
"""What has been said before, in the shape of chat completions."""


class Marked:
    """Stand for a client, or a part of one, whose methods are called with secrets in all their texts."""

    def __init__(self, it: Any, talk: bool) -> None:
        self._it, self._talk = it, talk

    def __getattr__(self, name: str) -> Marked:
        return Marked(getattr(self._it, name), self._talk)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        kwargs = {name: marked(value) for name, value in kwargs.items()}
        if self._talk and isinstance(kwargs.get("messages"), list):
            kwargs["messages"] = [*_TALK, *kwargs["messages"]]
        return self._it(*args, **{**{name: value for name, value in _ASKED.items() if name in _parameters(self._it)}, **kwargs})


def _parameters(function: Any) -> Iterable[str]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return ()


def marked(value: Any) -> Any:
    """Put a secret into every text that is a sentence, and into every file; names and numbers stay."""
    if isinstance(value, str):
        if value[:1] == "{":
            return json.dumps(marked(json.loads(value)))
        return f"{PROMPT} say: {OUTPUT} said" if " " in value else value
    if isinstance(value, dict):
        return {key: marked(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(marked(inner) for inner in value) if type(value) in (list, tuple) else value
    return io.BytesIO(FILE.encode()) if isinstance(value, io.BytesIO) else value


def with_secrets(payload: Payload) -> Payload:
    """Return the payload with secrets in all its texts."""
    talk = payload.point.endswith("/chat/completions")
    call, asynchronous = payload.call, payload.async_call
    return dataclasses.replace(
        payload,
        call=call and (lambda client: call(Marked(client, talk))),
        async_call=asynchronous and (lambda client: asynchronous(Marked(client, talk))),
    )


def keys_sent(journal: Iterable[Any]) -> set[str]:
    """Return the credentials that a server was sent, by which it knows the client."""
    found = set()
    for record in journal:
        for name, value in record.headers:
            if name.lower() in _AUTHORITY:
                found |= {part for part in (value, value.rpartition(" ")[2]) if len(part) >= _SHORTEST_KEY}
    return found


def exported(seen: Any) -> dict[str, bytes]:
    """Return the bytes of each signal as OTLP exporters send them."""
    told = {
        "traces": encode_spans(seen.spans()).SerializeToString(),
        "metrics": encode_metrics(seen.metrics_data()).SerializeToString(),
        "logs": encode_logs(seen.logs()).SerializeToString(),
    }
    return told


def leaked(secrets: Iterable[str], places: dict[str, bytes]) -> list[str]:
    """Say which secrets stand in which bytes."""
    return [f"{secret!r} stands in the {place}" for secret in secrets for place, told in places.items() if secret.encode() in told]
