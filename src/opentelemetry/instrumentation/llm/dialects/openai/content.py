"""Message contents of OpenAI, read only if content capture is on."""

from __future__ import annotations

from typing import Any

from ...extraction.message_parts import (
    Message,
    Part,
    Pieces,
    blob_part,
    file_part,
    message,
    reasoning_part,
    text_part,
    tool_call_part,
    tool_response_part,
    uri_part,
)
from ...extraction.paths import as_int, as_sequence, full_text, get_path
from ...schema.records import Content, Response
from .. import Arguments

_MEDIA = {"input_audio": "audio", "image_url": "image", "input_image": "image", "file": "document", "input_file": "document"}


def _texts(value: Any) -> list[Part]:
    """Read a content that is a text or a list of parts."""
    if isinstance(value, str):
        return [text_part(value)] if value else []
    return [part for item in as_sequence(value) if (part := _part(item)) is not None]


def _part(item: Any) -> Part | None:
    if isinstance(item, str):
        return text_part(item)
    kind = full_text(get_path(item, ("type",))) or ""
    if kind in _MEDIA:
        return _media(kind, item)
    value = full_text(get_path(item, ("text",))) or full_text(get_path(item, ("refusal",)))
    return None if value is None else reasoning_part(value) if kind in ("reasoning_text", "summary_text") else text_part(value)


def _media(kind: str, item: Any) -> Part:
    modality = _MEDIA[kind]
    inner = get_path(item, (kind,))
    source = inner if inner is not None and not isinstance(inner, str) else item
    for key in ("url", "image_url", "file_url"):
        if (uri := full_text(get_path(source, (key,)))) is not None:
            return uri_part(modality, uri)
    if (file_id := full_text(get_path(source, ("file_id",)))) is not None:
        return file_part(modality, file_id)
    data = get_path(source, ("data",)) or get_path(source, ("file_data",))
    return blob_part(modality, full_text(get_path(source, ("format",))), data if isinstance(data, (str, bytes)) else "")


def _tool_calls(value: Any) -> list[Part]:
    parts = []
    for call in as_sequence(get_path(value, ("tool_calls",))):
        function = get_path(call, ("function",)) or get_path(call, ("custom",))
        arguments = get_path(function, ("arguments",))
        arguments = get_path(function, ("input",)) if arguments is None else arguments
        parts.append(tool_call_part(full_text(get_path(function, ("name",))), full_text(get_path(call, ("id",))), arguments))
    legacy = get_path(value, ("function_call",))
    if legacy is not None:
        parts.append(tool_call_part(full_text(get_path(legacy, ("name",))), None, get_path(legacy, ("arguments",))))
    return parts


def _chat_message(value: Any) -> Message:
    role = full_text(get_path(value, ("role",))) or "user"
    if role in ("tool", "function"):
        content = get_path(value, ("content",))
        return message(
            role,
            [tool_response_part(full_text(get_path(value, ("tool_call_id",))), content if isinstance(content, str) else _texts(content))],
        )
    thought = full_text(get_path(value, ("reasoning_content",))) or full_text(get_path(value, ("reasoning",)))
    parts = [reasoning_part(thought)] if thought else []
    parts += _texts(get_path(value, ("content",)))
    refusal = full_text(get_path(value, ("refusal",)))
    parts += [text_part(refusal)] if refusal else []
    return message(role, parts + _tool_calls(value), full_text(get_path(value, ("name",))))


def _tools(named: Any) -> list[dict[str, Any]] | None:
    made = []
    for tool in as_sequence(get_path(named, ("tools",))):
        function = get_path(tool, ("function",)) or tool
        kind = full_text(get_path(tool, ("type",))) or "function"
        definition = {"type": kind, "name": full_text(get_path(function, ("name",))) or kind}
        for key in ("description", "parameters"):
            if (value := get_path(function, (key,))) is not None:
                definition[key] = value
        made.append(definition)
    return made or None


def chat_content(arguments: Arguments) -> Content:
    """Read the messages and tools of a chat completions request."""
    requested = [_chat_message(m) for m in as_sequence(arguments.named.get("messages"))]
    return Content(input_messages=requested or None, tool_definitions=_tools(arguments.named))


