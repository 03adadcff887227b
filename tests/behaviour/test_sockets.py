"""Calls over websockets: every surface, library and outcome."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.trace import StatusCode

from harness.servers.sockets import OUTCOMES, SURFACES, Surface, serving_sockets
from opentelemetry import trace
from opentelemetry.instrumentation.llm import LLMInstrumentor, attach, detach
from opentelemetry.instrumentation.llm.calls.streams import finalize

Got = list[Any]


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with serving_sockets() as url:
        yield url


def _frames(surface: Surface) -> list[str]:
    return [json.dumps(frame) for frame in (*surface.first, surface.ask)]


def _expected(surface: Surface, how: str) -> int:
    return len(surface.greeting) + len(surface.part) + len(surface.ends.get(how, ()))


def websockets_sync(url: str, frames: list[str], count: int) -> Got:
    from websockets.sync.client import connect

    with connect(url) as socket:
        got: Got = []
        for frame in frames:
            socket.send(frame)
        try:
            for _ in range(count):
                got.append(socket.recv())
            if "how=dropped" in url:
                socket.recv()
        except Exception as error:
            got.append(repr(error))
        return got


def websockets_async(url: str, frames: list[str], count: int) -> Got:
    from websockets.asyncio.client import connect

    async def run() -> Got:
        async with connect(url) as socket:
            got: Got = []
            for frame in frames:
                await socket.send(frame)
            try:
                for _ in range(count):
                    got.append(await socket.recv())
                if "how=dropped" in url:
                    await socket.recv()
            except Exception as error:
                got.append(repr(error))
            return got

    return asyncio.run(run())


def aiohttp_client(url: str, frames: list[str], count: int) -> Got:
    aiohttp = pytest.importorskip("aiohttp")

    async def run() -> Got:
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
            for frame in frames:
                await socket.send_str(frame)
            got: Got = [(await socket.receive()).data for _ in range(count)]
            if "how=dropped" in url:
                got.append(str(await socket.receive()))
            return got

    return asyncio.run(run())


def websocket_client(url: str, frames: list[str], count: int) -> Got:
    websocket = pytest.importorskip("websocket")
    socket = websocket.create_connection(url)
    got: Got = []
    try:
        for frame in frames:
            socket.send(frame)
        got.extend(socket.recv() for _ in range(count))
        if "how=dropped" in url:
            got.append(repr(socket.recv()))
    finally:
        socket.close()
        socket.shutdown()  # The library leaves this to the application if the server closed first.
    return got


CLIENTS: tuple[Callable[[str, list[str], int], Got], ...] = (websockets_sync, websockets_async, aiohttp_client, websocket_client)
CASES = [
    pytest.param(client, name, how, id=f"{client.__name__}-{name}-{how}")
    for client in CLIENTS
    for name, surface in SURFACES.items()
    for how in OUTCOMES
    if how in surface.ends or how in ("dropped", "closed")
]
_ENDS = {"dropped": "error", "closed": "closed_early"}


@pytest.mark.parametrize(("client", "name", "how"), CASES)
def test_each_surface_makes_one_span_with_its_usage(client: Any, name: str, how: str, base: str, seen: Any) -> None:
    surface = SURFACES[name]
    url, frames, count = f"{base}{surface.path}?how={how}", _frames(surface), _expected(surface, how)
    LLMInstrumentor().uninstrument()
    bare = client(url, frames, count)
    seen.instrument()
    assert client(url, frames, count) == bare
    span = seen.span()
    known = span.attributes
    assert known["gen_ai.operation.name"] == surface.kind
    assert known["ex_llm.stream.end"] == surface.ended.get(how, _ENDS.get(how, "complete"))
    assert (span.status.status_code is StatusCode.ERROR) == (how in ("failed", "dropped"))
    if how in ("complete", "interrupted"):
        assert {key: known.get(key) for key in surface.usage} == pytest.approx(surface.usage)
    assert not trace.get_current_span().get_span_context().is_valid


def _sync(url: str) -> Any:
    from websockets.sync.client import connect

    return connect(url)


def _ask(surface: Surface, socket: Any) -> None:
    for frame in _frames(surface):
        socket.send(frame)


def test_the_span_is_a_child_of_the_frame_that_requested_it(base: str, seen: Any) -> None:
    surface = SURFACES["realtime"]
    tracer = seen.tracer_provider.get_tracer("application")
    with _sync(base + surface.path) as socket:
        with tracer.start_as_current_span("turn"):
            _ask(surface, socket)
            requested = trace.get_current_span()
        with tracer.start_as_current_span("reader"):
            for _ in range(_expected(surface, "complete")):
                socket.recv()
    (span,) = (span for span in seen.spans() if span.name.startswith("generate_content"))
    assert span.parent.span_id == requested.get_span_context().span_id


def _script(*frames: Any, closes: bool = False) -> Callable[[Any], None]:
    """Make a server that sends frames when it is connected, and then reads."""

    def handle(socket: Any) -> None:
        with contextlib.suppress(Exception):
            for frame in frames:
                socket.send(frame if isinstance(frame, (str, bytes)) else json.dumps(frame))
            if closes:
                return
            for _ in socket:
                pass

    return handle


def _created(key: str, **fields: Any) -> dict[str, Any]:
    return {"type": "response.created", "response": {"id": key, "status": "in_progress", "model": "gpt-5"}, **fields}


def _completed(key: str, tokens: int = 10, **fields: Any) -> dict[str, Any]:
    usage = {"input_tokens": tokens, "output_tokens": 1, "total_tokens": tokens + 1}
    return {"type": "response.completed", "response": {"id": key, "status": "completed", "model": "gpt-5", "usage": usage}, **fields}


def _received(path: str, *frames: Any, sends: tuple[str, ...] = (), count: int | None = None) -> list[Any]:
    with serving_sockets(_script(*frames)) as url, _sync(url + path) as socket:
        for frame in sends:
            socket.send(frame)
        return [socket.recv() for _ in range(len(frames) if count is None else count)]


CREATE = json.dumps({"type": "response.create", "model": "gpt-5", "input": "hi"})


def test_lanes_run_at_the_same_time(seen: Any) -> None:
    delta = {"type": "response.output_text.delta", "delta": "x", "stream_id": "a"}
    frames = (
        _created("r1", stream_id="a"), _created("r2", stream_id="b"), delta, delta,
        _completed("r2", 20, stream_id="b"), _completed("r1", 10, stream_id="a"),
    )  # fmt: skip
    asks = tuple(json.dumps({"type": "response.create", "model": f"gpt-5-{lane}", "stream_id": lane}) for lane in "ba")
    _received("/v1/responses", *frames, sends=asks)
    counted = {(s.attributes["gen_ai.request.model"], s.attributes["gen_ai.usage.input_tokens"]) for s in seen.spans()}
    assert counted == {("gpt-5-a", 10), ("gpt-5-b", 20)}


def test_a_response_that_nobody_requested_is_recorded(seen: Any) -> None:
    _received("/v1/responses", _created("r1"), _completed("r1"))
    assert seen.span().attributes["gen_ai.usage.input_tokens"] == 10


def test_a_last_frame_that_is_sent_twice_counts_once(seen: Any) -> None:
    _received("/v1/responses", _completed("r1"), _created("r1"), _completed("r1"), sends=(CREATE,))
    assert seen.span().attributes["gen_ai.usage.input_tokens"] == 10
    assert seen.total("ex_llm.tokens.input.total") == 10


def test_a_transcription_is_a_call_at_the_price_of_its_model(seen: Any) -> None:
    settings = {"id": "s", "model": "gpt-realtime", "audio": {"input": {"transcription": {"model": "gpt-4o-transcribe"}}}}
    usage = {"type": "tokens", "total_tokens": 18, "input_tokens": 13, "output_tokens": 5, "input_token_details": {"audio_tokens": 13}}
    _received(
        "/v1/realtime?model=gpt-realtime",
        {"type": "session.created", "session": settings},
        {"type": "input_audio_buffer.committed", "item_id": "i1"},
        {"type": "conversation.item.input_audio_transcription.completed", "item_id": "i1", "content_index": 0, "usage": usage},
    )
    known = seen.span().attributes
    assert known["gen_ai.operation.name"] == "transcription"
    assert known["gen_ai.request.model"] == "gpt-4o-transcribe"
    assert known["gen_ai.usage.audio.input_tokens"] == 13
    assert known["ex_llm.cost.cents"] > 0


def test_an_answer_to_speech_begins_when_the_user_stops(seen: Any) -> None:
    def handle(socket: Any) -> None:
        socket.send(json.dumps({"type": "input_audio_buffer.speech_stopped"}))
        time.sleep(0.05)
        socket.send(json.dumps(_created("r1")))
        socket.send(json.dumps({"type": "response.done", "response": {"id": "r1", "status": "completed"}}))
        for _ in socket:
            pass

    with serving_sockets(handle) as url, _sync(url + "/v1/realtime?model=gpt-realtime") as socket:
        for _ in range(3):
            socket.recv()
    span = seen.span()
    assert span.end_time - span.start_time >= 40_000_000
    assert span.end_time <= time.time_ns()


def test_a_late_cancel_ends_nothing(seen: Any) -> None:
    late = {"type": "error", "error": {"type": "invalid_request_error", "code": "response_cancel_not_active"}}
    done = {"type": "response.done", "response": {"id": "r1", "status": "completed", "usage": {"input_tokens": 3, "output_tokens": 4}}}
    _received("/v1/realtime", late, _created("r1"), done, sends=(json.dumps({"type": "response.create"}),))
    span = seen.span()
    assert span.status.status_code is StatusCode.UNSET
    assert span.attributes["gen_ai.usage.input_tokens"] == 3


def test_an_error_refuses_the_request_that_has_not_begun(seen: Any) -> None:
    refused = {"type": "error", "error": {"type": "invalid_request_error", "code": "invalid_value", "message": "no"}}
    _received("/v1/realtime", refused, sends=(json.dumps({"type": "response.create"}),))
    span = seen.span()
    assert (span.status.status_code, span.attributes["error.type"]) == (StatusCode.ERROR, "invalid_value")


def test_usage_after_the_turn_belongs_to_the_turn(seen: Any) -> None:
    spoken = {"serverContent": {"modelTurn": {"parts": [{"text": "hi"}]}}}
    usage = {"usageMetadata": {"promptTokenCount": 7, "responseTokenCount": 2, "totalTokenCount": 9}}
    _received("/ws/x.BidiGenerateContent", spoken, {"serverContent": {"turnComplete": True}}, usage)
    assert seen.span().attributes["gen_ai.usage.input_tokens"] == 7


def test_a_tool_response_begins_the_next_generation(seen: Any) -> None:
    tool_call = {"toolCall": {"functionCalls": [{"id": "f1", "name": "weather", "args": {}}]}, "usageMetadata": {"promptTokenCount": 7}}
    spoken = {"serverContent": {"modelTurn": {"parts": [{"text": "sunny"}]}}}
    done = {"serverContent": {"turnComplete": True}, "usageMetadata": {"promptTokenCount": 9}}

    def handle(socket: Any) -> None:
        socket.send(json.dumps(tool_call))
        socket.recv()
        for frame in (spoken, done):
            socket.send(json.dumps(frame))
        for _ in socket:
            pass

    with serving_sockets(handle) as url, _sync(url + "/ws/x.BidiGenerateContent") as socket:
        socket.recv()
        socket.send(json.dumps({"tool_response": {"function_responses": []}}))
        for _ in range(2):
            socket.recv()
    found = [(s.attributes["gen_ai.response.finish_reasons"], s.attributes["gen_ai.usage.input_tokens"]) for s in seen.spans()]
    assert found == [(("tool_call",), 7), (("stop",), 9)]


HOSTILE = (
    "",
    "not json",
    "[]",
    '"response.completed"',
    "[" * 200_000,
    "null",
    b"\xff\xfe\x00",
    json.dumps({"type": {"a": 1}}),
    json.dumps({"type": "response.created"}),
    json.dumps({"type": "response.completed", "response": []}),
    json.dumps({"type": "response.completed", "response": {"id": {"a": 1}, "usage": "many"}}),
    json.dumps({"type": "response.done", "response": {"id": "x", "status": 7, "usage": [1], "output": "text"}}),
    json.dumps({"type": "error", "error": "no"}),
    json.dumps({"type": "session.created", "session": 4}),
    json.dumps({"serverContent": 3, "usageMetadata": 4}),
    json.dumps({"serverContent": {"modelTurn": []}, "toolCall": "x"}),
    json.dumps({"setupComplete": 1}),
    json.dumps({"type": "response.output_audio.delta", "delta": "A" * (16 << 20)}),
)


@pytest.mark.parametrize("name", SURFACES)
def test_frames_of_any_form_reach_the_application(name: str, seen: Any) -> None:
    steps: list[str] = []
    attach("steps", "ex_llm.telemetry.extraction_error", lambda event, measured, known, config: steps.append(known["step"]))

    def handle(socket: Any) -> None:
        for frame in HOSTILE:
            socket.send(frame)
        for _ in socket:
            pass

    from websockets.sync.client import connect

    with serving_sockets(handle) as url, connect(url + SURFACES[name].path, max_size=None) as socket:
        for frame in HOSTILE:
            socket.send(frame)
        assert [socket.recv() for _ in HOSTILE] == list(HOSTILE)
    detach("steps")
    assert steps == []
    assert all(span.end_time is not None for span in seen.spans())


def test_a_socket_of_another_api_with_the_same_path_is_dropped(seen: Any) -> None:
    frames = [json.dumps({"event": "price", "number": number}) for number in range(40)]
    _received("/realtime", *frames, sends=tuple(frames))
    assert seen.spans() == []
    assert [s for s in _sessions() if s is not None and not s.foreign] == []


def _sessions() -> list[Any]:
    sockets = LLMInstrumentor()._sockets
    return list(sockets._sessions.values())


def test_nothing_is_kept_of_a_socket_that_is_collected(seen: Any) -> None:
    with serving_sockets(_script(_created("r1"))) as url:
        opened = _sync(url + "/v1/responses")
        socket = opened.__enter__()  # Entered and not left: the application forgets the socket.
        socket.send(CREATE)
        socket.recv()
        socket.socket.shutdown(2)
        socket.recv_events_thread.join(10)
        del socket, opened
        gc.collect()
        finalize.end_collected()  # The collection may have run in another thread, inside a lock.
    assert seen.span().attributes["ex_llm.stream.end"] == "abandoned"
    assert _sessions() == []


@pytest.mark.parametrize(("rule", "recorded"), [("model=gpt-5*", 0), ("operation=chat", 0), ("model=gpt-4o", 1)])
def test_excluded_calls_are_not_recorded_on_a_socket(rule: str, recorded: int, watch: Any) -> None:
    seen = watch(excluded=rule)
    with serving_sockets(_script(_created("r1"), _completed("r1"))) as url, _sync(url + "/v1/responses") as socket:
        socket.send(json.dumps({"type": "response.create", "model": "gpt-5", "input": "hello"}))
        socket.recv()
        socket.recv()
    assert len(seen.spans()) == recorded


def test_a_long_session_keeps_no_ended_calls(seen: Any) -> None:
    frames = [frame for number in range(500) for frame in (_created(f"r{number}"), _completed(f"r{number}"))]
    with serving_sockets(_script(*frames)) as url, _sync(url + "/v1/responses") as socket:
        for _ in frames:
            socket.recv()
        assert len(finalize._open) == 0
        assert max(len(s._ended) for s in _sessions()) <= 200
    assert len(seen.spans()) == 500


def test_uninstrument_ends_calls_that_run_on_sockets(base: str, watch: Any) -> None:
    seen = watch()
    surface = SURFACES["responses"]
    with _sync(f"{base}{surface.path}?how=closed") as socket:
        _ask(surface, socket)
        socket.recv()
        LLMInstrumentor().uninstrument()
        socket.recv()
    assert seen.span().attributes["ex_llm.stream.end"] == "abandoned"


def test_a_time_limit_of_receiving_ends_nothing(base: str, seen: Any) -> None:
    surface = SURFACES["responses"]
    with _sync(f"{base}{surface.path}?how=closed") as socket:
        _ask(surface, socket)
        for _ in surface.part:
            socket.recv()
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.01)
        assert seen.spans() == []


def test_suppressed_code_records_nothing(base: str, seen: Any) -> None:
    from opentelemetry.instrumentation.utils import suppress_instrumentation

    surface = SURFACES["responses"]
    with _sync(base + surface.path) as socket, suppress_instrumentation():
        _ask(surface, socket)
        for _ in range(_expected(surface, "complete")):
            socket.recv()
    assert seen.spans() == []


def test_a_disabled_provider_is_not_observed(base: str, watch: Any) -> None:
    seen = watch(disabled_providers=["openai"])
    surface = SURFACES["responses"]
    with _sync(base + surface.path) as socket:
        _ask(surface, socket)
        socket.recv()
    assert seen.spans() == []


def test_contents_are_recorded_only_if_they_are_requested(base: str, watch: Any) -> None:
    surface = SURFACES["responses"]
    for setting in (False, True):
        seen = watch(capture_message_content=setting)
        with _sync(base + surface.path) as socket:
            _ask(surface, socket)
            for _ in range(_expected(surface, "complete")):
                socket.recv()
        LLMInstrumentor().uninstrument()
        known = seen.span().attributes
        assert ("gen_ai.input.messages" in known) == ("gen_ai.output.messages" in known) == setting
        assert ("Hello" in str(dict(known))) == setting


def test_servers_are_not_observed(seen: Any) -> None:
    from websockets.sync.server import ServerConnection

    from opentelemetry.instrumentation.llm.wrapper import Wrapper

    assert not isinstance(ServerConnection.recv, Wrapper)
    assert "recv" not in vars(ServerConnection)


def test_threads_that_send_and_receive_share_one_socket(seen: Any) -> None:
    def handle(socket: Any) -> None:
        with contextlib.suppress(Exception):
            for number, _ in enumerate(socket):
                socket.send(json.dumps(_created(f"r{number}")))
                socket.send(json.dumps(_completed(f"r{number}")))

    with serving_sockets(handle) as url, _sync(url + "/v1/responses") as socket:
        reader = threading.Thread(target=lambda: [socket.recv() for _ in range(200)])
        reader.start()
        for _ in range(100):
            socket.send(CREATE)
        reader.join(20)
    assert len(seen.spans()) == 100
    assert seen.total("ex_llm.tokens.input.total") == 1000
