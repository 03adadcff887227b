"""Run an instrumented MCP server over stdio, or over HTTP on the given port.

One of its tools returns the spans of the process.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from opentelemetry import trace
from opentelemetry.instrumentation.llm import LLMInstrumentor, attach


def server() -> object:
    """Return a server of the installed generation, or of FastMCP if it is installed."""
    with contextlib.suppress(ImportError):
        from fastmcp import FastMCP

        return _with_tools(FastMCP("weather"))
    try:
        from mcp.server import MCPServer as Server
    except ImportError:
        from mcp.server.fastmcp import FastMCP as Server
    return _with_tools(Server("weather"))


def _with_tools(made: Any) -> object:
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
    """Serve over stdio, or over HTTP if there is a port."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    LLMInstrumentor().instrument()
    seen: list[Any] = []
    attach("seen", "ex_llm.mcp.*", lambda event, measurements, metadata, config: seen.append((event, metadata)))
    made: object = server()

    @made.tool()  # type: ignore[attr-defined]
    def spans() -> str:
        """Return the spans of this process."""
        found = exporter.get_finished_spans()
        return json.dumps([[s.name, s.kind.name, s.context.trace_id, s.parent.span_id if s.parent else None] for s in found])

    @made.tool()  # type: ignore[attr-defined]
    def events() -> str:
        """Return the metadata of the MCP events of this process."""
        return json.dumps([[name, dict(metadata)] for name, metadata in seen], default=str)

    if len(sys.argv) == 1:
        made.run("stdio")  # type: ignore[attr-defined]
    else:
        serve(made, int(sys.argv[1]))


def serve(made: Any, port: int) -> None:
    """Serve over HTTP."""
    import uvicorn

    app = made.http_app() if hasattr(made, "http_app") else made.streamable_http_app()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    main()
