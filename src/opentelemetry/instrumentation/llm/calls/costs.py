"""Price a call when it ends: the provider's own figure, the user's prices, or the snapshot, in that order."""

from __future__ import annotations

import logging
from typing import Any

from ..pricing import Prices, Unpriced, price
from ..settings import Settings
from ..words.records import Cost, Reply, Request
from .point import Identity

_logger = logging.getLogger(__name__)
_FREE = frozenset({"fetch_response", "count_tokens", "create_batch", "moderation"})
_NAMES_KEPT = 500


class Costs:
    """Know the prices of one instrumentor; the snapshot is read when the first call ends, not before."""

    def __init__(self, settings: Settings) -> None:
        self._own: Any = settings.prices
        self._model_names = settings.model_names
        self._prices: Prices | None = None
        self.unpriced: dict[tuple[str, str], str] = {}

    def load(self) -> Prices:
        """Return the prices in force; a bad price file raises ``PriceFileError``."""
        if self._prices is None:
            snapshot = Prices.snapshot()
            layered = self._own is not None or self._model_names
            self._prices = snapshot.with_overrides(self._own, model_names=self._model_names) if layered else snapshot
        return self._prices

    def __call__(self, operation: str, identity: Identity, request: Request, reply: Reply) -> Cost | str | None:
        """Return the cost of a call, the reason why it is not known, or ``None`` for what is not billed by the call."""
        if operation in _FREE:
            return None
        reason: str | None = None
        for model in dict.fromkeys((reply.response_model, request.model)):
            found = price(identity.provider, model, reply.usage, prices=self.load(), service_tier=reply.service_tier)
            if not isinstance(found, Unpriced):
                return found
            reason = reason or found.reason
        self._remember(identity.provider, reply.response_model or request.model or "", reason or "no_model")
        return reason

    def _remember(self, provider: str, model: str, reason: str) -> None:
        key = (provider, model)
        if key not in self.unpriced and len(self.unpriced) < _NAMES_KEPT:
            self.unpriced[key] = reason
            _logger.debug("%s %s has no price: %s", provider, model, reason)
