"""Gemini interactions: a request with an input, a response with steps, or events.

Older releases use ``outputs`` for ``steps``; the fields that are read here are the same in both.
"""

from __future__ import annotations

from typing import Any

from ...extraction.message_parts import message
from ...extraction.output_types import OUTPUT_TYPES
from ...extraction.paths import as_int, as_sequence, as_str, as_str_list, copy_fields, fields, get_path
from ...schema.records import Request, Response, Usage, total
from .. import Arguments, Dialect
from ..openai.items import decision_content, decision_output
from .interactions_content import Step, content, output
from .usage import interaction_usage, model_name

_REQUEST = fields(
    Request,
    {
        "temperature": "generation_config.temperature",
        "top_p": "generation_config.top_p",
        "max_tokens": "generation_config.max_output_tokens",
        "stop_sequences": "generation_config.stop_sequences",
        "seed": "generation_config.seed",
        "reasoning_level": "generation_config.thinking_level",
        "requested_service_tier": "service_tier",
        "previous_response_id": "previous_interaction_id",
        "agent_id": "agent",
    },
)
_REPLY = fields(
    Response,
    {
        "response_model": "model",
        "response_id": "id",
        "response_status": "status",
        "service_tier": "service_tier",
    },
)
_REASONS = {
    "completed": "stop",
    "requires_action": "tool_call",
    "incomplete": "length",
    "failed": "error",
    "cancelled": "error",
}
_PENDING = frozenset({"queued", "in_progress"})


def request(arguments: Arguments) -> Request:
    """Read the body of a request."""
    body = arguments.named
    record = Request(model=model_name(body.get("model")), stream=True if body.get("stream") is True else None)
    copy_fields(record, body, _REQUEST)
    record.output_type = _output_type(body)
    return record


def _output_type(body: Any) -> str | None:
    wanted = get_path(body, ("response_format",))
    formats = wanted if isinstance(wanted, (list, tuple)) else [] if wanted is None else [wanted]
    kinds = {as_str(get_path(item, ("type",))) for item in formats} & {"text", "image", "audio"} or set(
        as_str_list(body.get("response_modalities")) or ()
    )
    if kinds == {"image"}:
        return "image"
    if kinds == {"audio"}:
        return "speech"
    mime_types = [as_str(get_path(item, ("mime_type",))) for item in formats] + [as_str(body.get("response_mime_type"))]
    return next((OUTPUT_TYPES[mime] for mime in mime_types if mime is not None and mime in OUTPUT_TYPES), None)


def _read_into(draft: Response, body: object) -> None:
    copy_fields(draft, body, _REPLY)
    if (value := get_path(body, ("usage",))) is not None:
        draft.usage = interaction_usage(value)
    status = draft.response_status
    draft.finish_reasons = None if status is None or status in _PENDING else [_REASONS.get(status, status)]
    if status == "failed":
        error = next(iter(as_sequence(get_path(body, ("errors",)))), None)
        draft.failure = as_str(get_path(error, ("code",))) or "failed"


def response(body: object) -> Response:
    """Read a complete response."""
    record = Response()
    _read_into(record, body)
    return record


def absorb(draft: Response, event: object) -> None:
    """Add one event; the first and last events contain the interaction.

    If the SDK continues an interrupted response, each of its requests ends with such an event and a separate usage.
    """
    inner = get_path(event, ("interaction",))
    if inner is not None:
        _read_into(draft, inner)
        if get_path(inner, ("usage",)) is not None:
            used = draft.scratch = {} if draft.scratch is None else draft.scratch
            used[draft.response_id] = draft.usage
            draft.usage = total(used.values())
    elif get_path(event, ("event_type",)) == "error":
        draft.failure = as_str(get_path(event, ("error", "code"))) or "error"
    if draft.content is not None and (index := as_int(get_path(event, ("index",)))) is not None:
        draft.kept = {} if draft.kept is None else draft.kept
        draft.kept.setdefault((draft.response_id, index), Step()).take(event)


def finish(draft: Response) -> None:
    """Set ``error`` on a failed stream; build the captured steps in order."""
    if draft.response_id is not None and draft.finish_reasons is None and draft.failure is not None:
        draft.finish_reasons = ["error"]
    if draft.content is not None and draft.kept:
        parts = [part for step in draft.kept.values() for part in step.parts()]
        draft.content.output_messages = [message("assistant", parts)]


def fetch(arguments: Arguments) -> Request:
    """Read a request for an interaction that was created earlier."""
    after = as_str(arguments.named.get("last_event_id"))
    named = as_str(arguments.named.get("id")) or as_str(arguments.path.rstrip("/").rpartition("/")[2])
    return Request(fetched_response_id=named, stream_cursor=after)


def _fetched(body: object) -> Response:
    record = response(body)
    # The tokens were counted when the interaction was created.
    record.deferred_usage, record.usage = record.usage, Usage()
    return record


def _absorb_fetched(draft: Response, event: object) -> None:
    absorb(draft, event)
    if draft.usage != Usage():
        draft.deferred_usage, draft.usage = draft.usage, Usage()


interactions = Dialect("interactions", request, response, absorb, content, output, finish)
fetched_interaction = Dialect("fetched_interaction", fetch, _fetched, _absorb_fetched, output=output)
decisions = Dialect("decisions", request, response, content=decision_content, output=decision_output)
