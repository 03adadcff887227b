"""Amazon Bedrock's model invocation: each family of models has its own body.

The name of the model selects the family. Older families have a prompt and a text; ``_TEXTS`` has a row for each of them, with
the whole response and the chunks. Anthropic's and OpenAI's bodies are those of their own wire formats.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from . import anthropic_messages, bedrock_converse, openai_chat
from .exchange import Answer, Event, Headers, Json, Refused, Request, Route, Stream, Whole
from .openai_chat import limited
from .words import answer_text, count, pieces, texts_in

_METRICS = "amazon-bedrock-invocationMetrics"
_DIMENSIONS = 8
_PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


class Output(NamedTuple):
    """The text of a response in pieces, the prompt tokens, and whether it was cut."""

    prompt: int
    pieces: list[str]
    cut: bool

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)


class Family(NamedTuple):
    """How a family reads a prompt and a limit, and writes a text.

    A text is written whole, or in pieces with an index.
    """

    prompt: str
    limit: tuple[str, ...]
    ends: tuple[str, str]
    whole: Callable[[Output, str], Json]
    piece: Callable[[Output, str | None, int], Json]


def _reported(output: Output, index: int) -> int | None:
    return output.prompt if index == 0 else None


_TEXTS: dict[str, Family] = {
    "amazon.titan": Family(
        "inputText", ("textGenerationConfig", "maxTokenCount"), ("FINISH", "LENGTH"),
        lambda output, end: {
            "inputTextTokenCount": output.prompt,
            "results": [{"tokenCount": len(output.pieces), "outputText": output.text, "completionReason": end}],
        },
        lambda output, end, index: {
            "outputText": output.pieces[index], "index": 0, "completionReason": end, "inputTextTokenCount": _reported(output, index),
            "totalOutputTextTokenCount": index + 1,
        },
    ),
    "meta.": Family(
        "prompt", ("max_gen_len",), ("stop", "length"),
        lambda output, end: {
            "generation": output.text, "prompt_token_count": output.prompt, "generation_token_count": len(output.pieces), "stop_reason": end,
        },
        lambda output, end, index: {
            "generation": output.pieces[index], "prompt_token_count": _reported(output, index), "generation_token_count": index + 1,
            "stop_reason": end,
        },
    ),
    "mistral.": Family(
        "prompt", ("max_tokens",), ("stop", "length"),
        lambda output, end: {"outputs": [{"text": output.text, "stop_reason": end}]},
        lambda output, end, index: {"outputs": [{"text": output.pieces[index], "stop_reason": end}]},
    ),
    "cohere.command-r": Family(
        "message", ("max_tokens",), ("COMPLETE", "MAX_TOKENS"),
        lambda output, end: {"response_id": "response-1", "generation_id": "generation-1", "text": output.text, "finish_reason": end,
                           "chat_history": []},
        lambda output, end, index: {"event_type": "text-generation", "text": output.pieces[index], "is_finished": end is not None,
                                  "finish_reason": end},
    ),
    "cohere.": Family(
        "prompt", ("max_tokens",), ("COMPLETE", "MAX_TOKENS"),
        lambda output, end: {"id": "cohere-1", "generations": [{"id": "generation-1", "text": output.text, "finish_reason": end}]},
        lambda output, end, index: {"text": output.pieces[index], "is_finished": end is not None, "finish_reason": end},
    ),
    "ai21.j2": Family(
        "prompt", ("maxTokens",), ("endoftext", "length"),
        lambda output, end: {
            "id": 1, "prompt": {"tokens": []},
            "completions": [{"data": {"text": output.text, "tokens": []}, "finishReason": {"reason": end}}],
        },
        lambda output, end, index: {},
    ),
    "deepseek.": Family(
        "prompt", ("max_tokens",), ("stop", "length"),
        lambda output, end: {"choices": [{"text": output.text, "stop_reason": end}]},
        lambda output, end, index: {"choices": [{"text": output.pieces[index], "stop_reason": end}]},
    ),
}  # fmt: skip


def _family(request: Request, requested: Json) -> Family:
    named = re.sub(r"^(?:arn:.*/)?(?:global|us|eu|apac)\.", "", request.model)
    family = next((family for start, family in _TEXTS.items() if named.startswith(start)), None)
    if family is None or family.prompt not in requested:
        raise Refused("400", "Malformed input request, please reformat your input and try again.")
    return family


def _say(request: Request, requested: Json) -> tuple[Family, Output, str]:
    family = _family(request, requested)
    limit = requested
    for name in family.limit:
        limit = (limit or {}).get(name)
    prompt = str(requested[family.prompt])
    output, cut = limited(pieces(answer_text(request, prompt)), limit)
    return family, Output(count([prompt]), output, cut), family.ends[cut]


def _speaks(request: Request, requested: Json) -> Callable[[Request], Answer] | None:
    """Return the chat format of a model: Anthropic's, OpenAI's, or None."""
    if "anthropic" in request.model:
        return anthropic_messages.create if "messages" in requested else anthropic_messages.complete
    return openai_chat.chat if "messages" in requested and "amazon." not in request.model else None


def _with_stream(request: Request, stream: bool) -> Request:
    made = replace(request, body=json.dumps({**request.fields, "stream": stream}).encode())
    made.parameters, made.model, made.scenarios = request.parameters, request.model, request.scenarios
    return made


def _embedded(request: Request, requested: Json) -> Json:
    vector = [(index - _DIMENSIONS / 2) / _DIMENSIONS for index in range(requested.get("dimensions") or _DIMENSIONS)]
    if "texts" in requested:
        rows = [vector for _ in requested["texts"]]
        return {"id": request.new_id("embed-"), "response_type": "embeddings_floats", "embeddings": rows, "texts": requested["texts"]}
    return {"embedding": vector, "embeddingsByType": {"float": vector}, "inputTextTokenCount": count(_prompts(requested))}


def _pictures(request: Request, requested: Json) -> Json:
    number = (requested.get("imageGenerationConfig") or {}).get("numberOfImages") or 1
    if "stability" in request.model:
        return {"seeds": [1] * number, "finish_reasons": [None] * number, "images": [_PIXEL] * number}
    return {"images": [_PIXEL] * number, "error": None}


def _ranked(_request: Request, requested: Json) -> Json:
    rows = [{"index": index, "relevance_score": 1 / (index + 1)} for index in range(len(requested.get("documents") or []))]
    return {"results": rows[: requested.get("top_n")]}


_NO_TEXT: tuple[tuple[str, Callable[[Request, Json], Json]], ...] = (
    ("embed", _embedded), ("rerank", _ranked), ("stability.", _pictures), ("titan-image", _pictures), ("nova-canvas", _pictures),
)  # fmt: skip


def _prompts(requested: Json) -> list[str]:
    known = ("inputText", "prompt", "message", "texts", "query", "system", "messages")
    return [text for name in known for value in [requested.get(name)] for text in _texts(value)]


def _texts(value: Json) -> list[str]:
    return [text for item in value for text in texts_in(item)] if isinstance(value, list) else texts_in(value)


def _nova_usage(usage: Json) -> Json:
    short = {"cacheReadInputTokens": "cacheReadInputTokenCount", "cacheWriteInputTokens": "cacheWriteInputTokenCount"}
    return {short.get(name, name): figure for name, figure in usage.items() if name != "cacheDetails"}


def _body(request: Request, requested: Json) -> tuple[Json, int]:
    """Return the body of a whole response and its number of output tokens.

    The number is for families whose body does not contain it.
    """
    for word, make in _NO_TEXT:
        if word in request.model:
            return make(request, requested), 0
    if (answer := _speaks(request, requested)) is not None:
        made = answer(_with_stream(request, False))
        assert isinstance(made, Whole)
        return made.body, len(pieces(str(made.body.get("completion") or "")))
    if "messages" in requested:
        output = bedrock_converse.answered(request)
        return {name: _nova_usage(part) if name == "usage" else part for name, part in output.items() if name != "metrics"}, 0
    family, text, end = _say(request, requested)
    return family.whole(text, end), len(text.pieces)


def _figures(body: Json, prompt: int, output: int) -> dict[str, int]:
    """Read the counts for Bedrock's headers from the body, or use our own counts."""
    usage = body.get("usage") or {}
    read, written = (next((usage[name] for name in names if name in usage), 0) for names in _CACHE_NAMES)
    requested = next((usage[name] for name in ("inputTokens", "input_tokens", "prompt_tokens") if name in usage), prompt)
    spoken = next((usage[name] for name in ("outputTokens", "output_tokens", "completion_tokens") if name in usage), output)
    return {
        "inputTokenCount": requested,
        "outputTokenCount": spoken,
        "cacheReadInputTokenCount": read,
        "cacheWriteInputTokenCount": written,
    }


