"""Test the event bus: order, failing handlers, patterns and threads."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from opentelemetry.instrumentation.llm import attach, attach_many, bus, detach, execute, list_handlers, span
from opentelemetry.instrumentation.llm.testing import capture_events


@pytest.fixture(autouse=True)
def leave_nothing_behind() -> Iterator[None]:
    before = list_handlers()
    yield
    remaining = [h.id for h in list_handlers() if h not in before]
    for handler_id in remaining:
        detach(handler_id)


def _keep(received: list[Any]) -> Any:
    return lambda name, measurements, metadata, config: received.append((name, dict(measurements), dict(metadata), config))


def test_a_handler_receives_its_events_with_its_config() -> None:
    received: list[Any] = []
    attach("h", "myapp.done", _keep(received), {"team": "a"})
    execute("myapp.done", {"duration": 3}, {"k": "v"})
    execute("myapp.undone")
    assert received == [("myapp.done", {"duration": 3}, {"k": "v"}, {"team": "a"})]
    assert detach("h") and not detach("h")
    execute("myapp.done")
    assert len(received) == 1


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("*", True),
        ("myapp.*", True),
        ("*.stop", True),
        ("myapp.llm.stop", True),
        ("myapp.llm", False),
        ("other.*", False),
        ("*.start", False),
    ],
)
def test_patterns_match_the_expected_events(pattern: str, matches: bool) -> None:
    received: list[Any] = []
    attach("h", pattern, _keep(received))
    execute("myapp.llm.stop")
    assert bool(received) is matches is bus.has_handlers("myapp.llm.stop")


def test_attaching_many_is_all_or_nothing() -> None:
    with pytest.raises(TypeError, match="dotted text"):
        attach_many("h", ["myapp.a", None], print)  # type: ignore[list-item]
    assert [h for h in list_handlers("myapp.a") if h.id == "h"] == []
    attach_many("h", ["myapp.a", "myapp.b"], print)
    assert [h.event for h in list_handlers("myapp") if h.id == "h"] == ["myapp.a", "myapp.b"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("", "e", print), TypeError, "id"),
        (("h", "e", 3), TypeError, "cannot be called"),
        (("h", "", print), TypeError, "dotted text"),
        (("taken", "e", print), ValueError, "'taken' is attached already"),
    ],
)
def test_invalid_handlers_are_refused_by_name(arguments: Any, error: type[Exception], message: str) -> None:
    attach("taken", "e", print)
    with pytest.raises(error, match=message):
        attach(*arguments)


def test_a_string_instead_of_a_list_of_events_is_refused() -> None:
    with pytest.raises(TypeError, match="use attach for one event"):
        attach_many("h", "myapp.a", print)


def test_a_handler_that_raises_is_detached_and_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("secret text")

    after: list[Any] = []
    attach("broken", "myapp.done", broken)
    attach("after", "myapp.done", _keep(after))
    with capture_events("telemetry.handler.failure") as failures, caplog.at_level(logging.WARNING):
        execute("myapp.done")
        execute("myapp.done")
    assert len(after) == 2
    assert [f.metadata for f in failures] == [{"handler_id": "broken", "event": "myapp.done", "kind": "RuntimeError", "reason": "raised"}]
    assert [r.getMessage() for r in caplog.records] == ["handler 'broken' failed on 'myapp.done' with RuntimeError and is detached"]


def test_a_failing_handler_with_keep_is_reported_each_time() -> None:
    received_events: list[int] = []

    def broken(*_: Any) -> None:
        received_events.append(1)
        raise RuntimeError

    attach("broken", "myapp.done", broken, keep=True)
    with capture_events("telemetry.handler.failure") as failures:
        execute("myapp.done")
        execute("myapp.done")
    assert len(received_events) == len(failures) == 2


def test_a_failing_handler_of_failure_events_does_not_recurse() -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError

    attach("broken", "*", broken, keep=True)
    execute("myapp.done")


def test_an_interrupt_is_not_swallowed() -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    attach("interrupt", "myapp.done", interrupt)
    with pytest.raises(KeyboardInterrupt):
        execute("myapp.done")


def test_handlers_cannot_change_events_of_other_handlers() -> None:
    def change(name: str, measurements: Any, metadata: Any, config: Any) -> None:
        metadata["k"] = "changed"

    received: list[Any] = []
    attach("change", "myapp.done", change)
    attach("h", "myapp.done", _keep(received))
    execute("myapp.done", {}, {"k": "v"})
    assert received[0][2] == {"k": "v"}


def _phases(received: list[Any]) -> list[str]:
    return [event.name.rpartition(".")[2] for event in received]


def test_span_emits_start_and_stop_with_one_ref() -> None:
    with capture_events("myapp.*") as received, span("myapp.work", {"a": 1}) as outcome:
        outcome["b"] = 2
    start, stop = received
    assert start.metadata["ref"] == stop.metadata["ref"]
    assert "b" not in start.metadata and stop.metadata["a"] == 1 and stop.metadata["b"] == 2
    assert stop.measurements["duration"] > 0 and start.measurements["system_time"] > 0


def test_span_emits_the_exception_and_lets_it_pass() -> None:
    error = LookupError("secret")
    with capture_events("myapp.*") as received, pytest.raises(LookupError) as raised, span("myapp.work"):
        raise error
    assert raised.value is error and _phases(received) == ["start", "exception"]
    assert received[1].metadata["error_type"] == "LookupError" and "secret" not in repr(received)


def test_span_decorates_functions_and_coroutine_functions() -> None:
    @span("myapp.work")
    def plain(x: int) -> int:
        """Add."""
        return x + 1

    @span("myapp.work")
    async def coroutine(x: int) -> int:
        await asyncio.sleep(0)
        return x + 1

    async def both() -> int:
        async with span("myapp.around"):
            return await coroutine(1) + await coroutine(2)

    with capture_events("myapp.work.*") as received:
        assert plain(1) == 2 and asyncio.run(both()) == 5
    assert _phases(received) == ["start", "stop"] * 3
    assert plain.__name__ == "plain" and plain.__doc__ == "Add." and inspect.iscoroutinefunction(coroutine)


def test_span_refuses_a_generator_function_and_names_the_fix() -> None:
    with pytest.raises(TypeError, match="around the code that reads it"):

        @span("myapp.work")
        def numbers() -> Iterator[int]:
            yield 1


def test_one_span_object_may_be_entered_while_entered() -> None:
    twice = span("myapp.work")
    with capture_events("myapp.*") as received, twice, twice:
        pass
    refs = [event.metadata["ref"] for event in received]
    assert refs[0] == refs[3] != refs[1] == refs[2]


def test_threads_attach_detach_and_emit_at_once() -> None:
    received_events: list[int] = []
    attach("steady", "myapp.done", lambda *_: received_events.append(1))

    def work(n: int) -> None:
        for i in range(200):
            attach(f"h-{n}-{i}", "myapp.done", lambda *_: None)
            execute("myapp.done")
            detach(f"h-{n}-{i}")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(received_events) == 8 * 200
    assert [h.id for h in list_handlers("myapp.done")] == ["steady"]
