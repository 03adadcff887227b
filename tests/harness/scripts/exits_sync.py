"""Scripts of ``exits`` for synchronous applications."""

from __future__ import annotations

import contextlib
import copy
import gc
import pickle
import signal
import sys
import threading
import time
from typing import Any

from harness.observation.descriptions import described, described_exception, named
from harness.observation.signatures import outcome
from harness.scripts.styles import NotApplicable, Opening, parseable

_STILL = 3
LONG_ENOUGH = 1.0
"""Seconds to wait for the first chunk, which some SDKs delay."""


class ConsumerFault(Exception):
    """Stand for whatever goes wrong in an application."""


def _closing_of(stream: Any) -> Any:
    close = getattr(stream, "close", None)
    if close is None:
        raise NotApplicable(f"a {type(stream).__name__} has no close()")
    return close


def _next(opening: Opening, stream: Any) -> None:
    """Request one more chunk and record the outcome."""
    if not hasattr(stream, "__next__"):
        raise NotApplicable(f"a {type(stream).__name__} has no __next__")
    try:
        opening.account.received(next(stream))
    except StopIteration as end:
        opening.account.note("stopped", described(end.value))
    except Exception as error:
        opening.account.note("asked on", described_exception(error))


def exhausted(opening: Opening) -> None:
    for chunk in opening.stream():
        opening.account.received(chunk)


def exhausted_in_with(opening: Opening) -> None:
    with opening.block() as stream:
        for chunk in stream:
            opening.account.received(chunk)


def advanced(opening: Opening) -> None:
    stream = opening.stream()
    before = -1
    while opening.account.chunks > before:
        before = opening.account.chunks
        _next(opening, stream)
    _next(opening, stream)


def broken_off(opening: Opening) -> None:
    stream = opening.stream()
    for chunk in stream:
        opening.account.received(chunk)
        break


def broken_off_in_with(opening: Opening) -> None:
    with opening.block() as stream:
        for chunk in stream:
            opening.account.received(chunk)
            break


def closed(opening: Opening) -> None:
    stream = opening.stream()
    close = _closing_of(stream)
    iterator = iter(stream)
    for chunk in iterator:
        opening.account.received(chunk)
        break
    opening.account.note("closed", described(close()))
    opening.account.note("closed again", described(close()))
    opening.account.look()
    # Kept until here: some streams are closed when their iterator is collected.
    del iterator


def closed_unread(opening: Opening) -> None:
    stream = opening.stream()
    _closing_of(stream)()
    _next(opening, stream)


def closing(opening: Opening) -> None:
    stream = opening.stream()
    _closing_of(stream)
    with contextlib.closing(stream):
        iterator = iter(stream)
        for chunk in iterator:
            opening.account.received(chunk)
            break
    del iterator


def consumer_raises(opening: Opening) -> None:
    for chunk in opening.stream():
        opening.account.received(chunk)
        raise ConsumerFault("the application's own")


def consumer_raises_in_with(opening: Opening) -> None:
    with opening.block() as stream:
        for chunk in stream:
            opening.account.received(chunk)
            raise ConsumerFault("the application's own")


def never_iterated(opening: Opening) -> None:
    opening.stream()


def dropped(opening: Opening) -> None:
    stream = opening.stream()
    for chunk in stream:
        opening.account.received(chunk)
        break
    del stream
    gc.collect()
    opening.account.look()


def dropped_in_a_cycle(opening: Opening) -> None:
    stream = opening.stream()
    for chunk in stream:
        opening.account.received(chunk)
        break
    cycle: list[Any] = [stream]
    cycle.append(cycle)


def in_another_thread(opening: Opening) -> None:
    stream = opening.stream()
    raised: list[BaseException] = []

    def consume() -> None:
        try:
            for chunk in stream:
                opening.account.received(chunk, home=False)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=consume)
    thread.start()
    thread.join()
    if raised:
        raise raised.pop()


def interrupted(opening: Opening) -> None:
    stream = opening.stream()
    waiting = threading.Event()
    interrupter = threading.Thread(target=_interrupt, args=(threading.get_ident(), waiting), daemon=True)
    # A process that was started in the background of a shell ignores it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupter.start()
    try:
        for chunk in stream:
            opening.account.received(chunk)
            waiting.set()
    finally:
        waiting.set()
        interrupter.join()
        signal.signal(signal.SIGINT, before)


def _interrupt(caller: int, waiting: threading.Event) -> None:
    """Send SIGINT when the caller blocks, which is in a read of its socket."""
    waiting.wait(LONG_ENOUGH)
    still, before = 0, None
    while still < _STILL:
        time.sleep(0.01)
        frame = sys._current_frames()[caller]
        at = (id(frame), frame.f_lasti)
        still, before = (still + 1 if at == before else 0), at
    signal.pthread_kill(caller, signal.SIGINT)


def answered(opening: Opening) -> None:
    result = opening.call()
    if opening.style == "streamed":
        result = result.__enter__()
    opening.account.note("answer", described(result))


def parsed(opening: Opening) -> None:
    with _raw(opening) as response:
        opening.account.note("status", described(response.status_code))
        opening.account.note("headers", sorted(response.headers))
        answer = response.parse()
        opening.account.opened(answer, "by parse()")
        opening.account.note("parsed", described(answer))


def parsed_twice(opening: Opening) -> None:
    with _raw(opening) as response:
        answer = response.parse()
        opening.account.note("parsed", described(answer))
        opening.account.note("same again", response.parse() is answer)


def dropped_unparsed(opening: Opening) -> None:
    result = opening.call()
    if opening.style == "streamed":
        result = result.__enter__()
    opening.account.note("status", described(parseable(result).status_code))


def read_as_lines(opening: Opening) -> None:
    with _raw(opening) as response:
        opening.account.note("lines", list(response.iter_lines()))


def read_as_bytes(opening: Opening) -> None:
    with _raw(opening) as response:
        opening.account.note("bytes", repr(b"".join(response.iter_bytes())))


def read_whole(opening: Opening) -> None:
    with _raw(opening) as response:
        opening.account.note("read", repr(response.read()))
        opening.account.note("text", response.text())
        opening.account.look()


def left_unread(opening: Opening) -> None:
    with _raw(opening) as response:
        opening.account.note("raw", named(type(response)))


@contextlib.contextmanager
def _raw(opening: Opening) -> Any:
    result = opening.call()
    if opening.style != "streamed":
        yield parseable(result)
        return
    with result as response:
        opening.account.opened(response, "by entering")
        yield response


def copied(opening: Opening) -> None:
    stream = opening.stream()
    for step in (copy.copy, copy.deepcopy, pickle.dumps):
        opening.account.note(step.__name__, outcome(step, stream))
        response = getattr(stream, "response", None)
        opening.account.note(f"{step.__name__} of its response", outcome(step, response))
    for chunk in stream:
        opening.account.received(chunk)
