"""Make a call inside a mechanism and record the context before and after it.

Everything here can be pickled. ``observe`` runs a cell of the matrix except its checks: a parent with a session, the
call in another place, and afterwards the context in that place without the parent.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from opentelemetry import baggage, trace
from opentelemetry import context as otel_context
from opentelemetry.instrumentation.llm import with_attributes, with_span
from opentelemetry.instrumentation.llm.workers import watch_worker

OPERATIONS = ("chat", "stream", "embeddings")
MESSAGES: list[Any] = [{"role": "user", "content": "say three words"}]
NOWHERE = "0" * 16


class Place(NamedTuple):
    """Context of a place: ids in hexadecimal, zeros if there is no span."""

    trace: str
    span: str
    session: str | None


class Reported(NamedTuple):
    """Fields of the span of a call."""

    trace: str
    parent: str | None
    session: str | None


class Asked(NamedTuple):
    """Context before and after the call, and the spans of the calls."""

    before: Place
    after: Place
    spans: list[Reported]


class Cell(NamedTuple):
    """Everything about one operation by one mechanism."""

    parent: Place
    requested: Asked
    outside: Place
    caller_as_before: bool


class _Here:
    """Where this process keeps its spans."""

    spans: InMemorySpanExporter | None = None


def keep_spans(spans: InMemorySpanExporter) -> None:
    """Set the exporter that stores the spans of this process."""
    _Here.spans = spans


def look(*_: Any) -> Place:
    """Return the current context of this place."""
    current = trace.get_current_span().get_span_context()
    session = baggage.get_baggage("session.id")
    return Place(f"{current.trace_id:032x}", f"{current.span_id:016x}", None if session is None else str(session))


async def look_async(*_: Any) -> Place:
    """Return the current context of this place."""
    return look()


def _spans() -> list[Reported]:
    """Return the spans of calls since the last time."""
    assert _Here.spans is not None
    ended = _Here.spans.get_finished_spans()
    _Here.spans.clear()
    return [_reported(span) for span in ended if span.kind is trace.SpanKind.CLIENT]


def _reported(span: Any) -> Reported:
    parent = f"{span.parent.span_id:016x}" if span.parent else None
    return Reported(f"{span.context.trace_id:032x}", parent, span.attributes.get("session.id"))


def ask(url: str, operation: str) -> Asked:
    """Make a plain call here."""
    import openai

    http = openai.DefaultHttpxClient(verify=False)  # spares the certificates, which take longer than the call
    with openai.OpenAI(base_url=f"{url}/v1", api_key="sk-test", max_retries=0, http_client=http) as client:
        before = look()
        if operation == "embeddings":
            client.embeddings.create(model="text-embedding-3-small", input="a b")
        else:
            answer: Any = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=operation == "stream")
            assert operation == "chat" or all(look() == before for _ in answer)
        return Asked(before, look(), _spans())


async def ask_async(url: str, operation: str) -> Asked:
    """Make an asynchronous call here."""
    import openai

    http = openai.DefaultAsyncHttpxClient(verify=False)
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-test", max_retries=0, http_client=http) as client:
        before = look()
        if operation == "embeddings":
            await client.embeddings.create(model="text-embedding-3-small", input="a b")
        else:
            answer: Any = await client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=operation == "stream")
            assert operation == "chat" or all([look() == before async for _ in answer])
        return Asked(before, look(), _spans())


def set_up() -> None:
    """Keep the spans of a process that another one has started."""
    keep_spans(InMemorySpanExporter())
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(_Here.spans))  # type: ignore[arg-type]
    trace.set_tracer_provider(provider)


def ask_elsewhere(url: str, operation: str) -> Asked:
    """Make a plain call in a process that another one has started."""
    watch_worker(set_up if _Here.spans is None else None)
    _spans()
    return ask(url, operation)


Run = Callable[[Callable[..., Any]], Any]


def observe(run: Run, url: str, asking: Callable[..., Any], looking: Callable[..., Any], session: str) -> dict[str, Cell]:
    """Run each operation below a parent with a session, then record the context."""
    cells = {}
    for operation in OPERATIONS:
        _spans()
        outermost = otel_context.get_current()
        with with_span("parent"), with_attributes(session_id=session):
            parent, inside = look(), otel_context.get_current()
            requested = run(partial(asking, url, operation))
            as_before = otel_context.get_current() is inside
        outside = run(looking)
        spans = requested.spans or _spans()
        cells[operation] = Cell(parent, requested._replace(spans=spans), outside, as_before and otel_context.get_current() is outermost)
    return cells
