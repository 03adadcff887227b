"""Message contents of chat completions, read only if content capture is on."""

from __future__ import annotations

from typing import Any

from ...extraction.message_parts import (
    Message,
    Part,
    Pieces,
    blob_part,
    file_data,
    file_part,
    message,
    reasoning_part,
    text_part,
    tool_call_part,
    tool_response_part,
    uri_part,
)
from ...extraction.paths import as_int, as_sequence, full_text, get_path
from ...extraction.sdk_parts import cited, generic
from ...schema.records import Content, Response
from .. import Arguments

_MEDIA = {
    "input_audio": "audio", "image_url": "image", "input_image": "image", "computer_screenshot": "image", "output_image": "image",
    "file": "document", "input_file": "document", "document_url": "document", "video_url": "video", "audio_url": "audio",
}  # fmt: skip
_URLS = ("url", "image_url", "file_url", "document_url", "video_url", "audio_url")
_REASONING = ("reasoning_text", "summary_text")


def texts(value: object) -> list[Part]:
    """Read a content that is a text or a list of parts."""
    if isinstance(value, str):
        return [text_part(value)] if value else []
    return [part for item in as_sequence(value) if (part := _part(item)) is not None]


def _part(item: object) -> Part | None:
    if isinstance(item, str):
        return text_part(item)
    kind = full_text(get_path(item, ("type",))) or ""
    if kind in _MEDIA:
        return media(kind, item)
    if (value := full_text(get_path(item, ("text",))) or full_text(get_path(item, ("refusal",)))) is not None:
        return reasoning_part(value) if kind in _REASONING else cited(text_part(value), get_path(item, ("annotations",)))
    return generic(item, kind) if kind and kind not in _TEXTS else None


_TEXTS = frozenset({"text", "input_text", "output_text", "refusal", "thinking", *_REASONING})


def media(kind: str, item: object) -> Part:
    """Read an image, an audio, a video or a document."""
    modality = _MEDIA[kind]
    inner = get_path(item, (kind,))
    source = inner if inner is not None and not isinstance(inner, str) else item
    for key in _URLS:
        if (uri := full_text(get_path(source, (key,)))) is not None:
            return uri_part(modality, uri)
    if (file_id := full_text(get_path(source, ("file_id",)))) is not None:
        return file_part(modality, file_id)
    data = get_path(source, ("data",)) or get_path(source, ("file_data",)) or (inner if isinstance(inner, str) else None)
    form = full_text(get_path(source, ("format",)))
    return file_data(modality, data, f"{modality}/{form}" if form else None, full_text(get_path(source, ("filename",))))


def _tool_calls(value: object) -> list[Part]:
    parts = []
    for call in as_sequence(get_path(value, ("tool_calls",))):
        function = get_path(call, ("function",)) or get_path(call, ("custom",))
        arguments = get_path(function, ("arguments",))
        arguments = get_path(function, ("input",)) if arguments is None else arguments
        parts.append(tool_call_part(full_text(get_path(function, ("name",))), full_text(get_path(call, ("id",))), arguments))
    # Some hosts send an empty function call with each message.
    if (name := full_text(get_path(value, ("function_call", "name")))) is not None:
        parts.append(tool_call_part(name, None, get_path(value, ("function_call", "arguments"))))
    return parts


def _audio(value: object) -> list[Part]:
    """Read a spoken message: its transcript and the digest of its sound."""
    audio = get_path(value, ("audio",))
    if audio is None or isinstance(audio, str):
        return []
    spoken = full_text(get_path(audio, ("transcript",)))
    parts = [text_part(spoken)] if spoken else []
    if (data := full_text(get_path(audio, ("data",)))) is not None:
        parts.append(blob_part("audio", None, data))
    elif not spoken and (audio_id := full_text(get_path(audio, ("id",)))) is not None:
        parts.append(file_part("audio", audio_id))
    return parts


def _images(value: object) -> list[Part]:
    return [media("image_url", image) for image in as_sequence(get_path(value, ("images",))) if image is not None]


def _chat_message(value: object) -> Message:
    role = full_text(get_path(value, ("role",))) or "user"
    if role in ("tool", "function"):
        content = get_path(value, ("content",))
        return message(
            role,
            [tool_response_part(full_text(get_path(value, ("tool_call_id",))), content if isinstance(content, str) else texts(content))],
        )
    thought = full_text(get_path(value, ("reasoning_content",))) or full_text(get_path(value, ("reasoning",)))
    parts = [reasoning_part(thought)] if thought else []
    spoken = texts(get_path(value, ("content",)))
    if spoken and spoken[0]["type"] == "text":
        spoken[0] = cited(spoken[0], get_path(value, ("annotations",)))
    parts += spoken
    refusal = full_text(get_path(value, ("refusal",)))
    parts += [text_part(refusal)] if refusal else []
    parts += _audio(value) + _images(value)
    return message(role, parts + _tool_calls(value), full_text(get_path(value, ("name",))))


def tools(named: object) -> list[dict[str, Any]] | None:
    """Read tool definitions: functions by declaration, other tools by their type."""
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
    return Content(input_messages=requested or None, tool_definitions=tools(arguments.named))


def completions_content(arguments: Arguments) -> Content:
    """Read the prompt of a legacy completions request."""
    prompt = arguments.named.get("prompt")
    prompts = [prompt] if isinstance(prompt, str) else [p for p in as_sequence(prompt) if isinstance(p, str)]
    return Content(input_messages=[message("user", [text_part(p)]) for p in prompts] or None)


def chat_output(body: object) -> list[Message] | None:
    """Read the message of every choice."""
    choices = [c for c in as_sequence(get_path(body, ("choices",))) if c is not None]
    return [_choice(choice) for choice in choices] or None


def _choice(choice: object) -> Message:
    value = get_path(choice, ("message",))
    if value is None:
        return message("assistant", texts(get_path(choice, ("text",))))
    return {**_chat_message(value), "role": full_text(get_path(value, ("role",))) or "assistant"}


def absorb_chat(draft: Response, chunk: object) -> None:
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
        # Some hosts repeat the delta as a text of the choice.
        for value in (get_path(choice, ("text",)),) if delta is None else (get_path(delta, ("content",)), get_path(delta, ("refusal",))):
            if isinstance(value, str) and value:
                pieces.add("text", text_part(""), value)
        if (audio := get_path(delta, ("audio",))) is not None:
            pieces.add("text", text_part(""), full_text(get_path(audio, ("transcript",))))
            pieces.add_file("audio", full_text(get_path(audio, ("data",))))
        for image in _images(delta):
            pieces.add_whole(image)
        for place, call in enumerate(as_sequence(get_path(delta, ("tool_calls",)))):
            number = as_int(get_path(call, ("index",)))
            name, arguments = full_text(get_path(call, ("function", "name"))), get_path(call, ("function", "arguments"))
            begun = tool_call_part(name, full_text(get_path(call, ("id",))), None)
            pieces.add(("tool", place if number is None else number), begun, arguments if isinstance(arguments, str) else None)


def _pieces(draft: Response, key: object) -> Pieces:
    kept: dict[Any, Pieces] = draft.kept if draft.kept is not None else {}
    draft.kept = kept
    return kept.setdefault(key, Pieces())


def join_chat(draft: Response) -> None:
    """Build the messages from the pieces of a stream."""
    if draft.content is not None and draft.kept:
        draft.content.output_messages = [message("assistant", draft.kept[index].parts()) for index in sorted(draft.kept)]
