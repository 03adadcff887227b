"""Calls of the clients that mistralai has for Azure and for Google Cloud."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from .mistralai import MESSAGES, NEWER

NEEDS = "mistralai"
ROOTS = (
    {"azure": "mistralai.azure.client", "gcp": "mistralai.gcp.client"} if NEWER else {"azure": "mistralai_azure", "gcp": "mistralai_gcp"}
)
SPLIT: dict[str, Any] = {"model": "codestral-2", "prompt": "def", "suffix": "return"}
ASKED: dict[str, Any] = {"model": "mistral-small-2", "messages": MESSAGES}
CALLS: list[tuple[str, str, bool, dict[str, Any]]] = [
    ("azure", "chat:Chat.complete", False, ASKED),
    ("azure", "chat:Chat.stream", True, ASKED),
    ("gcp", "chat:Chat.complete", False, ASKED),
    ("gcp", "chat:Chat.stream", True, ASKED),
    ("gcp", "fim:Fim.complete", False, SPLIT),
    ("gcp", "fim:Fim.stream", True, SPLIT),
]


def _on_azure(base_url: str) -> Any:
    sdk = importlib.import_module(ROOTS["azure"])
    address = f"{base_url}/mistral/v1"
    if NEWER:
        return sdk.MistralAzure(api_key="canary-key-5ecret", server_url=address)
    return sdk.MistralAzure(azure_api_key="canary-key-5ecret", azure_endpoint=address)


def _at_google(base_url: str) -> Any:
    """Make a client of a stand-in and prefix its path, which the client replaces."""
    sdk, http = (importlib.import_module(ROOTS["gcp"] + name) for name in ("", ".sdk"))
    parts = urlsplit(f"{base_url}/mistral")

    def move(request: Any) -> None:
        request.url = request.url.copy_with(scheme="http", host=parts.hostname, port=parts.port, path=parts.path + request.url.path)
        request.headers["host"] = parts.netloc

    async def move_async(request: Any) -> None:
        move(request)

    given = {"client": http.httpx.Client(event_hooks={"request": [move]}), "project_id": "p"}
    given["async_client"] = http.httpx.AsyncClient(event_hooks={"request": [move_async]})
    if NEWER:
        made = sdk.MistralGCP(access_token="canary-key-5ecret", **given)
    else:
        made = _with_credentials(sdk.MistralGoogleCloud, given)
    made.sdk_configuration.server_url = base_url
    return made


def _with_credentials(kind: Any, given: dict[str, Any]) -> Any:
    from google.oauth2.credentials import Credentials

    with mock.patch("google.auth.default", lambda **_: (Credentials(token="canary-key-5ecret"), "p")):
        return kind(**given)


def _client(make: Callable[[str], Any]) -> tuple[Callable[[str], Any], Callable[[str], Any]]:
    def client(base_url: str) -> Any:
        made = make(base_url)
        made.close = made.sdk_configuration.client.close
        return made

    def async_client(base_url: str) -> Any:
        made = make(base_url)

        async def close() -> None:
            made.sdk_configuration.client.close()
            await made.sdk_configuration.async_client.aclose()

        made.close = close
        return made

    return client, async_client


def _sample(cloud: str, place: str, stream: bool, arguments: dict[str, Any]) -> dict[str, Any]:
    part, _, method = place.partition(":")
    method = method.partition(".")[2]
    client, async_client = _client(_on_azure if cloud == "azure" else _at_google)
    return {
        "provider": "mistralai", "point": f"{ROOTS[cloud]}.{place}", "name": f"{part}.{method}:{cloud}", "stream": stream,
        "client": client, "async_client": async_client, "module": ROOTS[cloud],
        "sync": lambda c: getattr(getattr(c, part), method)(**arguments),
        "async": lambda c: getattr(getattr(c, part), f"{method}_async")(**arguments),
    }  # fmt: skip


def _there(cloud: str) -> bool:
    """Return True if it is usable: the one for Google Cloud needs google-auth."""
    try:
        return cloud == "azure" or importlib.util.find_spec("google.auth") is not None
    except ModuleNotFoundError:
        return False


SAMPLES: list[dict[str, Any]] = [_sample(*row) for row in CALLS if _there(row[0])]
