"""Serve the APIs over websockets on loopback: a script of frames for each.

The query of the handshake selects the outcome: ``?how=complete``, ``interrupted``, ``failed``, ``dropped`` (the server
closes in the middle) or ``closed`` (the server waits in the middle, and the client closes).
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

Frames = tuple[dict[str, Any], ...]
OUTCOMES = ("complete", "interrupted", "failed", "dropped", "closed")


class Surface(NamedTuple):
    """One API: the frames of each side, and the counts of the provider."""

    path: str
    greeting: Frames
    first: Frames
    """Frames of the application before its request."""
    ask: dict[str, Any]
    part: Frames
    ends: dict[str, Frames]
    """The last frames, by outcome."""
    usage: dict[str, Any]
    """Attributes of the span of a complete generation, as the server counts."""
    kind: str
    ended: Mapping[str, str] = MappingProxyType({})
    """The value of ``ex_llm.stream.end`` if it is not ``complete``."""


def _responses(status: str, **fields: Any) -> Frames:
    counted = {
        "input_tokens": 1000,
        "input_tokens_details": {"cached_tokens": 200},
        "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 20},
        "total_tokens": 1050,
    }
    text = {"type": "message", "id": "m_1", "role": "assistant", "status": "completed"}
    output = [{**text, "content": [{"type": "output_text", "text": "Hello", "annotations": []}]}]
    usage = None if status == "failed" else counted
    body = {"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-5", "status": status, "output": output, "usage": usage}
    others = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "error": None, "incomplete_details": None}
    return ({"type": f"response.{status}", "sequence_number": 4, "response": {**body, **others, **fields}},)


def _realtime(status: str, details: Any = None) -> Frames:
    usage = {
        "total_tokens": 253,
        "input_tokens": 127,
        "output_tokens": 126,
        "input_token_details": {
            "text_tokens": 37,
            "audio_tokens": 80,
            "image_tokens": 10,
            "cached_tokens": 64,
            "cached_tokens_details": {"text_tokens": 24, "audio_tokens": 40, "image_tokens": 0},
        },
        "output_token_details": {"text_tokens": 26, "audio_tokens": 100},
    }
    parts = [{"id": "i_1", "type": "message", "role": "assistant", "content": [{"type": "output_audio", "transcript": "Hello"}]}]
    body = {"object": "realtime.response", "id": "resp_1", "status": status, "status_details": details, "output": parts}
    return ({"type": "response.done", "event_id": "e_9", "response": {**body, "usage": None if status == "failed" else usage}},)


def _gemini(*parts: dict[str, Any]) -> Frames:
    usage = {
        "promptTokenCount": 300,
        "responseTokenCount": 80,
        "thoughtsTokenCount": 20,
        "totalTokenCount": 400,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 100}, {"modality": "AUDIO", "tokenCount": 200}],
        "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 80}],
    }
    return (*({"serverContent": each} for each in parts), {"serverContent": {"turnComplete": True}, "usageMetadata": usage})


_STARTED = {"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-5", "status": "in_progress", "output": [], "usage": None}
_DELTA = {"item_id": "m_1", "output_index": 0, "content_index": 0, "delta": "Hel"}
_SESSION = {"type": "realtime", "id": "sess_1", "model": "gpt-realtime"}
_LIMITED = {"type": "failed", "error": {"type": "server_error", "code": "rate_limit_exceeded", "message": "slow down"}}
_AUDIO = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": "QUJD" * 500}}
_LIVE = {"id": "live_1", "model": "gpt-live-1"}
_SPOKEN = {"request_id": "req_1", "model": "voxtral-mini-latest", "audio_format": {"encoding": "pcm_s16le", "sample_rate": 16000}}
SURFACES: dict[str, Surface] = {
    "responses": Surface(
        "/v1/responses",
        (),
        (),
        {"type": "response.create", "model": "gpt-5", "input": "hi"},
        (
            {"type": "response.created", "sequence_number": 0, "response": _STARTED},
            {"type": "response.output_text.delta", "sequence_number": 1, "logprobs": [], **_DELTA},
        ),
        {
            "complete": _responses("completed"),
            "interrupted": _responses("incomplete", incomplete_details={"reason": "max_output_tokens"}),
            "failed": _responses("failed", error={"code": "server_error", "message": "no"}),
        },
        {
            "gen_ai.usage.input_tokens": 1000,
            "gen_ai.usage.output_tokens": 50,
            "gen_ai.usage.cache_read.input_tokens": 200,
            "gen_ai.usage.reasoning.output_tokens": 20,
            "ex_llm.cost.cents": 0.1525,
        },
        "chat",
    ),
    "realtime": Surface(
        "/v1/realtime",
        ({"type": "session.created", "event_id": "e_0", "session": _SESSION},),
        ({"type": "session.update", "session": {"type": "realtime", "output_modalities": ["audio"]}},),
        {"type": "response.create"},
        (
            {"type": "response.created", "event_id": "e_1", "response": {"id": "resp_1", "status": "in_progress", "output": []}},
            {"type": "response.output_audio.delta", "event_id": "e_2", "response_id": "resp_1", **_DELTA},
        ),
        {
            "complete": _realtime("completed"),
            "interrupted": _realtime("cancelled", {"type": "cancelled", "reason": "turn_detected"}),
            "failed": _realtime("failed", _LIMITED),
        },
        {
            "gen_ai.usage.input_tokens": 127,
            "gen_ai.usage.output_tokens": 126,
            "gen_ai.usage.cache_read.input_tokens": 64,
            "gen_ai.usage.audio.cache_read.input_tokens": 40,
            "gen_ai.usage.text.cache_read.input_tokens": 24,
            "gen_ai.usage.audio.output_tokens": 100,
            "gen_ai.conversation.id": "sess_1",
            "ex_llm.cost.cents": 0.82236,
        },
        "generate_content",
        {"interrupted": "cancelled"},
    ),
    "gemini": Surface(
        "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
        (),
        ({"setup": {"model": "models/gemini-live-2.5-flash", "generationConfig": {"responseModalities": ["AUDIO"]}}},),
        {"client_content": {"turns": [{"role": "user", "parts": [{"text": "hi"}]}], "turn_complete": True}},
        (
            {"setupComplete": {"sessionId": "sess_1"}},
            {"serverContent": {"modelTurn": {"parts": [_AUDIO]}}},
            {"serverContent": {"modelTurn": {"parts": [_AUDIO]}}},
        ),
        {
            "complete": _gemini({"generationComplete": True}),
            "interrupted": _gemini({"interrupted": True}),
        },
        {
            "gen_ai.usage.input_tokens": 300,
            "gen_ai.usage.output_tokens": 100,
            "gen_ai.usage.audio.output_tokens": 80,
            "gen_ai.request.model": "gemini-live-2.5-flash",
            "gen_ai.conversation.id": "sess_1",
            "ex_llm.cost.cents": 0.165,
        },
        "generate_content",
        {"interrupted": "cancelled"},
    ),
    "live": Surface(
        "/v1/live/sessions",
        (),
        (),
        {"type": "session.start", "session": {"model": "gpt-live-1"}},
        (
            {"type": "session.started", "session": _LIVE},
            {"type": "session.usage.updated", "usage": {"seconds": 4}},
            {"type": "session.usage.updated", "usage": {"seconds": 9}},
        ),
        {
            "complete": ({"type": "session.closed", "reason": "close_requested", "session": _LIVE, "usage": {"seconds": 12}},),
            "failed": ({"type": "session.closed", "reason": "expired", "session": _LIVE, "usage": {"seconds": 12}},),
        },
        {"ex_llm.usage.seconds": 12.0, "ex_llm.cost.cents": 1.0, "gen_ai.conversation.id": "live_1"},
        "generate_content",
    ),
    "translations": Surface(
        "/v1/realtime/translations",
        ({"type": "session.created", "session": {"id": "sess_1", "model": "gpt-realtime-translate"}},),
        (),
        {"type": "session.input_audio_buffer.append", "audio": "AAAA"},
        ({"type": "session.output_transcript.delta", "delta": "Hallo"},),
        {"complete": ({"type": "session.closed"},)},
        {"ex_llm.cost.unknown_reason": "no_usage", "gen_ai.conversation.id": "sess_1"},
        "translation",
    ),
    "mistral": Surface(
        "/v1/audio/transcriptions/realtime",
        ({"type": "session.created", "session": _SPOKEN},),
        (),
        {"type": "input_audio.end"},
        ({"type": "transcription.text.delta", "text": "hel"},),
        {
            "complete": (
                {
                    "type": "transcription.done",
                    "model": "voxtral-mini-latest",
                    "text": "hello",
                    "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12, "prompt_audio_seconds": 3},
                },
            ),
            "failed": ({"type": "error", "error": {"code": "server_error", "message": "no"}},),
        },
        {"gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 7, "ex_llm.usage.seconds": 3.0},
        "transcription",
    ),
}


def _serve(socket: ServerConnection) -> None:
    assert socket.request is not None
    parts = urlsplit(socket.request.path)
    how = parse_qs(parts.query).get("how", ["complete"])[0]
    surface = next((s for s in SURFACES.values() if s.path == parts.path), None)
    with contextlib.suppress(ConnectionClosed):
        if surface is None:
            for message in socket:
                socket.send(message)
            return
        _send(socket, surface.greeting)
        for message in socket:
            frame = json.loads(message)
            if set(frame) != set(surface.ask) or frame.get("type") != surface.ask.get("type"):
                continue
            _send(socket, surface.part)
            if how == "dropped":
                socket.close(1011, "overloaded")
                return
            _send(socket, surface.ends.get(how, ()))


def _send(socket: ServerConnection, frames: Frames) -> None:
    for frame in frames:
        socket.send(json.dumps(frame, separators=(",", ":")))


@contextlib.contextmanager
def serving_sockets(handle: Any = _serve) -> Iterator[str]:
    """Serve every surface while the block runs; gives the URL of the server."""
    server = serve(handle, "127.0.0.1", 0, max_size=None)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
    server.shutdown()
    thread.join(10)