_CACHE_NAMES = (("cacheReadInputTokenCount", "cache_read_input_tokens"), ("cacheWriteInputTokenCount", "cache_creation_input_tokens"))
_HEADERS = {
    "inputTokenCount": "x-amzn-bedrock-input-token-count",
    "outputTokenCount": "x-amzn-bedrock-output-token-count",
    "cacheReadInputTokenCount": "x-amzn-bedrock-cache-read-input-token-count",
    "cacheWriteInputTokenCount": "x-amzn-bedrock-cache-write-input-token-count",
}


def invoke(request: Request) -> Answer:
    """Answer POST /model/{model}/invoke."""
    requested = request.fields
    body, output = _body(request, requested)
    figures = _figures(body, count(_prompts(requested)), output)
    headers: Headers = [(header, str(figures[name])) for name, header in _HEADERS.items() if figures[name]]
    return Whole(body, headers=[*headers, ("x-amzn-bedrock-invocation-latency", "7")])


def invoke_stream(request: Request) -> Answer:
    """Answer POST /model/{model}/invoke-with-response-stream.

    The last event has Bedrock's own counts.
    """
    requested = request.fields
    body, output = _body(request, requested)
    documents = _documents(request, requested, body)
    figures = _figures(body, count(_prompts(requested)), output)
    documents[-1] = {**documents[-1], _METRICS: {**figures, "invocationLatency": 7, "firstByteLatency": 3}}
    return Stream([Event(document, "chunk") for document in documents], headers=[("x-amzn-bedrock-content-type", "application/json")])


def _documents(request: Request, requested: Json, body: Json) -> list[dict[str, Any]]:
    if (answer := _speaks(request, requested)) is not None:
        made = answer(_with_stream(request, True))
        assert isinstance(made, Stream)
        return [event.data for event in made.events if isinstance(event.data, dict)]
    if "messages" in requested:
        return list(bedrock_converse.events({**body, "metrics": {}}))
    family, text, end = _say(request, requested)
    last = len(text.pieces) - 1
    return [family.piece(text, end if index == last else None, index) for index in range(len(text.pieces))]


ROUTES = (
    Route("POST", "/model/{model}/invoke", invoke),
    Route("POST", "/model/{model}/invoke-with-response-stream", invoke_stream),
)
