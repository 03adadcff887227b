"""Serve metrics for Prometheus without the OpenTelemetry SDK."""

from __future__ import annotations

import urllib.request

import openai

from opentelemetry.instrumentation.llm import LLMInstrumentor, PrometheusReporter, metrics

LLMInstrumentor().instrument()
reporter = PrometheusReporter(metrics(), port=0)  # 9568 in production; 0 selects a free port
messages = [{"role": "user", "content": "Say hello in five words."}]
openai.OpenAI().chat.completions.create(model="gpt-4o-mini", messages=messages)

with urllib.request.urlopen(f"http://127.0.0.1:{reporter.port}/metrics") as page:
    for line in page.read().decode().splitlines():
        if line.startswith(("ex_llm_chat_requests", "ex_llm_cost_cents")):
            print(line)
reporter.close()
