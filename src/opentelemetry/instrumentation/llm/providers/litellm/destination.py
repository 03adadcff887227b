"""Read the arguments and the destination of a LiteLLM call."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from functools import partial
from typing import Any

from ...calls.call import Call
from ...calls.declaration import Destination
from ...dialects import Arguments
from ...dialects.litellm.names import provider_name, selected_provider
from ...extraction.paths import as_str, get_path
from ...transports.own import same_server
from .._endpoint import endpoint

ROUTE = "/selected_provider"
_MOCKS = ("mock_response", "mock_tool_calls")
_HOPS = (
    "acompletion",
    "aembedding",
    "aimg_generation",
    "aimage_edit",
    "atranscription",
    "aspeech",
    "arerank",
    "aresponses",
    "atext_completion",
)
"""The argument that an asynchronous function passes to its plain function.

The plain function then returns a coroutine for the same call.
"""


def identify(instance: object, arguments: Arguments) -> Destination:
    """Return the provider, and the server if the call names one."""
    url = as_str(arguments.named.get("api_base")) or as_str(arguments.named.get("base_url"))
    server = None if url is None else endpoint(url)
    provider = provider_name(selected_provider(arguments.named)) or ("litellm" if url is None else "openai")
    host, port = (None, None) if server is None else (server.host or None, server.port)
    return Destination(provider, host, port, mocked=any(arguments.named.get(name) is not None for name in _MOCKS))


def read(instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
    """Read the arguments, which have their names by now."""
    hop = any(kwargs.get(name) is True for name in _HOPS)
    logging = kwargs.get("litellm_logging_obj")
    sends = None if logging is None else partial(_sends, weakref.ref(logging))
    return Arguments(kwargs, path="" if hop else ROUTE, streaming=kwargs.get("stream") is True, sends=sends)


def _sends(logging: weakref.ref[Any], client: object, method: str, server: Any) -> bool | None:
    """Return whether a request goes to the address that LiteLLM has just recorded.

    Returns ``None`` if it has recorded no address.
    """
    details = getattr(logging(), "model_call_details", None)
    url = as_str(get_path(details, ("additional_args", "api_base")))
    target = None if url is None else endpoint(url)
    return None if target is None or not target.host else same_server(target.host, target.port, server)


def use_recorded(call: Call, known: object) -> None:
    """Use the provider and address that LiteLLM's own record of the call contains."""
    details = getattr(known, "model_call_details", None)
    provider = provider_name(get_path(details, ("custom_llm_provider",)))
    if provider is not None and provider != "cached_response":
        call.identity = call.identity._replace(provider=provider)
        call.known["provider"] = provider
    url = as_str(get_path(details, ("additional_args", "api_base"))) or as_str(get_path(details, ("litellm_params", "api_base")))
    if "server_address" not in call.known and url is not None and (server := endpoint(url)).host:
        call.known |= {"server_address": server.host, "server_port": server.port}
