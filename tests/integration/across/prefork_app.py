"""WSGI application that relays a stream, for servers that fork.

It is instrumented by one call at import.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import openai

from opentelemetry import propagate
from opentelemetry.instrumentation.llm import with_context
from opentelemetry.instrumentation.llm.workers import watch_worker

watch_worker()
client = openai.OpenAI(base_url=f"{os.environ['PROVIDER']}/scenario/drip:2/v1", api_key="sk-test", max_retries=0)
MESSAGES: list[Any] = [{"role": "user", "content": "say three words"}]


def answer() -> Iterator[bytes]:
    """Give this process's number, then every chunk as a line."""
    yield f"{os.getpid()}\n".encode()
    with client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True) as stream:
        for chunk in stream:
            yield f"{chunk.choices[0].delta.content if chunk.choices else ''}\n".encode()


def app(environ: dict[str, Any], start_response: Any) -> Any:
    """Answer in the trace that the request belongs to."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return with_context(propagate.extract({"traceparent": environ["HTTP_TRACEPARENT"], "baggage": environ["HTTP_BAGGAGE"]}), answer)
