"""Hold one run of a step: its metadata, events, sums of nested calls, and end."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Mapping
from typing import Any

from .. import bus, capture, context
from ..extraction import failures
from ..guard import guarded
from ..schema.bounds import LONGEST, LONGEST_DESCRIPTION, bounded
from ..schema.events import CONTENT, OPERATIONS, SUBJECT
from ..schema.events import INTERRUPTED as TELEMETRY_INTERRUPTED
from ..schema.records import Content, Usage, known_fields, total
from .outcomes import ABANDONED, CANCELLED, CLOSED_EARLY, COMPLETE, ERROR, HANDED_OFF, OUTCOMES, outcome_of
from .tables import Facts, Result

_OWNERS = ("invoke_agent", "invoke_workflow")
_INHERITED = ("agent_name", "conversation_id")
_PASSED = (*_INHERITED, "tool_call_id")
"""Keys that a step without events passes to the step below it."""
_USAGE = tuple(Usage.__dataclass_fields__)


class Run:
    """One run, from ``start`` to exactly one ``end``.

    An agent or a workflow owns the inferences and tools below it that no nearer agent or workflow owns: each inference
    counts for one owner, so the sum over owners is never more than the sum over inferences.
    """

    __slots__ = (
        "__weakref__",
        "_emitted",
        "_ends",
        "_tools",
        "_used",
        "began",
        "captures",
        "content",
        "describe",
        "ended",
        "family",
        "hold_response",
        "inside",
        "key",
        "known",
        "operation",
        "owner",
        "pid",
        "ref",
        "reported",
        "shared",
        "silent",
        "streaming",
        "watcher",
    )  # fmt: skip

    def __init__(self, framework: str, operation: str, known: Facts, key: object, outer: Run | None, captures: bool) -> None:
        self.operation, self.family = operation, OPERATIONS[operation].family
        self.key = key
        self.captures = captures
        self._ends, self._tools = itertools.count(), itertools.count()
        self._used: list[Mapping[str, Any]] = []
        self.content: Content | None = None
        self.hold_response: Result | None = None
        """A result that became known during the run, such as a handoff.

        It is used if the function returns normally.
        """
        self.describe = known.describe
        self.ended = self.inside = self._emitted = False
        self.streaming = True
        self.watcher: Any = None
        self.reported: Any = None
        """The ``ReportedRun`` of a framework that reports by messages."""
        self.pid = os.getpid()
        self.began = time.perf_counter_ns()
        self.ref = bus.new_ref()
        self.known = self._described(framework, known, outer)
        self.silent = known.silent
        self.owner: Run | None = self if operation in _OWNERS and not self.silent else None if outer is None else outer.owner
        inherited = {key: self.known[key] for key in (_PASSED if self.silent else _INHERITED) if key in self.known}
        self.shared: dict[str, Any] = (
            {**({} if outer is None else outer.shared), **inherited} if self.silent else {"parent_ref": self.ref, **inherited}
        )
        if operation == "execute_tool" and self.owner is not None and not self.silent:
            next(self.owner._tools)

    def _described(self, framework: str, known: Facts, outer: Run | None) -> dict[str, Any]:
        subject = SUBJECT[self.operation]
        kind = subject.partition("_")[0]
        described: dict[str, Any] = {
            "operation": self.operation,
            "ref": self.ref,
            "framework": framework,
            **({} if outer is None else outer.shared),
            subject: known.name,
            f"{kind}_description": known.description,
            "agent_id": known.agent_id,
            "top_k": known.top_k,
            "in_process": None if known.remote else True,
            "native": True if known.native or known.merged else None,
            "merged": outer.ref if known.merged and outer is not None else None,
            **known.more,
        }
        if known.call_id is not None:
            described["tool_call_id"] = known.call_id
        if known.conversation_id is not None:
            described["conversation_id"] = str(known.conversation_id)
        if self.operation == "execute_tool":
            described.setdefault("tool_type", "function")
        return _bounded(described)

    def is_same(self, operation: str, key: object) -> bool:
        """Return whether a nested step of ``operation`` with ``key`` is the same run."""
        return not self.ended and self.operation == operation and self.key == key

    def start(self) -> None:
        """Emit the start of the run."""
        if self.silent:
            return
        bus.execute(f"ex_llm.{self.family}.start", {"system_time": time.time_ns()}, self.known)

    def used(self, inference: Mapping[str, object]) -> None:
        """Add an inference of this run, by the metadata of its last event."""
        if not self.ended:
            self._used.append(inference)

    def finished(self, result: Result, output: Content | None = None) -> None:
        """End the run with the result of its function."""
        self._end(result, None, output)

    def on_error(self, error: BaseException) -> None:
        """End the run with the exception of its function; control flow is an outcome."""
        outcome = outcome_of(error)
        self._end(Result(outcome), error if outcome == ERROR else None, None)

    def abort(self, error: BaseException | None = None) -> None:
        """End the run with minimal data, because the step that ends it has failed."""
        self.content = None
        self._end(Result(COMPLETE if error is None else outcome_of(error)), error, None)

    # Parts of calls.streams that observe the stream of a run, as they observe the stream of a call.
    def on_stream_start(self) -> None:
        """Do nothing: a run has begun before its stream is there."""

    def on_chunk(self, chunk: object) -> None:
        """Read a message of the run, if its messages report steps."""
        if self.reported is not None:
            self.reported.on_message(chunk)

    def on_stream_end(self, how: str, error: BaseException | None = None) -> None:
        """End the run because its stream is over."""
        if error is not None:
            self.on_error(error)
        elif self.reported is not None and self.reported.result is not None:
            self.finished(self.reported.result, self.reported.output)
        elif how in (COMPLETE, CLOSED_EARLY, ABANDONED, CANCELLED):
            self._end(Result(how), None, None)

    def _end(self, result: Result, error: BaseException | None, output: Content | None) -> None:
        try:
            if next(self._ends):
                return
            self.ended = True
            if self.reported is not None:
                guarded(self.reported.close, result.outcome, error)
            if not self.silent:
                guarded(self._emit_end, result, error, output, rescue=self._emit_barely)
            self.content = self.reported = None
            self._used = []
        except BaseException as interruption:
            self._interrupted(interruption)
            raise

    def _interrupted(self, error: BaseException) -> None:
        """End the run after its end was interrupted, as a call does."""
        next(self._ends)
        self.ended = True
        if self.reported is not None:
            guarded(self.reported.close, CANCELLED, error)
        if self.silent:
            return
        if not self._emitted:
            self._emit_barely(outcome_of(error))
        known = {"ref": self.ref, "operation": self.operation, "kind": type(error).__name__}
        bus.execute(TELEMETRY_INTERRUPTED, {"system_time": time.time_ns()}, known)

    def _emit_end(self, result: Result, error: BaseException | None, output: Content | None) -> None:
        duration = time.perf_counter_ns() - self.began
        if self.hold_response is not None and result == Result():
            result = self.hold_response
        outcome = result.outcome
        outcome = ERROR if error is not None or result.error_type is not None else outcome
        known = {**self.known, **_bounded(result.more), "outcome": outcome if outcome in OUTCOMES else COMPLETE}
        measured: dict[str, Any] = {"duration": duration}
        if result.documents is not None:
            measured["documents"] = known["documents"] = result.documents
        if self.operation in _OWNERS:
            sums = self._sums()
            measured |= {name: sums[name] for name in ("inference_calls", "tool_calls")}
            known |= sums
        if self.captures:
            guarded(self._emit_content, known, output, error)
        if error is not None:
            known |= guarded(failures.describe, error, None, None, default={"error_type": type(error).__name__})
            if self.operation != "execute_tool":
                # The frames are those of the function that raised; each step around it would repeat them.
                known.pop("stacktrace", None)
            known |= {} if self.describe is None else guarded(self.describe, error, default={})
        elif outcome == ERROR:
            reason = result.error_type or "_OTHER"
            known |= {"kind": "other", "reason": reason, "error_type": reason}
        self._emitted = True
        bus.execute(f"ex_llm.{self.family}.{'exception' if outcome == ERROR else 'stop'}", measured, known)

    def _emit_barely(self, outcome: str = COMPLETE) -> None:
        self._emitted = True
        measured, known = {"duration": time.perf_counter_ns() - self.began}, {**self.known, "outcome": outcome}
        if outcome == ERROR:
            bus.execute(f"ex_llm.{self.family}.exception", measured, {**known, "kind": "other", "reason": "_OTHER", "error_type": "_OTHER"})
        else:
            bus.execute(f"ex_llm.{self.family}.stop", measured, known)

    def _sums(self) -> dict[str, Any]:
        used = list(self._used)
        sums: dict[str, Any] = {"inference_calls": len(used), "tool_calls": next(self._tools)}
        sums |= known_fields(total(Usage(**{name: one[name] for name in _USAGE if name in one}) for one in used))
        models = {one.get("model") for one in used}
        if len(models) == 1 and None not in models:
            sums["model"] = models.pop()
        if any("cost_unknown_reason" in one for one in used):
            # A sum without one of its parts would be a wrong amount that looks certain.
            sums["cost_unknown_reason"] = "inference_unpriced"
        elif any("cost_cents" in one for one in used):
            sums["cost_cents"] = sum(one.get("cost_cents", 0.0) for one in used)
        for name, value in {} if self.reported is None else self.reported.sums().items():
            sums[name] = sums[name] + value if isinstance(sums.get(name), (int, float)) else sums.get(name, value)
        return sums

    def _emit_content(self, known: dict[str, Any], output: Content | None, error: BaseException | None) -> None:
        content = self.content or Content()
        for name in () if output is None else Content.__dataclass_fields__:
            if (value := getattr(output, name)) is not None:
                setattr(content, name, value)
        if error is not None:
            content.exception_message = str(error)
        content.places = capture.places()
        bus.execute(CONTENT, {}, {**known, "content": content})


def running() -> Run | None:
    """Return the step that runs in this context, if it has not ended."""
    step: Run | None = context.running_step()
    return step


def hand_off(framework: str, to_agent: str) -> None:
    """Emit that the running agent hands over to another, which is its outcome."""
    step = running()
    agent = None if step is None else step.owner
    known: dict[str, Any] = {"framework": framework, "to_agent": to_agent}
    if agent is not None and agent.operation == "invoke_agent":
        agent.hold_response = Result(HANDED_OFF)
        known |= {"ref": agent.ref, "agent_name": agent.known.get("agent_name"), "parent_ref": agent.known.get("parent_ref")}
    bus.execute("ex_llm.agent.handoff", {}, _bounded(known))


def _bounded(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the known values, safe to export. Models choose names of tools."""
    longest = {name: LONGEST_DESCRIPTION if name.endswith("_description") else LONGEST for name in known}
    return {name: safe for name, value in known.items() if (safe := bounded(value, longest[name])) is not None}
