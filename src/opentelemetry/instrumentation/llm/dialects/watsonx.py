"""IBM watsonx formats that differ from OpenAI: texts, vectors, rankings."""

from __future__ import annotations

from typing import Any

from ..extraction.paths import as_int, as_sequence, as_str, copy_fields, fields, get_path
from ..schema.records import Request, Response, Usage
from . import Arguments, Dialect
from .openai import chat_completions, content

_SETTINGS = fields(
    Request,
    {
        "model": "model",
        "temperature": "temperature",
        "top_p": "top_p",
        "top_k": "top_k",
        "max_tokens": "max_new_tokens",
        "stop_sequences": "stop_sequences",
        "seed": "random_seed",
        "choice_count": "return_options.top_n",
    },
)


def _request(arguments: Arguments) -> Request:
    record = Request(stream=arguments.streaming or None)
    copy_fields(record, arguments.named, _SETTINGS)
    return record


def _answers(body: object) -> list[Any]:
    """List the results, one per prompt."""
    return [item for item in body if isinstance(item, dict)] if isinstance(body, list) else [body]


def _plain(body: object) -> dict[str, Any]:
    """Convert all results to completions; a stream may return only texts."""
    if isinstance(body, str):
        return {"choices": [{"text": body}]}
    choices, counted = [], {"prompt_tokens": 0, "completion_tokens": 0}
    for item in _answers(body):
        for result in as_sequence(get_path(item, ("results",))):
            reason = get_path(result, ("stop_reason",))
            choices.append({"text": get_path(result, ("generated_text",)), "finish_reason": None if reason == "not_finished" else reason})
            counted["prompt_tokens"] += as_int(get_path(result, ("input_token_count",))) or 0
            counted["completion_tokens"] += as_int(get_path(result, ("generated_token_count",))) or 0
    return {"model": get_path(_answers(body)[0], ("model_id",)), "choices": choices, **({"usage": counted} if choices else {})}


def _absorb(draft: Response, chunk: object) -> None:
    before = draft.usage
    chat_completions.absorb(draft, _plain(chunk))
    # Generated tokens are cumulative; the input count appears in one chunk only.
    now, counts = draft.usage, ("input_tokens", "output_tokens")
    draft.usage = Usage(**{name: max(filter(None, (getattr(before, name), getattr(now, name))), default=None) for name in counts})


def _counted(body: object) -> Response:
    record = Response(response_model=as_str(get_path(body, ("model_id",))))
    record.usage.input_tokens = as_int(get_path(body, ("input_token_count",)))
    record.dimensions = len(as_sequence(get_path(next(iter(as_sequence(get_path(body, ("results",)))), None), ("embedding",)))) or None
    return record


texts = Dialect(
    "watsonx_texts", _request, lambda body: chat_completions.response(_plain(body)), _absorb, content.completions_content,
    lambda body: content.chat_output(_plain(body)), chat_completions.finish,
)  # fmt: skip
counted = Dialect("watsonx_counted", _request, _counted)
