"""Calls of replicate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LLAMA, VERSION = "meta/meta-llama-3-8b-instruct", "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"
GIVEN = {"prompt": "say three words", "temperature": 0.2}


def _client(closer: str) -> Callable[[str], Any]:
    def client(base_url: str) -> Any:
        import replicate

        made = replicate.Client(api_token="none", base_url=f"{base_url}/replicate")
        inner = made._client if closer == "close" else made._async_client
        # It sends refused requests again below its client, and has no way of its own to be closed.
        for transport in (inner._transport, *inner._mounts.values()):
            if hasattr(transport, "retry_status_codes"):
                transport.retry_status_codes = frozenset()
        setattr(made, closer, getattr(inner, closer))
        made.fetched = _deployment(made)
        return made

    return client


def _deployment(client: Any) -> Any:
    """Return a deployment that was fetched before, without a new request."""
    from replicate import deployment

    kind = deployment.Deployment
    made = kind.model_construct if hasattr(kind, "model_construct") else kind.construct
    mine = made(owner="acme", name="llama")
    mine._client = client
    return mine


def _both(function: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Call a function of a client, or the one beside it that is asynchronous."""

    def call(client: Any, mode: str = "") -> Any:
        *owners, name = function.split(".")
        for owner in owners:
            client = getattr(client, owner)
        return getattr(client, f"{mode}{name}")(*args, **kwargs)

    return {"sync": call, "async": lambda client: call(client, "async_")}


_PREDICTIONS = "replicate.prediction:Predictions."
_MODELS, _DEPLOYMENTS = "replicate.model:ModelsPredictions.create", "replicate.deployment:DeploymentsPredictions.create"
_DEPLOYMENT = "replicate.deployment:DeploymentPredictions.create"
ROWS: list[tuple[str, str, dict[str, Any]]] = [
    (f"{_PREDICTIONS}create", "predictions.create", _both("predictions.create", version=VERSION, input=GIVEN)),
    (
        f"{_PREDICTIONS}create",
        "predictions.create:model",
        {**_both("predictions.create", model=LLAMA, input=GIVEN), "needs": "replicate >= 0.26"},
    ),
    (_MODELS, "models.predictions.create", _both("models.predictions.create", model=LLAMA, input=GIVEN)),
    (_MODELS, "run", _both("run", LLAMA, input=GIVEN)),
    (_DEPLOYMENTS, "deployments.predictions.create", _both("deployments.predictions.create", deployment="acme/llama", input=GIVEN)),
    (_DEPLOYMENT, "fetched.predictions.create", _both("fetched.predictions.create", input=GIVEN)),
    (f"{_PREDICTIONS}get", "predictions.get", _both("predictions.get", "prediction7")),
]
SAMPLES: list[dict[str, Any]] = [
    {
        "provider": "replicate", "point": route, "route": route, "name": name, "stream": False,
        "client": _client("close"), "async_client": _client("aclose"), **calls,
    }
    for route, name, calls in ROWS
]  # fmt: skip
