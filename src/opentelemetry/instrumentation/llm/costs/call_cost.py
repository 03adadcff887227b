"""Price a call when it ends: the provider's own figure, the user's prices, or the snapshot, in that order."""

from __future__ import annotations

import logging
from typing import Any

from .. import emit
from ..calls.declaration import Destination
from ..dialects.openai.usage import usage
from ..extraction.paths import as_float, as_str, get_path
from ..guard import guarded
from ..pricing import PriceFileError, Prices, Unpriced, price
from ..pricing.cost import summed
from ..schema.records import Cost, Request, Response, Usage
from ..settings import Settings
from .deferred import Deferred

_logger = logging.getLogger(__name__)
_FREE = frozenset({"count_tokens", "create_batch", "moderation"})
_NAMES_KEPT = 500
_CONTAINERS_KEPT = 10_000
_FAILED = Unpriced("prices_failed")


class Costs:
    """Know the prices of one instrumentor; the snapshot is read when the first call ends, not before."""

    def __init__(self, settings: Settings, strict: bool = True) -> None:
        """Read the user's own prices now; bad ones raise ``PriceFileError`` or, unless ``strict``, are a warning."""
        self._own: Any = settings.prices
        try:
            if self._own is not None:
                Prices.load(self._own)
        except Exception as error:  # a variable never keeps a program from starting
            if strict:
                raise
            reason = error if isinstance(error, PriceFileError) else f"the prices cannot be read ({type(error).__name__})"
            _logger.warning("%s; the prices of the package stand", reason)
            self._own = None
        self._model_names = settings.model_names
        self._prices: Prices | None = None
        self.unpriced: dict[tuple[str, str], str] = {}
        self._containers: dict[str, None] = {}
        self._deferred = Deferred()

    def load(self) -> Prices:
        """Return the prices in force."""
        if self._prices is None:
            snapshot = Prices.snapshot()
            layered = self._own is not None or self._model_names
            self._prices = snapshot.with_overrides(self._own, model_names=self._model_names) if layered else snapshot
        return self._prices

    def __call__(self, operation: str, identity: Destination, request: Request, reply: Response) -> Cost | str | None:
        """Return the cost of a call, the reason why it is not known, or ``None`` for what is not billed by the call."""
        if self._deferred.is_unfinished(reply) and not request.stream:
            return None
        if operation in _FREE:
            return None
        if operation == "fetch_response":
            used = self._deferred.finished(reply)
            if used is None:
                return None
            reply.usage = reply.deferred_usage = used
        if identity.mocked:
            return Cost(0.0, source="mock")
        self._count_sessions(reply)
        in_parts = reply.parts is not None and reply.usage.reported_cost_cents is None
        found = (self._parts if in_parts else self._whole)(identity.provider, request, reply)
        if isinstance(found, Cost):
            return found
        self._remember(identity.provider, reply.response_model or request.model or "", found)
        return found

    def _count_sessions(self, reply: Response) -> None:
        """Count the containers that this process has not seen: each is billed once, whichever response names it first."""
        for container in reply.containers or ():
            if container not in self._containers:
                reply.usage.code_sessions = (reply.usage.code_sessions or 0) + 1
                self._containers[container] = None
                if len(self._containers) > _CONTAINERS_KEPT:
                    self._containers.pop(next(iter(self._containers)), None)

    def _parts(self, provider: str, request: Request, reply: Response) -> Cost | str:
        """Price each part at its own model: without one part there is no cost, because the rest is not the amount."""
        costs = []
        for part in reply.parts or ():
            models = (part.model,) if part.model is not None else (reply.response_model, request.model)
            found = self._first(provider, models, part.usage, request, reply, part.model is None)
            if isinstance(found, str):
                return found
            costs.append(found)
        return summed(costs)

    def _whole(self, provider: str, request: Request, reply: Response) -> Cost | str:
        return self._first(provider, (reply.response_model, request.model), reply.usage, request, reply, True)

    def _first(
        self, provider: str, models: tuple[str | None, ...], used: Usage, request: Request, reply: Response, own: bool
    ) -> Cost | str:
        reason: str | None = None
        for model in dict.fromkeys(models):
            found = guarded(self._price, provider, model, used, request, reply, own, default=_FAILED)
            if not isinstance(found, Unpriced):
                return found
            if reason in (None, "unknown_model"):
                reason = found.reason
        return reason or "no_model"

    def _price(self, provider: str, model: str | None, used: Usage, request: Request, reply: Response, own: bool) -> Cost | Unpriced:
        context: dict[str, str] = {}
        if reply.speed is not None and own:  # a mode of the model that was asked for, not of an advisor
            context["speed"] = reply.speed
        if reply.inference_geo is not None:
            context["inference_geo"] = reply.inference_geo
        if reply.latency is not None:
            context["latency"] = reply.latency
        if reply.completion_window is not None:
            context["completion_window"] = reply.completion_window
        if request.image_size is not None:
            context["size"] = request.image_size
        if request.image_quality is not None:
            context["quality"] = request.image_quality
        # A tier that was asked for holds unless the answer names another.
        tier = reply.service_tier or request.requested_service_tier
        return price(provider, model, used, prices=self.load(), service_tier=tier, context=context or None)

    def _remember(self, provider: str, model: str, reason: str) -> None:
        key = (provider, model)
        if key not in self.unpriced and len(self.unpriced) < _NAMES_KEPT:
            self.unpriced[key] = reason
            _logger.debug("%s %s has no price: %s", provider, model, reason)


def track_cost(response: Any, threshold_cents: float | None = None, *, provider: str = "openai", model: str | None = None) -> float | None:
    """Say what a response cost and whether that passes a threshold; return the cost in cents, ``None`` if not known.

    ``response`` is a mapping with ``{"provider", "model", "cost": {"total_cents"}}``, or an SDK's response whose usage
    has the shape of OpenAI's; that one is priced here, by the name it gives its model or else by ``model``.
    """
    told = as_float(get_path(response, ("cost", "total_cents")))
    named = as_str(get_path(response, ("model",))) or model or ""
    who = (as_str(get_path(response, ("provider",))) if told is not None else None) or provider
    cost = told if told is not None else _priced(response, who, (named, model))
    if cost is None:
        return None
    emit.emit_cost_calculated(who, named, cost)
    if threshold_cents is not None and cost > threshold_cents:
        emit.emit_cost_threshold_exceeded(cost, threshold_cents, provider=who, model=named)
    return cost


def _priced(response: Any, provider: str, models: tuple[str | None, ...]) -> float | None:
    used = usage(get_path(response, ("usage",)))
    found = (price(provider, model, used) for model in models if model)
    return next((cost.total for cost in found if not isinstance(cost, Unpriced)), None)
