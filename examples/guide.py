"""Show every feature, section by section, against the local stand-in server.

Each function is one section and returns its result. ``python examples/guide.py`` runs all sections and prints the results.
"""

from __future__ import annotations

import io
import logging
import queue
import socket
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.instrumentation import llm
from opentelemetry.instrumentation.llm.testing import capture_events

sys.path.insert(0, str(Path(__file__).parent))
MESSAGES = [{"role": "user", "content": "Say hello in five words."}]
METRICS_PORT = 9568


class Section:
    """Hold the instrumented client of a section, and the spans of its calls."""

    def __init__(self, client: Any, spans: InMemorySpanExporter) -> None:
        self.client, self._spans = client, spans

    def chat(self, model: str = "gpt-4o-mini") -> Any:
        return self.client.chat.completions.create(model=model, messages=MESSAGES)

    def stream(self) -> Any:
        return self.client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True)

    def embed(self) -> Any:
        return self.client.embeddings.create(model="text-embedding-3-small", input="hello")

    def spans(self) -> list[Any]:
        """Return the spans that ended since the last call of this method."""
        ended = list(self._spans.get_finished_spans())
        self._spans.clear()
        return ended


def basic_logging(s: Section) -> list[str]:
    """Attach the default logger, which logs one line for every event."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    keep = Keep()
    logging.getLogger("ex_llm").addHandler(keep)
    llm.attach_default_logger("INFO")
    try:
        s.chat()
    finally:
        llm.detach_default_logger()
        logging.getLogger("ex_llm").removeHandler(keep)
    return lines


def metrics_with_prometheus(s: Section, port: int = METRICS_PORT) -> str:
    """Serve every metric for Prometheus to scrape, at http://localhost:9568/metrics."""
    reporter = llm.PrometheusReporter(llm.metrics(), port=port)
    try:
        s.chat()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
            return page.read().decode()
    finally:
        reporter.close()


def distributed_tracing(s: Section) -> list[Any]:
    """Trace calls of the SDK without calling this package."""
    s.spans()
    s.chat()
    list(s.stream())
    s.embed()
    return s.spans()


def event_names(s: Section) -> list[str]:
    """Capture the events of a chat: start, and stop or exception."""
    with capture_events("ex_llm.chat.*") as events:
        s.chat()
        with suppress(Exception):
            s.chat("gpt-4o-mini@error-500")
    assert all(event.name in llm.EVENTS for event in events)
    return [event.name for event in events]


def custom_event_handlers(s: Section) -> list[tuple[float, str, int]]:
    """Attach your own handler; durations are in nanoseconds and can be converted."""
    received: list[tuple[float, str, int]] = []

    def handle_chat_complete(event_name: str, measurements: Any, metadata: Any, config: Any) -> None:
        duration_ms = llm.convert_time_unit(measurements["duration"], "native", "millisecond")
        received.append((duration_ms, metadata["model"], metadata["total_tokens"]))

    llm.attach("my-handler", "ex_llm.chat.stop", handle_chat_complete)
    try:
        s.chat()
    finally:
        llm.detach("my-handler")
    return received


def sets_of_metrics(s: Section) -> dict[str, list[str]]:
    """List the sets of metrics: all, a small set for development, cost."""
    sets = {"all": llm.metrics(), "basic": llm.basic_metrics(), "cost": llm.cost_metrics()}
    return {name: [metric.name for metric in chosen] for name, chosen in sets.items()}


def console_reporter(s: Section) -> str:
    """Print metrics on the console during development."""
    out = io.StringIO()
    reporter = llm.ConsoleReporter(llm.basic_metrics(), stream=out)
    s.chat()
    reporter.close()
    return out.getvalue()


