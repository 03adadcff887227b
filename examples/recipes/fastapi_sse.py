"""Stream an answer to a browser: the span ends when the last event is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator

import openai
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from opentelemetry.instrumentation.llm import configure

configure(exporter="console", service_name="fastapi")
app = FastAPI()
client = openai.AsyncOpenAI()


async def events(question: str) -> AsyncIterator[str]:
    """Yield one server-sent event for each piece of the answer."""
    messages = [{"role": "user", "content": question}]
    async with await client.chat.completions.create(model="gpt-4o-mini", messages=messages, stream=True) as stream:
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                yield f"data: {chunk.choices[0].delta.content}\n\n"


@app.get("/answer")
async def answer(question: str) -> StreamingResponse:
    return StreamingResponse(events(question), media_type="text/event-stream")


if __name__ == "__main__":
    from fastapi.testclient import TestClient

    print(TestClient(app).get("/answer", params={"question": "Say hello in five words."}).text)