def completions_content(arguments: Arguments) -> Content:
    """Read the prompt of a legacy completions request."""
    prompt = arguments.named.get("prompt")
    prompts = [prompt] if isinstance(prompt, str) else [p for p in as_sequence(prompt) if isinstance(p, str)]
    return Content(input_messages=[message("user", [text_part(p)]) for p in prompts] or None)


def chat_output(body: Any) -> list[Message] | None:
    """Read the message of every choice."""
    choices = [c for c in as_sequence(get_path(body, ("choices",))) if c is not None]
    return [_choice(choice) for choice in choices] or None


def _choice(choice: Any) -> Message:
    value = get_path(choice, ("message",))
    if value is None:
        return message("assistant", _texts(get_path(choice, ("text",))))
    return {**_chat_message(value), "role": full_text(get_path(value, ("role",))) or "assistant"}


def absorb_chat(draft: Response, chunk: Any) -> None:
    """Keep the pieces of every choice of a streamed chat."""
    for position, choice in enumerate(as_sequence(get_path(chunk, ("choices",)))):
        if choice is None:
            continue
        index = as_int(get_path(choice, ("index",)))
        pieces = _pieces(draft, position if index is None else index)
        delta = get_path(choice, ("delta",))
        thought = full_text(get_path(delta, ("reasoning_content",))) or full_text(get_path(delta, ("reasoning",)))
        if thought:
            pieces.add("reasoning", reasoning_part(""), thought)
        for value in (get_path(choice, ("text",)), get_path(delta, ("content",)), get_path(delta, ("refusal",))):
            if isinstance(value, str) and value:
                pieces.add("text", text_part(""), value)
        for place, call in enumerate(as_sequence(get_path(delta, ("tool_calls",)))):
            number = as_int(get_path(call, ("index",)))
            name, arguments = full_text(get_path(call, ("function", "name"))), get_path(call, ("function", "arguments"))
            begun = tool_call_part(name, full_text(get_path(call, ("id",))), None)
            pieces.add(("tool", place if number is None else number), begun, arguments if isinstance(arguments, str) else None)


def _pieces(draft: Response, key: Any) -> Pieces:
    kept: dict[Any, Pieces] = draft.kept if draft.kept is not None else {}
    draft.kept = kept
    return kept.setdefault(key, Pieces())


def join_chat(draft: Response) -> None:
    """Build the messages from the pieces of a stream."""
    if draft.content is not None and draft.kept:
        draft.content.output_messages = [message("assistant", draft.kept[index].parts()) for index in sorted(draft.kept)]


def responses_content(arguments: Arguments) -> Content:
    """Read the input, instructions and tools of a responses request."""
    instructions, requested = arguments.named.get("instructions"), arguments.named.get("input")
    value = (
        [message("user", [text_part(requested)])]
        if isinstance(requested, str)
        else [m for item in as_sequence(requested) if (m := _item(item, "user"))]
    )
    return Content(
        system_instructions=[text_part(instructions)] if isinstance(instructions, str) else None,
        input_messages=value or None,
        tool_definitions=_tools(arguments.named),
    )


def _item(item: Any, role: str) -> Message | None:
    kind = full_text(get_path(item, ("type",))) or "message"
    if kind == "message":
        return message(full_text(get_path(item, ("role",))) or role, _texts(get_path(item, ("content",))))
    if kind in ("function_call", "custom_tool_call"):
        arguments = get_path(item, ("arguments",)) or get_path(item, ("input",))
        return message(
            "assistant", [tool_call_part(full_text(get_path(item, ("name",))), full_text(get_path(item, ("call_id",))), arguments)]
        )
    if kind in ("function_call_output", "custom_tool_call_output"):
        output = get_path(item, ("output",))
        return message(
            "tool", [tool_response_part(full_text(get_path(item, ("call_id",))), output if isinstance(output, str) else _texts(output))]
        )
    if kind == "reasoning":
        parts = _texts(get_path(item, ("summary",))) + _texts(get_path(item, ("content",)))
        return message("assistant", parts) if parts else None
    return None


def responses_output(body: Any) -> list[Message] | None:
    """Read the output items of a response as one message."""
    collected = [m for item in as_sequence(get_path(body, ("output",))) if (m := _item(item, "assistant"))]
    parts = [part for each in collected for part in each["parts"]]
    return [message("assistant", parts)] if parts else None
