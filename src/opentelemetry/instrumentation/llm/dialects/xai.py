"""xAI chats: protocol buffers converted to chat completions.

Only fields that are set are read. Texts of messages are read only if content capture is on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from ..extraction.paths import as_str, integer
from ..extraction.protobuf import rounded
from ..schema.records import Content, Request, Response, Usage
from . import Arguments, Dialect
from .openai import chat_completions
from .openai.content import chat_content, chat_output
from .openai.usage import usage

Plain = dict[str, Any]
_TICKS = 10_000_000_000
"""Ticks per US dollar."""
_OPTIONAL = (
    "max_tokens", "seed", "temperature", "top_p", "frequency_penalty", "presence_penalty", "reasoning_effort", "previous_response_id",
)  # fmt: skip
_ENDS = {"max_len": "length", "max_context": "length"}


def _named(message: Any, field: str) -> str | None:
    """Return the name of an enum value without its prefix; 0 means not set."""
    number = getattr(message, field)
    known = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number.get(number)
    return known.name.partition("_")[2].lower() if number and known is not None else None


def _request_body(arguments: Arguments) -> Plain:
    proto = arguments.named["proto"]
    body = {name: rounded(getattr(proto, name)) for name in _OPTIONAL if proto.HasField(name)}
    if "reasoning_effort" in body:
        body["reasoning_effort"] = _named(proto, "reasoning_effort")
    shape = _named(proto.response_format, "format_type") if proto.HasField("response_format") else None
    shape = "type_json_schema" if "shape" in arguments.named else shape
    return {
        **body,
        "model": proto.model,
        "stop": list(proto.stop),
        "n": arguments.named.get("n"),
        "response_format": {"type": shape and shape.removeprefix("type_")},
    }


def _request(arguments: Arguments) -> Request:
    body = _request_body(arguments)
    record = chat_completions.request(Arguments(body, streaming=arguments.streaming))
    record.api_type = None
    record.stop_sequences = record.stop_sequences or None
    record.previous_response_id = as_str(body.get("previous_response_id"))
    return record


_TOOLS = {
    "SERVER_SIDE_TOOL_WEB_SEARCH": "web_search_calls",
    "SERVER_SIDE_TOOL_X_SEARCH": "x_search_calls",
    "SERVER_SIDE_TOOL_CODE_EXECUTION": "code_interpreter_calls",
    "SERVER_SIDE_TOOL_COLLECTIONS_SEARCH": "file_search_calls",
}


def _usage(usage_block: Any) -> Plain:
    counted: Plain = {name: getattr(usage_block, name) for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
    counted["prompt_tokens_details"] = {
        "cached_tokens": usage_block.cached_prompt_text_tokens,
        "image_tokens": usage_block.prompt_image_tokens or None,
    }
    counted["completion_tokens_details"] = {"reasoning_tokens": usage_block.reasoning_tokens}
    counted["server_side_tool_usage_details"] = _tools(usage_block)
    if "cost_in_usd_ticks" in usage_block.DESCRIPTOR.fields_by_name and usage_block.HasField("cost_in_usd_ticks"):
        counted["cost"] = usage_block.cost_in_usd_ticks / _TICKS
    return counted


def _tools(value: Any) -> dict[str, int]:
    """Count the tools that ran at xAI, by their names in xAI's REST API."""
    field = value.DESCRIPTOR.fields_by_name.get("server_side_tools_used")
    if field is None:
        return {}
    names = field.enum_type.values_by_number
    used = (_TOOLS.get(names[item].name) for item in value.server_side_tools_used if item in names)
    return dict(Counter(name for name in used if name is not None))


def _calls(value: Any) -> list[Plain]:
    named = [(call.id, call.function) for call in value.tool_calls if call.HasField("function")]
    return [{"id": id, "type": "function", "function": {"name": f.name, "arguments": f.arguments}} for id, f in named]


def _texts(value: Any) -> Plain:
    return {"role": "assistant", "content": value.content, "reasoning_content": value.reasoning_content, "tool_calls": _calls(value)}


def _completion(proto: Any, part: str, spoken: Callable[[Any], Plain | None]) -> Plain:
    choices = []
    for output in proto.outputs:
        reason = _named(output, "finish_reason")
        choices.append({"index": output.index, "finish_reason": _ENDS.get(reason or "", reason), part: spoken(getattr(output, part))})
    body: Plain = {"id": proto.id, "model": proto.model, "system_fingerprint": proto.system_fingerprint, "choices": choices}
    return {**body, "usage": _usage(proto.usage)} if proto.HasField("usage") else body


def _proto(body: object) -> Any:
    """Return the message behind an SDK object: a response, a list, or a parsed pair."""
    first = body[0] if isinstance(body, (list, tuple)) else body
    return getattr(first, "_proto", first)


def _reply(body: object) -> Response:
    return chat_completions.response(_completion(_proto(body), "message", lambda value: None))


def _absorb(draft: Response, chunk: Any) -> None:
    # A pair of the accumulated response and the latest chunk.
    proto = _proto(chunk[1])
    chat_completions.absorb(draft, _completion(proto, "delta", _texts if draft.content is not None else lambda value: None))


def _content(arguments: Arguments) -> Content:
    proto = arguments.named["proto"]
    messages = [
        {**_spoken_by(m), "role": _named(m, "role"), "content": [_part(c) for c in m.content], "tool_call_id": m.tool_call_id}
        for m in proto.messages
    ]
    tools = [{"type": "function", "function": tool.function} for tool in proto.tools if tool.HasField("function")]
    return chat_content(Arguments({"messages": messages, "tools": tools}))


def _spoken_by(message: Any) -> Plain:
    return {"reasoning_content": message.reasoning_content, "tool_calls": _calls(message), "name": message.name}


def _part(content: Any) -> Plain:
    if content.HasField("image_url"):
        return {"type": "image_url", "image_url": {"url": content.image_url.image_url}}
    if content.HasField("file"):
        return {"type": "file", "file": {"file_id": content.file.file_id}}
    return {"type": "text", "text": content.text}


def _output(body: object) -> list[Plain] | None:
    return chat_output(_completion(_proto(body), "message", _texts))


def _image_request(arguments: Arguments) -> Request:
    named = arguments.named
    return Request(model=as_str(named.get("model")), choice_count=integer(named.get("n")), output_type="image")


def _image_reply(body: object) -> Response:
    proto = _proto(body)
    counted = usage(_usage(proto.usage)) if proto.HasField("usage") else Usage()
    counted.images = len(proto.images) or None
    return Response(response_model=as_str(proto.model), usage=counted)


def _fetch_request(arguments: Arguments) -> Request:
    return Request(fetched_response_id=as_str(arguments.named.get("response_id")))


chat = Dialect("xai", _request, _reply, _absorb, _content, _output, chat_completions.finish)
fetched = Dialect("xai_fetched", _fetch_request, _reply, output=_output)
images = Dialect("xai_images", _image_request, _image_reply)
tokens = Dialect("xai_tokens", lambda arguments: Request(model=as_str(arguments.named.get("model"))), lambda body: Response())
