"""Defects of an instrumentation that the contract tests must find.

Those of ``IN_THE_CALL`` wrap the function of the SDK, as a careless instrumentation does, and must differ from a run
without instrumentation. Those of ``IN_WHAT_IS_TOLD`` change the telemetry of this package, and must be reported.
"""

from __future__ import annotations

import itertools
import logging
import sys
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from opentelemetry.context import Context, attach
from opentelemetry.trace import INVALID_SPAN, set_span_in_context

from harness.measures.fast_clients import forget_the_past
from opentelemetry.instrumentation.llm import bus
from opentelemetry.instrumentation.llm.calls.call import Call
from opentelemetry.instrumentation.llm.handlers import spans

KEPT: list[Any] = []
Around = Callable[..., Any]


class Planted(NamedTuple):
    """A defect, the case that shows it, and a part of the expected failure message."""

    plant: Callable[..., Any]
    exit: str
    noticed: str


def around_requests(patch: pytest.MonkeyPatch, fault: Around) -> None:
    """Wrap openai's common request function with ``fault(request, client, ...)``."""
    from openai._base_client import SyncAPIClient

    request = SyncAPIClient.request
    patch.setattr(SyncAPIClient, "request", lambda client, *args, **kwargs: fault(request, client, *args, **kwargs))


def _gives_a_generator(request: Around, *args: Any, **kwargs: Any) -> Any:
    stream = request(*args, **kwargs)
    return (chunk for chunk in stream)


def _wraps_the_stream(request: Around, *args: Any, **kwargs: Any) -> Any:
    class Stream:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

        def __iter__(self) -> Any:
            return iter(self._inner)

    return Stream(request(*args, **kwargs))


def _swallows_a_chunk(request: Around, *args: Any, **kwargs: Any) -> Any:
    stream = request(*args, **kwargs)
    stream._iterator = itertools.islice(stream._iterator, 1, None)
    return stream


def _marks_the_stream(request: Around, *args: Any, **kwargs: Any) -> Any:
    stream = request(*args, **kwargs)
    stream.watched = True
    return stream


def _keeps_the_stream(request: Around, *args: Any, **kwargs: Any) -> Any:
    KEPT.append(request(*args, **kwargs))
    return KEPT[-1]


def _changes_what_is_asked(request: Around, client: Any, cast_to: Any, options: Any, **kwargs: Any) -> Any:
    options.json_data = {**options.json_data, "stream_options": {"include_usage": False}}
    return request(client, cast_to, options, **kwargs)


def _changes_what_is_given(request: Around, client: Any, cast_to: Any, options: Any, **kwargs: Any) -> Any:
    given = sys.modules["calls.openai"].MESSAGES[0]  # type: ignore[attr-defined]
    try:
        return request(client, cast_to, options, **kwargs)
    finally:
        given["watched"] = True
        KEPT.append(lambda: given.pop("watched"))


def _adds_a_header(request: Around, client: Any, cast_to: Any, options: Any, **kwargs: Any) -> Any:
    options.headers = {"x-watched": "1"}
    return request(client, cast_to, options, **kwargs)


def _asks_twice(request: Around, *args: Any, **kwargs: Any) -> Any:
    request(*args, **kwargs).close()
    return request(*args, **kwargs)


def _changes_the_exception(request: Around, *args: Any, **kwargs: Any) -> Any:
    try:
        return request(*args, **kwargs)
    except Exception as error:
        raise RuntimeError(*error.args) from error


def _changes_the_context_of_the_exception(request: Around, *args: Any, **kwargs: Any) -> Any:
    try:
        return request(*args, **kwargs)
    except Exception as error:
        error.__context__ = KeyError("watched")
        raise


def _warns(request: Around, *args: Any, **kwargs: Any) -> Any:
    warnings.warn("this is watched", UserWarning, stacklevel=1)
    return request(*args, **kwargs)


def _logs(request: Around, *args: Any, **kwargs: Any) -> Any:
    logging.getLogger("planted").info("this is watched")
    return request(*args, **kwargs)


def _logs_for_developers(request: Around, *args: Any, **kwargs: Any) -> Any:
    logging.getLogger("planted").debug("this is watched")
    return request(*args, **kwargs)


def _prints(request: Around, *args: Any, **kwargs: Any) -> Any:
    print("this is watched")
    return request(*args, **kwargs)


def _leaves_a_context(request: Around, *args: Any, **kwargs: Any) -> Any:
    attach(set_span_in_context(INVALID_SPAN))
    return request(*args, **kwargs)


def _leaves_an_error(request: Around, *args: Any, **kwargs: Any) -> Any:
    class Fragile:
        def __del__(self) -> None:
            raise LookupError

    Fragile()
    return request(*args, **kwargs)


