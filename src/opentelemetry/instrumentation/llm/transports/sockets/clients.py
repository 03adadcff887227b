"""List the websocket libraries: their patched functions and their differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

_TEXT, _BINARY, _CLOSE = 1, 2, 8


class Ended(NamedTuple):
    """The connection has ended; ``error`` is the reason if it is an exception."""

    error: BaseException | None = None
    normal: bool = False


class Client(NamedTuple):
    """A websocket library as data.

    ``sends`` maps sending methods to the name of the parameter that is the frame. ``address`` returns the URL or the
    path of the handshake and the host, ``read`` the frame in a result of ``receive``, or ``Ended``.
    """

    distribution: str
    module: str
    owner: str
    sends: Mapping[str, str]
    receive: str
    address: Callable[[Any], tuple[str, str] | None]
    read: Callable[[Any], Any]
    asynchronous: bool = False
    connect: str | None = None
    """A method that receives the URL first, if the object does not keep its address."""


def _websockets_address(socket: Any) -> tuple[str, str] | None:
    request = socket.request
    if request is None:
        return None
    uri = getattr(socket.protocol, "uri", None)
    if uri is None:
        return request.path, request.headers.get("Host", "")
    return request.path, f"[{uri.host}]:{uri.port}" if ":" in uri.host else f"{uri.host}:{uri.port}"


def _websockets_read(result: object) -> Any:
    return result


def _aiohttp_address(socket: Any) -> tuple[str, str] | None:
    return str(socket._response.url), ""


_AIOHTTP_ENDED = frozenset({"CLOSE", "CLOSING", "CLOSED", "ERROR"})


def _aiohttp_read(result: Any) -> Any:
    kind = result.type
    if kind in (_TEXT, _BINARY):
        return result.data
    if getattr(kind, "name", "") not in _AIOHTTP_ENDED:
        return None
    data = result.data
    return Ended(data if isinstance(data, BaseException) else None, data == _NORMAL)


def _websocket_client_read(result: Any) -> Any:
    opcode, frame = result
    data = getattr(frame, "data", frame)
    if opcode == _CLOSE:
        return Ended(normal=isinstance(data, (bytes, bytearray)) and int.from_bytes(data[:2], "big") == _NORMAL)
    return data if opcode in (_TEXT, _BINARY) else None


_NORMAL = 1000
CLIENTS = (
    Client("websockets", "websockets.sync.client", "ClientConnection", {"send": "message"}, "recv", _websockets_address, _websockets_read),
    Client(
        "websockets",
        "websockets.asyncio.client",
        "ClientConnection",
        {"send": "message"},
        "recv",
        _websockets_address,
        _websockets_read,
        True,
    ),
    Client(
        "aiohttp",
        "aiohttp.client_ws",
        "ClientWebSocketResponse",
        {"send_str": "data", "send_bytes": "data"},
        "receive",
        _aiohttp_address,
        _aiohttp_read,
        asynchronous=True,
    ),
    Client(
        "websocket-client",
        "websocket._core",
        "WebSocket",
        {"send": "payload"},
        "recv_data_frame",
        lambda socket: None,
        _websocket_client_read,
        connect="connect",
    ),
)
"""Classes whose methods are patched. Servers have other classes and are not."""

_LOST = ("ConnectionClosed", "WebSocketConnectionClosed", "WebSocketProtocol", "WebSocketError", "WebSocketPayload")


def ended_by(error: BaseException) -> Ended | None:
    """Return how ``error`` ended the connection, or ``None`` if it is still usable.

    A time limit, a cancelled task or a second reader leaves a connection open.
    """
    if isinstance(error, TimeoutError) or not isinstance(error, Exception):
        return None
    names = [kind.__name__ for kind in type(error).__mro__]
    if any("Timeout" in name for name in names):
        return None
    if isinstance(error, OSError) or any(name.startswith(_LOST) for name in names):
        return Ended(error, "ConnectionClosedOK" in names)
    return None
