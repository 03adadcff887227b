"""Older text formats of Bedrock models: a prompt and a completion.

Titan, Llama, Mistral, Cohere, Jurassic, Claude text completions, and formats copied from these. ``invoke_model`` uses
this module for bodies that have no chat format, and also reads the requests.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ...extraction.finish_reasons import aligned
from ...extraction.paths import Path, as_int, as_sequence, as_str, copy_fields, fields, full_text, get_path
from ...schema.records import Content, Request, Response, Usage
from .. import Arguments, Dialect

_REPLY = fields(Response, {"response_id": ("id", "response_id", "response.response_id"), "response_model": "model"})
_USAGE = fields(
    Usage,
    {
        "input_tokens": ("inputTextTokenCount", "prompt_token_count"),
        "output_tokens": ("totalOutputTextTokenCount", "generation_token_count"),
    },
)


class _Choices(NamedTuple):
    """Paths of the choices of a model family, and of reason and text in each."""

    place: str
    reason: Path
    as_str: Path


_CHOICES = (
    _Choices("results", ("completionReason",), ("outputText",)),
    _Choices("outputs", ("stop_reason",), ("text",)),
    _Choices("generations", ("finish_reason",), ("text",)),
    _Choices("completions", ("finishReason", "reason"), ("data", "text")),
)
_REASONS: tuple[Path, ...] = (
    ("completionReason",), ("stop_reason",), ("finish_reason",), ("finishReason",), ("response", "finish_reason"),
)  # fmt: skip
_TEXTS: tuple[Path, ...] = (("outputText",), ("generation",), ("completion",), ("text",), ("message",))
_PROMPTS = ("prompt", "inputText", "message", "inputPrompt")
_ROLES = {"CHATBOT": "assistant", "SYSTEM": "system", "TOOL": "tool"}


def _reasons_and_texts(document: object) -> tuple[list[Any], list[str | None]]:
    """Return finish reasons and texts of all choices.

    A body without a list of choices is a single choice.
    """
    for place, reason, value in _CHOICES:
        if choices := as_sequence(get_path(document, (place,))):
            return [get_path(choice, reason) for choice in choices], [full_text(get_path(choice, value)) for choice in choices]
    reasons = next((r for path in _REASONS if (r := get_path(document, path)) is not None), None)
    return [reasons], [next((s for path in _TEXTS if (s := full_text(get_path(document, path))) is not None), None)]


def _read_into(draft: Response, document: object, reasons: list[Any]) -> None:
    copy_fields(draft, document, _REPLY)
    copy_fields(draft.usage, document, _USAGE)
    counts = [
        count
        for result in as_sequence(get_path(document, ("results",)))
        if (count := as_int(get_path(result, ("tokenCount",)))) is not None
    ]
    if counts:
        draft.usage.output_tokens = sum(counts)
    if any(as_str(reason) for reason in reasons):
        draft.finish_reasons = aligned(reasons)


def _reply(document: object) -> Response:
    record = Response()
    _read_into(record, document, _reasons_and_texts(document)[0])
    return record


def _absorb(draft: Response, document: object) -> None:
    reasons, pieces = _reasons_and_texts(document)
    _read_into(draft, document, reasons)
    if draft.scratch is None:
        draft.scratch = {}
    if draft.content is not None:
        for index, piece in enumerate(pieces):
            if piece is not None:
                draft.scratch.setdefault(index, []).append(piece)


def _finish(draft: Response) -> None:
    if draft.finish_reasons is None and draft.scratch is not None:
        draft.finish_reasons = ["error"]
    if draft.content is not None and draft.scratch:
        draft.content.output_messages = [_message("assistant", "".join(pieces)) for pieces in draft.scratch.values()]


def _message(role: str, value: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": value}]}


def _content(arguments: Arguments) -> Content:
    body = arguments.named
    turns = [
        _message(_ROLES.get(str(get_path(turn, ("role",))), "user"), value)
        for turn in as_sequence(body.get("chat_history"))
        if (value := full_text(get_path(turn, ("message",)))) is not None
    ]
    turns += [_message("user", value) for name in _PROMPTS if (value := full_text(body.get(name))) is not None]
    preamble = full_text(body.get("preamble"))
    system = None if preamble is None else [{"type": "text", "content": preamble}]
    return Content(system_instructions=system, input_messages=turns or None)


def _output(document: object) -> list[dict[str, Any]] | None:
    return [_message("assistant", value) for value in _reasons_and_texts(document)[1] if value is not None] or None


text_families = Dialect("invoke_model_text", lambda arguments: Request(), _reply, _absorb, _content, _output, _finish)
