"""Stop a user when a budget is used up, before the next call is made."""

from __future__ import annotations

import openai

from opentelemetry.instrumentation.llm import CostBudget, LLMInstrumentor, attach, with_attributes

LLMInstrumentor().instrument()
budget = CostBudget("assistant", 0.001, per="day", scope="user.id")
attach("report", "ex_llm.cost.threshold_exceeded", lambda event, measurements, metadata, config: print(event, metadata["scope_value"]))
client = openai.OpenAI()


def answer(user: str, question: str) -> str:
    """Answer within the budget of a user."""
    if budget.spent(user) >= 0.001:
        return "Your budget for today is used up."
    with with_attributes(**{"user.id": user}):
        response = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": question}])
    return response.choices[0].message.content or ""


for _ in range(4):
    print(answer("ada", "Say hello in five words."))
print(f"spent: {budget.spent('ada'):.6f} cents")
budget.close()
