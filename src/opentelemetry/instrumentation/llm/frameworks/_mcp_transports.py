"""Find the transport and the sessions of MCP, which requests do not name.

A session is made from the streams of a transport, so the streams identify it. A server serves its streams in one frame; the
tasks of its requests copy the context of that frame.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from .. import bus
from ..guard import guarded
from ..steps.blocks import on_open

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]
Driver = Callable[[Any], Callable[..., Any]]
PIPE, TCP = "pipe", "tcp"
"""The values of ``network.transport``."""
_transports: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
_serving: ContextVar[str | None] = ContextVar("ex_llm_mcp_transport", default=None)


def _opening(transport: str, original: Any) -> Callable[..., Any]:
    def around(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        return guarded(on_open, manager := wrapped(*args, **kwargs), partial(_mark, transport), default=manager)

    return around


def _mark(transport: str, streams: Any) -> None:
    for stream in streams[:2]:
        _transports[_key(stream)] = transport


def _key(stream: Any) -> Any:
    """Return the stream that mcp 2 wraps, because its wrapper has no hash."""
    return getattr(stream, "_inner", stream)


def _transport_of(streams: Any) -> str | None:
    keys = (_key(stream) for stream in streams)
    return next((_transports[key] for key in keys if type(key).__module__.startswith("anyio.") and key in _transports), None)


def _serve(reports: bool, original: Any) -> Callable[..., Any]:
    async def around(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        transport = guarded(_transport_of, [*args[:3], *kwargs.values()])
        token, began = _serving.set(transport), time.perf_counter_ns()
        try:
            return await wrapped(*args, **kwargs)
        finally:
            guarded(_serving.reset, token)
            if reports:
                guarded(session_stopped, began, {"side": "server", "transport": transport, "session_id": kwargs.get("session_id")})

    return around


def session_stopped(began: int, known: Mapping[str, Any]) -> None:
    """Emit that a session has ended."""
    metadata = {key: value for key, value in known.items() if isinstance(value, str)}
    bus.execute("ex_llm.mcp.session.stop", {"duration": time.perf_counter_ns() - began}, metadata)


def of_client(session: Any) -> str | None:
    """Return the transport of a client's session."""
    holder = getattr(session, "_dispatcher", session)
    return guarded(_transport_of, [getattr(holder, "_read_stream", None)])


def of_server(request: Any) -> str | None:
    """Return the transport of a request to a server."""
    if getattr(request, "request", None) is not None:
        return TCP
    outbound = getattr(getattr(getattr(request, "session", None), "_connection", None), "outbound", None)
    outbound = getattr(outbound, "_outbound", outbound)
    # A server may replace the stream that it reads, to look at the first request.
    return guarded(_transport_of, [getattr(outbound, "_write_stream", None)]) or _serving.get()


PATCHES: tuple[tuple[str, Driver], ...] = (
    *(
        (f"mcp.{target}", partial(_opening, transport))
        for target, transport in {
            "client.stdio:stdio_client": PIPE,
            "client.streamable_http:streamable_http_client": TCP,
            "client.streamable_http:streamablehttp_client": TCP,
            "client.sse:sse_client": TCP,
            "server.stdio:stdio_server": PIPE,
            "server.streamable_http:StreamableHTTPServerTransport.connect": TCP,
            "server.sse:SseServerTransport.connect_sse": TCP,
        }.items()
    ),
    ("mcp.server.lowlevel.server:Server.run", partial(_serve, False)),
    # The sessions of servers in mcp 2, which have no object that is entered.
    ("mcp.server.lowlevel.server:serve_dual_era_loop", partial(_serve, True)),
    ("mcp.server.streamable_http_manager:serve_loop", partial(_serve, True)),
    ("mcp.server.streamable_http_manager:serve_connection", partial(_serve, True)),
)
