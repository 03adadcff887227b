"""Wrap the functions of websocket libraries: send, receive, connect and close.

The application sends and receives exactly its own frames. A socket that belongs to no known API costs one look-up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from weakref import ref

from ... import fork
from ...calls.call import CallServices
from ...calls.declaration import Destination
from ...calls.wrap import EnabledFlag
from ...guard import guarded, guarded_later
from ...wrapper import Wrapper
from .clients import Client, ended_by
from .protocol import SocketApi
from .session import Session

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]
Identify = Callable[[SocketApi, str, int | None, str], str]
"""Return the provider for an API, a host, a port and a path."""
Load = Callable[[], tuple[Iterable[SocketApi], Identify]]
"""Read the table of APIs."""


class Sockets:
    """The observed sockets of one instrumentor."""

    def __init__(self, load: Load, services: CallServices, switch: EnabledFlag) -> None:
        self._load, self._services, self._switch = load, services, switch
        self._apis: tuple[tuple[str, SocketApi], ...] = ()
        self._identify: Identify
        self._sessions: dict[ref[Any], Session | None] = {}
        self._gone = partial(guarded_later, self._collected)
        fork.register_at_fork(self)

    def install(self, client: Client, put: Callable[[Any, str, Any], None], module: ModuleType) -> None:
        """Patch the class of a library; ``put`` replaces an attribute until the end."""
        if not self._apis:
            apis, self._identify = self._load()
            self._apis = tuple((ending, api) for api in apis for ending in api.endings)
        owner = getattr(module, client.owner, None)
        drivers: dict[str, Callable[..., Any]] = {
            **{name: partial(self._send, client, name, argument) for name, argument in client.sends.items()},
            client.receive: partial(self._receive, client),
            "close": partial(self._close, client),
        }
        if client.connect is not None:
            drivers[client.connect] = partial(self._connect, client)
        for name, driver in drivers.items():
            original = getattr(owner, name, None)
            if original is not None:
                put(owner, name, Wrapper(original, driver))

    def close(self) -> None:
        """Forget every socket. The calls that still run are ended by ``end_open``."""
        for session in list(self._sessions.values()):
            if session is not None:
                session.forget()
        self._sessions.clear()

    def after_fork_in_child(self) -> None:
        """Forget the sessions of the parent, which ends their calls."""
        self._sessions.clear()

    # Sessions

    def _session(self, client: Client, socket: object) -> Session | None:
        if not self._switch.on:
            return None
        try:
            session = self._sessions[ref(socket)]
        except KeyError:
            session = guarded(self._open, client, socket)
        return None if session is None or session.foreign else session

    def _open(self, client: Client, socket: object) -> Session | None:
        address = client.address(socket)
        if address is None and client.connect is None:
            return None  # The handshake is not complete.
        session = None if address is None else self._made(*address)
        self._sessions[ref(socket, self._gone)] = session
        return session

    def _made(self, url: str, host: str) -> Session | None:
        parts = urlsplit(url if not host else f"//{host}{url}")
        path = parts.path.rstrip("/")
        api = next((api for ending, api in self._apis if path.endswith(ending)), None)
        if api is None:
            return None
        name = parts.hostname or ""
        port = parts.port or (80 if parts.scheme in ("ws", "http") else 443)
        provider = self._services.host_providers.get(name) or self._identify(api, name, port, path)
        return Session(api, dict(parse_qsl(parts.query)), Destination(provider, name or None, port), self._services)

    def _collected(self, gone: ref[Any]) -> None:
        session = self._sessions.pop(gone, None)
        if session is not None:
            session.collected()

    # Drivers

    def _connect(self, client: Client, wrapped: Callable[..., Any], socket: object, args: Args, kwargs: Kwargs) -> Any:
        result = wrapped(*args, **kwargs)
        if self._switch.on:
            guarded(self._connected, socket, args[0] if args else kwargs.get("url"))
        return result

    def _connected(self, socket: object, url: object) -> None:
        self._sessions.pop(ref(socket), None)
        self._sessions[ref(socket, self._gone)] = self._made(str(url), "")

    def _send(
        self, client: Client, name: str, argument: str, wrapped: Callable[..., Any], socket: object, args: Args, kwargs: Kwargs
    ) -> Any:
        session = self._session(client, socket)
        if session is None:
            return wrapped(*args, **kwargs)
        driver = _send_async if client.asynchronous else _send_sync
        return driver(session, args[0] if args else kwargs.get(argument), wrapped, args, kwargs)

    def _receive(self, client: Client, wrapped: Callable[..., Any], socket: object, args: Args, kwargs: Kwargs) -> Any:
        session = self._session(client, socket)
        if session is None:
            return wrapped(*args, **kwargs)
        driver = _receive_async if client.asynchronous else _receive_sync
        return driver(session, client.read, wrapped, args, kwargs)

    def _close(self, client: Client, wrapped: Callable[..., Any], socket: object, args: Args, kwargs: Kwargs) -> Any:
        session = self._session(client, socket)
        if session is None:
            return wrapped(*args, **kwargs)
        if client.asynchronous:
            return _close_async(session, wrapped, args, kwargs)
        guarded(session.closed)
        return wrapped(*args, **kwargs)


def _send_failed(session: Session, begun: list[Any], error: BaseException) -> None:
    for call in begun:
        session.failed(call, error)
    _failed(session, error)


def _failed(session: Session, error: BaseException) -> None:
    if (ended := ended_by(error)) is not None:
        session.lost(ended)


def _send_sync(session: Session, data: object, wrapped: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
    begun = guarded(session.sent, data, default=[])
    try:
        return wrapped(*args, **kwargs)
    except BaseException as error:
        guarded(_send_failed, session, begun, error)
        raise


async def _send_async(session: Session, data: object, wrapped: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
    begun = guarded(session.sent, data, default=[])
    try:
        return await wrapped(*args, **kwargs)
    except BaseException as error:
        guarded(_send_failed, session, begun, error)
        raise


def _receive_sync(session: Session, read: Callable[[Any], Any], wrapped: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
    try:
        result = wrapped(*args, **kwargs)
    except BaseException as error:
        guarded(_failed, session, error)
        raise
    guarded(_received, session, read, result)
    return result


async def _receive_async(session: Session, read: Callable[[Any], Any], wrapped: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
    before, session.reader = session.reader, guarded(asyncio.current_task)
    try:
        result = await wrapped(*args, **kwargs)
    except BaseException as error:
        guarded(_failed, session, error)
        raise
    finally:
        session.reader = before
    guarded(_received, session, read, result)
    return result


def _received(session: Session, read: Callable[[Any], Any], result: object) -> None:
    session.received(read(result))


async def _close_async(session: Session, wrapped: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
    # aiohttp closes a socket itself while it receives; then the result of receiving shows how the connection ended.
    if session.reader is None or session.reader is not guarded(asyncio.current_task):
        guarded(session.closed)
    return await wrapped(*args, **kwargs)
