"""See what the instrumentation says: a chat, a streamed chat, an embedding and an error.

Without ``OPENAI_API_KEY`` everything goes to a stand-in for a provider on this machine: it answers canned texts, is no
model, and needs no network. With the key set, this is an ordinary program that talks to OpenAI and is billed for it.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from opentelemetry import trace
from opentelemetry.instrumentation.llm import ConsoleReporter, LLMInstrumentor, metrics, with_span
from opentelemetry.instrumentation.llm.exporters.console_tree import LiveSpanExporter

MESSAGES = [{"role": "user", "content": "Say hello in five words."}]


def ask(client) -> None:
    """Do what an application does; nothing in here knows that it is watched."""
    import openai

    client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    stream = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True, stream_options={"include_usage": True})
    answer = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    print(f"The streamed answer: {answer}")
    client.embeddings.create(model="text-embedding-3-small", input="hello")
    try:
        client.chat.completions.create(model="no-such-model@error-404", messages=MESSAGES)
    except openai.NotFoundError:
        print("The call with a wrong model was refused, as it should be.")


def main() -> None:
    """Set up OpenTelemetry for people to read, watch, and ask."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(LiveSpanExporter()))
    trace.set_tracer_provider(provider)
    LLMInstrumentor().instrument()
    import openai

    with ExitStack() as stack, open(os.devnull, "w") as quiet:
        if os.environ.get("OPENAI_API_KEY"):
            client = openai.OpenAI()
        else:
            sys.path.insert(0, str(Path(__file__).parent))
            from stand_in import StandIn

            server = stack.enter_context(StandIn())
            print(f"No OPENAI_API_KEY: asking the stand-in for a provider at {server.url}, which is no model.\n")
            client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="stand-in")
        stack.enter_context(client)
        console = ConsoleReporter(metrics(), stream=quiet)
        with with_span("quickstart"):
            ask(client)
        print("\nWhat the metrics say:\n")
        print(console.table())
        console.close()
    provider.shutdown()


if __name__ == "__main__":
    main()
