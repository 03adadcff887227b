"""Functions of anthropic that send requests and are not instrumented."""

from __future__ import annotations

from .generated import below

_BATCH = "looks after a batch; handing it in is watched"
_ANSWERS = "fetches answers that the provider has given to a batch, some of them long ago"
_LOOP = "a loop in this process; each of its requests passes POST /v1/messages"
_HELD = "keeps things at the provider and asks no model"
_RUNS = "an agent that runs at the provider: its calls of models are made and counted there, and are not this process's"

NOT_WATCHED = {
    **below("anthropic"),
    "anthropic.resources.messages.batches:*Batches.retrieve": _BATCH,
    "anthropic.resources.messages.batches:*Batches.list": _BATCH,
    "anthropic.resources.messages.batches:*Batches.delete": _BATCH,
    "anthropic.resources.messages.batches:*Batches.cancel": _BATCH,
    "anthropic.resources.messages.batches:*Batches.results": _ANSWERS,
    "anthropic.resources.beta.messages.batches:*Batches.retrieve": _BATCH,
    "anthropic.resources.beta.messages.batches:*Batches.list": _BATCH,
    "anthropic.resources.beta.messages.batches:*Batches.delete": _BATCH,
    "anthropic.resources.beta.messages.batches:*Batches.cancel": _BATCH,
    "anthropic.resources.beta.messages.batches:*Batches.results": _ANSWERS,
    "anthropic.resources.beta.messages.messages:*Messages.tool_runner": _LOOP,
    "anthropic.resources.beta.messages.messages:*Messages.thread": _LOOP,
    "anthropic.resources.beta.agents.*": _HELD,
    "anthropic.resources.beta.compliance.*": _HELD,
    "anthropic.resources.beta.deployment*": _RUNS,
    "anthropic.resources.beta.dreams:*": _RUNS,
    "anthropic.resources.beta.environments.*": _RUNS,
    "anthropic.resources.beta.sessions.*": _RUNS,
    "anthropic.resources.beta.memory_stores.*": _HELD,
    "anthropic.resources.beta.files:*": _HELD,
    "anthropic.resources.beta.models:*": _HELD,
    "anthropic.resources.beta.organization.*": _HELD,
    "anthropic.resources.beta.skills.*": _HELD,
    "anthropic.resources.beta.tunnels.*": _HELD,
    "anthropic.resources.beta.user_profiles*": _HELD,
    "anthropic.resources.beta.vaults.*": _HELD,
    "anthropic.resources.files:*": _HELD,
    "anthropic.resources.models:*": _HELD,
    "anthropic.resources.organization.*": _HELD,
    "anthropic.resources.skills.*": _HELD,
    "anthropic.resources.user_profiles*": _HELD,
    "anthropic.lib._extras._google_auth:*": "fetches credentials; what they are for is watched",
    "anthropic.lib.credentials.*": "fetches credentials; what they are for is watched",
    "anthropic.lib.environments.*": _RUNS,
    "anthropic.lib.sessions.*": _RUNS,
}
