"""The work of every engine, and the set-up of a worker."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache

from opentelemetry.instrumentation.llm import CostBudget
from opentelemetry.instrumentation.llm.pricing.redis_budget import RedisStore
from opentelemetry.instrumentation.llm.workers import watch_worker

PROMPTS = [f"Say something about the number {number}." for number in range(8)]


@lru_cache(maxsize=1)
def set_up() -> None:
    """Set up OpenTelemetry, instrument, and share a budget; once per process."""
    watch_worker()
    if "BUDGET_REDIS" in os.environ:
        CostBudget("engines", float(os.environ["BUDGET_CENTS"]), per="day", store=RedisStore(os.environ["BUDGET_REDIS"]))


def answer(prompt: str) -> str:
    """Call a model."""
    import openai

    with openai.OpenAI() as client:
        response = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": prompt}])
    return f"{os.getpid()}: {response.choices[0].message.content}"


def answer_each(prompts: Iterable[str]) -> Iterator[str]:
    """Call a model for each prompt, lazily."""
    for prompt in prompts:
        yield answer(prompt)
