"""xAI's gRPC services: messages to OpenAI's wire format and back.

It needs xai-sdk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from xai_sdk.proto import chat_pb2, deferred_pb2, image_pb2, sample_pb2, tokenize_pb2, usage_pb2

from .exchange import Json
from .grpc_front import Rpc

_ROLES = {"ROLE_USER": "user", "ROLE_ASSISTANT": "assistant", "ROLE_SYSTEM": "system", "ROLE_TOOL": "tool", "ROLE_FUNCTION": "function"}
_ENDS = {"stop": "REASON_STOP", "length": "REASON_MAX_LEN", "tool_calls": "REASON_TOOL_CALLS"}
_MODES = {"TOOL_MODE_REQUIRED": "required", "TOOL_MODE_NONE": "none"}
_deferred: dict[str, Any] = {}


def _body(requested: Any, stream: bool) -> Json:
    body = {
        "model": requested.model,
        "n": requested.n or 1,
        "messages": [
            {
                "role": _ROLES.get(chat_pb2.MessageRole.Name(m.role), "user"),
                "content": [{"type": "text", "text": c.text} for c in m.content],
            }
            for m in requested.messages
        ],
        "tools": [
            {"type": "function", "function": {"name": t.function.name, "parameters": json.loads(t.function.parameters)}}
            for t in requested.tools
            if t.HasField("function")
        ],
        "tool_choice": _MODES.get(chat_pb2.ToolMode.Name(requested.tool_choice.mode), "auto"),
    }
    if requested.HasField("max_tokens"):
        body["max_tokens"] = requested.max_tokens
    if requested.response_format.format_type == chat_pb2.FORMAT_TYPE_JSON_SCHEMA:
        body["response_format"] = {"type": "json_schema", "json_schema": {"schema": json.loads(requested.response_format.schema)}}
    return {**body, "stream": True, "stream_options": {"include_usage": True}} if stream else body


def _usage(output: Json) -> Any:
    """Return the usage; xAI's completion tokens do not include reasoning."""
    reasoning = output["completion_tokens_details"]["reasoning_tokens"]
    return usage_pb2.SamplingUsage(
        prompt_tokens=output["prompt_tokens"],
        prompt_text_tokens=output["prompt_tokens"],
        cached_prompt_text_tokens=output["prompt_tokens_details"]["cached_tokens"],
        completion_tokens=output["completion_tokens"] - reasoning,
        reasoning_tokens=reasoning,
        total_tokens=output["total_tokens"],
    )


def _frame(output: Json) -> dict[str, Any]:
    counted = {"usage": _usage(output["usage"])} if output.get("usage") else {}
    return {"id": output["id"], "model": output["model"], "system_fingerprint": output["system_fingerprint"], **counted}


def _calls(calls: list[Json]) -> list[Any]:
    # The first releases have only this kind, and no names for kinds.
    kind = getattr(chat_pb2, "TOOL_CALL_TYPE_CLIENT_SIDE_TOOL", None)
    functions = [(call["id"], call["function"]) for call in calls]
    return [
        chat_pb2.ToolCall(
            id=id, function=chat_pb2.FunctionCall(name=f["name"], arguments=f["arguments"]), **({"type": kind} if kind is not None else {})
        )
        for id, f in functions
    ]


def _end(reason: str | None) -> Any:
    return sample_pb2.FinishReason.Value(_ENDS.get(reason or "", "REASON_INVALID"))


def _whole(documents: Iterator[Json]) -> Iterator[Any]:
    for output in documents:
        outputs = [
            chat_pb2.CompletionOutput(
                index=choice["index"],
                finish_reason=_end(choice["finish_reason"]),
                message=chat_pb2.CompletionMessage(
                    role=chat_pb2.ROLE_ASSISTANT,
                    content=choice["message"]["content"] or "",
                    tool_calls=_calls(choice["message"].get("tool_calls", [])),
                ),
            )
            for choice in output["choices"]
        ]
        yield chat_pb2.GetChatCompletionResponse(outputs=outputs, **_frame(output))


