"""Test MCP of both generations: client, server and tool are one trace.

Each request has one span on each side.
"""

from __future__ import annotations

import contextlib
import gc
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from opentelemetry import trace
from opentelemetry.instrumentation.llm import with_agent, with_tool
from opentelemetry.instrumentation.llm.testing import capture_events
from steps.mcp_server import server

pytestmark = [pytest.mark.usefixtures("no_context_errors"), pytest.mark.filterwarnings("ignore")]
SERVER = Path(__file__).parent / "mcp_server.py"


with contextlib.suppress(ImportError):
    import fastmcp  # noqa: F401 - tested instead of the servers and clients of mcp, if it is installed


@pytest.fixture
def generation() -> int:
    try:
        return int(version("mcp").partition(".")[0])
    except PackageNotFoundError:
        pytest.skip("mcp is not installed")


@asynccontextmanager
async def _in_memory(generation: int) -> AsyncIterator[Any]:
    if "fastmcp" in sys.modules:
        from fastmcp import Client

        async with Client(server()) as client:
            yield client
    elif generation == 1:
        from mcp.shared.memory import create_connected_server_and_client_session

        made: Any = server()
        async with create_connected_server_and_client_session(made._mcp_server) as session:
            yield session
    else:
        from mcp import Client

        async with Client(server()) as client:
            yield client


@asynccontextmanager
async def _over_stdio(generation: int) -> AsyncIterator[Any]:
    from mcp.client.stdio import StdioServerParameters, stdio_client

    parameters = StdioServerParameters(command=sys.executable, args=[str(SERVER)])
    if generation == 1:
        from mcp import ClientSession

        async with stdio_client(parameters) as streams, ClientSession(*streams) as session:
            await session.initialize()
            yield session
    else:
        from mcp import Client

        async with Client(stdio_client(parameters)) as client:
            yield client


@pytest.fixture
def everywhere(seen: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Send the SDK's own spans to the same exporter."""
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: seen.tracer_provider)
    otel = pytest.importorskip("mcp.shared._otel") if "mcp.shared._otel" in sys.modules else None
    if otel is not None:
        monkeypatch.setattr(otel, "_tracer", seen.tracer_provider.get_tracer("mcp-python-sdk"))
    return seen


def _spans(seen: Any, name: str) -> dict[str, Any]:
    return {span.kind.name: span for span in seen.spans() if span.name == name}


async def test_one_span_on_each_side_and_one_trace(generation: int, seen: Any, request: pytest.FixtureRequest) -> None:
    async with _in_memory(generation) as client:
        request.getfixturevalue("everywhere")
        with with_agent("app"):
            await client.list_tools()
            result = await client.call_tool("get_weather", {"city": "Recife"})
    assert "sunny in Recife" in str(result.content)
    sides = _spans(seen, "tools/call get_weather")
    assert sorted(sides) == ["CLIENT", "SERVER"]
    assert sides["SERVER"].parent.span_id == sides["CLIENT"].context.span_id
    client_attributes = sides["CLIENT"].attributes
    assert client_attributes["mcp.method.name"] == "tools/call"
    assert client_attributes["gen_ai.operation.name"] == "execute_tool"
    assert client_attributes["gen_ai.tool.name"] == "get_weather"
    assert "gen_ai.operation.name" not in _spans(seen, "tools/list")["CLIENT"].attributes
    assert not trace.get_current_span().get_span_context().is_valid


async def test_an_error_in_the_result_is_an_error(generation: int, seen: Any) -> None:
    async with _in_memory(generation) as client:
        with contextlib.suppress(Exception):  # FastMCP raises it
            await client.call_tool("breaks", {"city": "Recife"})
    span = _spans(seen, "tools/call breaks")["CLIENT"]
    assert span.attributes["error.type"] == "tool_error" and not span.status.is_ok


async def test_metrics_of_requests_and_sessions(generation: int, seen: Any) -> None:
    with capture_events("ex_llm.mcp.*") as events:
        async with _in_memory(generation) as client:
            await client.call_tool("get_weather", {"city": "Recife"})
    points = {p.attributes.get("gen_ai.tool.name") for p in seen.metrics()["mcp.client.operation.duration"]}
    assert "get_weather" in points
    assert seen.total("mcp.server.operation.duration") > 0
    assert seen.total("mcp.client.session.duration") == 1
    assert {e.metadata["side"] for e in events if e.name.endswith("request.stop")} == {"client", "server"}


