"""Items of the Responses API, read only if content capture is on.

Tools that the application executes are tool calls, tools that run at the provider are server tool calls. An item of an
unknown type becomes a generic part with that type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...extraction.message_parts import (
    Message,
    Part,
    Pieces,
    file_data,
    message,
    reasoning_part,
    text_part,
    tool_call_part,
    tool_response_part,
)
from ...extraction.paths import as_sequence, full_text, get_path
from ...extraction.sdk_parts import generic, plain, server_tool
from ...schema.records import Content, Response
from .. import Arguments
from .content import texts, tools

_ARGUMENTS = ("arguments", "input", "action", "actions", "operation")
_DETAILS = ("action", "queries", "code", "arguments", "container_id", "server_label", "revised_prompt", "status", "error")
_RESULTS = ("results", "outputs", "output", "tools")


def _text(item: object, *names: str) -> str | None:
    return next((found for name in names if (found := full_text(get_path(item, (name,)))) is not None), None)


def _call(item: object, kind: str) -> list[Part]:
    arguments = next((value for name in _ARGUMENTS if (value := get_path(item, (name,))) is not None), None)
    name = _text(item, "name") or kind.removesuffix("_call")
    return [tool_call_part(name, _text(item, "call_id", "id"), arguments if isinstance(arguments, str) else plain(arguments))]


def _response(item: object, kind: str) -> list[Part]:
    output = get_path(item, ("output",))
    if output is not None and not isinstance(output, str):
        listed = as_sequence(output) or (output,)
        output = texts(listed) or plain(output)
    return [tool_response_part(_text(item, "call_id", "id"), output)]


def _server_call(item: object, kind: str) -> list[Part]:
    """Read a call of a hosted tool, with its results in the same item."""
    tool = kind.removesuffix("_call")
    details = {name: plain(value) for name in _DETAILS if (value := get_path(item, (name,))) is not None}
    made = [server_tool(tool, _text(item, "id"), details)]
    made[0]["name"] = _text(item, "name") or tool
    results = {name: plain(value) for name in _RESULTS if (value := get_path(item, (name,))) is not None}
    return [*made, server_tool(tool, _text(item, "id"), results, result=True)] if results else made


def _server_response(item: object, kind: str) -> list[Part]:
    results = {name: plain(value) for name in (*_RESULTS, "result", "server_label") if (value := get_path(item, (name,))) is not None}
    return [server_tool(kind.removesuffix("_output"), _text(item, "call_id", "id"), results, result=True)]


def _image(item: object, kind: str) -> list[Part]:
    made = _server_call(item, kind)
    if (data := _text(item, "result")) is not None:
        made.append(file_data("image", data, f"image/{_text(item, 'output_format') or 'png'}"))
    return made


def _reasoning(item: object, kind: str) -> list[Part]:
    return texts(get_path(item, ("summary",))) + texts(get_path(item, ("content",)))


def _compaction(item: object, kind: str) -> list[Part]:
    item_id = _text(item, "id")
    return [{"type": "compaction"} if item_id is None else {"type": "compaction", "id": item_id}]


_PARTS: Mapping[str, tuple[str | None, Callable[[Any, str], list[Part]]]] = {
    **dict.fromkeys(("function_call", "custom_tool_call", "computer_call", "local_shell_call", "shell_call", "apply_patch_call"), ("assistant", _call)),
    **dict.fromkeys(
        (
            "function_call_output", "custom_tool_call_output", "computer_call_output", "local_shell_call_output", "shell_call_output",
            "apply_patch_call_output",
        ),
        ("tool", _response),
    ),
    **dict.fromkeys(("web_search_call", "file_search_call", "code_interpreter_call", "mcp_call", "tool_search_call", "program"), ("assistant", _server_call)),
    **dict.fromkeys(("mcp_list_tools", "tool_search_output", "program_output"), ("assistant", _server_response)),
    "image_generation_call": ("assistant", _image),
    "reasoning": ("assistant", _reasoning),
    "compaction": ("assistant", _compaction),
}  # fmt: skip
"""The role and the reader of each type of item that is not a message."""


def _item(item: object, role: str) -> Message | None:
    kind = full_text(get_path(item, ("type",)))
    if kind == "message" or (kind is None and get_path(item, ("content",)) is not None):
        return message(full_text(get_path(item, ("role",))) or role, texts(get_path(item, ("content",))))
    speaker, read = _PARTS.get(kind or "", (None, lambda item, kind: [generic(item, kind)]))
    parts = read(item, kind or "item_reference")
    return message(speaker or full_text(get_path(item, ("role",))) or role, parts) if parts else None


def responses_content(arguments: Arguments) -> Content:
    """Read the input, instructions and tools of a responses request."""
    instructions, requested = arguments.named.get("instructions"), arguments.named.get("input")
    if isinstance(requested, str):
        value = [message("user", [text_part(requested)])]
    else:
        value = [m for item in as_sequence(requested) if (m := _item(item, "user"))]
    return Content(
        system_instructions=[text_part(instructions)] if isinstance(instructions, str) else None,
        input_messages=value or None,
        tool_definitions=tools(arguments.named),
    )


def responses_output(body: object) -> list[Message] | None:
    """Read the output items of a response as one message.

    A compacted conversation has messages of several roles; they stay apart.
    """
    made: list[Message] = []
    for item in as_sequence(get_path(body, ("output",))):
        if (one := _item(item, "assistant")) is None:
            continue
        role = "assistant" if one["role"] == "tool" else one["role"]
        if made and made[-1]["role"] == role:
            made[-1]["parts"] += one["parts"]
        else:
            made.append(message(role, one["parts"]))
    return made or None


def keep(draft: Response, event: object) -> None:
    """Keep a piece of a stream, which is shown if the stream has no last event."""
    kind, piece = full_text(get_path(event, ("type",))) or "", full_text(get_path(event, ("delta",)))
    place = get_path(event, ("output_index",))
    if draft.kept is None:
        draft.kept = {"pieces": Pieces()}
    pieces: Pieces = draft.kept["pieces"]
    if kind == "response.output_item.added" and get_path(event, ("item", "type")) in ("function_call", "custom_tool_call"):
        item = get_path(event, ("item",))
        pieces.add((place, "call"), tool_call_part(_text(item, "name"), _text(item, "call_id"), None), None)
    elif piece is not None and kind.startswith(("response.output_text", "response.refusal", "response.audio.transcript")):
        pieces.add((place, get_path(event, ("content_index",))), text_part(""), piece)
    elif piece is not None and kind.startswith(("response.reasoning",)):
        pieces.add((place, "reasoning"), reasoning_part(""), piece)
    elif piece is not None and kind in ("response.function_call_arguments.delta", "response.custom_tool_call_input.delta"):
        pieces.add((place, "call"), tool_call_part(None, None, None), piece)


def join(draft: Response) -> None:
    """Build the message of a stream that ended before its last event."""
    if draft.content is not None and draft.content.output_messages is None and draft.kept and (parts := draft.kept["pieces"].parts()):
        draft.content.output_messages = [message("assistant", parts)]


def _listed(value: object, kind: str) -> list[Part]:
    """Return questions or answers as parts; some hosts name them by key."""
    named = value.items() if isinstance(value, Mapping) else ((None, item) for item in as_sequence(value))
    return [generic(item, kind) if name is None else {"name": name, **generic(item, kind)} for name, item in named]


def decision_content(arguments: Arguments) -> Content:
    """Read the input of a decision request; its questions are parts of a message."""
    content = responses_content(arguments)
    if questions := _listed(arguments.named.get("questions"), "question"):
        content.input_messages = [*(content.input_messages or ()), message("user", questions)]
    return content


def decision_output(body: object) -> list[Message] | None:
    """Read the answers of a decision."""
    answers = get_path(body, ("answers",))
    answered = _listed(plain(answers), "answer")
    return [message("assistant", answered)] if answered else None
