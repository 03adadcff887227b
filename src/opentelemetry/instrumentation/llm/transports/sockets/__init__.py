"""Observe model calls over websockets, in whichever SDK opens the socket.

The SDKs use three websocket libraries. The functions of those libraries that send, receive and close are patched, and
the address of a socket's handshake selects a protocol. One frame of the application starts a generation and one frame
of the provider ends it; every generation is one call. Other sockets cost one look-up for each frame.
"""

from __future__ import annotations

from .clients import CLIENTS
from .drivers import Sockets
from .protocol import SocketApi

__all__ = ["CLIENTS", "SocketApi", "Sockets"]
