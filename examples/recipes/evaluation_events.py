"""Record the feedback of a user on the span of an answer."""

from __future__ import annotations

import openai

from opentelemetry import trace
from opentelemetry.instrumentation.llm import configure, evaluation, with_agent

done = configure(exporter="console", service_name="evaluation")
with with_agent("support") as run:
    messages = [{"role": "user", "content": "Say hello in five words."}]
    response = openai.OpenAI().chat.completions.create(model="gpt-4o-mini", messages=messages)
    run.output = response.choices[0].message.content
    answered = trace.get_current_span()

# Later, perhaps in another request: the event belongs to the trace of the answer.
evaluation("user_feedback", score=1.0, label="helpful", span=answered, response_id=response.id)
print(f"feedback recorded for {response.id}")
