"""Insert secrets wherever a call has text, and search exported bytes for them.

Both the application and the provider insert secrets.
"""

from __future__ import annotations

import base64
import inspect
import io
import json
from collections.abc import Iterable
from typing import Any

from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from calls import SampleCall
from harness.faults.changed_arguments import handing
from harness.faults.conversations import ARGUMENT, CALLED, IMAGE, PROMPT, RESULT, SYSTEM, conversed
from stand_in.anthropic_messages import _THOUGHT
from stand_in.gemini_generate import THOUGHT
from stand_in.words import TEXT

OUTPUT, FILE, USER, METADATA, HEADER, QUERY = (
    f"canary-{name}-5ecret" for name in ("output", "file", "user", "metadata", "header", "query")
)
ENCODED = (base64.b64encode(IMAGE).decode(), base64.b64encode(FILE.encode()).decode())
CONTENTS = (PROMPT, OUTPUT, SYSTEM, RESULT, ARGUMENT, CALLED, TEXT[:24], _THOUGHT, THOUGHT)
"""Message contents. Files are always recorded by size and digest only."""
FILES = (FILE, IMAGE.decode(), *ENCODED)
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


def _parameters(function: Any) -> Iterable[str]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return ()


def marked(value: Any) -> Any:
    """Insert a secret into every sentence, file and tool argument.

    Names and numbers stay as they are.
    """
    if isinstance(value, str):
        if value[:1] == "{":
            return json.dumps(marked(json.loads(value)))
        return f"{PROMPT} say: {OUTPUT} said" if " " in value else value
    if isinstance(value, dict):
        named = {"enum": [CALLED]} if str(value.get("type")).lower() == "string" else {}
        return {**{key: marked(inner) for key, inner in value.items()}, **named}
    if isinstance(value, (list, tuple)):
        return type(value)(marked(inner) for inner in value) if type(value) in (list, tuple) else value
    if isinstance(value, bytes):
        return FILE.encode()
    return io.BytesIO(FILE.encode()) if isinstance(value, io.BytesIO) else _marked_object(value)


def _marked_object(value: Any) -> Any:
    """Insert secrets into a pydantic or protobuf message."""
    if hasattr(value, "model_dump") and not isinstance(value, type):
        return type(value).model_validate(marked(value.model_dump(exclude_none=True)))
    if hasattr(value, "SerializeToString"):
        from google.protobuf import json_format

        return json_format.ParseDict(marked(json_format.MessageToDict(value)), type(value)())
    return value


def with_secrets(sample: SampleCall) -> SampleCall:
    """Return the sample with secrets in all its texts."""

    def change(function: Any, requested: dict[str, Any]) -> dict[str, Any]:
        requested = conversed(sample.provider, {name: marked(value) for name, value in requested.items()})
        return {**{name: value for name, value in _ASKED.items() if name in _parameters(function)}, **requested}

    return handing(sample, change)


def keys_sent(journal: Iterable[Any]) -> set[str]:
    """Return the credentials that a server was sent, by which it knows the client."""
    found = set()
    for record in journal:
        for name, value in record.headers:
            if name.lower() in _AUTHORITY:
                found |= {part for part in (value, value.rpartition(" ")[2]) if len(part) >= _SHORTEST_KEY}
    return found


def exported(seen: Any) -> dict[str, bytes]:
    """Return the bytes of spans and log events as OTLP exporters send them."""
    return {
        "traces": encode_spans(seen.spans()).SerializeToString(),
        "logs": encode_logs(seen.logs()).SerializeToString(),
    }


def measured(seen: Any) -> dict[str, bytes]:
    """Return the bytes of the metrics as OTLP exporters send them."""
    return {"metrics": encode_metrics(seen.metrics_data()).SerializeToString()}


def leaked(secrets: Iterable[str], places: dict[str, bytes]) -> list[str]:
    """Return the names of the secrets that are found in the bytes."""
    return [f"{secret!r} stands in the {place}" for secret in secrets for place, reported in places.items() if secret.encode() in reported]
