"""MCP, client and server, of both generations.

mcp 2 makes spans and propagates the trace itself. Its server span stays; its client span, which has not the name that the
conventions want, gives way to ours. For mcp 1 both spans are ours, and so is the propagation in ``_meta``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from .. import context
from ..extraction.arguments import by_name
from ..guard import guarded
from ..schema.records import Content
from ..steps.contents import plain
from ..steps.run import running
from ..steps.tables import Facts, Framework, Result, Step
from . import _mcp_transports as transports

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]
_BAD_REQUESTS = frozenset({-32700, -32600, -32601, -32602, -32002})
"""Codes that are an error of the client alone, by the conventions."""
_entered: WeakKeyDictionary[Any, tuple[int, str]] = WeakKeyDictionary()


def _request(request: Any) -> Any:
    return getattr(request, "root", request)


def _described(request: Any, side: str, session: Any) -> Facts:
    request = _request(request)
    method, params = request.method, request.params
    name = getattr(params, "name", None)
    transport = transports.of_client(session) if side == "client" else transports.of_server(None)
    more = {"side": side, "method": method, "protocol_version": getattr(session, "protocol_version", None), "transport": transport}
    more["prompt_name"] = name if method == "prompts/get" else None
    more = {key: value for key, value in more.items() if isinstance(value, str)}
    return Facts(name if method == "tools/call" else None, remote=True, key=object(), more=more)


def _client(session: Any, args: Args, kwargs: Kwargs) -> Facts:
    known = _described(args[0] if args else kwargs["request"], "client", session)
    outer = running()
    inside_tool = known.name is not None and outer is not None and outer.operation == "execute_tool"
    return known._replace(merged=inside_tool, replaces_native=hasattr(session, "_dispatcher"), describe=_failure)


def _failure(error: BaseException) -> dict[str, Any]:
    code = getattr(getattr(error, "error", None), "code", None)
    return {} if not isinstance(code, int) else {"status": str(code), "error_type": str(code), "kind": "other", "reason": str(code)}


def _arguments(session: Any, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
    """Put the trace into a copy of the request's ``_meta``, as mcp 2 does by itself."""
    request = args[0] if args else kwargs["request"]
    root = _request(request)
    if hasattr(session, "_dispatcher") or root.params is None or root is request:
        return args, kwargs
    carrier = context.to_carrier()
    fields = type(root.params).model_fields["meta"].annotation
    kind = next(one for one in getattr(fields, "__args__", (fields,)) if one is not type(None))
    meta = {} if root.params.meta is None else root.params.meta.model_dump(by_alias=True, exclude_none=True)
    params = root.params.model_copy(update={"meta": kind.model_validate({**carrier, **meta})})
    request = request.model_copy(update={"root": root.model_copy(update={"params": params})})
    return ((request, *args[1:]), kwargs) if args else (args, {**kwargs, "request": request})


def _result(result: Any) -> Result:
    # The old name of the field warns in mcp 2.
    failed = result.get("isError") if isinstance(result, Mapping) else getattr(result, "is_error", None)
    if failed is None and not hasattr(result, "is_error"):
        failed = getattr(result, "isError", None)
    return Result(error_type="tool_error" if failed is True else None)


def _output(result: Any) -> Content | None:
    content = getattr(result, "content", None)
    return Content(tool_result=[getattr(part, "text", str(part)) for part in content]) if isinstance(content, list) else None


def _content(session: Any, args: Args, kwargs: Kwargs) -> Content | None:
    params = _request(args[0] if args else kwargs["request"]).params
    given = getattr(params, "arguments", None)
    return None if given is None else Content(tool_arguments=plain(given))


def _server_1(server: Any, args: Args, kwargs: Kwargs) -> Facts:
    named = by_name(("message", "req", "session"), args, kwargs)
    meta = getattr(getattr(named["req"], "params", None), "meta", None)
    return _described(named["req"], "server", named["session"])._replace(carrier=getattr(meta, "model_extra", None) or {})


