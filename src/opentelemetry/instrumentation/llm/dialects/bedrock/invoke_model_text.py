"""The older text shapes that Amazon Bedrock hands on: a prompt in, a text out, and a name of its own for everything.

Titan, Llama, Mistral, Cohere, Jurassic, Claude before its messages, and what copied one of them. ``invoke_model`` comes
here with every body that has none of the chat shapes; requests are read there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ...extraction.finish_reasons import aligned
from ...extraction.paths import Path, dig, fields, fill, full_text, items, text, whole
from ...schema.records import Content, Reply, Request, Usage
from .. import Arguments, Dialect

_REPLY = fields(Reply, {"response_id": ("id", "response_id", "response.response_id"), "response_model": "model"})
_USAGE = fields(
    Usage,
    {
        "input_tokens": ("inputTextTokenCount", "prompt_token_count"),
        "output_tokens": ("totalOutputTextTokenCount", "generation_token_count"),
    },
)


class _Choices(NamedTuple):
    """Where a family keeps its choices, and in each of them the reason and the text."""

    place: str
    reason: Path
    text: Path


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


def _told(document: Any) -> tuple[list[Any], list[str | None]]:
    """Return reasons and texts of all choices; what has no list of them is its own single choice."""
    for place, reason, said in _CHOICES:
        if choices := items(dig(document, (place,))):
            return [dig(choice, reason) for choice in choices], [full_text(dig(choice, said)) for choice in choices]
    reasons = next((r for path in _REASONS if (r := dig(document, path)) is not None), None)
    return [reasons], [next((s for path in _TEXTS if (s := full_text(dig(document, path))) is not None), None)]


def _read_into(draft: Reply, document: Any, reasons: list[Any]) -> None:
    fill(draft, document, _REPLY)
    fill(draft.usage, document, _USAGE)
    counts = [count for result in items(dig(document, ("results",))) if (count := whole(dig(result, ("tokenCount",)))) is not None]
    if counts:
        draft.usage.output_tokens = sum(counts)
    if any(text(reason) for reason in reasons):
        draft.finish_reasons = aligned(reasons)


def _reply(document: Any) -> Reply:
    said = Reply()
    _read_into(said, document, _told(document)[0])
    return said


def _absorb(draft: Reply, document: Any) -> None:
    reasons, said = _told(document)
    _read_into(draft, document, reasons)
    if draft.scratch is None:
        draft.scratch = {}
    if draft.content is not None:
        for index, piece in enumerate(said):
            if piece is not None:
                draft.scratch.setdefault(index, []).append(piece)


def _finish(draft: Reply) -> None:
    if draft.finish_reasons is None and draft.scratch is not None:
        draft.finish_reasons = ["error"]
    if draft.content is not None and draft.scratch:
        draft.content.output_messages = [_message("assistant", "".join(pieces)) for pieces in draft.scratch.values()]


def _message(role: str, said: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": said}]}


def _content(arguments: Arguments) -> Content:
    body = arguments.named
    turns = [
        _message(_ROLES.get(str(dig(turn, ("role",))), "user"), said)
        for turn in items(body.get("chat_history"))
        if (said := full_text(dig(turn, ("message",)))) is not None
    ]
    turns += [_message("user", said) for name in _PROMPTS if (said := full_text(body.get(name))) is not None]
    preamble = full_text(body.get("preamble"))
    system = None if preamble is None else [{"type": "text", "content": preamble}]
    return Content(system_instructions=system, input_messages=turns or None)


def _output(document: Any) -> list[dict[str, Any]] | None:
    return [_message("assistant", said) for said in _told(document)[1] if said is not None] or None


text_families = Dialect("invoke_model_text", lambda arguments: Request(), _reply, _absorb, _content, _output, _finish)
