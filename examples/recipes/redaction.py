"""Record contents without card numbers: ``redact`` sees each content first."""

from __future__ import annotations

import re
from typing import Any

import openai
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

from opentelemetry import trace
from opentelemetry.instrumentation.llm import LLMInstrumentor

CARD = re.compile(r"\b\d{4}([ -]?\d{4}){3}\b")


def redact(content: Any) -> Any:
    """Replace card numbers in every text of a content, at any depth."""
    if isinstance(content, str):
        return CARD.sub("[card]", content)
    if isinstance(content, dict):
        return {key: redact(value) for key, value in content.items()}
    return [redact(each) for each in content] if isinstance(content, list) else content


provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(formatter=lambda s: s.attributes["gen_ai.input.messages"] + "\n")))
trace.set_tracer_provider(provider)
LLMInstrumentor().instrument(capture_message_content=True, redact=redact)
messages = [{"role": "user", "content": "My card is 4111 1111 1111 1111."}]
openai.OpenAI().chat.completions.create(model="gpt-4o-mini", messages=messages)
