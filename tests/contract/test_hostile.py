"""Objects that raise at any access pass unchanged, and the span still ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import calls
from contract.driving import MODES, answer, opened, opened_async
from harness.faults.hostile import Hostile, HostileError, HostileStream, Hurting, standing_in
from harness.observation.new_telemetry import Begun
from opentelemetry.instrumentation.llm import LLMInstrumentor

pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
SAMPLES = list(calls.read())
NOWHERE = "http://127.0.0.1:1"
Outcome = tuple[str, Any]


def _named(result: Any) -> Any:
    """Return the hostile object itself, or the class of the SDK's wrapper."""
    return id(result) if type(result) in (Hostile, object) else type(result)


async def _read_async(result: Any) -> list[int]:
    return [id(chunk) async for chunk in result]


def _outcome(sample: calls.SampleCall, mode: str, read: bool, around: Callable[[Any], Any] = lambda client: client) -> Outcome:
    """Make the call; return which object, chunks or exception the application got."""
    try:
        if mode == "sync":
            with opened(sample, NOWHERE) as client:
                result = sample.call(around(client))  # type: ignore[misc]
                return ("chunks", [id(chunk) for chunk in result]) if read else ("object", _named(result))

        async def call() -> Any:
            async with opened_async(sample, NOWHERE) as client:
                result = await answer(_Around(sample, around), client)  # type: ignore[arg-type]
                return ("chunks", await _read_async(result)) if read else ("object", _named(result))

        return asyncio.run(call())
    except (IndexError, pytest.skip.Exception):
        raise
    except BaseException as error:
        return "raised", (type(error), id(error) if type(error) is HostileError else None)


class _Around:
    """A sample whose client is given something around it."""

    def __init__(self, sample: calls.SampleCall, around: Callable[[Any], Any]) -> None:
        self._sample, self._around = sample, around

    def async_call(self, client: Any) -> Any:
        """Make the asynchronous call."""
        return self._sample.async_call(self._around(client))  # type: ignore[misc]


def _compare(sample: calls.SampleCall, mode: str, given: Any, watch: Any, read: bool = False) -> None:
    if (sample.call if mode == "sync" else sample.async_call) is None:
        pytest.skip("this SDK has no such form of it")

    def answering(point: Any, asynchronous: bool) -> Any:
        value = given(point, asynchronous) if callable(given) and not isinstance(given, Hostile) else given
        if isinstance(value, BaseException):
            raise value
        return value

    with standing_in(sample.provider, answering):
        bare = _outcome(sample, mode, read)
        if bare[0] == "raised" and bare[1][0] is not HostileError:
            pytest.skip(f"this release refuses it by itself, with {bare[1][0].__name__}")
        seen = watch()
        begun = Begun(seen)
        assert _outcome(sample, mode, read) == bare
        LLMInstrumentor().uninstrument()
    spans = seen.spans()
    assert (begun.count, len(spans)) == (1, 1)
    if bare[0] == "raised" and bare[1][0] is HostileError:
        assert spans[0].status.status_code.name == "ERROR"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", [p for p in SAMPLES if not p.stream], ids=lambda p: p.id)
def test_an_answer_that_raises_whatever_is_asked(sample: calls.SampleCall, mode: str, watch: Any) -> None:
    _compare(sample, mode, Hostile(), watch)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", [p for p in SAMPLES if not p.stream], ids=lambda p: p.id)
def test_an_error_that_raises_whatever_is_asked(sample: calls.SampleCall, mode: str, watch: Any) -> None:
    _compare(sample, mode, HostileError(), watch)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", [p for p in SAMPLES if p.stream], ids=lambda p: p.id)
def test_chunks_that_raise_whatever_is_asked(sample: calls.SampleCall, mode: str, watch: Any) -> None:
    chunks = [Hostile(), Hostile()]

    def stream(point: Any, asynchronous: bool) -> Any:
        if point.stream_in is None:
            pytest.skip("its stream has no inside that is told")
        made = HostileStream.__new__(HostileStream)
        made.given, made._name = chunks, point.stream_in
        setattr(made, point.stream_in, made._agen() if asynchronous else iter(chunks))
        return made

    _compare(sample, mode, stream, watch, read=True)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.id)
def test_arguments_that_raise_whatever_is_asked(sample: calls.SampleCall, mode: str, watch: Any) -> None:
    if (sample.call if mode == "sync" else sample.async_call) is None:
        pytest.skip("this SDK has no such form of it")
    result = object()
    with standing_in(sample.provider, lambda point, asynchronous: result):
        for turn in range(20):
            around = lambda client, turn=turn: Hurting(client, turn)  # noqa: E731
            try:
                bare = _outcome(sample, mode, False, around)
            except IndexError:
                break
            seen = watch()
            begun = Begun(seen)
            assert _outcome(sample, mode, False, around) == bare
            LLMInstrumentor().uninstrument()
            assert len(seen.spans()) == begun.count <= 1
