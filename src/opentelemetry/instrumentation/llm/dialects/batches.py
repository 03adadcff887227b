"""Batches: the state of a batch, and its results as JSON lines or objects.

OpenAI, Azure OpenAI, Groq, Together and Mistral write one line per response: ``{"custom_id", "response": {"body"}}``. Lines of
Gemini are ``{"key", "response"}``. Results of Anthropic are ``{"custom_id", "result": {"message"}}``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..extraction.paths import as_int, as_sequence, as_str, get_path, reader
from ..schema.records import Batch, BatchItem, Request, Response, Usage
from . import Arguments, Dialect
from .anthropic.messages import messages
from .google.gemini import generate_content
from .google.usage import either, model_name
from .openai.chat_completions import chat_completions
from .openai.responses import responses
from .openai.usage import usage

LONGEST = 64 * 2**20
"""Size above which results are not parsed, because that would block the
application for seconds.
"""
_RUNNING = frozenset({"validating", "queued", "in_progress", "finalizing", "cancelling", "running", "pending", "cancellation_requested"})
_OBJECTS = {"response": responses.response}
_EXPECTED = (b'"custom_id"', b'"response"', b'"key"')


def _request(arguments: Arguments) -> Request:
    return Request(model=as_str(arguments.named.get("model")))


def _items(key: object, read: Response) -> list[BatchItem]:
    """Return the items of one response; one that was priced in parts has several."""
    parts = [(read.response_model, read.usage)] if read.parts is None else [(p.model or read.response_model, p.usage) for p in read.parts]
    return [
        BatchItem((key, place) if place else key, model, used, read.service_tier, read.inference_geo)
        for place, (model, used) in enumerate(parts)
        if used != Usage()
    ]


def _of_gemini(answer: Any) -> Response:
    read = generate_content.response(answer)
    if read.usage == Usage() and (count := as_int(either(answer, "token_count"))) is not None:
        read.usage = Usage(input_tokens=count)
    return read


def results(body: Any) -> Response:
    """Read a file with results; a body that is another file gives no batch."""
    if not isinstance(body, bytes) or not body.startswith(b"{"):
        return Response()
    first = body[: body.find(b"\n") if b"\n" in body else len(body)]
    if _EXPECTED[1] not in first or not (_EXPECTED[0] in first or _EXPECTED[2] in first):
        return Response()
    if len(body) > LONGEST:
        return Response(batch=Batch(unread="results_too_large"))
    return _with_model(Response(batch=Batch(items=[item for line in body.splitlines() if line for item in _tolerant(line)])))


def _tolerant(line: bytes) -> list[BatchItem]:
    try:
        return _in_document(json.loads(line), hash(line))
    except ValueError:  # the last line of a file that is incomplete
        return []


def _with_model(read: Response) -> Response:
    """Name the model of a batch if all of its responses have the same."""
    batch = read.batch
    if batch is not None:
        models = {item.model for item in (*(batch.items or ()), *((batch.total,) if batch.total else ()))}
        if len(models) == 1:
            read.response_model = models.pop()
    return read


def _job(body: Any) -> Response:
    """Read a batch of OpenAI, which reports its model and the sum of its usage."""
    status = (as_str(get_path(body, ("status",))) or "").lower()
    made = Batch(as_str(get_path(body, ("id",))), bool(status) and status not in _RUNNING)
    made.output = as_str(get_path(body, ("output_file_id",))) or as_str(get_path(body, ("output_file",)))
    model = made.model = as_str(get_path(body, ("model",)))
    if made.finished and made.id is not None:
        used = _sum(get_path(body, ("usage",)))
        made.total = None if used == Usage() else BatchItem(made.id, model, used)
        outputs = as_sequence(get_path(body, ("outputs",)))
        if outputs:
            made.items = [item for place, line in enumerate(outputs) for item in _in_document(line, (made.id, place))]
    return _with_model(Response(batch=made))


def _in_document(line: Any, place: object) -> list[BatchItem]:
    """Return the items of one result; ``place`` identifies a result without an id."""
    inner = get_path(line, ("response",))
    body = get_path(inner, ("body",))
    if body is None:
        read = _of_gemini(inner)
    else:
        read = _OBJECTS.get(as_str(get_path(body, ("object",))) or "", chat_completions.response)(body)
    return _items(read.response_id or place, read)


_SUMS = ("input_tokens", "input_tokens_details", "output_tokens", "output_tokens_details", "total_tokens")


def _sum(reported: Any) -> Usage:
    """Read the sum of a batch; some contain zeros under the older names beside it."""
    get = reader(reported)
    if not get("input_tokens"):
        return usage(reported)
    return usage({name: get(name) for name in _SUMS})


def _of_anthropic(draft: Response, chunk: Any) -> None:
    """Add one result of a batch of messages."""
    if draft.batch is None:
        draft.batch = Batch(items=[])
    message = get_path(chunk, ("result", "message"))
    if message is not None and draft.batch.items is not None:
        read = messages.response(message)
        draft.batch.items += _items(read.response_id or as_str(get_path(chunk, ("custom_id",))), read)


def _finish(draft: Response) -> None:
    _with_model(draft)


_INLINE = ("inlined_responses", "inlined_embed_content_responses")


def _gemini_job(body: Any) -> Response:
    """Read a batch of Gemini, with the results that it contains."""
    state = as_str(get_path(body, ("state", "value"))) or as_str(get_path(body, ("state",))) or ""
    made = Batch(as_str(get_path(body, ("name",))), state.rpartition("_")[2].lower() in ("succeeded", "failed", "cancelled", "expired"))
    made.output = as_str(get_path(body, ("dest", "file_name")))
    model = model_name(get_path(body, ("model",)))
    inline: Iterable[Any] = (answer for name in _INLINE for answer in as_sequence(get_path(body, ("dest", name))))
    found: list[BatchItem] = []
    for place, answer in enumerate(inline):
        read = _of_gemini(get_path(answer, ("response",)))
        read.response_model = read.response_model or model
        found += _items(read.response_id or (made.id, place), read)
    made.items = found or None
    return _with_model(Response(batch=made))


batch_job = Dialect("batch_job", _request, _job)
batch_results = Dialect("batch_results", _request, results)
message_results = Dialect("message_results", _request, lambda body: Response(), _of_anthropic, finish=_finish)
gemini_batch = Dialect("gemini_batch", _request, _gemini_job)