def _server_2(middleware: Any, args: Args, kwargs: Kwargs) -> Facts:
    request = args[0] if args else kwargs["ctx"]
    name = (request.params or {}).get("name")
    more = {"side": "server", "method": request.method, "protocol_version": request.protocol_version}
    if (transport := transports.of_server(request)) is not None:
        more["transport"] = transport
    session_id = getattr(getattr(request.session, "_connection", None), "session_id", None)
    if isinstance(session_id, str):
        more["session_id"] = session_id
    if request.method == "prompts/get" and isinstance(name, str):
        more["prompt_name"] = name
    tool = name if request.method == "tools/call" and isinstance(name, str) else None
    return Facts(tool, remote=True, native=True, key=object(), more=more, describe=_failure, carrier=dict(request.meta or {}))


def _responding(original: Any) -> Callable[..., Any]:
    async def around(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        guarded(_responded, *args)
        return await wrapped(*args, **kwargs)

    return around


def _responded(response: Any) -> None:
    run = running()
    if run is None or run.known.get("side") != "server":
        return
    code = getattr(response, "code", None)
    if isinstance(code, int):
        run.hold_response = Result(error_type=None if code in _BAD_REQUESTS else str(code), more={"status": str(code)})
    else:
        run.hold_response = _result(_request(response))


def _side(session: Any) -> str:
    return "server" if type(session).__name__ == "ServerSession" else "client"


def _opening(original: Any) -> Callable[..., Any]:
    async def around(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        result = await wrapped(*args, **kwargs)
        guarded(_entered.__setitem__, instance, (time.perf_counter_ns(), _side(instance)))
        return result

    return around


def _closing(original: Any) -> Callable[..., Any]:
    async def around(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        try:
            return await wrapped(*args, **kwargs)
        finally:
            guarded(_closed, instance)

    return around


def _closed(session: Any) -> None:
    entered = _entered.pop(session, None)
    if entered is not None:
        transport = transports.of_client(session) if entered[1] == "client" else transports.of_server(None)
        version = getattr(session, "protocol_version", None)
        transports.session_stopped(entered[0], {"side": entered[1], "protocol_version": version, "transport": transport})


def _silent(is_instrumented: Callable[[str], bool]) -> Callable[..., Any]:
    def around(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        run = guarded(running)
        if run is None or run.ended or run.known.get("side") != "client":
            return wrapped(*args, **kwargs)
        return context.silent_tracer().start_as_current_span("mcp")

    return around


def _no_span(watches: Callable[[str], bool]) -> Callable[..., Any]:
    def around(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        return context.silent_tracer().start_as_current_span("mcp")

    return around


_CLIENT = (_client, _result, _content, _output)

MCP = Framework(
    "mcp",
    "mcp >= 1.10",
    (
        Step("mcp.client.session:ClientSession.send_request", "mcp_request", *_CLIENT, optional=True),
        Step("mcp.shared.session:BaseSession.send_request", "mcp_request", *_CLIENT, optional=True, arguments=_arguments),
        Step("mcp.server.lowlevel.server:Server._handle_request", "mcp_request", _server_1, optional=True),
        Step("mcp.server._otel:OpenTelemetryMiddleware.__call__", "mcp_request", _server_2, _result, optional=True),
        Step("fastmcp.server.low_level:FastMCPServerMiddleware.__call__", "mcp_request", _server_2, _result, optional=True),
    ),
    patches=(
        *transports.PATCHES,
        ("mcp.shared.session:RequestResponder.respond", _responding),
        ("mcp.shared.session:BaseSession.__aenter__", _opening),
        ("mcp.shared.session:BaseSession.__aexit__", _closing),
        ("mcp.client.session:ClientSession.__aenter__", _opening),
        ("mcp.client.session:ClientSession.__aexit__", _closing),
    ),
    silenced=(("mcp.shared.jsonrpc_dispatcher:otel_span", _silent), ("fastmcp.client.telemetry:client_span", _no_span)),
)
