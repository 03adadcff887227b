"""The Vertex AI SDK: Gemini in protocol buffers, and embeddings as a list."""

from __future__ import annotations

from typing import Any

from ...extraction.paths import as_sequence, get_path
from ...extraction.protobuf import plain
from ...schema.records import Content, Request, Response
from .. import Arguments, Dialect
from . import content, gemini, media

_CLOSED = frozenset({"content"})


def _request(arguments: Arguments) -> Request:
    given = arguments.named.get("generation_config")
    config = given if isinstance(given, dict) else plain(get_path(given, ("_raw_generation_config",)))
    return gemini.request(Arguments({"model": arguments.named.get("model"), "config": config}))


def _reply(body: object) -> Response:
    return gemini.response(plain(get_path(body, ("_raw_response",)), _CLOSED))


def _absorb(draft: Response, chunk: object) -> None:
    gemini.absorb(draft, plain(get_path(chunk, ("_raw_response",)), _CLOSED if draft.content is None else frozenset()))


def _as_contents(value: object) -> Any:
    """Convert contents: texts, parts, images, messages, or lists of these."""
    if isinstance(value, (list, tuple)):
        return [_as_contents(item) for item in value]
    if (data := get_path(value, ("data",))) is not None and (mime_type := get_path(value, ("_mime_type",))) is not None:
        return {"inline_data": {"data": data, "mime_type": mime_type}}
    held = get_path(value, ("_raw_content",)) or get_path(value, ("_raw_part",)) or value
    return plain(held) if hasattr(held, "_pb") else held


def _content(arguments: Arguments) -> Content:
    named = arguments.named
    tools = [plain(get_path(tool, ("_raw_tool",))) for tool in as_sequence(named.get("tools"))]
    config = {"system_instruction": _as_contents(named.get("system_instruction")), "tools": tools}
    return content.content(Arguments({"contents": _as_contents(named.get("contents")), "config": config}))


def _output(body: object) -> list[dict[str, Any]] | None:
    return content.candidates(plain(get_path(body, ("_raw_response",))).get("candidates"))


def _embed_request(arguments: Arguments) -> Request:
    return media.embed_content.request(Arguments({"model": arguments.named.get("model"), "config": arguments.named}))


def _embed_reply(body: object) -> Response:
    about = get_path(next(iter(as_sequence(body)), None), ("_prediction_response", "metadata"))
    return media.embed_content.response({"embeddings": body, "metadata": about})


generate_content = Dialect("vertexai", _request, _reply, _absorb, _content, _output, gemini.finish)
embeddings = Dialect("vertexai_embeddings", _embed_request, _embed_reply)
