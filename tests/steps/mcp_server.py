"""Run an instrumented MCP server over stdio.

One of its tools returns the spans of the process.
"""

from __future__ import annotations

import json

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from opentelemetry import trace
from opentelemetry.instrumentation.llm import LLMInstrumentor


def server() -> object:
    """Return a server of the installed generation."""
    try:
        from mcp.server import MCPServer as Server
    except ImportError:
        from mcp.server.fastmcp import FastMCP as Server
    made = Server("weather")

    @made.tool()
    async def get_weather(city: str) -> str:
        """Return the weather of a city."""
        return f"sunny in {city}"

    @made.tool()
    def breaks(city: str) -> str:
        """Raise an error."""
        raise ValueError("boom")

    return made


def main() -> None:
    """Serve over stdio."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    LLMInstrumentor().instrument()
    made: object = server()

    @made.tool()  # type: ignore[attr-defined]
    def spans() -> str:
        """Return the spans of this process."""
        found = exporter.get_finished_spans()
        return json.dumps([[s.name, s.kind.name, s.context.trace_id, s.parent.span_id if s.parent else None] for s in found])

    made.run("stdio")  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
