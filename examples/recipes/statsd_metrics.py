"""Send metrics to a StatsD server; here the program receives them itself."""

from __future__ import annotations

import socket

import openai

from opentelemetry.instrumentation.llm import LLMInstrumentor, StatsdReporter, cost_metrics

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
server.settimeout(5)

LLMInstrumentor().instrument()
reporter = StatsdReporter(cost_metrics(), host="127.0.0.1", port=server.getsockname()[1], prefix="shop")
messages = [{"role": "user", "content": "Say hello in five words."}]
openai.OpenAI().chat.completions.create(model="gpt-4o-mini", messages=messages)
reporter.close()
print(server.recv(65_536).decode())
