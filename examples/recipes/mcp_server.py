"""An MCP server over stdio with one tool; ``mcp_client.py`` starts it."""

from __future__ import annotations

from mcp.server.fastmcp import FastMCP

from opentelemetry.instrumentation.llm import configure

configure(exporter="none", service_name="mcp-server")
server = FastMCP("weather")


@server.tool()
def weather(city: str) -> str:
    """Return the weather of a city."""
    return f"It is sunny in {city}."


if __name__ == "__main__":
    server.run()