def statsd_reporter(s: Section) -> list[str]:
    """Send metrics to a StatsD server; a UDP socket receives the lines here."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        reporter = llm.StatsdReporter(llm.metrics(), host="127.0.0.1", port=server.getsockname()[1])
        s.chat()
        reporter.close()
        return server.recv(65_536).decode().splitlines()


class MyReporter:
    """Group metrics by event, and send values from a separate thread."""

    def __init__(self, metrics: list[Any]) -> None:
        self.sent: Counter[str] = Counter()
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._by_event: dict[str, list[Any]] = {}
        for metric in metrics:
            for event in metric.events:
                self._by_event.setdefault(event, []).append(metric)
        self._thread = threading.Thread(target=self._send)
        self._thread.start()
        llm.attach_many("my-reporter", self._by_event, self._handle)

    def _handle(self, event: str, measurements: Any, metadata: Any, config: Any) -> None:
        self._queue.put(event)

    def _send(self) -> None:
        while (event := self._queue.get()) is not None:
            self.sent.update(metric.name for metric in self._by_event[event])

    def close(self) -> None:
        llm.detach("my-reporter")
        self._queue.put(None)
        self._thread.join()


def custom_reporter(s: Section) -> dict[str, int]:
    """Use your own reporter; a handler must be fast, so it only adds to a queue."""
    reporter = MyReporter(llm.basic_metrics())
    s.chat()
    reporter.close()
    return dict(reporter.sent)


def manual_instrumentation(s: Section) -> list[Any]:
    """Open a span around your own operation; calls inside it become its children."""
    s.spans()
    with llm.with_span("custom_operation", {"custom": "attribute"}):
        s.chat()
    return s.spans()


def context_propagation(s: Section) -> list[Any]:
    """Pass the context to threads and processes with with_context and carry."""
    s.spans()
    with llm.with_span("traced_function"):
        here = otel_context.get_current()
        thread = threading.Thread(target=lambda: llm.with_context(here, s.chat))
        thread.start()
        thread.join()
        carried = llm.carry(s.chat)
    carried()
    return s.spans()


def span_of_your_own(s: Section) -> list[Any]:
    """Emit start, stop and exception of your own operation; they also become a span."""
    s.spans()
    with capture_events("myapp.*") as events, llm.span("myapp.llm.analyze", {"text_length": 11}):
        s.chat()
    return [*(event.name for event in events), *s.spans()]


def cache_instrumentation(s: Section) -> list[str]:
    """Emit hits and misses of your own cache; keys become digests."""
    cache: dict[str, str] = {}

    def look_up(key: str) -> str | None:
        (llm.emit_cache_hit if key in cache else llm.emit_cache_miss)(key)
        return cache.get(key)

    with capture_events("ex_llm.cache.*") as events:
        look_up("question")
        cache["question"] = "answer"
        llm.emit_cache_put("question", size_bytes=6)
        look_up("question")
        llm.emit_cache_evicted("question", size_bytes=6)
    return [event.name for event in events]


def cost_monitoring(s: Section) -> list[tuple[str, float]]:
    """Read the cost of a call, and check a threshold with track_cost."""
    with capture_events("ex_llm.cost.*") as events:
        response = s.chat()
        llm.track_cost(response, threshold_cents=0.0001, model="gpt-4o-mini")
        llm.track_cost({"provider": "openai", "model": "gpt-4o", "cost": {"total_cents": 12.5}}, threshold_cents=20)
    return [(event.name, event.measurements["cost"]) for event in events]


def everything_else_by_hand(s: Section) -> list[str]:
    """Emit events by hand: rate limits, renewed credentials, truncations."""
    with capture_events("ex_llm.*") as events:
        llm.emit_rate_limit("openai", "gpt-4o-mini", retry_after_ms=250)
        llm.emit_auth_refresh("openai", "MyTokenProvider", duration=1_000_000)
        with llm.emit_context_truncation("keep_last") as removed:
            removed["messages_removed"] = 3
        llm.execute("ex_llm.context.window_exceeded", {}, {"provider": "openai", "model": "gpt-4o-mini"})
    return [event.name for event in events]


def list_attached_handlers(s: Section) -> list[str]:
    """List the handlers of an event."""
    return [handler.id for handler in llm.list_handlers("ex_llm.chat.stop")]


def events_by_hand(s: Section) -> list[dict[str, Any]]:
    """Emit an event to test a handler."""
    received: list[dict[str, Any]] = []
    llm.attach("try-it", "ex_llm.chat.stop", lambda name, measurements, metadata, config: received.append({**measurements, **metadata}))
    llm.execute("ex_llm.chat.stop", {"duration": 1000}, {"model": "gpt-4o-mini", "provider": "openai"})
    llm.detach("try-it")
    return received


def nothing_sensitive(s: Section) -> str:
    """Show that events contain no keys, and no contents unless these are enabled."""
    with capture_events("*") as events:
        s.chat()
    return repr(events)


SECTIONS: tuple[Callable[[Section], Any], ...] = (
    basic_logging,
    metrics_with_prometheus,
    distributed_tracing,
    event_names,
    custom_event_handlers,
    sets_of_metrics,
    console_reporter,
    statsd_reporter,
    custom_reporter,
    manual_instrumentation,
    context_propagation,
    span_of_your_own,
    cache_instrumentation,
    cost_monitoring,
    everything_else_by_hand,
    list_attached_handlers,
    events_by_hand,
    nothing_sensitive,
)


def main() -> None:
    """Run every section and print its result."""
    from stand_in import StandIn

    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(provider)
    llm.LLMInstrumentor().instrument()
    import openai

    with StandIn() as server, openai.OpenAI(base_url=f"{server.url}/v1", api_key="stand-in", max_retries=0) as client:
        s = Section(client, spans)
        for section in SECTIONS:
            shown = section(s)
            print(f"## {section.__name__.replace('_', ' ')}\n{section.__doc__}\n")
            print(shown if isinstance(shown, str) else "\n".join(str(getattr(each, "name", each)) for each in shown), end="\n\n")


if __name__ == "__main__":
    main()
