"""Contents of Gemini in the shapes of the conventions' JSON schemas; bytes become their size and digest.

What applications pass is as free as the SDK lets it be: texts, parts, contents, files, objects or dictionaries, alone or
in a list. Nothing is changed, and of images only what needs no decoding is read.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from ..words.records import Content
from . import Arguments
from .gemini_usage import either
from .reading import dig, items, text

Part = dict[str, Any]
_ROLES = {"model": "assistant", "function": "tool"}


def modality(mime_type: str | None) -> str:
    """Say the conventions' word for a kind of media.

    >>> modality("image/png"), modality("application/pdf"), modality(None)
    ('image', 'document', 'document')
    """
    kind = (mime_type or "").partition("/")[0]
    return kind if kind in ("image", "video", "audio") else "document"


def blob(data: Any, mime_type: Any, kind: str | None = None) -> Part:
    """Describe bytes, or bytes in base64, without holding them."""
    named = text(mime_type)
    part: Part = {"type": "blob", "modality": kind or modality(named), "mime_type": named, "content": ""}
    raw = _decoded(data) if isinstance(data, str) else data
    if isinstance(raw, bytes):
        part |= {"size": len(raw), "sha256": sha256(raw).hexdigest()}
    return part


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data.translate({45: 43, 95: 47}))
    except (binascii.Error, ValueError):
        return data.encode("utf-8", "replace")


def uri(where: Any, mime_type: Any, kind: str | None = None) -> Part:
    """Describe a file that the provider fetches."""
    named = text(mime_type)
    return {"type": "uri", "modality": kind or modality(named), "mime_type": named, "uri": text(where) or ""}


def _call(said: Any) -> Part:
    return {"type": "tool_call", "id": text(dig(said, ("id",))), "name": text(dig(said, ("name",))) or "", "arguments": dig(said, ("args",))}


def _called(said: Any) -> Part:
    return {"type": "tool_call_response", "id": text(dig(said, ("id",))), "response": dig(said, ("response",))}


def _server_call(said: Any) -> Part:
    kind = (text(either(said, "tool_type")) or "tool").lower()
    return {"type": "server_tool_call", "id": text(dig(said, ("id",))), "name": kind, "server_tool_call": {"type": kind, "arguments": dig(said, ("args",))}}


def _server_called(said: Any) -> Part:
    kind = (text(either(said, "tool_type")) or "tool").lower()
    response = {"type": kind, "response": dig(said, ("response",))}
    return {"type": "server_tool_call_response", "id": text(dig(said, ("id",))), "server_tool_call_response": response}


def _code(said: Any) -> Part:
    call = {"type": "code_execution", "language": text(dig(said, ("language",))), "code": text(dig(said, ("code",)))}
    return {"type": "server_tool_call", "id": text(dig(said, ("id",))), "name": "code_execution", "server_tool_call": call}


def _code_result(said: Any) -> Part:
    result = {"type": "code_execution", "outcome": text(dig(said, ("outcome",))), "output": text(dig(said, ("output",)))}
    return {"type": "server_tool_call_response", "id": text(dig(said, ("id",))), "server_tool_call_response": result}


_PARTS: Mapping[str, Callable[[Any], Part]] = {
    "inline_data": lambda said: blob(dig(said, ("data",)), either(said, "mime_type")),
    "file_data": lambda said: uri(either(said, "file_uri"), either(said, "mime_type")),
    "function_call": _call,
    "function_response": _called,
    "executable_code": _code,
    "code_execution_result": _code_result,
    "tool_call": _server_call,
    "tool_response": _server_called,
}


def _part(said: Any) -> Part | None:
    """Show one part, in whatever form the SDK takes it; one that holds nothing but a signature is not shown."""
    if isinstance(said, str):
        return {"type": "text", "content": said}
    if isinstance(words := dig(said, ("text",)), str):
        return {"type": "reasoning" if dig(said, ("thought",)) is True else "text", "content": words}
    for name, show in _PARTS.items():
        if (inner := either(said, name)) is not None:
            return show(inner)
    for name in ("uri", "file_uri"):
        if text(either(said, name)) is not None:
            return uri(either(said, name), either(said, "mime_type"))
    if "image" in type(said).__name__.lower():
        return blob(None, None, "image")
    return None


def _parts(said: Any) -> list[Part]:
    listed = said if isinstance(said, (list, tuple)) else () if said is None else (said,)
    return [part for one in listed if (part := _part(one)) is not None]


def _message(role: str | None, parts: list[Part]) -> dict[str, Any]:
    if parts and all(part["type"] == "tool_call_response" for part in parts):
        role = "tool"
    return {"role": _ROLES.get(role or "user", role or "user"), "parts": parts}


def _is_content(said: Any) -> bool:
    return not isinstance(said, str) and (dig(said, ("parts",)) is not None or dig(said, ("role",)) is not None)


def messages(contents: Any) -> list[dict[str, Any]]:
    """Show contents as messages. Parts that stand alone are joined, as the SDK does before it sends them."""
    made: list[dict[str, Any]] = []
    alone: list[Part] = []
    speaker = "user"

    def speak() -> None:
        if alone:
            made.append(_message(speaker, alone.copy()))
            alone.clear()

    for said in contents if isinstance(contents, (list, tuple)) else [contents]:
        if isinstance(said, (list, tuple)) or _is_content(said):
            speak()
            nested = said if isinstance(said, (list, tuple)) else dig(said, ("parts",))
            made.append(_message(text(dig(said, ("role",))), _parts(nested)))
            continue
        for part in _parts(said):
            whose = "assistant" if part["type"] == "tool_call" else "user"
            if whose != speaker:
                speak()
            speaker = whose
            alone.append(part)
    speak()
    return made


def instructions(said: Any) -> list[Part] | None:
    """Show instructions, which hold texts only."""
    shown = [part for one in messages(said) for part in one["parts"] if part["type"] == "text"] if said is not None else []
    return shown or None


def schema(said: Any) -> Any:
    """Show the schema of a tool's arguments as JSON schema: Google writes types in capitals."""
    dump = getattr(said, "model_dump", None)
    if dump is not None:
        said = dump(exclude_none=True, by_alias=True, mode="json")
    if isinstance(said, Mapping):
        return {key: value.lower() if key == "type" and isinstance(value, str) else schema(value) for key, value in said.items()}
    return [schema(one) for one in said] if isinstance(said, list) else said


