"""Stream two responses: the span records the first chunk and the end."""

from __future__ import annotations

import openai

from opentelemetry.instrumentation.llm import configure

configure(exporter="console", service_name="streaming")
client = openai.OpenAI()
request = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": "Say hello in five words."}],
    "stream": True,
    "stream_options": {"include_usage": True},
}

for chunk in client.chat.completions.create(**request):
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="")
print()

# The reader leaves after one chunk: the span ends with `closed_early`.
with client.chat.completions.create(**request) as stream:
    next(iter(stream))
