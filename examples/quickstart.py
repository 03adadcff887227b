"""Show the telemetry of a chat, a streamed chat, an embedding and an error.

Without ``OPENAI_API_KEY`` the program calls a local stand-in server, which imitates a provider, returns fixed texts, and needs
no network. It is not a model. With the key set, the program calls OpenAI, which bills the calls.
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
    """Call the SDK like an application, without any call of this package."""
    import openai

    client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    stream = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True, stream_options={"include_usage": True})
    answer = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    print(f"Streamed response: {answer}")
    client.embeddings.create(model="text-embedding-3-small", input="hello")
    try:
        client.chat.completions.create(model="no-such-model@error-404", messages=MESSAGES)
    except openai.NotFoundError:
        print("The call with an unknown model was refused, as expected.")


def main() -> None:
    """Set up OpenTelemetry with console output, instrument, and make the calls."""
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
            print(f"OPENAI_API_KEY is not set: calling the local stand-in server at {server.url}. It is not a model.\n")
            client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="stand-in")
        stack.enter_context(client)
        console = ConsoleReporter(metrics(), stream=quiet)
        with with_span("quickstart"):
            ask(client)
        print("\nMetrics:\n")
        print(console.table())
        console.close()
    provider.shutdown()


if __name__ == "__main__":
    main()
