"""Calls in threads and tasks are children of the span that started them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import openai

from opentelemetry.instrumentation.llm import configure, with_span

configure(exporter="console", service_name="threads-and-tasks")
MESSAGES = [{"role": "user", "content": "Say hello in five words."}]


def call(client: openai.OpenAI) -> None:
    client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)


async def call_async() -> None:
    async with openai.AsyncOpenAI() as client:
        await asyncio.gather(*(client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES) for _ in range(2)))


with with_span("two threads"), openai.OpenAI() as client, ThreadPoolExecutor(2) as pool:
    list(pool.map(call, [client, client]))

with with_span("two tasks"):
    asyncio.run(call_async())
