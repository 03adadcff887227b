"""LLM work on engines that run on many machines, in one trace: the work, and one program for each engine.

Each program asks in a driver's span and answers in workers. They talk to OpenAI, or to what ``OPENAI_BASE_URL`` names, and
send telemetry where ``OTEL_EXPORTER_OTLP_ENDPOINT`` says. Their tests run them on real engines.
"""
