"""A gRPC server that forwards to the stand-in server.

Every RPC becomes an HTTP request; the response and its errors become those of gRPC. It needs grpcio. ``xai_front`` and
``vertex_front`` list the RPCs. A client selects a scenario with the metadata ``x-stand-in-path``, which is put before the path of
the request, as in ``/scenario/error-429``. Without it, the path of ``url`` is used.

    with GrpcFront("http://127.0.0.1:PORT", xai_front.RPCS) as front:
        client = xai_sdk.Client(api_key="none", api_host=front.host, use_insecure_channel=True)
"""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import grpc

from .exchange import Json

_APART = 0.02
"""Seconds between the start of a response and its error."""
CODES: Mapping[int, grpc.StatusCode] = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    408: grpc.StatusCode.DEADLINE_EXCEEDED,
    409: grpc.StatusCode.ABORTED,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}


class Rpc(NamedTuple):
    """One RPC: the class of its request, and the conversions of messages.

    ``ask`` returns path and body of the HTTP request, or only a body, which is then the response. ``answer`` turns the documents of
    the response, one or those of a stream, into messages.
    """

    request: Any
    ask: Callable[[Any], tuple[str, Json]]
    answer: Callable[[Iterator[Json]], Iterator[Any]]
    streams: bool = False


class GrpcFront:
    """Serve ``rpcs``, by their full names, at ``host``.

    Use ``start`` and ``stop``, or a context manager.
    """

    def __init__(self, url: str, rpcs: Mapping[str, Rpc]) -> None:
        self._url = urlsplit(url)
        self._rpcs = rpcs
        self._server: Any = None
        self.host = ""

    def start(self) -> GrpcFront:
        """Listen and serve in background threads."""
        self._server = grpc.server(ThreadPoolExecutor(32), handlers=(_Handlers(self._rpcs, self._url),))
        self.host = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()
        return self

    def stop(self) -> None:
        """Cancel every RPC and wait until all have ended."""
        self._server.stop(None).wait()

    def __enter__(self) -> GrpcFront:
        return self.start()

    def __exit__(self, *raised: object) -> None:
        self.stop()


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, rpcs: Mapping[str, Rpc], url: Any) -> None:
        self._rpcs, self._url = rpcs, url

    def service(self, details: Any) -> Any:
        rpc = self._rpcs.get(details.method)
        if rpc is None:
            return None
        metadata = dict(details.invocation_metadata)
        requested = _RunningRpc(self._url, metadata.get("x-stand-in-path", self._url.path), metadata.get("authorization", ""), rpc)
        made = {"request_deserializer": rpc.request.FromString, "response_serializer": lambda message: message.SerializeToString()}
        if rpc.streams:
            return grpc.unary_stream_rpc_method_handler(requested.stream, **made)
        return grpc.unary_unary_rpc_method_handler(lambda request, context: next(requested.stream(request, context)), **made)


class _RunningRpc:
    """One running RPC."""

    def __init__(self, url: Any, prefix: str, authorization: str, rpc: Rpc) -> None:
        self._url, self._prefix, self._authorization, self._rpc = url, prefix, authorization, rpc

    def stream(self, request: Any, context: Any) -> Iterator[Any]:
        connection = http.client.HTTPConnection(self._url.hostname, self._url.port)
        connection.connect()
        # A client that disconnects wakes the reading thread.
        context.add_callback(lambda: _shut(connection.sock))
        try:
            yield from self._rpc.answer(self._documents(connection, request, context))
        except (OSError, http.client.HTTPException):
            context.abort(grpc.StatusCode.UNAVAILABLE, "the connection broke")
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            context.abort(grpc.StatusCode.INTERNAL, f"the answer cannot be read: {error!r}")
        finally:
            connection.close()

    def _documents(self, connection: http.client.HTTPConnection, request: Any, context: Any) -> Iterator[Json]:
        path, body = self._rpc.ask(request)
        if not path:
            yield body
            return
        headers = {"content-type": "application/json", "authorization": self._authorization, "connection": "close"}
        connection.request("POST" if body is not None else "GET", self._prefix + path, json.dumps(body, sort_keys=True), headers)
        response = connection.getresponse()
        # Otherwise it depends on timing whether a client sees a stream or an error.
        context.send_initial_metadata(())
        if response.status >= 400:
            time.sleep(_APART)
            output = json.loads(response.read())
            context.set_trailing_metadata(tuple((name, value) for name, value in response.getheaders() if name.startswith("x-ratelimit")))
            context.abort(CODES.get(response.status, grpc.StatusCode.INTERNAL), output["error"]["message"])
        if "event-stream" not in response.headers["content-type"]:
            yield json.loads(response.read())
            return
        while line := response.readline():
            if line.strip() == b"data: [DONE]":
                return
            if line.startswith(b"data: "):
                document = json.loads(line[6:])
                if "error" in document:
                    context.abort(grpc.StatusCode.INTERNAL, document["error"]["message"])
                yield document


def _shut(sock: socket.socket | None) -> None:
    try:
        if sock is not None:
            sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # already closed
