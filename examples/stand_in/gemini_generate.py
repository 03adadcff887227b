"""Gemini's content generation, whole and as server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .exchange import Answer, Event, Json, Refused, Request, Route, Stream, Whole
from .openai_chat import chosen_tools, limited
from .words import answer_text, cached_tokens, count, example_of, pieces, reasoning_tokens, response_model, texts_in

THOUGHT = "A canned thought."
TOOL_TOKENS = 5
_CODE = [
    {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
    {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}},
]


def generate(request: Request) -> Answer:
    """Answer POST /models/{model}:generateContent."""
    parts, finish, usage = _generated(request)
    if not parts:
        return Whole(_refused(request, usage))
    output = {"content": {"parts": _whole(parts), "role": "model"}, "finishReason": finish}
    candidates = [{**output, "index": index} for index in range(_choices(request))]
    return Whole({"candidates": candidates, "usageMetadata": usage, **_frame(request)})


def stream(request: Request) -> Answer:
    """Answer POST /models/{model}:streamGenerateContent.

    The response is a stream of events, or one list without ``alt=sse``.
    """
    parts, finish, usage = _generated(request)
    events = list(_events(request, parts, finish, usage)) if parts else [_refused(request, usage)]
    return Stream([Event(data) for data in events]) if request.query.get("alt") == "sse" else Whole(events)


def _whole(parts: list[Json]) -> list[Json]:
    """Join the pieces of the text; only a stream sends them separately."""
    spoken = "".join(part["text"] for part in parts if set(part) == {"text"})
    others = [part for part in parts if set(part) != {"text"}]
    last = next((index for index, part in enumerate(others) if "functionCall" in part), len(others))
    return [*others[:last], *([{"text": spoken}] if spoken else []), *others[last:]]


def _settings(request: Request) -> dict[str, Any]:
    given = request.fields.get("generationConfig")
    return given if isinstance(given, dict) else {}


def _choices(request: Request) -> int:
    return int(_settings(request).get("candidateCount") or 1)


def _frame(request: Request) -> dict[str, Any]:
    return {"modelVersion": response_model(request), "responseId": request.new_id("response-")}


def _texts(contents: Json) -> list[str]:
    listed = contents if isinstance(contents, list) else [contents]
    return [text for one in listed if isinstance(one, dict) for text in texts_in(one.get("parts"))]


def _generated(request: Request) -> tuple[list[Json], str, dict[str, Any]]:
    requested = request.fields
    contents = requested.get("contents")
    if not isinstance(contents, list) or not contents:
        raise Refused("400", "* GenerateContentRequest.contents: contents is not specified")
    texts = _texts(contents) + _texts(requested.get("systemInstruction"))
    prompt = " ".join(texts)
    calls = [] if "block me" in prompt else _calls(request, contents, prompt)
    settings = _settings(request)
    output, cut = limited([] if calls else pieces(_formatted(settings) or answer_text(request, prompt)), settings.get("maxOutputTokens"))
    thinking = settings.get("thinkingConfig") or {}
    thoughts = [{"text": THOUGHT, "thought": True}] if thinking.get("includeThoughts") or thinking.get("include_thoughts") else []
    ran = _CODE if any("codeExecution" in tool for tool in requested.get("tools") or []) else []
    usage = _usage(request, count(texts), len(output) * _choices(request) + len(calls), TOOL_TOKENS if ran else 0)
    if "block me" in prompt:
        return [], "", usage
    return [*thoughts, *ran, *({"text": piece} for piece in output), *calls], "MAX_TOKENS" if cut else "STOP", usage


def _formatted(settings: dict[str, Any]) -> str:
    if settings.get("responseMimeType") != "application/json":
        return ""
    schema = settings.get("responseJsonSchema") or _lowered(settings.get("responseSchema"))
    return json.dumps(example_of(schema) if schema else {"answer": "canned"})


def _lowered(schema: Json) -> Json:
    """Write the types of a schema in lower case, as in JSON schema."""
    if isinstance(schema, dict):
        return {key: value.lower() if key == "type" and isinstance(value, str) else _lowered(value) for key, value in schema.items()}
    return [_lowered(one) for one in schema] if isinstance(schema, list) else schema


def _calls(request: Request, contents: list[Json], prompt: str) -> list[Json]:
    tools = request.fields.get("tools") or []
    declared = [one for tool in tools if isinstance(tool, dict) for one in tool.get("functionDeclarations") or []]
    choice = ((request.fields.get("toolConfig") or {}).get("functionCallingConfig")) or {}
    allowed = choice.get("allowedFunctionNames")
    functions = [{"type": "function", "function": one} for one in declared if not allowed or one.get("name") in allowed]
    last = contents[-1].get("parts") if isinstance(contents[-1], dict) else None
    answered = any("functionResponse" in part for part in last or [] if isinstance(part, dict))
    mode = {"NONE": "none", "ANY": "required"}.get(str(choice.get("mode") or "AUTO").upper())
    return [
        {"functionCall": {"id": request.new_id("call-"), "name": tool["function"]["name"], "args": _arguments(tool["function"])}}
        for tool in chosen_tools(mode, functions, prompt, answered)
    ]


def _arguments(declared: dict[str, Any]) -> Json:
    schema = declared.get("parametersJsonSchema") or declared.get("parameters_json_schema") or _lowered(declared.get("parameters"))
    return example_of(schema or {"type": "object"})


def _usage(request: Request, prompt: int, spoken: int, tools: int) -> dict[str, Any]:
    """Return the usage.

    Prompt tokens include cached tokens; candidate tokens do not include thoughts; tool tokens are separate.
    """
    thoughts, cached = reasoning_tokens(request), cached_tokens(request, prompt)
    usage = {
        "promptTokenCount": prompt,
        "candidatesTokenCount": spoken,
        "totalTokenCount": prompt + spoken + thoughts + tools,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}],
    }
    usage |= {"thoughtsTokenCount": thoughts} if thoughts else {}
    usage |= {"toolUsePromptTokenCount": tools} if tools else {}
    if cached:
        usage |= {"cachedContentTokenCount": cached, "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": cached}]}
    return usage


def _refused(request: Request, usage: dict[str, Any]) -> Json:
    requested = {"promptTokenCount": usage["promptTokenCount"], "totalTokenCount": usage["promptTokenCount"]}
    return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": requested, **_frame(request)}


def _events(request: Request, parts: list[Json], finish: str, usage: dict[str, Any]) -> Iterator[Json]:
    """Yield one chunk for each part; usage is cumulative."""
    frame, choices = _frame(request), range(_choices(request))
    prompt = usage["promptTokenCount"]
    for index in choices:
        for number, part in enumerate(parts):
            so_far = {"promptTokenCount": prompt, "candidatesTokenCount": number + 1, "totalTokenCount": prompt + number + 1}
            yield {"candidates": [{"content": {"parts": [part], "role": "model"}, "index": index}], "usageMetadata": so_far, **frame}
    ends = [{"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": finish, "index": index} for index in choices]
    yield {"candidates": ends, "usageMetadata": usage, **frame}


ROUTES = (
    Route("POST", "/models/{model}:generateContent", generate),
    Route("POST", "/models/{model}:streamGenerateContent", stream),
)
