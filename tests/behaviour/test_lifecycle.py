"""Test threads, handlers that cause calls, and processes that fork in a call."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from opentelemetry.sdk.trace import SpanProcessor

from opentelemetry import trace
from opentelemetry.instrumentation.llm import LLMInstrumentor, attach, bus, context, detach, span, with_attributes, with_span
from opentelemetry.instrumentation.llm.calls import loading
from opentelemetry.instrumentation.llm.testing import capture_events

MESSAGES = [{"role": "user", "content": "say three words"}]
STOP = "ex_llm.chat.stop"


@pytest.fixture
def client(stand_in: Any) -> Iterator[Any]:
    import openai

    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="k", max_retries=0) as made:
        yield made


@pytest.fixture
def handlers() -> Iterator[Any]:
    """Attach handlers for one test."""
    ids: list[str] = []

    def add(name: str, event: str, function: Any) -> None:
        attach(name, event, function)
        ids.append(name)

    yield add
    for name in ids:
        detach(name)


def _chat(client: Any, **more: Any) -> Any:
    return client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, **more)


def _at_once(count: int, run: Any) -> list[BaseException]:
    """Run a function in many threads at the same time; return the errors."""
    raised: list[BaseException] = []
    together = threading.Barrier(count)

    def guarded(number: int) -> None:
        together.wait()
        try:
            run(number)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    return raised


def test_instrument_is_safe_from_many_threads() -> None:
    try:
        assert _at_once(8, lambda number: LLMInstrumentor().instrument()) == []
        assert len([h for h in bus.list_handlers(STOP) if h.id == "ex_llm.spans"]) == 1
    finally:
        LLMInstrumentor().uninstrument()


def test_toggling_during_calls_raises_nothing(client: Any) -> None:
    def run(number: int) -> None:
        for _ in range(4):
            if number < 3:
                LLMInstrumentor().instrument()
                LLMInstrumentor().uninstrument()
            else:
                _chat(client)

    assert _at_once(6, run) == []
    if LLMInstrumentor().is_instrumented_by_opentelemetry:
        LLMInstrumentor().uninstrument()


def test_uninstrument_ends_the_span_of_a_running_call(watch: Any, client: Any, handlers: Any) -> None:
    seen = watch()
    handlers("stop", "ex_llm.provider.request.start", lambda *event: LLMInstrumentor().uninstrument())
    _chat(client)
    assert [span.name for span in seen.spans()] == ["chat gpt-4o-mini"]
    assert seen.span().end_time is not None


def test_collected_stream_is_not_ended_inside_a_handler(seen: Any, client: Any, handlers: Any) -> None:
    running, nested = [False], []

    def handle(*event: Any) -> None:
        if running[0]:
            nested.append(event)
            return
        running[0] = True
        stream = _chat(client, stream=True)
        stream.cycle = stream
        del stream
        gc.collect()
        running[0] = False

    handlers("handler", STOP, lambda *event: None)
    handlers("other", "ex_llm.chat.*", lambda *event: handle(*event) if event[0] == STOP else None)
    _chat(client)
    assert nested == []
    list(_chat(client, stream=True))  # the next observed stream ends the collected one
    assert len(seen.spans()) == 3


def test_a_handler_that_calls_a_model_does_not_receive_its_events(seen: Any, client: Any, handlers: Any) -> None:
    others: list[str] = []
    handlers("judge", STOP, lambda *event: _chat(client))
    handlers("other", STOP, lambda *event: others.append(event[0]))
    _chat(client)
    assert len(seen.spans()) == 2 and len(others) == 2


class _Ended(SpanProcessor):
    def __init__(self) -> None:
        self.ended = 0

    def on_end(self, span: Any) -> None:
        self.ended += 1


def _streamed(client: Any) -> Any:
    """Return a client whose streams are complete in memory.

    A forked child and its parent cannot share a socket.
    """
    http = import_module(next(kind for kind in type(client._client).__mro__ if kind.__name__ == "Client").__module__.partition(".")[0])
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [{"index": 0, "delta": {"content": "x"}}]}
    body = f"data: {json.dumps(chunk)}\n\n" * 3 + "data: [DONE]\n\n"
    transport = http.MockTransport(lambda request: http.Response(200, text=body, headers={"content-type": "text/event-stream"}))
    return client.with_options(http_client=http.Client(transport=transport))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_stream_read_on_in_a_forked_child_ends_once(seen: Any, client: Any) -> None:
    processor = _Ended()
    seen.tracer_provider.add_span_processor(processor)
    stream = _chat(_streamed(client), stream=True)
    next(iter(stream))
    child = os.fork()
    if child == 0:
        with capture_events() as events:
            list(stream)
        os._exit(len(events) + processor.ended)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(list(stream)) == 2
    assert processor.ended == 1


@pytest.mark.parametrize("left", [SystemExit(0), SystemExit(None), GeneratorExit()], ids=repr)
def test_a_block_left_by_generator_exit_is_not_an_error(seen: Any, left: BaseException) -> None:
    with capture_events() as events, pytest.raises(type(left)), with_span("work"), span("myapp.work"):
        raise left
    assert {s.name: s.status.status_code.name for s in seen.spans()} == {"work": "UNSET", "myapp.work": "UNSET"}
    assert [event.name for event in events] == ["myapp.work.start", "myapp.work.stop"]


def test_exit_with_a_status_is_an_error(seen: Any) -> None:
    with pytest.raises(SystemExit), with_span("work"):
        raise SystemExit(1)
    assert seen.span().status.status_code.name == "ERROR"


def test_with_span_uses_the_provider_of_instrument(seen: Any) -> None:
    with with_span("work"):
        pass
    assert seen.span().name == "work"


BLOCKS = {
    "with_span": lambda: with_span("work"),
    "span": lambda: span("myapp.work"),
    "with_attributes": lambda: with_attributes(user_id="u"),
}


@pytest.mark.parametrize("kind", BLOCKS)
def test_dropped_async_generator_leaves_no_current_span(seen: Any, kind: str) -> None:
    async def numbers() -> Any:
        with BLOCKS[kind]():
            yield 1
            yield 2

    async def read() -> tuple[bool, object]:
        async for _ in numbers():
            break
        gc.collect()
        await asyncio.sleep(0.01)
        return trace.get_current_span().get_span_context().is_valid, context.baggage_value("user.id")

    assert asyncio.run(read()) == (False, None)
    assert [s.status.status_code.name for s in seen.spans()] == ([] if kind == "with_attributes" else ["UNSET"])


def test_an_invalid_port_loses_neither_attempt_nor_address(seen: Any) -> None:
    import openai

    client = openai.OpenAI(base_url="http://localhost:99999/v1", api_key="k", max_retries=0)
    with capture_events() as events, client, pytest.raises(openai.OpenAIError):
        _chat(client)
    names = [event.name for event in events]
    assert "ex_llm.telemetry.extraction_error" not in names
    assert names.count("ex_llm.provider.request.start") == names.count("ex_llm.provider.request.exception") == 1
    assert seen.span().attributes["server.address"] == "localhost"


def test_attempt_ends_although_its_response_cannot_be_read(seen: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from opentelemetry.instrumentation.llm.transports import attempt

    def broken(headers: Any) -> Any:
        raise TypeError

    monkeypatch.setattr(attempt.rate_limit_headers, "remaining", broken)
    with capture_events() as events:
        _chat(client)
    assert [event.name for event in events if event.name.startswith("ex_llm.provider.request")] == [
        "ex_llm.provider.request.start",
        "ex_llm.provider.request.stop",
    ]


def test_failing_finder_leaves_imports_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> None:
        raise RuntimeError("broken")

    loading.when_loaded("colorsys", lambda name, module: None)
    import_module("colorsys")
    monkeypatch.delitem(sys.modules, "colorsys")
    monkeypatch.setattr(loading._again, "_others", broken)
    with capture_events("ex_llm.telemetry.extraction_error") as events:
        assert import_module("colorsys").rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)
    assert [event.metadata["step"] for event in events] == ["calls.loading:_LoadedAgain._spec"]