async def test_a_request_inside_a_tool_has_no_second_span(generation: int, seen: Any) -> None:
    async with _in_memory(generation) as client:
        with with_tool("weather"):
            await client.call_tool("get_weather", {"city": "Recife"})
    (tool,) = (span for span in seen.spans() if span.name == "execute_tool weather")
    assert "CLIENT" not in _spans(seen, "tools/call get_weather")
    assert tool.attributes["mcp.method.name"] == "tools/call"
    assert tool.attributes["gen_ai.tool.name"] == "weather"


async def test_the_trace_crosses_processes_over_stdio(generation: int, seen: Any) -> None:
    async with _over_stdio(generation) as client:
        with with_agent("app"):
            await client.call_tool("get_weather", {"city": "Recife"})
            await _check_trace(client, seen)
            remote = json.loads((await client.call_tool("events", {})).content[0].text)
    _check_transport(seen, remote, "pipe")


async def _check_trace(client: Any, seen: Any) -> None:
    """Check that the only server span is a child of the client's."""
    found = json.loads((await client.call_tool("spans", {})).content[0].text)
    ours = _spans(seen, "tools/call get_weather")["CLIENT"]
    ((_, kind, trace_id, parent),) = [span for span in found if span[0] == "tools/call get_weather" and span[1] == "SERVER"]
    assert (kind, trace_id, parent) == ("SERVER", ours.context.trace_id, ours.context.span_id)


def _check_transport(seen: Any, remote: list[Any], transport: str) -> None:
    client = _spans(seen, "tools/call get_weather")["CLIENT"]
    assert client.attributes["network.transport"] == transport
    (server,) = (known for name, known in remote if name.endswith("request.stop") and known.get("tool_name") == "get_weather")
    assert server["transport"] == transport


@pytest.fixture
def port() -> Iterator[int]:
    """Serve over HTTP in another process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-W", "ignore", str(SERVER), str(port)])
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            break
        time.sleep(0.1)
    yield port
    process.terminate()
    process.wait()


@asynccontextmanager
async def _over_http(generation: int, port: int) -> AsyncIterator[Any]:
    url = f"http://127.0.0.1:{port}/mcp"
    if "fastmcp" in sys.modules:
        from fastmcp import Client

        async with Client(url) as client:
            yield client
    elif generation == 1:
        from mcp import ClientSession
        from mcp.client.streamable_http import streamablehttp_client

        async with streamablehttp_client(url) as streams, ClientSession(*streams[:2]) as session:
            await session.initialize()
            yield session
    else:
        from mcp import Client

        async with Client(url) as client:
            yield client


async def test_the_trace_crosses_processes_over_http(generation: int, seen: Any, port: int) -> None:
    async with _over_http(generation, port) as client:
        with with_agent("app"):
            await client.call_tool("get_weather", {"city": "Recife"})
            await _check_trace(client, seen)
        remote = json.loads((await client.call_tool("events", {})).content[0].text)
    _check_transport(seen, remote, "tcp")
    (session,) = seen.metrics()["mcp.client.session.duration"]
    assert session.attributes["network.transport"] == "tcp" and session.count == 1


async def test_the_request_of_the_application_is_not_changed(generation: int, seen: Any) -> None:
    if generation != 1:
        pytest.skip("mcp 2 propagates by itself")
    from mcp import types

    request = types.ClientRequest(
        types.CallToolRequest(method="tools/call", params=types.CallToolRequestParams(name="get_weather", arguments={"city": "x"}))
    )
    before = request.model_dump()
    async with _in_memory(generation) as client:
        await client.send_request(request, types.CallToolResult)
    assert request.model_dump() == before


async def test_nothing_is_kept_of_requests(generation: int, seen: Any) -> None:
    from opentelemetry.instrumentation.llm.steps.run import Run

    async with _in_memory(generation) as client:
        for _ in range(10):
            await client.call_tool("get_weather", {"city": "Recife"})
    del client
    gc.collect()
    assert [run for run in gc.get_objects() if isinstance(run, Run)] == []
