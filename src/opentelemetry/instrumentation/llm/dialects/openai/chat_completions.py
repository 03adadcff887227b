"""OpenAI chat completions and legacy completions, used by many providers."""

from __future__ import annotations

from typing import Any

from ...extraction.errors_in_response import complete
from ...extraction.finish_reasons import aligned
from ...extraction.output_types import OUTPUT_TYPES
from ...extraction.paths import Path, as_int, as_sequence, as_str, as_str_list, copy_fields, fields, get_path, is_model, reader
from ...schema.records import Request, Response, UsagePart, total
from .. import Arguments, Dialect
from .content import absorb_chat, chat_content, chat_output, completions_content, join_chat
from .usage import decimal, usage

_REQUEST = fields(
    Request,
    {
        "model": "model",
        "temperature": "temperature",
        "top_p": "top_p",
        "top_k": "top_k",
        "max_tokens": ("max_completion_tokens", "max_tokens"),
        "frequency_penalty": "frequency_penalty",
        "presence_penalty": "presence_penalty",
        "stop_sequences": "stop",
        "seed": "seed",
        "choice_count": "n",
        "reasoning_level": ("reasoning_effort", "reasoning.effort"),
        "requested_service_tier": "service_tier",
    },
)
_REPLY = fields(
    Response,
    {
        "response_model": "model",
        "response_id": "id",
        "service_tier": "service_tier",
        "system_fingerprint": "system_fingerprint",
        "upstream_provider": "provider",
        "failure": ("error.code", "error.type"),
    },
)
_METRICS = "amazon-bedrock-invocationMetrics"
_RARE_PLACES: tuple[Path, ...] = (("usage_info",), ("token_usage",), ("meta", "usage"), ("result", "usage"), (_METRICS,))
"""Paths of the usage block at other hosts, read if the usual paths are empty."""
_IN_A_CHOICE: tuple[Path, ...] = (("usage",), ("message", "usage"), ("delta", "usage"))


_SEARCHES = frozenset({"search", "web_search", "browser_search", "browser.search"})
_GATEWAY = ("provider_metadata", "gateway", "cost")


def request(arguments: Arguments) -> Request:
    """Read the wire body of a request."""
    body = arguments.named
    record = Request(api_type="chat_completions", stream=arguments.streaming or None)
    copy_fields(record, body, _REQUEST)
    modalities = body.get("modalities")
    if modalities is not None and "audio" in (as_str_list(modalities) or ()):
        record.output_type = "speech"
    else:
        record.output_type = OUTPUT_TYPES.get(as_str(get_path(body, ("response_format", "type"))) or "")
    return record


def _usage_of(answer: object) -> Any:
    get = reader(answer)
    reported = get("usage")
    return get_path(get("x_groq"), ("usage",)) if reported is None else reported


def _usage_elsewhere(answer: object, choices: Any) -> Any:
    """Return usage under another key, or inside a choice (as Moonshot sends it)."""
    for place in _RARE_PLACES:
        if (reported := get_path(answer, place)) is not None:
            return reported
    for choice in choices:
        for place in _IN_A_CHOICE:
            if (reported := get_path(choice, place)) is not None:
                return reported
    return None


def _add_gateway_cost(draft: Response, choice: object) -> None:
    """Read the cost in dollars that Vercel's gateway adds to a message."""
    if draft.usage.reported_cost_cents is None:
        get = reader(choice)
        for where in ("message", "delta"):
            if (reported := get(where)) is not None and (dollars := decimal(get_path(reported, _GATEWAY))) is not None:
                draft.usage.reported_cost_cents = dollars * 100
                return


def _add_breakdown(draft: Response, answer: object) -> None:
    """Add models and searches of a Groq system, if their usage is the total."""
    models = as_sequence(get_path(answer, ("usage_breakdown", "models")))
    parts = [UsagePart(as_str(get_path(one, ("model",))), usage(get_path(one, ("usage",)))) for one in models]
    if not parts:
        return
    whole_of, top = total(part.usage for part in parts), draft.usage
    if (whole_of.input_tokens, whole_of.output_tokens) == (top.input_tokens, top.output_tokens):
        draft.parts = parts
        searched = sum(
            get_path(tool, ("type",)) in _SEARCHES
            for choice in as_sequence(get_path(answer, ("choices",)))
            for where in ("message", "delta")
            for tool in as_sequence(get_path(choice, (where, "executed_tools")))
        )
        parts[0].usage.web_searches = searched or None


def _error_in(chunk: object) -> Any:
    """Return an error that a chunk contains: some hosts send an error as a chunk."""
    get = reader(chunk)
    error = get("error")
    return get_path(get("x_groq"), ("error",)) if error is None else error


