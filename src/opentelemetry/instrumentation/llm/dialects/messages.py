"""The messages shape of Anthropic: a message, or a stream of named events that build one.

Spoken by Anthropic's own hosts, by the clouds that serve its models, and by hosts that copied it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..words.records import Reply, Request, Usage
from . import Arguments, Dialect, messages_content
from .finish import finish_reason
from .reading import dig, fields, fill, text, whole

_REQUEST = fields(
    Request,
    {
        "model": "model",
        "temperature": "temperature",
        "top_p": "top_p",
        "top_k": "top_k",
        "max_tokens": "max_tokens",
        "stop_sequences": "stop_sequences",
        "reasoning_level": "output_config.effort",
        "requested_service_tier": "service_tier",
    },
)
_REPLY = fields(
    Reply,
    {"response_model": "model", "response_id": "id", "service_tier": "usage.service_tier", "speed": "usage.speed", "failure": "error.type"},
)
_FORMATS = (("output_config", "format", "type"), ("output_format", "type"))
_HANDED_TO = ("content_block", "to", "model")
_OUTPUT_TYPES = {"json_schema": "json", "text": "text"}

_COUNTS = {
    "input": ("input_tokens",),
    "output": ("output_tokens",),
    "read": ("cache_read_input_tokens",),
    "written": ("cache_creation_input_tokens",),
    "written_5m": ("cache_creation", "ephemeral_5m_input_tokens"),
    "written_1h": ("cache_creation", "ephemeral_1h_input_tokens"),
    "thinking": ("output_tokens_details", "thinking_tokens"),
    "searches": ("server_tool_use", "web_search_requests"),
}


def request(arguments: Arguments) -> Request:
    """Read the wire body of a request."""
    asked = Request(stream=arguments.streaming or None)
    fill(asked, arguments.named, _REQUEST)
    said = (text(dig(arguments.named, path)) for path in _FORMATS)
    asked.output_type = next((_OUTPUT_TYPES.get(word) for word in said if word is not None), None)
    return asked


def _counts(said: Any) -> dict[str, int]:
    return {name: count for name, path in _COUNTS.items() if (count := whole(dig(said, path))) is not None}


def usage(counts: Mapping[str, int]) -> Usage:
    """Make usage of counts: the provider's input tokens leave out what was read from a cache or written to one."""
    read, written = counts.get("read"), counts.get("written")
    if written is None and ("written_5m" in counts or "written_1h" in counts):
        written = counts.get("written_5m", 0) + counts.get("written_1h", 0)
    said = counts.get("input")
    return Usage(
        input_tokens=None if said is None else said + (read or 0) + (written or 0),
        output_tokens=counts.get("output"),
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=counts.get("written_1h"),
        reasoning_tokens=counts.get("thinking"),
        web_searches=counts.get("searches"),
    )


def _read_into(draft: Reply, answer: Any) -> None:
    fill(draft, answer, _REPLY)
    reason = finish_reason(dig(answer, ("stop_reason",)))
    if reason is not None:
        draft.finish_reasons = [reason]


def reply(answer: Any) -> Reply:
    """Read a whole message."""
    said = Reply()
    _read_into(said, answer)
    said.usage = usage(_counts(dig(answer, ("usage",))))
    return said


def absorb(draft: Reply, chunk: Any) -> None:
    """Add one event: the message's start says who answers, its deltas why it ended; each count is the last that was said."""
    if draft.scratch is None:
        draft.scratch = {"counts": {}, "blocks": messages_content.Blocks()}
    kind = dig(chunk, ("type",))
    if kind == "message_start":
        message = dig(chunk, ("message",))
        _read_into(draft, message)
        draft.scratch["counts"] |= _counts(dig(message, ("usage",)))
    elif kind == "message_delta":
        # These counts are cumulative: they replace those of the start and are never added to them.
        draft.scratch["counts"] |= _counts(dig(chunk, ("usage",)))
        reason = finish_reason(dig(chunk, ("delta", "stop_reason")))
        if reason is not None:
            draft.finish_reasons = [reason]
    elif kind == "error":
        draft.failure = text(dig(chunk, ("error", "type"))) or "error"
    else:
        # Where one model hands over to another in mid-stream, the last one named is the one that answers.
        draft.response_model = text(dig(chunk, _HANDED_TO)) or draft.response_model
        if draft.content is not None:
            draft.scratch["blocks"].add(kind, chunk)


def finish(draft: Reply) -> None:
    """Add up what the stream counted; say that a message without a stop reason was cut."""
    if draft.scratch is None:
        return
    draft.usage = usage(draft.scratch["counts"])
    if draft.response_id is not None and draft.finish_reasons is None:
        draft.finish_reasons = ["error"]
    if draft.content is not None:
        draft.content.output_messages = draft.scratch["blocks"].message()


messages = Dialect("messages", request, reply, absorb, messages_content.content, messages_content.output, finish)
