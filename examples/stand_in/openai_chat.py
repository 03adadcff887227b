"""OpenAI's chat completions, completions and embeddings."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from .exchange import Answer, Event, Json, Refused, Request, Route, Stream, Whole
from .words import CREATED, answer_text, cached_tokens, count, example_of, pieces, reasoning_tokens, response_model, slices, texts_in

DONE = Event("[DONE]")


def chat(request: Request) -> Answer:
    """Answer POST /chat/completions."""
    requested = request.fields
    messages = requested.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused("400", "Missing required parameter: 'messages'.")
    texts = [text for message in messages for text in texts_in(message)]
    calls = _tool_calls(request, requested, messages)
    output = [] if calls else _output(request, requested, " ".join(texts))
    output, cut = limited(output, requested.get("max_completion_tokens") or requested.get("max_tokens"))
    finish = "tool_calls" if calls else "length" if cut else "stop"
    choices = requested.get("n") or 1
    spoken = len(output) + sum(len(slices(call["function"]["arguments"])) for call in calls)
    frame = {"id": request.new_id("chatcmpl-"), "created": CREATED, "model": response_model(request),
             "service_tier": "default", "system_fingerprint": "fp_stand_in"}  # fmt: skip
    usage = chat_usage(request, count(texts), spoken * choices)
    if requested.get("stream"):
        frame = {"object": "chat.completion.chunk", **frame}
        deltas = [{"content": piece} for piece in output] + list(_tool_deltas(calls))
        return Stream(list(_chunks(frame, deltas, finish, choices, usage if wants_usage(requested) else None)))
    message: dict[str, Any] = {"role": "assistant", "content": "".join(output) or None, "refusal": None, "annotations": []}
    message |= {"tool_calls": calls} if calls else {}
    rows = [{"index": index, "message": message, "logprobs": None, "finish_reason": finish} for index in range(choices)]
    return Whole({"object": "chat.completion", **frame, "choices": rows, "usage": usage})


def _output(request: Request, requested: Json, prompt: str) -> list[str]:
    wanted = requested.get("response_format") or {}
    return pieces(formatted(wanted, (wanted.get("json_schema") or {}).get("schema")) or answer_text(request, prompt))


def formatted(wanted: Json, schema: Json) -> str:
    """Return a JSON text if it was requested, else the empty string."""
    if wanted.get("type") == "json_schema":
        return json.dumps(example_of(schema or {}))
    return json.dumps({"answer": "canned", "stand_in": True}) if wanted.get("type") == "json_object" else ""


def limited(output: list[str], limit: Any) -> tuple[list[str], bool]:
    """Cut the pieces at a limit of tokens; return whether a piece was cut."""
    return (output[:limit], True) if isinstance(limit, int) and limit < len(output) else (output, False)


def wants_usage(requested: Json) -> bool:
    """Return whether the last chunk of a stream must have the usage."""
    return bool((requested.get("stream_options") or {}).get("include_usage"))


def chat_usage(request: Request, prompt: int, spoken: int) -> dict[str, Any]:
    """Return the usage of chat completions and completions."""
    reasoning = reasoning_tokens(request)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": spoken + reasoning,
        "total_tokens": prompt + spoken + reasoning,
        "prompt_tokens_details": {"cached_tokens": cached_tokens(request, prompt), "audio_tokens": 0, "cache_write_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reasoning, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
        },
    }  # fmt: skip


def chosen_tools(choice: Any, tools: list[Json], prompt: str, after_result: bool) -> list[Json]:
    """Return the tools to call: none, one, or two if the prompt requests it.

    A tool that the request names is called.
    """
    functions = [tool for tool in tools if isinstance(tool, dict) and tool.get("type") == "function"]
    if not functions or choice == "none":
        return []
    named = isinstance(choice, dict) and (choice.get("function") or choice).get("name")
    if named:
        return [tool for tool in functions if (tool.get("function") or tool).get("name") == named][:1]
    if choice == "required" or ("call the tool" in prompt and not after_result) or ("two tools" in prompt and not after_result):
        return (functions * 2)[:2] if "two tools" in prompt else functions[:1]
    return []


def _tool_calls(request: Request, requested: Json, messages: list[Json]) -> list[Json]:
    last = messages[-1] if isinstance(messages[-1], dict) else {}
    prompt = " ".join(text for message in messages for text in texts_in(message))
    tools = chosen_tools(requested.get("tool_choice"), requested.get("tools") or [], prompt, last.get("role") == "tool")
    return [
        {"id": request.new_id("call_"), "type": "function",
         "function": {"name": tool["function"]["name"], "arguments": json.dumps(example_of(tool["function"].get("parameters") or {}))}}
        for tool in tools
    ]  # fmt: skip


def _tool_deltas(calls: list[Json]) -> Iterator[Json]:
    for index, call in enumerate(calls):
        first = {"index": index, "id": call["id"], "type": "function", "function": {"name": call["function"]["name"], "arguments": ""}}
        yield {"tool_calls": [first]}
        for part in slices(call["function"]["arguments"]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}


def _chunks(frame: Json, deltas: list[Json], finish: str, choices: int, usage: Json) -> Iterator[Event]:
    extra = {} if usage is None else {"usage": None}

    def chunk(index: int, delta: Json, reason: str | None = None) -> Event:
        return Event({**frame, "choices": [{"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}], **extra})

    indexes = range(choices)
    yield from (chunk(index, {"role": "assistant", "content": "", "refusal": None}) for index in indexes)
    yield from (chunk(index, delta) for delta in deltas for index in indexes)
    yield from (chunk(index, {}, finish) for index in indexes)
    if usage is not None:
        yield Event({**frame, "choices": [], "usage": usage})
    yield DONE


def completion(request: Request) -> Answer:
    """Answer POST /completions."""
    requested = request.fields
    prompts = requested.get("prompt") or ""
    texts = prompts if isinstance(prompts, list) else [prompts]
    count_of_choices = (len(texts) if texts and isinstance(texts[0], str) else 1) * (requested.get("n") or 1)
    words = [text for text in texts if isinstance(text, str)]
    output, cut = limited(pieces(answer_text(request, " ".join(words))), requested.get("max_tokens"))
    finish = "length" if cut else "stop"
    usage = chat_usage(request, count(words), len(output) * count_of_choices)
    frame = {"id": request.new_id("cmpl-"), "object": "text_completion", "created": CREATED, "model": response_model(request),
             "system_fingerprint": "fp_stand_in"}  # fmt: skip

    def choice(index: int, text: str, reason: str | None) -> Json:
        return {"index": index, "text": text, "logprobs": None, "finish_reason": reason}

    if not requested.get("stream"):
        rows = [choice(index, "".join(output), finish) for index in range(count_of_choices)]
        return Whole({**frame, "choices": rows, "usage": usage})
    texts_and_ends = [(piece, None) for piece in output] + [("", finish)]
    events = [Event({**frame, "choices": [choice(i, text, end)]}) for text, end in texts_and_ends for i in range(count_of_choices)]
    last = [Event({**frame, "choices": [], "usage": usage})] if wants_usage(requested) else []
    return Stream([*events, *last, DONE])


def embeddings(request: Request) -> Answer:
    """Answer POST /embeddings with vectors from a checksum of the text."""
    requested = request.fields
    given = requested.get("input")
    inputs = given if isinstance(given, list) and given and not isinstance(given[0], int) else [given]
    tokens = sum(len(item) if isinstance(item, list) else count([str(item)]) for item in inputs)
    size = requested.get("dimensions") or 8
    vectors = [vector(json.dumps(item), size) for item in inputs]
    if requested.get("encoding_format") == "base64":
        rows: list[Any] = [base64.b64encode(struct.pack(f"<{size}f", *vector)).decode() for vector in vectors]
    else:
        rows = vectors
    data = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return Whole({"object": "list", "data": data, "model": response_model(request), "usage": usage})


def vector(text: str, size: int) -> list[float]:
    """Return numbers from a checksum of the text, exact in 32 bits."""
    seed = zlib.crc32(text.encode())
    return [((seed >> (index % 24)) % 256 - 128) / 128 for index in range(size)]


ROUTES = (
    Route("POST", "/chat/completions", chat),
    Route("POST", "/completions", completion),
    Route("POST", "/embeddings", embeddings),
)