def _chunks(documents: Iterator[Json]) -> Iterator[Any]:
    """Yield the chunks of a stream like xAI.

    Text is streamed; tool calls are whole, in the chunk with the finish reason.
    """
    calls: dict[int, list[Json]] = {}
    for output in documents:
        outputs = []
        for choice in output["choices"]:
            mine = calls.setdefault(choice["index"], [])
            for piece in choice["delta"].get("tool_calls", []):
                if "id" in piece:
                    mine.append({"id": piece["id"], "function": dict(piece["function"])})
                else:
                    mine[piece["index"]]["function"]["arguments"] += piece["function"]["arguments"]
            reason = choice["finish_reason"]
            delta = chat_pb2.Delta(
                role=chat_pb2.ROLE_ASSISTANT, content=choice["delta"].get("content") or "", tool_calls=_calls(mine if reason else [])
            )
            outputs.append(chat_pb2.CompletionOutputChunk(index=choice["index"], delta=delta, finish_reason=_end(reason)))
        yield chat_pb2.GetChatCompletionChunk(outputs=outputs, **_frame(output))


def _started(documents: Iterator[Json]) -> Iterator[Any]:
    for answer in _whole(documents):
        _deferred[answer.id] = answer
        yield deferred_pb2.StartDeferredResponse(request_id=answer.id)


def _done(documents: Iterator[Json]) -> Iterator[Any]:
    for requested in documents:
        answer = _deferred.pop(requested["request_id"])
        yield chat_pb2.GetDeferredCompletionResponse(status=deferred_pb2.DeferredStatus.DONE, response=answer)


def _images(documents: Iterator[Json]) -> Iterator[Any]:
    for output in documents:
        images = [
            image_pb2.GeneratedImage(base64="data:image/png;base64," + one["b64_json"], respect_moderation=True) for one in output["data"]
        ]
        yield image_pb2.ImageResponse(images=images, model="grok-imagine-image-2026-01-01")


def _tokens(documents: Iterator[Json]) -> Iterator[Any]:
    for output in documents:
        yield tokenize_pb2.TokenizeTextResponse(tokens=[tokenize_pb2.Token(token_id=n) for n in range(output["input_tokens"])])


def _draw(requested: Any) -> tuple[str, Json]:
    return "/v1/images/generations", {
        "model": requested.model,
        "prompt": requested.prompt,
        "n": requested.n or 1,
        "response_format": "b64_json",
    }


_CHAT = "/v1/chat/completions"
_STORED = {"model": "grok-4", "messages": [{"role": "user", "content": "say three words"}]}
RPCS: dict[str, Rpc] = {
    "/xai_api.Chat/GetCompletion": Rpc(chat_pb2.GetCompletionsRequest, lambda requested: (_CHAT, _body(requested, False)), _whole),
    "/xai_api.Chat/GetCompletionChunk": Rpc(
        chat_pb2.GetCompletionsRequest, lambda requested: (_CHAT, _body(requested, True)), _chunks, True
    ),
    "/xai_api.Chat/StartDeferredCompletion": Rpc(
        chat_pb2.GetCompletionsRequest, lambda requested: (_CHAT, _body(requested, False)), _started
    ),
    "/xai_api.Chat/GetDeferredCompletion": Rpc(
        deferred_pb2.GetDeferredRequest, lambda requested: ("", {"request_id": requested.request_id}), _done
    ),
    "/xai_api.Image/GenerateImage": Rpc(image_pb2.GenerateImageRequest, _draw, _images),
    "/xai_api.Tokenize/TokenizeText": Rpc(
        tokenize_pb2.TokenizeTextRequest,
        lambda requested: ("/v1/responses/input_tokens", {"model": requested.model, "input": requested.text}),
        _tokens,
    ),
}
if hasattr(chat_pb2, "GetStoredCompletionRequest"):  # the first releases have no such message
    RPCS["/xai_api.Chat/GetStoredCompletion"] = Rpc(chat_pb2.GetStoredCompletionRequest, lambda requested: (_CHAT, _STORED), _whole)
