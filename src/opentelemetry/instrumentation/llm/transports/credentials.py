"""Record the renewal of credentials during a call: duration and class only.

A table of the functions that fetch a new token in google-auth, azure-identity, botocore and openai (keys given as a
function). Renewals outside an LLM call are ignored. Requests to the token server do not count as attempts.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextvars import ContextVar, Token
from functools import partial

from .. import bus, context
from ..observation import driver
from ..wrapper import Patch, driven
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


def _observe(instance: object) -> _Refresh | None:
    """Return the observation, or ``None`` without a call or a new credential."""
    call = context.running_call()
    if call is None or call.ended or _refreshing.get() == call.ref:
        return None
    held = getattr(instance, "__dict__", {})
    # openai asks this on every request; only a key that was given as a function is fetched.
    return None if "_api_key_provider" in held and held["_api_key_provider"] is None else _Refresh(call, instance)


class _Refresh:
    """One renewal: no request inside it is an attempt of the call."""

    def __init__(self, call: context.RunningCall, instance: object) -> None:
        self._call, self._credential = call, type(instance).__name__
        self._began = time.perf_counter_ns()
        self._refreshing: Token[int | None] | None = None
        self._sending: Token[int | None] | None = None
        self._reported = False

    def enter(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
        self._refreshing = _refreshing.set(self._call.ref)
        self._sending = no_attempts(self._call.ref)

    def leave(self) -> None:
        context.leave(self._refreshing)
        attempts_again(self._sending)

    def on_result(self, result: object) -> None:
        if not self._reported:
            self._reported = True
            known = {**self._call.event_identity(), "credential": self._credential}
            bus.execute("ex_llm.provider.auth.refresh", {"duration": time.perf_counter_ns() - self._began}, known)

    def on_error(self, error: BaseException) -> None:
        self.on_result(None)


PATCHES = tuple(Patch(distribution, target, driven(partial(driver, _observe))) for distribution, target in _TARGETS)
