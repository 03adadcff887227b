"""Functions of anthropic that send requests and are not observed."""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

from .generated import below

_RESULTS = "requests the address that the batch names, which is observed by its route"
_BATCH = "manages a batch; its creation is observed"
_LOOP = "a loop in this process; each of its requests is observed"
_MANAGED = "manages resources at the provider"
_CREDENTIALS = "fetches credentials; the calls that use them are observed"

NOT_WATCHED = {
    **below("anthropic"),
    **UNOBSERVED["anthropic"],
    "anthropic.resources.messages.batches:*Batches.results": _RESULTS,
    "anthropic.resources.beta.messages.batches:*Batches.results": _RESULTS,
    "anthropic.resources.messages.batches:*Batches.retrieve": _BATCH,
    "anthropic.resources.messages.batches:*Batches.list": _BATCH,
    "anthropic.resources.messages.batches:*Batches.delete": _BATCH,
    "anthropic.resources.messages.batches:*Batches.cancel": _BATCH,
    "anthropic.resources.beta.messages.batches:*Batches.retrieve": _BATCH,
    "anthropic.resources.beta.messages.batches:*Batches.list": _BATCH,
    "anthropic.resources.beta.messages.batches:*Batches.delete": _BATCH,
    "anthropic.resources.beta.messages.batches:*Batches.cancel": _BATCH,
    "anthropic.resources.beta.messages.messages:*Messages.tool_runner": _LOOP,
    "anthropic.resources.beta.messages.messages:*Messages.thread": _LOOP,
    "anthropic.resources.beta.agents.*": _MANAGED,
    "anthropic.resources.beta.compliance.*": _MANAGED,
    "anthropic.resources.beta.memory_stores.*": _MANAGED,
    "anthropic.resources.beta.files:*": _MANAGED,
    "anthropic.resources.beta.models:*": _MANAGED,
    "anthropic.resources.beta.organization.*": _MANAGED,
    "anthropic.resources.beta.skills.*": _MANAGED,
    "anthropic.resources.beta.tunnels.*": _MANAGED,
    "anthropic.resources.beta.user_profiles*": _MANAGED,
    "anthropic.resources.beta.vaults.*": _MANAGED,
    "anthropic.resources.files:*": _MANAGED,
    "anthropic.resources.models:*": _MANAGED,
    "anthropic.resources.organization.*": _MANAGED,
    "anthropic.resources.skills.*": _MANAGED,
    "anthropic.resources.user_profiles*": _MANAGED,
    "anthropic.lib._extras._google_auth:*": _CREDENTIALS,
    "anthropic.lib.credentials.*": _CREDENTIALS,
}
