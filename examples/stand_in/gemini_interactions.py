"""Gemini's interactions, whole or as named events.

An interaction has an input and steps, and it can be fetched again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from . import openai_media
from .exchange import Answer, Event, Json, Refused, Request, Route, Stream, Whole
from .gemini_generate import THOUGHT
from .openai_chat import chosen_tools, limited
from .words import TEXT, answer_text, cached_tokens, count, example_of, pieces, reasoning_tokens, response_model, slices, texts_in

_WHEN = "2026-01-01T00:00:00Z"


def create(request: Request) -> Answer:
    """Answer POST /interactions."""
    requested = request.fields
    given = requested.get("input")
    if not given:
        raise Refused("400", "input is not specified")
    texts = texts_in(given) + texts_in(requested.get("system_instruction"))
    steps, cut = _steps(request, given, " ".join(texts))
    status = "incomplete" if cut else "requires_action" if steps[-1]["type"] == "function_call" else "completed"
    if request.scenario("failed-response") is not None or request.scenario("incomplete-response") is not None:
        status = "failed" if request.scenario("failed-response") is not None else "incomplete"
    spoken = sum(len(pieces(text)) for step in steps if step["type"] == "model_output" for text in texts_in(step))
    made = {**_frame(request), "status": status, "usage": _usage(request, count(texts), max(1, spoken)), "steps": steps}
    if status == "failed":
        made["errors"] = [{"code": "internal", "message": "An internal error has occurred."}]
    request.memory.remember(made["id"], made)
    return Stream(list(_events(made))) if requested.get("stream") else Whole(made)


def get(request: Request) -> Answer:
    """Answer GET /interactions/{id}, whole or as a stream.

    An unknown interaction is invented.
    """
    made = request.memory.recall(request.parameters["id"]) or _made_up(request)
    return Stream(list(_events(made))) if request.query.get("stream") == "true" else Whole(made)


def _made_up(request: Request) -> dict[str, Any]:
    output = [{"type": "model_output", "content": [{"type": "text", "text": TEXT}]}]
    frame = {**_frame(request), "id": request.parameters["id"], "model": "gemini-2.5-flash"}
    return {**frame, "status": "completed", "usage": _usage(request, 1, count([TEXT])), "steps": output}


def _frame(request: Request) -> dict[str, Any]:
    who = {"agent": request.model} if "agent" in request.fields else {"model": response_model(request)}
    frame = {"object": "interaction", "created": _WHEN, "updated": _WHEN, "service_tier": "standard"}
    return {"id": request.new_id("interaction-"), **frame, **who}


def _steps(request: Request, given: Json, prompt: str) -> tuple[list[Json], bool]:
    requested = request.fields
    settings = requested.get("generation_config") or {}
    functions = [{"type": "function", "function": tool} for tool in requested.get("tools") or [] if tool.get("type") == "function"]
    answered = isinstance(given, list) and isinstance(given[-1], dict) and given[-1].get("type") == "function_result"
    chosen = chosen_tools({"any": "required"}.get(str(settings.get("tool_choice"))), functions, prompt, answered)
    thoughts = [{"type": "thought", "summary": [{"type": "text", "text": THOUGHT}]}] if reasoning_tokens(request) else []
    if chosen:
        calls = [_call(request, tool["function"]) for tool in chosen]
        return [*thoughts, *calls], False
    output, cut = limited(pieces(answer_text(request, prompt)), settings.get("max_output_tokens"))
    return [*thoughts, {"type": "model_output", "content": [{"type": "text", "text": "".join(output)}]}], cut


def _call(request: Request, declared: dict[str, Any]) -> Json:
    arguments = example_of(declared.get("parameters") or {"type": "object"})
    return {"type": "function_call", "id": request.new_id("call-"), "name": declared.get("name"), "arguments": arguments}


def _usage(request: Request, prompt: int, spoken: int) -> dict[str, Any]:
    thoughts = reasoning_tokens(request)
    return {
        "total_tokens": prompt + spoken + thoughts,
        "total_input_tokens": prompt,
        "input_tokens_by_modality": [{"modality": "text", "tokens": prompt}],
        "total_cached_tokens": cached_tokens(request, prompt),
        "total_output_tokens": spoken,
        "total_tool_use_tokens": 0,
        "total_thought_tokens": thoughts,
    }


def _events(made: dict[str, Any]) -> Iterator[Event]:
    def event(name: str, **data: Any) -> Event:
        return Event({**data, "event_type": name}, name)

    frame = {key: value for key, value in made.items() if key not in ("steps", "usage")}
    yield event("interaction.created", interaction={**frame, "status": "in_progress"})
    yield event("interaction.status_update", interaction_id=made["id"], status="in_progress")
    for index, step in enumerate(made["steps"]):
        start = {key: value for key, value in step.items() if key not in ("content", "summary", "arguments")}
        yield event("step.start", index=index, step={**start, "arguments": {}} if step["type"] == "function_call" else start)
        for delta in _deltas(step):
            yield event("step.delta", index=index, delta=delta)
        yield event("step.stop", index=index)
    yield event("interaction.completed", interaction={**frame, "usage": made["usage"]})
    yield Event("[DONE]", "done")


def _deltas(step: Json) -> Iterator[Json]:
    if step["type"] == "thought":
        yield from ({"type": "thought_summary", "content": one} for one in step["summary"])
        yield {"type": "thought_signature", "signature": "Y2FubmVk"}
    elif step["type"] == "function_call":
        yield from ({"type": "arguments_delta", "arguments": part} for part in slices(json.dumps(step["arguments"])))
    else:
        yield from ({"type": "text", "text": piece} for one in step["content"] for piece in pieces(one["text"]))


def decide(request: Request) -> Answer:
    """Answer POST /decisions: the answer to every question is yes.

    OpenAI has the same path, with a list of questions.
    """
    questions = request.fields.get("questions") or {}
    if isinstance(questions, list):
        return openai_media.decisions(request)
    answers = {name: {"type": "noul", "answer": "YES"} for name in questions}
    return Whole({"answers": answers, "usage": _usage(request, count(texts_in(request.fields.get("input"))), max(1, len(answers)))})


ROUTES = (
    Route("POST", "/interactions", create),
    Route("GET", "/interactions/{id}", get),
    Route("POST", "/decisions", decide),
)
