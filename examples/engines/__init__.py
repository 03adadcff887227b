"""Examples for distributed engines: LLM calls of many workers in one trace.

Each program starts tasks in the span of a driver, and the workers call the model. They call OpenAI, or the server in
``OPENAI_BASE_URL``, and send telemetry to ``OTEL_EXPORTER_OTLP_ENDPOINT``. Tests run them on the real engines.
"""
