"""The shapes of Ollama's own API: chat, generate and embed; a stream is a row of answers of which the last one counts."""

from __future__ import annotations

from typing import Any

from ...extraction.finish_reasons import finish_reason
from ...extraction.paths import dig, fields, fill, items, text
from ...schema.records import Reply, Request, Usage
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
_REPLY = fields(Reply, {"response_model": "model"})
_USAGE = fields(Usage, {"input_tokens": "prompt_eval_count", "output_tokens": "eval_count"})


def request(arguments: Arguments) -> Request:
    """Read the wire body of a request; a format is either a word or the schema itself."""
    asked = Request(stream=arguments.streaming or None)
    fill(asked, arguments.named, _REQUEST)
    asked.output_type = "json" if arguments.named.get("format") else None
    return asked


def _read_into(draft: Reply, answer: Any) -> None:
    fill(draft, answer, _REPLY)
    fill(draft.usage, answer, _USAGE)
    if text(dig(answer, ("image",))) is not None:
        draft.usage.images = 1
    reason = finish_reason(dig(answer, ("done_reason",)))
    if reason is not None:
        draft.finish_reasons = [reason]


def reply(answer: Any) -> Reply:
    """Read a whole answer."""
    said = Reply()
    _read_into(said, answer)
    return said


def embedded(answer: Any) -> Reply:
    """Read an answer with vectors, or with the one vector of the function that came before."""
    said = reply(answer)
    vectors = items(dig(answer, ("embeddings",)))
    said.dimensions = len(items(vectors[0] if vectors else dig(answer, ("embedding",)))) or None
    return said


def scored(answer: Any) -> Reply:
    """Read an answer with scores."""
    said = Reply(usage=usage(dig(answer, ("usage",))))
    fill(said, answer, _REPLY)
    return said


def absorb(draft: Reply, chunk: Any) -> None:
    """Add one answer of the row."""
    _read_into(draft, chunk)
    if dig(chunk, ("done",)) is True:
        draft.scratch = {"done": True}
    if draft.content is not None:
        content.keep(draft, chunk)


def finish(draft: Reply) -> None:
    """Say that a row without a last answer was cut; older servers end one without telling why."""
    if draft.response_model is not None and draft.scratch is None:
        draft.finish_reasons = ["error"]
    content.join(draft)


generate = Dialect("ollama", request, reply, absorb, content.content, content.output, finish)
embed = Dialect("ollama_embed", request, embedded)
score = Dialect("ollama_score", request, scored)
