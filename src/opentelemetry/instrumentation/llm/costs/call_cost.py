"""Calculate the cost of a call when it ends.

The order of sources: the cost reported by the provider, the user's prices, the price snapshot of the package.
"""

from __future__ import annotations

import logging
from typing import Any

from .. import emit
from ..calls.declaration import Destination
from ..dialects.openai.usage import usage
from ..extraction.paths import as_float, as_str, get_path
from ..guard import guarded
from ..pricing import PriceFileError, Prices, Unpriced, price
from ..pricing.cost import AMBIGUOUS_USAGE, summed
from ..schema.records import Batch, BatchItem, Cost, Request, Response, Usage, total
from ..settings import Settings
from .batches import Batches
from .deferred import Deferred

_logger = logging.getLogger(__name__)
_FREE = frozenset({"count_tokens", "create_batch", "fetch_batch", "moderation"})
_NAMES_KEPT = 500
_CONTAINERS_KEPT = 10_000
_FAILED = Unpriced("prices_failed")


class Costs:
    """The prices of one instrumentor.

    The price snapshot is read when the first call ends, and not earlier.
    """

    def __init__(self, settings: Settings, strict: bool = True) -> None:
        """Read the user's prices now.

        Invalid prices raise ``PriceFileError`` or another error of the source; if not ``strict``, they are a warning.
        """
        self._own: Any = settings.prices
        try:
            if self._own is not None:
                Prices.load(self._own)
        except Exception as error:  # An invalid environment variable must not stop the program.
            if strict:
                raise
            reason = error if isinstance(error, PriceFileError) else f"the prices cannot be read ({type(error).__name__})"
            _logger.warning("%s; the prices of the package are used", reason)
            self._own = None
        self._model_names = settings.model_names
        self._prices: Prices | None = None
        self.unpriced: dict[tuple[str, str], str] = {}
        self._containers: dict[str, None] = {}
        self._deferred = Deferred()
        self._batches = Batches()

    def load(self) -> Prices:
        """Return the effective prices."""
        if self._prices is None:
            snapshot = Prices.snapshot()
            layered = self._own is not None or self._model_names
            self._prices = snapshot.with_overrides(self._own, model_names=self._model_names) if layered else snapshot
        return self._prices

    def __call__(self, operation: str, identity: Destination, request: Request, reply: Response) -> Cost | str | None:
        """Return the cost, or a reason string if the price is unknown, or None.

        None is for operations that are not billed per call.
        """
        if reply.batch is not None:
            return self._batch(identity.provider, request, reply, reply.batch)
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

    def _batch(self, provider: str, request: Request, reply: Response, batch: Batch) -> Cost | str | None:
        """Price the responses in a batch that were not counted before."""
        if batch.unread is not None:
            return batch.unread
        counted = self._batches.uncounted(provider, batch)
        if not counted:
            return None
        reply.usage = reply.deferred_usage = total(item.usage for item in counted)
        costs = []
        for item in counted:
            found = self._first_item(provider, (item.model, batch.model, request.model), item, item is batch.total)
            if isinstance(found, Unpriced):
                self._remember(provider, item.model or batch.model or "", found.reason)
                return found.reason
            costs.append(found)
        return summed(costs)

    def _first_item(self, provider: str, models: tuple[str | None, ...], item: BatchItem, is_sum: bool) -> Cost | Unpriced:
        """Price an item as the first of the models that is known."""
        first: Cost | Unpriced = Unpriced("no_model")
        for model in dict.fromkeys(name for name in models if name is not None):
            found = guarded(self._price_item, provider, model, item, is_sum, default=_FAILED)
            if isinstance(found, Cost) or found.reason != "unknown_model":
                return found
            first = found
        return first

    def _price_item(self, provider: str, model: str | None, item: BatchItem, is_sum: bool) -> Cost | Unpriced:
        context = None if item.inference_geo is None else {"inference_geo": item.inference_geo}
        found = price(provider, model, item.usage, prices=self.load(), service_tier=item.service_tier, batch=True, context=context)
        if is_sum and isinstance(found, Cost) and self._has_levels(provider, model, item.usage):
            return AMBIGUOUS_USAGE
        return found

    def _has_levels(self, provider: str, model: str | None, used: Usage) -> bool:
        """Return True if a sum could be of calls with different prices for long prompts."""
        entry = self.load().find(provider, model).model
        if entry is None or used.reported_cost_cents is not None:
            return False
        lowest = min((start for start, _ in entry.rates(None, {"processing": "batch"}).levels if start >= 0), default=None)
        return lowest is not None and (used.input_tokens or 0) > lowest

    def _count_sessions(self, reply: Response) -> None:
        """Count containers that this process has not seen before; each is billed once."""
        for container in reply.containers or ():
            if container not in self._containers:
                reply.usage.code_sessions = (reply.usage.code_sessions or 0) + 1
                self._containers[container] = None
                if len(self._containers) > _CONTAINERS_KEPT:
                    self._containers.pop(next(iter(self._containers)), None)

    def _parts(self, provider: str, request: Request, reply: Response) -> Cost | str:
        """Price each part with its own model.

        If one part has no price, the call has no cost, because a partial sum would be wrong.
        """
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
        if reply.speed is not None and own:  # A mode of the requested model, and not of an advisor model.
            context["speed"] = reply.speed
        if reply.inference_geo is not None:
            context["inference_geo"] = reply.inference_geo
        if reply.latency is not None:
            context["latency"] = reply.latency
        if reply.completion_window is not None:
            context["completion_window"] = reply.completion_window
        if request.image_size is not None:
            context["size"] = request.image_size
        elif reply.size is not None:
            context["size"] = reply.size
        if request.image_quality is not None:
            context["quality"] = request.image_quality
        # The requested service tier applies unless the response reports another tier.
        tier = reply.service_tier or request.requested_service_tier
        return price(provider, model, used, prices=self.load(), service_tier=tier, context=context or None)

    def _remember(self, provider: str, model: str, reason: str) -> None:
        key = (provider, model)
        if key not in self.unpriced and len(self.unpriced) < _NAMES_KEPT:
            self.unpriced[key] = reason
            _logger.debug("%s %s has no price: %s", provider, model, reason)


def track_cost(response: Any, threshold_cents: float | None = None, *, provider: str = "openai", model: str | None = None) -> float | None:
    """Emit the cost of a response; return it in cents, or ``None`` if it is unknown.

    If the cost exceeds ``threshold_cents``, that event is emitted too. ``response`` is a mapping with ``{"provider", "model",
    "cost": {"total_cents"}}``, or an SDK response whose usage has the format of OpenAI. The latter is priced here, with its own
    model name or else with ``model``.
    """
    reported = as_float(get_path(response, ("cost", "total_cents")))
    named = as_str(get_path(response, ("model",))) or model or ""
    who = (as_str(get_path(response, ("provider",))) if reported is not None else None) or provider
    cost = reported if reported is not None else _priced(response, who, (named, model))
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
