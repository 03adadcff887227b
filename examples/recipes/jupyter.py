"""Use in a notebook: run the cells, separated by ``# %%``, repeatedly."""

from __future__ import annotations

# %% Set up once; a second run of this cell changes nothing.
import openai

from opentelemetry.instrumentation.llm import ConsoleReporter, configure, metrics

print(configure(exporter="console", service_name="notebook"))

# %% Call the SDK as always: a tree with tokens and cost appears below the cell.
messages = [{"role": "user", "content": "Say hello in five words."}]
openai.OpenAI().chat.completions.create(model="gpt-4o-mini", messages=messages)

# %% Count all calls from here on, and print the table.
report = ConsoleReporter(metrics())
openai.OpenAI().chat.completions.create(model="gpt-4o-mini", messages=messages)
print(report.table())

# %% Ask the doctor when nothing appears.
from opentelemetry.instrumentation.llm.doctor import report as doctor  # noqa: E402

print(doctor())
