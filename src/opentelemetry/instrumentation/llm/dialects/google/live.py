"""Gemini Live: a turn of the model, in messages over a websocket."""

from __future__ import annotations

from ...extraction.paths import as_str
from ...schema.records import Request, Response
from .. import Arguments, Dialect
from . import gemini
from .usage import either


def request(arguments: Arguments) -> Request:
    """Read the set-up message of the session, and its id."""
    record = gemini.request(arguments)
    record.stream = True
    record.conversation_id = as_str(arguments.named.get("session_id"))
    return record


def absorb(draft: Response, chunk: object) -> None:
    """Add one message: as a chunk of a generation with one candidate."""
    draft.conversation_id = as_str(either(chunk, "session_id")) or draft.conversation_id
    content = either(chunk, "server_content")
    candidate = {"content": either(content, "model_turn"), "groundingMetadata": either(content, "grounding_metadata")}
    if either(chunk, "tool_call") is not None:
        calls = [{"functionCall": call} for call in either(chunk, "tool_call.function_calls") or ()]
        candidate |= {"content": {"role": "model", "parts": calls}, "finishReason": "tool_call"}
    elif either(content, "interrupted"):
        candidate["finishReason"] = "interrupted"
    elif either(content, "turn_complete") or either(content, "generation_complete"):
        candidate["finishReason"] = as_str(either(content, "turn_complete_reason")) or _last(draft) or "stop"
    gemini.absorb(draft, {"candidates": [candidate], "usageMetadata": either(chunk, "usage_metadata")})


def _last(draft: Response) -> str | None:
    return None if draft.scratch is None else as_str(draft.scratch.get(0))


live = Dialect("gemini_live", request, gemini.response, absorb, finish=gemini.finish)
