"""Build samples for SDKs of the generated family. This module has none itself."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

SAMPLES: list[dict[str, Any]] = []


def asking(function: str, path: str = "", **arguments: Any) -> Callable[[Any], Any]:
    """Make a call of ``function`` (``"chat.completions.create"``), sync or async.

    If a release has no such function, send the request to ``path``; without a path that is an error.
    """

    def call(client: Any) -> Any:
        found = client
        for name in function.split("."):
            found = getattr(found, name, None)
        if found is not None or not path:
            return found(**{key: value() if callable(value) else value for key, value in arguments.items()})
        if not arguments.get("stream"):
            return client.post(path, cast_to=object, body=arguments)
        return client.post(path, cast_to=object, body=arguments, stream=True, stream_cls=_stream_of(client)[object])

    return call


def _stream_of(client: Any) -> Any:
    kind = type(client)
    streaming = importlib.import_module(kind.__module__.removesuffix("._client") + "._streaming")
    return streaming.AsyncStream if kind.__name__.startswith("Async") else streaming.Stream


def samples(provider: str, client: Any, async_client: Any, rows: list[tuple[str, str, bool, Any]], **more: Any) -> list[dict[str, Any]]:
    """Build samples from rows: route, name, whether it streams, and the call.

    The call serves sync and async clients.
    """
    absent = more.pop("absent", {})
    return [
        {
            "provider": provider, "point": route, "route": route, "name": name, "stream": stream,
            "client": client, "async_client": async_client, "sync": call, "async": call,
            "absent": absent.get(route, ()), **more,
        }
        for route, name, stream, call in rows
    ]  # fmt: skip
