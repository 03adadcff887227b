"""Declare SDKs of one generator: one function sends every request, routes differ.

openai, anthropic, groq, together, cerebras, fireworks and writer belong to this family. A patch of ``request`` covers
create, parse, the stream helpers, raw responses, resources that were made earlier, and subclasses of the clients; it
also sees the body as it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ..calls.declaration import Destination, PatchPoint, Sdk
from ..calls.result import raw_responses
from ..calls.results import open_results
from ..dialects import Arguments, Dialect
from ..dialects.batches import batch_results
from ..extraction.paths import reader
from ._endpoint import endpoint
from ._hosts import deployment_in, provider_of

_CLIENTS = ("SyncAPIClient", "AsyncAPIClient")
RAW_RESPONSES = ("_legacy_response:LegacyAPIResponse._parse", "_response:BaseAPIResponse._parse")
_BY_CLASS: Mapping[str, str] = {
    "BaseAzureClient": "azure.ai.openai",
    "BedrockOpenAI": "aws.bedrock",
    "AsyncBedrockOpenAI": "aws.bedrock",
}


_NONE: Mapping[str, Any] = {}
_URLS_KEPT = 500


def _sends(sender: int, method: str, path: str, client: Any, sent: str, server: SplitResult) -> bool | None:
    """Return whether a request belongs to a call of this SDK.

    The client is the SDK's own, or a client below it sends to the same path of the same server. Clients are known by
    id, so that a call does not keep a client alive.
    """
    if sent.upper() != method:
        return False
    return True if id(client) == sender else None if server.path.endswith(urlsplit(path).path) else False


def read(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """Read the options of a request: body, route, and whether it asks for a stream."""
    options = args[1] if len(args) > 1 else kwargs.get("options")
    get = reader(options)
    body, extra = get("json_data"), get("extra_json")
    named = body if isinstance(body, Mapping) else {}
    if isinstance(extra, Mapping) and extra:
        named = {**named, **extra}
    method = str(get("method") or "post").upper()
    url, params = str(get("url") or ""), get("params")
    if named.get("model") is None and (deployment := deployment_in(url) or deployment_in(_base(instance))) is not None:
        named = {**named, "model": deployment}
    return Arguments(
        named=named,
        path=url,
        method=method,
        query=params if isinstance(params, Mapping) else _NONE,
        streaming=kwargs.get("stream") is True,
        sends=partial(_sends, id(getattr(instance, "_client", None)), method, url),
    )


def _base(instance: Any) -> str:
    """Return the base URL of a client without openai's property, which is expensive."""
    return str(getattr(instance, "_base_url", None) or instance.base_url)


@lru_cache(maxsize=256)
def _by_class(kind: Any) -> str | None:
    return next((_BY_CLASS[c.__name__] for c in kind.__mro__ if c.__name__ in _BY_CLASS), None)


def identify_as(name: str) -> Callable[[Any, Arguments], Destination]:
    """Make the function that identifies the provider; ``name`` is the SDK's provider."""

    def of_url(url: str, kind: Any) -> Destination:
        server = endpoint(url)
        provider = _by_class(kind) or provider_of(server.host, server.port, server.path, name)
        return Destination(provider, server.host or None, server.port)

    # The URL of a client is an object that takes long to write out; it is kept here, so that its number stays its own.
    kept: dict[int, tuple[Any, type, Destination]] = {}

    def identify(instance: Any, arguments: Arguments) -> Destination:
        kind = type(instance)
        if "://" in arguments.path:
            # Some routes are absolute.
            return of_url(arguments.path, kind)
        base = getattr(instance, "_base_url", None) or instance.base_url
        found = kept.get(id(base))
        if found is not None and found[0] is base and found[1] is kind:
            return found[2]
        identity = of_url(str(base), kind)
        if len(kept) >= _URLS_KEPT:
            kept.clear()
        kept[id(base)] = (base, kind, identity)
        return identity

    return identify


def batch_files(package: str, resource: str = "Files") -> tuple[PatchPoint, ...]:
    """Make the points of the function that fetches a file, which may be results."""
    return tuple(
        PatchPoint(
            f"{package}.resources.files:{kind}{resource}.content",
            "fetch_batch",
            batch_results,
            open=open_results,
            recorded_if_batch=attrgetter("_client"),
        )
        for kind in ("", "Async")
    )


def generated(name: str, requires: str, package: str, routes: Mapping[str, tuple[str, Dialect]], more: tuple[PatchPoint, ...] = ()) -> Sdk:
    """Declare an SDK of the family.

    ``routes`` gives operation and dialect for each route, written as ``PatchPoint.route``; ``more`` are points beside them.
    """
    return Sdk(
        name=name,
        requires=requires,
        points=tuple(
            PatchPoint(f"{package}._base_client:{client}.request", operation, dialect, route, stream_in="_iterator")
            for route, (operation, dialect) in routes.items()
            for client in _CLIENTS
        )
        + more,
        read=read,
        identify=identify_as(name),
        patches=raw_responses(requires, (f"{package}.{target}" for target in RAW_RESPONSES), stream_in="_iterator"),
    )
