"""Record the renewal of credentials during a call: duration and class only.

A table of the functions that fetch a new token in google-auth, azure-identity, botocore and openai (keys given as a
function). Renewals outside an LLM call are ignored. Requests to the token server do not count as attempts.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from .. import bus, context
from ..guard import guarded
from ..wrapper import Driver, Patch, driven
from .attempt import attempts_again, no_attempts

_AZURE = {
    "_credentials.client_secret": "ClientSecretCredential",
    "_credentials.certificate": "CertificateCredential",
    "_credentials.client_assertion": "ClientAssertionCredential",
    "_credentials.on_behalf_of": "OnBehalfOfCredential",
    "_credentials.authorization_code": "AuthorizationCodeCredential",
    "_credentials.imds": "ImdsCredential",
    "_internal.client_credential_base": "ClientCredentialBase",
    "_internal.interactive": "InteractiveCredential",
    "_internal.managed_identity_base": "ManagedIdentityBase",
    "_internal.msal_managed_identity_client": "MsalManagedIdentityClient",
}
_AZURE_AIO = {
    "_credentials.client_secret": "ClientSecretCredential",
    "_credentials.certificate": "CertificateCredential",
    "_credentials.client_assertion": "ClientAssertionCredential",
    "_credentials.on_behalf_of": "OnBehalfOfCredential",
    "_credentials.authorization_code": "AuthorizationCodeCredential",
    "_credentials.imds": "ImdsCredential",
    "_internal.managed_identity_base": "AsyncManagedIdentityBase",
}
_GOOGLE = (
    "google.oauth2.credentials",
    "google.oauth2.service_account",
    "google.auth.compute_engine.credentials",
    "google.auth.impersonated_credentials",
)

_TARGETS: tuple[tuple[str, str], ...] = (
    # A release of google-auth has one or both names; a renewal that passes both is recorded once.
    *(("google-auth", f"{module}:Credentials.{name}") for module in _GOOGLE for name in ("refresh", "_perform_refresh_token")),
    ("google-auth", "google.auth.external_account:Credentials.refresh"),
    *(("azure-identity", f"azure.identity.{module}:{name}._request_token") for module, name in _AZURE.items()),
    *(("azure-identity", f"azure.identity.aio.{module}:{name}._request_token") for module, name in _AZURE_AIO.items()),
    ("botocore", "botocore.credentials:RefreshableCredentials._protected_refresh"),
    ("aiobotocore", "aiobotocore.credentials:AioRefreshableCredentials._protected_refresh"),
    ("openai", "openai._client:OpenAI._refresh_api_key"),
    ("openai", "openai._client:AsyncOpenAI._refresh_api_key"),
)
"""Distribution and function for each function that fetches a new credential."""

_refreshing: ContextVar[int | None] = ContextVar("ex_llm.refreshing", default=None)


def _driver(original: Any) -> Driver:
    return _around_async if inspect.iscoroutinefunction(inspect.unwrap(original)) else _around


def _call_of(instance: Any) -> context.RunningCall | None:
    """Return the running call, or ``None`` if no credential is fetched."""
    call = context.running_call()
    if call is None or call.ended or _refreshing.get() == call.ref:
        return None
    held = getattr(instance, "__dict__", {})
    # openai asks this on every request; only a key that was given as a function is fetched.
    return None if "_api_key_provider" in held and held["_api_key_provider"] is None else call


def _around(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    call: context.RunningCall | None = guarded(_call_of, instance)
    if call is None:
        return wrapped(*args, **kwargs)
    began, token, quiet = time.perf_counter_ns(), _refreshing.set(call.ref), guarded(no_attempts, call.ref)
    try:
        return wrapped(*args, **kwargs)
    finally:
        guarded(context.leave, token)
        guarded(attempts_again, quiet)
        guarded(_report, call, instance, began)


async def _around_async(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    call: context.RunningCall | None = guarded(_call_of, instance)
    if call is None:
        return await wrapped(*args, **kwargs)
    began, token, quiet = time.perf_counter_ns(), _refreshing.set(call.ref), guarded(no_attempts, call.ref)
    try:
        return await wrapped(*args, **kwargs)
    finally:
        guarded(context.leave, token)
        guarded(attempts_again, quiet)
        guarded(_report, call, instance, began)


def _report(call: context.RunningCall, instance: Any, began: int) -> None:
    known = {**call.event_identity(), "credential": type(instance).__name__}
    bus.execute("ex_llm.provider.auth.refresh", {"duration": time.perf_counter_ns() - began}, known)


PATCHES = tuple(Patch(distribution, target, driven(_driver)) for distribution, target in _TARGETS)