IN_THE_CALL = (
    Planted(_gives_a_generator, "exhausted", ".seen[0][1].type"),
    Planted(_wraps_the_stream, "exhausted", ".seen[0][1].instance of"),
    Planted(_swallows_a_chunk, "exhausted", ".seen"),
    Planted(_marks_the_stream, "exhausted", ".seen[0][1].dir"),
    Planted(_keeps_the_stream, "broken off", ".seen"),
    Planted(_changes_what_is_asked, "exhausted", ".requests"),
    Planted(_changes_what_is_given, "exhausted", ".given"),
    Planted(_adds_a_header, "exhausted", ".requests"),
    Planted(_asks_twice, "exhausted", ".requests"),
    Planted(_changes_the_exception, "refused", ".type"),
    Planted(_changes_the_context_of_the_exception, "refused", ".context"),
    Planted(_warns, "exhausted", ".warnings"),
    Planted(_logs, "exhausted", ".logs"),
    Planted(_logs_for_developers, "exhausted", ".debug"),
    Planted(_prints, "exhausted", ".printed"),
    Planted(_leaves_a_context, "exhausted", ".seen"),
    Planted(_leaves_an_error, "exhausted", ".unraisable"),
)


def _around(patch: pytest.MonkeyPatch, owner: Any, name: str, fault: Around) -> None:
    original = getattr(owner, name)
    patch.setattr(owner, name, lambda *args, **kwargs: fault(original, *args, **kwargs))


def _span_is_doubled(patch: pytest.MonkeyPatch) -> None:
    def twice(start: Around, handler: Any, *args: Any) -> None:
        handler._tracer.start_span("once more").end()
        start(handler, *args)

    _around(patch, spans.Spans, "_start", twice)


def _span_never_ends(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Call, "_end", lambda *args: None)


def _another_span_never_ends(patch: pytest.MonkeyPatch) -> None:
    def more(start: Around, handler: Any, *args: Any) -> None:
        start(handler, *args)
        KEPT.append(handler._tracer.start_span("left open"))

    _around(patch, spans.Spans, "_start", more)


def _span_has_no_parent(patch: pytest.MonkeyPatch) -> None:
    def orphaned(start: Around, handler: Any, *args: Any) -> None:
        attach(Context())
        start(handler, *args)

    _around(patch, spans.Spans, "_start", orphaned)


def _context_stays(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("opentelemetry.instrumentation.llm.context.leave", lambda entered: None)


def _told_twice(patch: pytest.MonkeyPatch, ending: str) -> None:
    def twice(execute: Around, event: str, *args: Any) -> None:
        for _ in range(2 if event.endswith(ending) else 1):
            execute(event, *args)

    _around(patch, bus, "execute", twice)


def _chunk_goes_uncounted(patch: pytest.MonkeyPatch) -> None:
    def without_the_first(report: Around, call: Call) -> None:
        report(call)
        if not KEPT:
            call.taken.clear()
        KEPT.append(call)

    _around(patch, Call, "after_chunk", without_the_first)


def _end_is_another(patch: pytest.MonkeyPatch) -> None:
    _around(patch, Call, "on_stream_end", lambda ended, call, how, *args: ended(call, "closed_early", *args))


def _error_is_another(patch: pytest.MonkeyPatch) -> None:
    _around(patch, Call, "on_error", lambda failed, call, error: failed(call, LookupError()))


def _error_is_none(patch: pytest.MonkeyPatch) -> None:
    _around(patch, Call, "on_error", lambda failed, call, error: call.on_response(None))


def _describes(logger: str) -> Callable[[pytest.MonkeyPatch], None]:
    def plant(patch: pytest.MonkeyPatch) -> None:
        def loudly(received: Around, *args: Any) -> None:
            logging.getLogger(logger).warning("this is watched")
            received(*args)

        _around(patch, Call, "after_chunk", loudly)

    return plant


IN_WHAT_IS_TOLD = (
    Planted(_span_is_doubled, "exhausted", "2 spans have ended"),
    Planted(_span_never_ends, "exhausted", "0 spans have ended"),
    Planted(_another_span_never_ends, "exhausted", "2 spans have begun and 1 have ended"),
    Planted(_span_has_no_parent, "exhausted", "the parent is"),
    Planted(_context_stays, "exhausted", "was not the current one"),
    Planted(lambda patch: _told_twice(patch, "chat.stop"), "exhausted", "ex_llm.chat.duration.milliseconds is 2"),
    Planted(lambda patch: _told_twice(patch, "stream.start"), "exhausted", "ex_llm.stream.started.total is 2"),
    Planted(lambda patch: _told_twice(patch, "chat.exception"), "refused", "ex_llm.chat.errors.total is 2"),
    Planted(_chunk_goes_uncounted, "exhausted", "ex_llm.stream.chunks.total is"),
    Planted(_end_is_another, "exhausted", "ex_llm.stream.end is 'closed_early'"),
    Planted(_error_is_another, "refused", "error.type is 'LookupError'"),
    Planted(_error_is_none, "refused", "the status is UNSET"),
    Planted(_describes("opentelemetry.instrumentation.llm.calls"), "exhausted", "opentelemetry.instrumentation.llm.calls says"),
    Planted(_describes("opentelemetry.context"), "exhausted", "opentelemetry.context says"),
    Planted(lambda patch: around_requests(patch, _asks_twice), "exhausted", "requests were sent"),
)


def clear() -> None:
    """Reset the state that defects have stored or changed."""
    for kept in KEPT:
        if callable(kept) and getattr(kept, "__name__", "") == "<lambda>":
            kept()
    KEPT.clear()
    forget_the_past()
