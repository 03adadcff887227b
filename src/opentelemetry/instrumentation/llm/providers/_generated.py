"""The family of SDKs that one generator writes: every HTTP operation passes one function, so a point is a route.

openai, anthropic, groq, together, cerebras, fireworks and writer are of it. Watching ``request`` sees create, parse,
the stream helpers, raw responses, resources made before us, and subclasses of the clients; the wire body is there too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from ..calls.declaration import Identity, Point, Provider
from ..dialects import Arguments, Dialect
from ._hosts import deployment_in, provider_of

_CLIENTS = ("SyncAPIClient", "AsyncAPIClient")
_RAW_ANSWERS = ("_legacy_response:LegacyAPIResponse._parse", "_response:BaseAPIResponse._parse")
_BY_CLASS: Mapping[str, str] = {
    "BaseAzureClient": "azure.ai.openai",
    "BedrockOpenAI": "aws.bedrock",
    "AsyncBedrockOpenAI": "aws.bedrock",
}


class Server(NamedTuple):
    """Where a base URL leads."""

    host: str
    port: int | None
    path: str


def _sends(sender: int, method: str, path: str, client: Any, sent: str, server: SplitResult) -> bool | None:
    """Say whether a request is of a call: one of the SDK's own client, or to the same path at the same server, by a client below it.

    Clients are known by number: what is known of a call must not keep a client alive.
    """
    if sent.upper() != method:
        return False
    return True if id(client) == sender else None if server.path.endswith(urlsplit(path).path) else False


def read(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """Read the options of a request: its body as it will be sent, its route, whether a stream was asked for."""
    options = args[1] if len(args) > 1 else kwargs.get("options")
    body, extra = getattr(options, "json_data", None), getattr(options, "extra_json", None)
    named = body if isinstance(body, Mapping) else {}
    if isinstance(extra, Mapping) and extra:
        named = {**named, **extra}
    method = str(getattr(options, "method", "post")).upper()
    url, params = str(getattr(options, "url", "")), getattr(options, "params", None)
    if named.get("model") is None and (deployment := deployment_in(url) or deployment_in(_base(instance))) is not None:
        named = {**named, "model": deployment}
    return Arguments(
        named=named,
        path=url,
        method=method,
        query=params if isinstance(params, Mapping) else {},
        streaming=kwargs.get("stream") is True,
        sends=partial(_sends, id(getattr(instance, "_client", None)), method, url),
    )


def _base(instance: Any) -> str:
    """Return the base URL of a client; openai's own property costs more than the rest of a reading."""
    return str(getattr(instance, "_base_url", None) or instance.base_url)


@lru_cache(maxsize=1024)
def _server(url: str) -> Server:
    parts = urlsplit(url)
    return Server(parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme), parts.path)


@lru_cache(maxsize=256)
def _told_by_class(kind: Any) -> str | None:
    return next((_BY_CLASS[c.__name__] for c in kind.__mro__ if c.__name__ in _BY_CLASS), None)


def identify_as(name: str) -> Callable[[Any, Arguments], Identity]:
    """Make the function that says who a client talks to; ``name`` is whom the SDK is for."""

    def identify(instance: Any, arguments: Arguments) -> Identity:
        # Some routes are absolute.
        url = arguments.path if "://" in arguments.path else _base(instance)
        server = _server(url)
        kind: Any = type(instance)
        provider = _told_by_class(kind) or provider_of(server.host, server.port, server.path, name)
        return Identity(provider, server.host or None, server.port)

    return identify


def generated(name: str, requires: str, package: str, routes: Mapping[str, tuple[str, Dialect]]) -> Provider:
    """Declare an SDK of the family: ``routes`` gives operation and dialect for each route, as ``Point.route`` is written."""
    return Provider(
        name=name,
        requires=requires,
        points=tuple(
            Point(f"{package}._base_client:{client}.request", operation, dialect, route, stream_in="_iterator")
            for route, (operation, dialect) in routes.items()
            for client in _CLIENTS
        ),
        read=read,
        identify=identify_as(name),
        raw_answers=tuple(f"{package}.{target}" for target in _RAW_ANSWERS),
    )
