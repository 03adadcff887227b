"""LiteLLM: OpenAI and Anthropic formats, into which it converts all responses.

LiteLLM inserts zeros for missing counts, and estimates counts at the end of a stream. Neither is recorded, because
the provider did not report them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...extraction.paths import as_float, as_sequence, copy_fields, fields, get_path
from ...schema.records import Response, Usage
from .. import Dialect
from ..anthropic.messages import messages
from ..openai.chat_completions import chat_completions, completions
from ..openai.embeddings import embeddings
from ..openai.media import images, moderation, speech, transcription
from ..openai.responses import responses
from ..openai.usage import usage

_RERANK = fields(Response, {"response_id": "id"})
_SEARCHES = fields(
    Usage, {"search_units": "billed_units.search_units", "total_tokens": ("billed_units.total_tokens", "tokens.input_tokens")}
)
_COUNTS = ("input_tokens", "output_tokens", "total_tokens")


def _counted(read: Usage) -> Usage:
    """Return the usage, or an empty usage if all counts are zero."""
    return Usage() if not any(getattr(read, name) for name in _COUNTS) and read.seconds is None else read


def _whole(dialect: Dialect) -> Dialect:
    def reply(body: object) -> Response:
        value = dialect.response(body)
        # Units other than tokens are part of the response, not of the usage block.
        images_made = value.usage.images
        value.usage = _counted(value.usage)
        value.usage.images = images_made
        return value

    return replace(dialect, response=reply)


def _uncounted(dialect: Dialect) -> Dialect:
    """Return ``dialect`` without chunk usage, which ``counted_in`` reads."""

    def absorb(draft: Response, chunk: object) -> None:
        before = draft.usage
        dialect.absorb(draft, chunk)
        draft.usage = before

    return replace(_whole(dialect), absorb=absorb)


def counted_in(chunks: object) -> Usage:
    """Read the provider's counts from the chunks that a stream keeps.

    Later counts replace earlier counts, except if they are zero.
    """
    read = Usage()
    for chunk in as_sequence(chunks):
        found = get_path(chunk, ("usage",))
        if found is None:
            continue
        for name, value in vars(usage(found)).items():
            if value or getattr(read, name) is None:
                setattr(read, name, value)
    if read.input_tokens is not None and read.output_tokens is not None:
        read.total_tokens = max(read.total_tokens or 0, read.input_tokens + read.output_tokens)
    return _counted(read)


def _documents(chunk: object) -> Iterator[Any]:
    """Return the events in a piece of an event stream, or the event itself."""
    if not isinstance(chunk, (bytes, str)):
        yield chunk
        return
    for line in (chunk.decode("utf-8", "replace") if isinstance(chunk, bytes) else chunk).splitlines():
        if line.startswith("data:") and line.endswith("}"):
            try:
                yield json.loads(line.removeprefix("data:"))
            except ValueError:
                continue


def _absorb_events(draft: Response, chunk: object) -> None:
    for document in _documents(chunk):
        message_events.absorb(draft, document)


def _rerank_reply(body: object) -> Response:
    record = Response()
    copy_fields(record, body, _RERANK)
    copy_fields(record.usage, get_path(body, ("meta",)), _SEARCHES)
    return record


def cost_in_cents(dollars: object) -> float | None:
    """Convert an amount of LiteLLM from dollars to cents."""
    read = as_float(dollars)
    return None if read is None else read * 100


message_events = messages
lite_chat, lite_text = _uncounted(chat_completions), _uncounted(completions)
lite_responses, lite_embeddings, lite_images = _whole(responses), _whole(embeddings), _whole(images)
lite_transcription, lite_moderation, lite_speech = _whole(transcription), moderation, speech
lite_messages = replace(messages, absorb=_absorb_events)
lite_rerank = replace(_whole(embeddings), name="litellm_rerank", response=_rerank_reply)