def response(answer: object) -> Response:
    """Read a complete response."""
    record = Response()
    copy_fields(record, answer, _REPLY)
    choices = [c for c in as_sequence(get_path(answer, ("choices",))) if c is not None]
    used = _usage_of(answer)
    record.usage = usage(_usage_elsewhere(answer, choices) if used is None else used)
    _add_breakdown(record, answer)
    for choice in choices:
        _add_gateway_cost(record, choice)
    record.finish_reasons = aligned([(get := reader(c))("finish_reason") or get("stop_reason") for c in choices])
    return record


_NEWS = frozenset({"error", "usage", "x_groq", "service_tier"})


class _Reasons(dict[Any, Any]):
    """The finish reason of each choice by its index."""

    __slots__ = ("kind", "news", "rare")

    def __init__(self) -> None:
        self.kind: Any = None
        """The class of chunks that may have nothing but a piece of a message, once the
        ids are known.
        """
        self.news = _NEWS
        """Extra fields that must be missing in such a chunk."""
        self.rare: tuple[str, ...] = ()
        """Fields of that class that must be ``None`` in such a chunk."""


def absorb(draft: Response, chunk: Any) -> None:
    """Add one chunk: the first ids and model, and the last usage and finish reasons."""
    seen: Any = draft.scratch
    if seen is None:
        seen = draft.scratch = _Reasons()
    elif chunk.__class__ is seen.kind:
        # Nearly all chunks end here. Only models are checked, at the two places where they keep their fields.
        try:
            held, extra = chunk.__dict__, chunk.__pydantic_extra__
            (choice,) = held["choices"]
            of_choice, others = choice.__dict__, choice.__pydantic_extra__
            if (
                of_choice["finish_reason"] is None
                and of_choice["index"] in seen
                and (not extra or seen.news.isdisjoint(extra))
                and (not others or "stop_reason" not in others)
            ):
                for name in seen.rare:
                    if held[name] is not None:
                        break
                else:
                    return
        except (AttributeError, KeyError, TypeError, ValueError):
            pass
    unknown = draft.response_id is None or draft.response_model is None
    get = reader(chunk)
    if unknown:
        copy_fields(draft, chunk, _REPLY)
    elif draft.service_tier is None:
        draft.service_tier = as_str(get("service_tier"))
    if (error := _error_in(chunk)) is not None:
        draft.failure = as_str(get_path(error, ("code",))) or as_str(get_path(error, ("type",))) or "error"
        complete(draft, chunk)
    if (reported := _usage_of(chunk)) is not None:
        counted = usage(reported)
        if counted.input_tokens is not None or counted.output_tokens is not None or counted.invalid:
            if counted.reported_cost_cents is None:
                counted.reported_cost_cents = draft.usage.reported_cost_cents
            draft.usage = counted
            _add_breakdown(draft, chunk)
    if draft.content is not None:
        absorb_chat(draft, chunk)
    for position, choice in enumerate(as_sequence(get("choices"))):
        if choice is None:
            continue
        of_choice = reader(choice)
        index = as_int(of_choice("index"))
        index = position if index is None else index
        reason = of_choice("finish_reason")
        reason = of_choice("stop_reason") if reason is None else reason
        if reason == "error" and draft.failure is None:
            draft.failure = "error"
            complete(draft, chunk)
        if reason is not None or index not in seen:
            seen[index] = reason
        if reason is not None and reported is None and (used := _usage_elsewhere(chunk, (choice,))) is not None:
            draft.usage = usage(used)
        if reason is not None:
            _add_gateway_cost(draft, choice)
    if not unknown and draft.content is None and is_model(chunk.__class__):
        # All models of a class have the same fields in ``__dict__``; a field that is missing in one ends the short way.
        seen.news = _NEWS if draft.service_tier is None else _NEWS - {"service_tier"}
        seen.rare = tuple(name for name in seen.news if name in chunk.__dict__)
        seen.kind = chunk.__class__


def finish(draft: Response) -> None:
    """Sort the finish reasons of all choices by index."""
    seen = draft.scratch or {}
    draft.finish_reasons = aligned(seen[index] for index in sorted(seen))
    join_chat(draft)


chat_completions = Dialect("chat_completions", request, response, absorb, chat_content, chat_output, finish)


def _completions_request(arguments: Arguments) -> Request:
    requested = request(arguments)
    requested.api_type = None
    return requested


completions = Dialect("completions", _completions_request, response, absorb, completions_content, chat_output, finish)
