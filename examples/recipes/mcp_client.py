"""Call an MCP tool: the span of the server is a child of the client's span."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from opentelemetry.instrumentation.llm import configure, with_span

configure(exporter="console", service_name="mcp-client")
SERVER = StdioServerParameters(command=sys.executable, args=[str(Path(__file__).with_name("mcp_server.py"))], env=dict(os.environ))


async def main() -> None:
    """Start the server, and call its tool once."""
    with with_span("ask a tool"):
        async with stdio_client(SERVER) as streams, ClientSession(*streams) as session:
            await session.initialize()
            result = await session.call_tool("weather", {"city": "Recife"})
            print(result.content[0].text)


asyncio.run(main())
