"""The interactions shape of Gemini: a request with an input, an answer with a status and steps, a stream of events.

Older releases speak of ``outputs`` where newer ones speak of ``steps``; what is read here stands in the same places.
"""

from __future__ import annotations

from typing import Any

from ...extraction.message_parts import message
from ...extraction.paths import dig, fields, fill, items, text, texts, whole
from ...schema.records import Reply, Request, Usage, total
from .. import Arguments, Dialect
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
    },
)
_REPLY = fields(
    Reply,
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
_OUTPUT_TYPES = {"application/json": "json", "text/plain": "text"}


def request(arguments: Arguments) -> Request:
    """Read the body of a request."""
    body = arguments.named
    asked = Request(model=model_name(body.get("model")), stream=True if body.get("stream") is True else None)
    fill(asked, body, _REQUEST)
    asked.output_type = _output_type(body)
    return asked


def _output_type(body: Any) -> str | None:
    wanted = dig(body, ("response_format",))
    formats = wanted if isinstance(wanted, (list, tuple)) else [] if wanted is None else [wanted]
    kinds = {text(dig(one, ("type",))) for one in formats} & {"text", "image", "audio"} or set(texts(body.get("response_modalities")) or ())
    if kinds == {"image"}:
        return "image"
    if kinds == {"audio"}:
        return "speech"
    mime_types = [text(dig(one, ("mime_type",))) for one in formats] + [text(body.get("response_mime_type"))]
    return next((_OUTPUT_TYPES[mime] for mime in mime_types if mime in _OUTPUT_TYPES), None)


def _read_into(draft: Reply, answer: Any) -> None:
    fill(draft, answer, _REPLY)
    if (said := dig(answer, ("usage",))) is not None:
        draft.usage = interaction_usage(said)
    status = draft.response_status
    draft.finish_reasons = None if status is None or status in _PENDING else [_REASONS.get(status, status)]
    if status == "failed":
        told = next(iter(items(dig(answer, ("errors",)))), None)
        draft.failure = text(dig(told, ("code",))) or "failed"


def reply(answer: Any) -> Reply:
    """Read a whole answer."""
    said = Reply()
    _read_into(said, answer)
    return said


def absorb(draft: Reply, event: Any) -> None:
    """Add one event: those that carry the interaction say what it is, the last of them how it ended.

    Where the SDK continues an answer that was cut, each of its requests ends with such an event and a usage of its own.
    """
    inner = dig(event, ("interaction",))
    if inner is not None:
        _read_into(draft, inner)
        if dig(inner, ("usage",)) is not None:
            used = draft.scratch = {} if draft.scratch is None else draft.scratch
            used[draft.response_id] = draft.usage
            draft.usage = total(used.values())
    elif dig(event, ("event_type",)) == "error":
        draft.failure = text(dig(event, ("error", "code"))) or "error"
    if draft.content is not None and (index := whole(dig(event, ("index",)))) is not None:
        draft.kept = {} if draft.kept is None else draft.kept
        draft.kept.setdefault((draft.response_id, index), Step()).take(event)


def finish(draft: Reply) -> None:
    """Say that a stream which failed was cut, and show the steps in their order where they are captured."""
    if draft.response_id is not None and draft.finish_reasons is None and draft.failure is not None:
        draft.finish_reasons = ["error"]
    if draft.content is not None and draft.kept:
        parts = [part for step in draft.kept.values() for part in step.parts()]
        draft.content.output_messages = [message("assistant", parts)]


def fetch(arguments: Arguments) -> Request:
    """Read a request for an interaction that was made earlier."""
    after = text(arguments.named.get("last_event_id"))
    named = text(arguments.named.get("id")) or text(arguments.path.rstrip("/").rpartition("/")[2])
    return Request(fetched_response_id=named, stream_cursor=after)


def _fetched(answer: Any) -> Reply:
    said = reply(answer)
    # Its tokens were used, and counted, when it was made.
    said.deferred_usage, said.usage = said.usage, Usage()
    return said


def _absorb_fetched(draft: Reply, event: Any) -> None:
    absorb(draft, event)
    if draft.usage != Usage():
        draft.deferred_usage, draft.usage = draft.usage, Usage()


interactions = Dialect("interactions", request, reply, absorb, content, output, finish)
fetched_interaction = Dialect("fetched_interaction", fetch, _fetched, _absorb_fetched)
decisions = Dialect("decisions", request, reply)
