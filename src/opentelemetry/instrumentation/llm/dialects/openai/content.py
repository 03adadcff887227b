"""Message contents in OpenAI's shapes, read only where contents are captured."""

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
from ...extraction.paths import dig, full_text, items, whole
from ...schema.records import Content, Reply
from .. import Arguments

_MEDIA = {"input_audio": "audio", "image_url": "image", "input_image": "image", "file": "document", "input_file": "document"}


def _texts(value: Any) -> list[Part]:
    """Read a content that is a text, or a list of parts of several kinds."""
    if isinstance(value, str):
        return [text_part(value)] if value else []
    return [part for item in items(value) if (part := _part(item)) is not None]


def _part(item: Any) -> Part | None:
    if isinstance(item, str):
        return text_part(item)
    kind = full_text(dig(item, ("type",))) or ""
    if kind in _MEDIA:
        return _media(kind, item)
    said = full_text(dig(item, ("text",))) or full_text(dig(item, ("refusal",)))
    return None if said is None else reasoning_part(said) if kind in ("reasoning_text", "summary_text") else text_part(said)


def _media(kind: str, item: Any) -> Part:
    modality = _MEDIA[kind]
    inner = dig(item, (kind,))
    source = inner if inner is not None and not isinstance(inner, str) else item
    for key in ("url", "image_url", "file_url"):
        if (uri := full_text(dig(source, (key,)))) is not None:
            return uri_part(modality, uri)
    if (file_id := full_text(dig(source, ("file_id",)))) is not None:
        return file_part(modality, file_id)
    data = dig(source, ("data",)) or dig(source, ("file_data",))
    return blob_part(modality, full_text(dig(source, ("format",))), data if isinstance(data, (str, bytes)) else "")


def _tool_calls(said: Any) -> list[Part]:
    parts = []
    for call in items(dig(said, ("tool_calls",))):
        function = dig(call, ("function",)) or dig(call, ("custom",))
        arguments = dig(function, ("arguments",))
        arguments = dig(function, ("input",)) if arguments is None else arguments
        parts.append(tool_call_part(full_text(dig(function, ("name",))), full_text(dig(call, ("id",))), arguments))
    legacy = dig(said, ("function_call",))
    if legacy is not None:
        parts.append(tool_call_part(full_text(dig(legacy, ("name",))), None, dig(legacy, ("arguments",))))
    return parts


def _chat_message(said: Any) -> Message:
    role = full_text(dig(said, ("role",))) or "user"
    if role in ("tool", "function"):
        content = dig(said, ("content",))
        return message(
            role, [tool_response_part(full_text(dig(said, ("tool_call_id",))), content if isinstance(content, str) else _texts(content))]
        )
    thought = full_text(dig(said, ("reasoning_content",))) or full_text(dig(said, ("reasoning",)))
    parts = [reasoning_part(thought)] if thought else []
    parts += _texts(dig(said, ("content",)))
    refusal = full_text(dig(said, ("refusal",)))
    parts += [text_part(refusal)] if refusal else []
    return message(role, parts + _tool_calls(said), full_text(dig(said, ("name",))))


def _tools(named: Any) -> list[dict[str, Any]] | None:
    made = []
    for tool in items(dig(named, ("tools",))):
        function = dig(tool, ("function",)) or tool
        kind = full_text(dig(tool, ("type",))) or "function"
        definition = {"type": kind, "name": full_text(dig(function, ("name",))) or kind}
        for key in ("description", "parameters"):
            if (value := dig(function, (key,))) is not None:
                definition[key] = value
        made.append(definition)
    return made or None


def chat_content(arguments: Arguments) -> Content:
    """Read the messages and tools of a chat completions request."""
    asked = [_chat_message(m) for m in items(arguments.named.get("messages"))]
    return Content(input_messages=asked or None, tool_definitions=_tools(arguments.named))


def completions_content(arguments: Arguments) -> Content:
    """Read the prompt of a legacy completions request."""
    prompt = arguments.named.get("prompt")
    prompts = [prompt] if isinstance(prompt, str) else [p for p in items(prompt) if isinstance(p, str)]
    return Content(input_messages=[message("user", [text_part(p)]) for p in prompts] or None)


