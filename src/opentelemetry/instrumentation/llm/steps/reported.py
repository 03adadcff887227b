"""Record tools, nested agents and usage that messages of a run report.

Some frameworks run their model calls and tools in another process. The messages that they yield are then the only source.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import bus, context
from ..calls.running import ActiveCall
from ..guard import guarded
from ..schema.bounds import bounded
from ..schema.records import Content, Usage, known_fields
from .run import Run
from .tables import Facts, Result

Begin = Callable[[str, Facts, ActiveCall], Any]
"""Begin a step in the current context, and return its run."""
_MOST = 1_000
"""Number of open tools and of known model calls of one run."""


class ReportedRun:
    """The run whose messages are read, with the open steps that they reported."""

    def __init__(self, run: Run, instance: object, begin: Begin, read: Callable[[ReportedRun, Any], None] | None) -> None:
        self.run, self.instance, self._begin, self._read = run, instance, begin, read
        self._inside = context.here()
        self._open: dict[str, tuple[Run, context.Context]] = {}
        self._inferences: set[str] = set()
        self._used: list[tuple[str, Usage, float | None]] = []
        self.result: Result | None = None
        """The end that the messages reported."""
        self.output: Content | None = None

    def on_message(self, message: object) -> None:
        """Read one message."""
        if self._read is not None:
            self._read(self, message)

    def set_conversation(self, conversation_id: str) -> None:
        """Set the conversation, which the first message reports."""
        self.run.known["conversation_id"] = self.run.shared["conversation_id"] = bounded(conversation_id)

    def begin(self, key: str, operation: str, known: Facts, content: Content | None = None, inside: str | None = None) -> None:
        """Begin a step in the open step ``inside``, or else in the run.

        A key that is open does nothing.
        """
        if key in self._open or len(self._open) >= _MOST:
            return
        with context.current(self.context_of(inside)):
            run = self._begin(operation, known._replace(key=key), ActiveCall())
            if run is not None:
                self._open[key] = run, context.here()
                run.content = content if run.captures else None

    def end(self, key: str, result: Result, output: Content | None = None) -> None:
        """End the step with this key."""
        opened = self._open.pop(key, None)
        if opened is not None:
            opened[0].finished(result, output if opened[0].captures else None)

    def name_of(self, key: str) -> str | None:
        """Return the name of an open agent."""
        opened = self._open.get(key)
        return None if opened is None else opened[0].known.get("agent_name")

    def context_of(self, key: str | None) -> context.Context:
        """Return the context of a step, or else of the run."""
        opened = self._open.get(key) if key is not None else None
        return self._inside if opened is None else opened[1]

    def on_inference(self, identity: str) -> None:
        """Count a model call; several messages may report the same one."""
        if len(self._inferences) < _MOST:
            self._inferences.add(identity)

    def on_usage(self, provider: str, model: str, usage: Usage, cost_cents: float | None) -> None:
        """Record usage and cost of one model, which no model call reports."""
        self._used.append((model, usage, cost_cents))
        known = {"operation": self.run.operation, "ref": self.run.ref, **self.run.shared, "provider": provider, "model": model}
        bus.execute("ex_llm.agent.usage", {}, {**known, **known_fields(usage)})
        if cost_cents is not None:
            bus.execute("ex_llm.cost.calculated", {"cost": cost_cents}, {**known, "source": "provider"})

    def sums(self) -> dict[str, Any]:
        """Return the sums of everything that the messages reported."""
        costs = [cost for _, _, cost in self._used if cost is not None]
        used = [known_fields(usage) for _, usage, _ in self._used]
        found: dict[str, Any] = {name: sum(one.get(name, 0) for one in used) for name in {name for one in used for name in one}}
        if costs:
            found["cost_cents"] = sum(costs)
        models = {model for model, _, _ in self._used}
        if len(models) == 1:
            found["model"] = models.pop()
        return {**found, "inference_calls": len(self._inferences)}

    def close(self, outcome: str, error: BaseException | None = None) -> None:
        """End all open steps, because the run has ended."""
        while self._open:
            _, (run, _) = self._open.popitem()
            if error is None:
                guarded(run.finished, Result(outcome), rescue=run.abort)
            else:
                guarded(run.on_error, error, rescue=run.abort)
