"""What watsonx says otherwise than OpenAI: texts that go on from a prompt, vectors and rankings, each with tokens in names of its own."""

from __future__ import annotations

from typing import Any

from ..extraction.paths import dig, fields, fill, items, text, whole
from ..schema.records import Reply, Request, Usage
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
    asked = Request(stream=arguments.streaming or None)
    fill(asked, arguments.named, _SETTINGS)
    return asked


def _answers(answer: Any) -> list[Any]:
    """List the answers that were given: one a prompt."""
    return [one for one in answer if isinstance(one, dict)] if isinstance(answer, list) else [answer]


def _plain(answer: Any) -> dict[str, Any]:
    """Say the answers to all prompts in the words of completions; a stream may give a text alone."""
    if isinstance(answer, str):
        return {"choices": [{"text": answer}]}
    choices, counted = [], {"prompt_tokens": 0, "completion_tokens": 0}
    for one in _answers(answer):
        for result in items(dig(one, ("results",))):
            reason = dig(result, ("stop_reason",))
            choices.append({"text": dig(result, ("generated_text",)), "finish_reason": None if reason == "not_finished" else reason})
            counted["prompt_tokens"] += whole(dig(result, ("input_token_count",))) or 0
            counted["completion_tokens"] += whole(dig(result, ("generated_token_count",))) or 0
    return {"model": dig(_answers(answer)[0], ("model_id",)), "choices": choices, **({"usage": counted} if choices else {})}


def _absorb(draft: Reply, chunk: Any) -> None:
    before = draft.usage
    chat_completions.absorb(draft, _plain(chunk))
    # What was generated is counted on; the prompt is counted once, in whichever chunk.
    now, counts = draft.usage, ("input_tokens", "output_tokens")
    draft.usage = Usage(**{name: max(filter(None, (getattr(before, name), getattr(now, name))), default=None) for name in counts})


def _counted(answer: Any) -> Reply:
    said = Reply(response_model=text(dig(answer, ("model_id",))))
    said.usage.input_tokens = whole(dig(answer, ("input_token_count",)))
    said.dimensions = len(items(dig(next(iter(items(dig(answer, ("results",)))), None), ("embedding",)))) or None
    return said


texts = Dialect(
    "watsonx_texts", _request, lambda answer: chat_completions.reply(_plain(answer)), _absorb, content.completions_content,
    lambda answer: content.chat_output(_plain(answer)), chat_completions.finish,
)  # fmt: skip
counted = Dialect("watsonx_counted", _request, _counted)
