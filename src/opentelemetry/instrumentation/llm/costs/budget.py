"""Budgets that add up the cost of calls and emit events at their limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import bus, context, pricing
from ..pricing import Crossing

_EVENTS = {"warning": "ex_llm.cost.threshold_warning", "exceeded": "ex_llm.cost.threshold_exceeded"}
_WHO = ("provider", "model", "operation", "ref")


class CostBudget(pricing.CostBudget):
    """Add up the cost of calls from now on, and emit an event when a limit is passed.

    More than ``limit_cents`` emits ``ex_llm.cost.threshold_exceeded``; more than the share ``warn_at`` of the limit emits
    ``ex_llm.cost.threshold_warning``. Each is emitted once for each window and scope. ``per`` is "hour", "day" or "month"
    (UTC), a ``timedelta``, or ``None`` for an unlimited window. ``scope`` is a key of the metadata or the baggage; each of its
    values has its own limit. A budget does not stop calls; your own handler can react to the events. ``close()`` stops the
    budget. Invalid arguments raise ``ValueError``.

    >>> budget = CostBudget("support", 50, per="day", scope="user.id")
    >>> budget.spent("somebody")
    0.0
    >>> budget.close()
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._id = f"ex_llm.budget.{self.name}.{bus.new_ref()}"
        self.listen(self._emit)
        bus.attach(self._id, "ex_llm.cost.calculated", self._on_cost, keep=True)

    def close(self) -> None:
        """Stop counting. ``spent`` still returns the amounts."""
        bus.detach(self._id)

    def _on_cost(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any], config: object) -> None:
        for crossing in self.add(measurements["cost"], self._scope_of(metadata)):
            self._emit(crossing, metadata)

    def _scope_of(self, metadata: Mapping[str, object]) -> object:
        if self.scope is None:
            return None
        value = metadata.get(self.scope)
        return context.baggage_value(self.scope) if value is None else value

    def _emit(self, crossing: Crossing, metadata: Mapping[str, object] | None = None) -> None:
        known = {key: metadata[key] for key in _WHO if key in metadata} if metadata is not None else {}
        known |= {"scope": crossing.name, "exceeded_by": crossing.exceeded_by}
        if crossing.scope is not None:
            known["scope_value"] = crossing.scope
        threshold = crossing.limit if crossing.level == "exceeded" else crossing.limit * (self.warn_at or 1)
        bus.execute(_EVENTS[crossing.level], {"cost": crossing.spent, "threshold": threshold}, known)