def _function(said: Any) -> Part:
    parameters = either(said, "parameters_json_schema") or dig(said, ("parameters",))
    shown = {"type": "function", "name": text(dig(said, ("name",))) or "", "description": text(dig(said, ("description",)))}
    return {**shown, "parameters": schema(parameters)} if parameters is not None else shown


def definitions(tools: Any) -> list[Part] | None:
    """Show the tools that are offered: functions by their declarations, Google's own by their names."""
    made: list[Part] = []
    for tool in items(tools):
        if callable(tool):
            made.append({"type": "function", "name": getattr(tool, "__name__", type(tool).__name__), "description": tool.__doc__})
            continue
        made += [_function(one) for one in items(either(tool, "function_declarations"))]
        names = tool if isinstance(tool, Mapping) else getattr(tool, "model_fields_set", ())
        own = [name for name in names if dig(tool, (name,)) is not None and name not in ("function_declarations", "functionDeclarations")]
        made += [{"type": name, "name": name} for name in sorted(own)]
    return made or None


def content(arguments: Arguments) -> Content:
    """Show what a generation was asked with."""
    config = arguments.named.get("config")
    return Content(
        system_instructions=instructions(either(config, "system_instruction")),
        input_messages=messages(arguments.named.get("contents")) or None,
        tool_definitions=definitions(either(config, "tools")),
    )


def merged(parts: Sequence[Part]) -> list[Part]:
    """Join texts that follow each other: a stream brings them in pieces."""
    made: list[Part] = []
    for part in parts:
        last = made[-1] if made else None
        if last is not None and last["type"] == part["type"] and part["type"] in ("text", "reasoning"):
            last["content"] += part["content"]
        else:
            made.append(dict(part))
    return made


def message(pieces: Sequence[Any]) -> dict[str, Any]:
    """Show a candidate, whole or in the pieces of a stream, as one message."""
    parts = [part for piece in pieces for part in _parts(dig(piece, ("content", "parts")))]
    return {"role": "assistant", "parts": merged(parts) if len(pieces) > 1 else parts}
