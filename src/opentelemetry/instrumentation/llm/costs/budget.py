"""Budgets that keep themselves: they add up every cost that is said on the bus, and say when a limit is passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import bus, context, pricing
from ..pricing import Crossing

_EVENTS = {"warning": "ex_llm.cost.threshold_warning", "exceeded": "ex_llm.cost.threshold_exceeded"}
_WHO = ("provider", "model", "operation", "ref")


class CostBudget(pricing.CostBudget):
    """Watch what calls cost from here on, and say once a window and scope when a limit is passed.

    ``ex_llm.cost.threshold_exceeded`` is said when more than ``limit_cents`` is spent, ``ex_llm.cost.threshold_warning``
    when more than ``warn_at`` of it is. ``per`` is "hour", "day" or "month" (UTC), a ``timedelta``, or ``None`` for all
    time. ``scope`` names a key of the metadata or of the baggage, each value of which has the limit for itself. It
    observes and tells; a handler of yours may act. ``close()`` ends it. Bad arguments raise ``ValueError``.

    >>> budget = CostBudget("support", 50, per="day", scope="user.id")
    >>> budget.spent("somebody")
    0.0
    >>> budget.close()
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._id = f"ex_llm.budget.{self.name}.{bus.new_ref()}"
        self.listen(self._emit)
        bus.attach(self._id, "ex_llm.cost.calculated", self._hear, keep=True)

    def close(self) -> None:
        """Hear no more; what was spent can still be asked for."""
        bus.detach(self._id)

    def _hear(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any], config: Any) -> None:
        for crossing in self.add(measurements["cost"], self._scope_of(metadata)):
            self._emit(crossing, metadata)

    def _scope_of(self, metadata: Mapping[str, Any]) -> object:
        if self.scope is None:
            return None
        value = metadata.get(self.scope)
        return context.baggage_value(self.scope) if value is None else value

    def _emit(self, crossing: Crossing, metadata: Mapping[str, Any] | None = None) -> None:
        known = {key: metadata[key] for key in _WHO if key in metadata} if metadata is not None else {}
        known |= {"scope": crossing.name, "exceeded_by": crossing.exceeded_by}
        if crossing.scope is not None:
            known["scope_value"] = crossing.scope
        threshold = crossing.limit if crossing.level == "exceeded" else crossing.limit * (self.warn_at or 1)
        bus.execute(_EVENTS[crossing.level], {"cost": crossing.spent, "threshold": threshold}, known)
