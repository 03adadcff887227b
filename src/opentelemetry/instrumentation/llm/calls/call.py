"""Represent one observed model call: its data, its events and its single end."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter_ns
from types import MappingProxyType
from typing import Any

from .. import bus, capture, context, fork
from ..dialects import Arguments, Dialect, Sends
from ..extraction import errors_in_response, failures
from ..extraction.message_parts import LONGEST_STREAM
from ..guard import failed, guarded
from ..pricing.match import without_account
from ..schema.bounds import short
from ..schema.events import CONTENT, INTERRUPTED, OPERATIONS, STREAM_CHUNK, STREAM_EXCEPTION, STREAM_START, STREAM_STOP
from ..schema.interruption import is_interruption
from ..schema.records import Content, Cost, Request, Response, Usage, completed, known_fields, total
from ..settings import SPAN_BAGGAGE_KEYS
from . import contents, documents, nesting, secrets
from .chunk_times import KEPT, ChunkTimes
from .declaration import Destination, PatchPoint

COMPLETE, CLOSED_EARLY, ABANDONED, CANCELLED, ERROR, UNPARSED = "complete", "closed_early", "abandoned", "cancelled", "error", "unparsed"


@dataclass(frozen=True, slots=True)
class CallServices:
    """Settings and services that all calls of one instrumentor share."""

    captures_content: bool = False
    host_providers: Mapping[str, str] = field(default_factory=dict)
    cost_threshold_cents: float | None = None
    has_handlers: Callable[[], bool] = lambda: True
    """Return True if an event handler or an OpenTelemetry SDK is active. If not,
    calls are not recorded.
    """
    baggage_keys: tuple[str, ...] = SPAN_BAGGAGE_KEYS
    """Baggage keys that become metadata. Each contains a dot, so it cannot collide
    with a metadata key of this package.
    """
    excluded: Callable[[str, Destination, str | None, str], bool] | None = None
    """Return True for operation, destination, model and path of a call that is not
    recorded.
    """
    http_spans: bool = True
    """Whether instrumentations of HTTP clients make spans inside calls."""
    price: Callable[[str, Destination, Request, Response], Cost | str | None] | None = None


class Call:
    """One call, from ``start`` to exactly one ``stop`` or ``exception`` event.

    A nested call for the same inference (LiteLLM over openai) emits no events. It adds its response id, model and usage
    to the outer call.
    """

    __slots__ = (
        "__weakref__",
        "_attempt_ended_at",
        "_attempts",
        "_chunk_at",
        "_desk",
        "_ends",
        "_known_in_stream",
        "_last_said",
        "_outer",
        "_refused",
        "_refused_with",
        "_resends",
        "_responded",
        "_times",
        "_unanswered",
        "_used_apart",
        "_used_inside",
        "above",
        "absorb",
        "asked_to_stream",
        "awaited",
        "began",
        "captures_content",
        "dialect",
        "draft",
        "ended",
        "family",
        "forget",
        "handlers_seen",
        "identity",
        "inside",
        "known",
        "operation",
        "owner",
        "pid",
        "ref",
        "reported_cents",
        "request",
        "response",
        "secrets",
        "sends",
        "size_of",
        "streaming",
        "taken",
        "tapped",
        "target",
        "watcher",
    )  # fmt: skip

    def __init__(self, point: PatchPoint, identity: Destination, request: Request, desk: CallServices, outer: Call | None = None) -> None:
        self.operation, self.family = point.operation, OPERATIONS[point.operation].family
        self.dialect: Dialect = point.dialect
        self.identity, self.request = identity, request
        if request.model is not None and "arn:" in request.model:
            request.model = guarded(without_account, request.model, default=None)
        if request.guardrail_id is not None:
            request.guardrail_id = guarded(without_account, request.guardrail_id, default=None)
        self._desk = desk
        self._outer = outer
        self.above: Call | None = None
        """The outer call, if this nested call is a separate inference and is recorded on
        its own.
        """
        self.target = point.target
        self.sends: Sends | None = None
        captures = guarded(capture.wanted, desk.captures_content, default=False) if capture.used else desk.captures_content
        self.captures_content = outer is None and captures
        """Whether message contents are read. False without the content setting, and for
        nested calls of the same inference.
        """
        self._ends = itertools.count()
        self.ended = self.streaming = self.tapped = self.inside = self.asked_to_stream = self._last_said = False
        self.draft: Response | None = None
        self._times: ChunkTimes | None = None
        self.taken: Any = None
        """The list of the chunks' times, to which each chunk adds one."""
        self.absorb = self.dialect.absorb
        self.handlers_seen: object = None
        """The handler table that was last checked and has no handler for single chunks."""
        self.began = self._chunk_at = perf_counter_ns()
        self._attempts = self._resends = 0
        self._refused = True
        self._responded = False
        self.awaited: Callable[[BaseException | None], None] | None = None
        """Callback for the first chunk of a stream, or for the error raised instead of a
        first chunk.
        """
        self._attempt_ended_at: int | None = None
        self._refused_with: int | None = None
        self._unanswered: str | None = None
        self.response: Any = None
        """The accepted HTTP response, kept until the SDK returns, so that it can still be
        read if the SDK raises.
        """
        self.size_of: Callable[[], int | None] | None = None
        self.forget: Callable[[], None] | None = None
        self.watcher: Any = None
        self.secrets: secrets.Values | None = None
        """Returns the client's credentials, so that they can be removed from error
        messages.
        """
        self.pid = fork.process
        self._used_inside: Usage | None = None
        self.reported_cents: float | None = None
        """The cost of the call in cents, as a gateway reported it in response headers."""
        self._used_apart: Usage | None = None
        self.owner: Any = None
        """The agent or workflow whose totals include this call."""
        self.ref = bus.new_ref()
        self.known: dict[str, Any] = {"provider": identity.provider, "operation": point.operation, "ref": self.ref}
        if identity.address is not None:
            self.known |= guarded(_server, identity, default={})
        if identity.in_process:
            self.known["in_process"] = True
        self.known |= guarded(known_fields, request, default={})

    def includes(self, operation: str) -> bool:
        """Return True if a nested call of ``operation`` is the same inference."""
        ours, theirs = OPERATIONS[self.operation], OPERATIONS[operation]
        return not self.ended and (ours.inference if theirs.inference else ours is theirs)

    def belongs_to(self, step: Any) -> None:
        """Attribute this call to the agent or workflow of the running step.

        The names of the step become metadata of every event of the call.
        """
        if step is not None:
            self.owner = step.owner
            self.known = {**step.shared, **self.known}

    @property
    def outermost(self) -> Call:
        """The recorded call: this call, or the outermost call that it is nested in."""
        call = self
        while call._outer is not None:
            call = call._outer
        return call

    @property
    def has_absorbed(self) -> bool:
        """Whether a nested call of the same inference has already reported usage."""
        return self._used_inside is not None and self._used_inside != Usage()

    def event_identity(self) -> dict[str, Any]:
        """Return the metadata that identify this call in events of its attempts."""
        known = self.outermost.known
        who = {"provider": known["provider"], "operation": known["operation"], "ref": known["ref"]}
        if "model" in known:
            who["model"] = known["model"]
        return who

    def attempt_begins(self) -> tuple[int, int | None]:
        """Count an attempt; return its number and the nanoseconds since the last one.

        After a successful response the counter restarts at 1, because the next request is a new request and not a retry.
        """
        self._attempts = self._attempts + 1 if self._refused else 1
        self._resends += self._attempts > 1
        if self._attempts == 1 or self._attempt_ended_at is None:
            return self._attempts, None
        return self._attempts, perf_counter_ns() - self._attempt_ended_at

    def attempt_ended(self, refused: bool, status: int | None = None, unanswered: str | None = None) -> None:
        """Record the end of an attempt and its result.

        ``status`` is the HTTP status of a refusal; ``unanswered`` is the error kind if no response arrived.
        """
        self._attempt_ended_at, self._refused = perf_counter_ns(), refused
        self._refused_with = status if refused else None
        self._unanswered = unanswered

    @property
    def accepted(self) -> bool:
        """Whether the provider has started a response that is not a refusal."""
        return self._attempts > 0 and not self._refused

    def _answer_begins(self, error: BaseException | None = None) -> None:
        if self.awaited is not None:
            awaited, self.awaited = self.awaited, None
            awaited(error)

    def _emit(self, event: str, measurements: dict[str, Any], metadata: dict[str, Any]) -> None:
        if self._outer is None:
            # Read-only views are not copied by the bus, so the caller passes dicts that nothing changes afterwards.
            bus.execute(event, MappingProxyType(measurements), MappingProxyType(metadata))

    def start(self, arguments: Arguments) -> None:
        """Emit the start event.

        If contents are captured, those of the request are copied now, before the application can change them.
        """
        self.asked_to_stream = arguments.streaming
        self.sends = arguments.sends
        if self.captures_content:
            self.request.content = guarded(self.dialect.content, arguments) or Content()
            if capture.used:
                # Without an answer, contents are recorded nowhere.
                self.request.content.places = guarded(capture.places, default=())
            self.request.content.prompt_variables = guarded(context.prompt_variables)
        self._emit(f"ex_llm.{self.family}.start", {"system_time": time.time_ns()}, dict(self.known))

    def on_stream_start(self) -> None:
        """Emit the stream's start event, and create the draft that chunks are added to."""
        self.streaming = True
        self.response = None
        self._chunk_at = perf_counter_ns()
        self.draft = Response(content=Content() if self.captures_content else None)
        self._times = ChunkTimes()
        self.taken = self._times.times
        self.known["stream"] = True
        known = dict(self.known)
        self._known_in_stream = MappingProxyType(known)
        self._emit(STREAM_START, {"system_time": time.time_ns()}, known)

    def on_chunk(self, chunk: Any) -> None:
        """Add one chunk to the draft, just before the application receives it."""
        try:
            self.taken.append(perf_counter_ns())
            self.absorb(self.draft, chunk)  # type: ignore[arg-type]
            if self.handlers_seen is not bus.handler_table or len(self.taken) > KEPT:
                self.after_chunk()
        except Exception as error:
            if is_interruption(error):
                raise
            self.chunk_failed(error)

    def chunk_failed(self, error: Exception) -> None:
        """Report that a step for one chunk has raised, and do the steps after it."""
        failed(self.absorb, error)
        guarded(self.after_chunk)

    def after_chunk(self) -> None:
        """Run the steps that only few chunks need.

        These are: report the first chunk, emit the chunk event if it has a handler, and sort chunk times into buckets.
        """
        times: Any = self._times
        if times.first is None:
            times.first = times.times[-1]
            if self.awaited is not None:
                guarded(self._answer_begins)
        self.handlers_seen = bus.handler_table
        if self._outer is None and bus.has_handlers(STREAM_CHUNK):
            self.handlers_seen = None
            model = None if self.draft is None else self.draft.response_model
            if model is not None and "response_model" not in self._known_in_stream:
                self._known_in_stream = MappingProxyType({**self._known_in_stream, "response_model": model})
            measured = {"since_last": times.since_last(self._chunk_at), "index": times.count - 1}
            bus.execute(STREAM_CHUNK, measured, self._known_in_stream)
        if len(times.times) > KEPT:
            times.sort()

    def on_response(self, answer: Any) -> None:
        """End the call with a complete response."""
        reply = self._read(answer)
        if self.captures_content:
            reply.content = Content(output_messages=guarded(self.dialect.output, answer))
        self._end(reply, None, None)

    def _read(self, answer: Any) -> Response:
        reply = guarded(self.dialect.response, answer) or Response()
        if not reply.finish_reasons or reply.failure is not None or "error" in reply.finish_reasons:
            guarded(errors_in_response.complete, reply, answer)
        return reply

    def hold_response(self, answer: Any) -> None:
        """Store a complete response for an SDK that adds data to it before the call ends."""
        self._chunk_at = perf_counter_ns()
        self.draft = self._read(answer)
        if self.captures_content:
            self.draft.content = Content(output_messages=guarded(self.dialect.output, answer))

    def on_stream_end(self, how: str, error: BaseException | None = None) -> None:
        """End the call because its stream has ended.

        A stream that was abandoned ends at the time of its last chunk.
        """
        if how == ABANDONED and self.request.stream and self._attempts and not (self.ended or self.streaming):
            # The application requested a stream and never read it. The call is recorded as a stream all the same.
            guarded(self.on_stream_start)
        self._end(None, how, error)

    def on_error(self, error: BaseException) -> None:
        """End the call with the SDK's exception and a response received before it."""
        self._responded, received = guarded(documents.received, error, self.response, default=(False, None))
        reply = Response() if received is None else self._read(received)
        if self.captures_content and received is not None:
            reply.content = Content(output_messages=guarded(self.dialect.output, received))
        self._end(reply, None, error)

    def abort(self, error: BaseException | None = None) -> None:
        """End the call with minimal metadata after another step failed to end it."""
        try:
            if not next(self._ends):
                self.ended = True
                self._say_barely(perf_counter_ns() - self.began, error)
        except BaseException as interruption:
            self._interrupted(interruption)
            raise

    def leave_to_the_parent(self) -> None:
        """Mark the call as ended in a forked child; the parent emits its events."""
        next(self._ends)
        self.ended = True

    def _end(self, reply: Response | None, how: str | None, error: BaseException | None) -> None:
        try:
            if next(self._ends):
                return
            self.ended = True
            if self.pid != fork.process:
                return  # A forked child has a copy of the call. The parent records it.
            self.response = None
            # The call object can outlive its end: tasks and threads that the SDK started during the call keep its context.
            forget, self.forget = self.forget, None
            if forget is not None:
                guarded(forget)
            if self.awaited is not None:
                guarded(self._answer_begins, error)
            ended_at = guarded(self._last_at, default=self._chunk_at) if how == ABANDONED else perf_counter_ns()
            duration = ended_at - self.began
            guarded(self._finish, duration, reply, how, error, rescue=partial(self._say_barely, duration, error))
            self.request.content = self.secrets = None
        except BaseException as interruption:
            self._interrupted(interruption)
            raise

    def _last_at(self) -> int:
        """Return the time when the application last read a part of the response."""
        times = () if self._times is None else self._times.times
        return max(self._chunk_at, times[-1]) if times else self._chunk_at

    def _interrupted(self, error: BaseException) -> None:
        """End the call after its end was interrupted.

        The last event is emitted unless it was already emitted, so counting handlers count once. The interruption event
        closes everything that is still open.
        """
        next(self._ends)
        self.ended = True
        if not self._last_said:
            self._say_barely(perf_counter_ns() - self.began, error)
        self._emit(INTERRUPTED, {"system_time": time.time_ns()}, {**self.event_identity(), "kind": type(error).__name__})

    def _finish(self, duration: int, reply: Response | None, how: str | None, error: BaseException | None) -> None:
        if reply is None:
            reply = self.draft or Response()
            if self.streaming:
                guarded(self.dialect.finish, reply)
        if self.streaming or error is not None:
            guarded(self._complete_reasons, reply, how, error)
        if self._used_inside is not None or self._used_apart is not None:
            nesting.keep_own_usage(reply, self._used_inside, self._used_apart, self._attempts)
        if self.reported_cents is not None and reply.usage.reported_cost_cents is None:
            reply.usage.reported_cost_cents = self.reported_cents
        if self.request.billed is not None and error is None and reply.failure is None:
            reply.usage = completed(reply.usage, self.request.billed)
        if self.above is not None:
            self.above.used_apart(reply.usage)
        if self._outer is not None:
            self._outer.merge_nested(self, reply)
            return
        if reply.response_model is not None and "arn:" in reply.response_model:
            reply.response_model = without_account(reply.response_model)
        known = {**self.known, **guarded(known_fields, reply, default={})}
        if self._resends:
            known["resend_count"] = self._resends
        if self.streaming:
            known["stream_end"] = how
            if self._times is not None and self._times.first is not None:
                known["time_to_first_chunk"] = self._times.first - self.began
        failure = None
        if error is not None:
            failure = guarded(failures.describe, error, self._refused_with, self._unanswered, default=_barely(error))
            if self._responded:
                failure["kind"] = reply.reported_error.kind if reply.reported_error else failures.after_response(failure["kind"])
        if failure is None and reply.failure is not None:
            failure = errors_in_response.metadata(reply, self._refused_with)
        if self.streaming:
            guarded(self._say_stream_ending, known, duration, failure)
        if failure is None or reply.usage != Usage() or reply.deferred_usage is not None:  # A failed call without usage is not billed.
            guarded(self._say_cost, known, reply)
        if self.captures_content:
            guarded(self._say_content, known, reply, error)
        if self.owner is not None and OPERATIONS[self.operation].inference:
            guarded(self.owner.used, known)
        self._say_last(known, duration, failure)

    def _complete_reasons(self, reply: Response, how: str | None, error: BaseException | None) -> None:
        cut = error is not None or how in (CLOSED_EARLY, ABANDONED, CANCELLED, ERROR)
        if cut and reply.finish_reasons is None and OPERATIONS[self.operation].inference:
            reply.finish_reasons = ["error"]

    def _say_barely(self, duration: int, error: BaseException | None) -> None:
        self._say_last(dict(self.known), duration, None if error is None else _barely(error))

    def _say_last(self, known: dict[str, Any], duration: int, failure: dict[str, Any] | None) -> None:
        self._last_said = True
        if failure is None:
            self._emit(f"ex_llm.{self.family}.stop", {"duration": duration}, known)
            return
        if failure["kind"] == "context_length":
            self._emit("ex_llm.context.window_exceeded", {}, known)
        self._emit(f"ex_llm.{self.family}.exception", {"duration": duration}, {**known, **failure})

    def _say_stream_ending(self, known: dict[str, Any], duration: int, failure: dict[str, Any] | None) -> None:
        times = self._times or ChunkTimes()
        measured: dict[str, Any] = {"chunks": times.count, "duration": duration}
        if (gaps := guarded(times.gaps)) is not None:
            measured["gaps"] = gaps
        if "time_to_first_chunk" in known:
            measured["time_to_first_chunk"] = known["time_to_first_chunk"]
        size = guarded(self.size_of) if self.size_of is not None else None
        if size is not None:
            measured["size"] = size
        event, metadata = (STREAM_STOP, dict(known)) if failure is None else (STREAM_EXCEPTION, {**known, **failure})
        self._emit(event, measured, metadata)

    def _say_cost(self, known: dict[str, Any], reply: Response) -> None:
        if self._desk.price is None:
            return
        if self._used_apart is not None and reply.usage == Usage() and not self.identity.mocked:
            known["cost_in_nested_calls"] = True
            return
        cost = self._desk.price(self.operation, self.identity, self.request, reply)
        if reply.deferred_usage is not None and reply.usage == reply.deferred_usage:
            known.update(known_fields(reply.usage))
        if reply.usage.code_sessions is not None:
            known["code_sessions"] = reply.usage.code_sessions
        if isinstance(cost, Cost):
            known["cost_cents"] = cost.total
            if cost.partial is not None:
                known["cost_partial"] = cost.partial
            if self.identity.mocked:
                known["cost_source"] = cost.source
            if bus.has_handlers("ex_llm.cost.calculated"):
                parts = {name: value for name, value in vars(cost).items() if value is not None and name not in ("total", "partial")}
                self._emit("ex_llm.cost.calculated", {"cost": cost.total}, {**known, **parts})
            self._say_threshold(known, cost.total)
        elif cost is not None:
            known["cost_unknown_reason"] = cost
            self._emit("ex_llm.cost.unknown", {}, {**known, "reason": cost})

    def _say_threshold(self, known: dict[str, Any], cost: float) -> None:
        threshold = self._desk.cost_threshold_cents
        if threshold is not None and cost > threshold:
            exceeded = {**known, "exceeded_by": cost - threshold, "scope": "call"}
            self._emit("ex_llm.cost.threshold_exceeded", {"cost": cost, "threshold": threshold}, exceeded)

    def _say_content(self, known: dict[str, Any], reply: Response, error: BaseException | None) -> None:
        whole = contents.together(self.request, reply)
        if error is None and known.get("stream_end") in (None, COMPLETE) and OPERATIONS[self.operation].inference:
            contents.report_lost(self.dialect, reply)
        whole.exception_message = None if error is None else self._message(error)
        self._emit(CONTENT, {}, {**known, "content": whole})

    def _message(self, error: BaseException) -> str:
        message = str(error)[:LONGEST_STREAM]
        return message if self.secrets is None else secrets.without(message, self.secrets())

    def used_apart(self, usage: Usage) -> None:
        """Record the usage of a nested call that is recorded and counted separately."""
        if usage != Usage():
            self._used_apart = total((self._used_apart or Usage(), usage))

    def merge_nested(self, inner: Call, reply: Response) -> None:
        """Add the usage of a nested call of the same inference, and its missing metadata."""
        self._used_inside = total((self._used_inside or Usage(), reply.usage))
        for name, value in {**inner.known, **known_fields(reply)}.items():
            if name in ("server_address", "server_port", "response_id", "response_model", "request_id"):
                self.known.setdefault(name, value)


def _server(identity: Destination) -> dict[str, Any]:
    return {"server_address": short(identity.address or ""), "server_port": identity.port}


def _barely(error: BaseException) -> dict[str, Any]:
    """Describe a failure by the name of its exception class only."""
    return {"kind": "other", "reason": short(type(error).__name__), "error_type": short(type(error).__name__)}