def chat_output(answer: Any) -> list[Message] | None:
    """Read the message of every choice."""
    choices = [c for c in items(dig(answer, ("choices",))) if c is not None]
    return [_choice(choice) for choice in choices] or None


def _choice(choice: Any) -> Message:
    said = dig(choice, ("message",))
    if said is None:
        return message("assistant", _texts(dig(choice, ("text",))))
    return {**_chat_message(said), "role": full_text(dig(said, ("role",))) or "assistant"}


def absorb_chat(draft: Reply, chunk: Any) -> None:
    """Keep the pieces of every choice of a streamed chat."""
    for position, choice in enumerate(items(dig(chunk, ("choices",)))):
        if choice is None:
            continue
        index = whole(dig(choice, ("index",)))
        pieces = _pieces(draft, position if index is None else index)
        delta = dig(choice, ("delta",))
        thought = full_text(dig(delta, ("reasoning_content",))) or full_text(dig(delta, ("reasoning",)))
        if thought:
            pieces.add("reasoning", reasoning_part(""), thought)
        for said in (dig(choice, ("text",)), dig(delta, ("content",)), dig(delta, ("refusal",))):
            if isinstance(said, str) and said:
                pieces.add("text", text_part(""), said)
        for place, call in enumerate(items(dig(delta, ("tool_calls",)))):
            number = whole(dig(call, ("index",)))
            name, arguments = full_text(dig(call, ("function", "name"))), dig(call, ("function", "arguments"))
            begun = tool_call_part(name, full_text(dig(call, ("id",))), None)
            pieces.add(("tool", place if number is None else number), begun, arguments if isinstance(arguments, str) else None)


def _pieces(draft: Reply, key: Any) -> Pieces:
    kept: dict[Any, Pieces] = draft.kept if draft.kept is not None else {}
    draft.kept = kept
    return kept.setdefault(key, Pieces())


def join_chat(draft: Reply) -> None:
    """Make the messages of the pieces that a stream brought."""
    if draft.content is not None and draft.kept:
        draft.content.output_messages = [message("assistant", draft.kept[index].parts()) for index in sorted(draft.kept)]


def responses_content(arguments: Arguments) -> Content:
    """Read the input, instructions and tools of a responses request."""
    instructions, asked = arguments.named.get("instructions"), arguments.named.get("input")
    said = [message("user", [text_part(asked)])] if isinstance(asked, str) else [m for item in items(asked) if (m := _item(item, "user"))]
    return Content(
        system_instructions=[text_part(instructions)] if isinstance(instructions, str) else None,
        input_messages=said or None,
        tool_definitions=_tools(arguments.named),
    )


def _item(item: Any, role: str) -> Message | None:
    kind = full_text(dig(item, ("type",))) or "message"
    if kind == "message":
        return message(full_text(dig(item, ("role",))) or role, _texts(dig(item, ("content",))))
    if kind in ("function_call", "custom_tool_call"):
        arguments = dig(item, ("arguments",)) or dig(item, ("input",))
        return message("assistant", [tool_call_part(full_text(dig(item, ("name",))), full_text(dig(item, ("call_id",))), arguments)])
    if kind in ("function_call_output", "custom_tool_call_output"):
        output = dig(item, ("output",))
        return message(
            "tool", [tool_response_part(full_text(dig(item, ("call_id",))), output if isinstance(output, str) else _texts(output))]
        )
    if kind == "reasoning":
        parts = _texts(dig(item, ("summary",))) + _texts(dig(item, ("content",)))
        return message("assistant", parts) if parts else None
    return None


def responses_output(answer: Any) -> list[Message] | None:
    """Read the output items of a response as one message."""
    said = [m for item in items(dig(answer, ("output",))) if (m := _item(item, "assistant"))]
    parts = [part for each in said for part in each["parts"]]
    return [message("assistant", parts)] if parts else None
