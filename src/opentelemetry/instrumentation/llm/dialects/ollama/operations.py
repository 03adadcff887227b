"""Ollama's own API: chat, generate and embed; the last chunk has the counts."""

from __future__ import annotations

from ...extraction.finish_reasons import finish_reason
from ...extraction.paths import as_sequence, as_str, copy_fields, fields, get_path
from ...schema.records import Request, Response, Usage
from .. import Arguments, Dialect
from ..openai.usage import usage
from . import content

_REQUEST = fields(
    Request,
    {
        "model": "model",
        "temperature": "options.temperature",
        "top_p": "options.top_p",
        "top_k": "options.top_k",
        "max_tokens": "options.num_predict",
        "frequency_penalty": "options.frequency_penalty",
        "presence_penalty": "options.presence_penalty",
        "stop_sequences": "options.stop",
        "seed": "options.seed",
        "reasoning_level": "think",
        "dimensions": "dimensions",
    },
)
_REPLY = fields(Response, {"response_model": "model"})
_USAGE = fields(Usage, {"input_tokens": "prompt_eval_count", "output_tokens": "eval_count"})


def request(arguments: Arguments) -> Request:
    """Read the wire body of a request; a format is a word or a JSON schema."""
    record = Request(stream=arguments.streaming or None)
    copy_fields(record, arguments.named, _REQUEST)
    record.output_type = "json" if arguments.named.get("format") else None
    return record


def _read_into(draft: Response, body: object) -> None:
    copy_fields(draft, body, _REPLY)
    copy_fields(draft.usage, body, _USAGE)
    if as_str(get_path(body, ("image",))) is not None:
        draft.usage.images = 1
    reason = finish_reason(get_path(body, ("done_reason",)))
    if reason is not None:
        draft.finish_reasons = [reason]


def response(body: object) -> Response:
    """Read a complete response."""
    record = Response()
    _read_into(record, body)
    return record


def embedded(body: object) -> Response:
    """Read a response with vectors, or with the single vector of the older function."""
    value = response(body)
    vectors = as_sequence(get_path(body, ("embeddings",)))
    value.dimensions = len(as_sequence(vectors[0] if vectors else get_path(body, ("embedding",)))) or None
    return value


def scored(body: object) -> Response:
    """Read a response with scores."""
    record = Response(usage=usage(get_path(body, ("usage",))))
    copy_fields(record, body, _REPLY)
    return record


def absorb(draft: Response, chunk: object) -> None:
    """Add one chunk of a stream."""
    _read_into(draft, chunk)
    if get_path(chunk, ("done",)) is True:
        draft.scratch = {"done": True}
    if draft.content is not None:
        content.keep(draft, chunk)


def finish(draft: Response) -> None:
    """Set ``error`` on a stream without a last chunk; old servers send no reason."""
    if draft.response_model is not None and draft.scratch is None:
        draft.finish_reasons = ["error"]
    content.join(draft)


generate = Dialect("ollama", request, response, absorb, content.content, content.output, finish)
embed = Dialect("ollama_embed", request, embedded)
score = Dialect("ollama_score", request, scored)
