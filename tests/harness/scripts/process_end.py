"""End a process with open streams, and print the spans exported at shutdown.

``python -m harness.scripts.process_end watched openai sync http://127.0.0.1:1234`` opens every stream of a provider, takes one
chunk of each and ends; ``bare`` does the same without instrumentation, with the same exporter, because the output of
the last moment depends on the loaded modules.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

import calls
from contract.driving import answer, has

KEPT: list[Any] = []


class Printing:
    """Exporter that prints the ends of spans only when it is flushed."""

    def export(self, spans: Sequence[Any]) -> Any:
        from opentelemetry.sdk.trace.export import SpanExportResult

        for span in spans:
            print(json.dumps([span.name, span.attributes.get("ex_llm.stream.end"), span.status.status_code.name]))
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Have nothing to close."""

    def force_flush(self, timeout_millis: int = 0) -> bool:
        """Have nothing to wait for."""
        return True


def export() -> None:
    """Export in batches, as applications do."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from opentelemetry import trace

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Printing()))
    trace.set_tracer_provider(provider)


def streams(provider: str) -> list[calls.SampleCall]:
    """List the streams of a provider, without those that need a ``with`` block."""
    return [sample for sample in calls.read() if sample.provider == provider and sample.stream]


def _is_there(sample: calls.SampleCall, mode: str) -> bool:
    """Return True if the installed release has this call."""
    make, call = (sample.client, sample.call) if mode == "sync" else (sample.async_client, sample.async_call)
    if make is None or call is None:
        return False
    return _has(sample, make) if mode == "sync" else asyncio.run(_has_asynchronously(sample, make))


def _has(sample: calls.SampleCall, make: Any) -> bool:
    return has(sample, make("http://127.0.0.1:1"))


async def _has_asynchronously(sample: calls.SampleCall, make: Any) -> bool:
    """Return True if it exists, inside an event loop, which some clients require."""
    return _has(sample, make)


def untold(provider: str, mode: str, exported: str) -> list[str]:
    """Return the errors in the export of an instrumented process."""
    there = [p for p in streams(provider) if _is_there(p, mode)]
    reported = [json.loads(line) for line in exported.splitlines()]
    wrong = [f"{name}: {end}, {status}" for name, end, status in reported if (end, status) != ("abandoned", "UNSET")]
    return wrong + ([] if len(reported) == len(there) else [f"{len(reported)} spans are told of {len(there)} streams"])


def open_plain(sample: calls.SampleCall, url: str) -> None:
    """Take one chunk of a stream and keep the stream."""
    client = sample.client(url)
    stream = sample.call(client)  # type: ignore[misc]
    stream = stream if hasattr(stream, "__iter__") else stream.__enter__()
    iterator = iter(stream)
    next(iterator)
    KEPT.extend((client, stream, iterator))


async def open_asynchronous(sample: calls.SampleCall, url: str) -> None:
    """Take one chunk of an asynchronous stream and keep the stream."""
    client = sample.async_client(url)  # type: ignore[misc]
    stream = await answer(sample, client)
    stream = stream if hasattr(stream, "__aiter__") else await stream.__aenter__()
    iterator = stream.__aiter__()
    await iterator.__anext__()
    KEPT.extend((client, stream, iterator))


def main(side: str, provider: str, mode: str, url: str) -> None:
    """Open everything, and end with an uncaught exception, as many programs do."""
    export()
    if side == "watched":
        from opentelemetry.instrumentation.llm import LLMInstrumentor

        LLMInstrumentor().instrument()
    if mode == "sync":
        for sample in streams(provider):
            if _is_there(sample, mode):
                open_plain(sample, url)
    else:
        loop = asyncio.new_event_loop()
        KEPT.append(loop)
        for sample in streams(provider):
            if _is_there(sample, mode):
                loop.run_until_complete(open_asynchronous(sample, url))
    raise SystemExit(3)


if __name__ == "__main__":
    main(*sys.argv[1:5])
