"""Record agents, tools, workflows and retrievals that users mark in their code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .. import bus, capture, context
from ..calls.running import ActiveCall
from ..calls.streams.finalize import call_collected
from ..calls.wrap import EnabledFlag
from ..guard import guarded
from ..schema.records import Content
from .contents import documents, input_message, output_message, plain
from .engine import Observed, StepServices, observed
from .outcomes import COMPLETE, OUTCOMES
from .tables import Facts, Result, Step

_F = TypeVar("_F", bound=Callable[..., Any])
_desk = StepServices()
_ON = EnabledFlag(on=True)
FRAMEWORK = "by_hand"


def use(desk: StepServices | None) -> None:
    """Set the services of steps by hand; ``None`` restores the defaults."""
    global _desk
    _desk = StepServices() if desk is None else desk


class _Current:
    """Return the current services, for functions decorated before ``instrument()``."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_desk, name)


class Handle:
    """Values that the block of a step may set; ``None`` is not emitted.

    ``input`` is the question, the arguments or the query. ``output`` is the result: the text of an agent, the value of a
    tool, the documents of a retrieval. Both are recorded only where contents are captured; the number of documents is
    always recorded. ``outcome`` is one of complete, interrupted, handed_off, retry, deferred, skipped, closed_early,
    abandoned, cancelled; ``error_type`` marks a failure without an exception.
    """

    __slots__ = ("error_type", "input", "outcome", "output")

    def __init__(self) -> None:
        self.input: Any = None
        self.output: Any = None
        self.outcome = COMPLETE
        self.error_type: str | None = None


class _ByHand:
    """A step as ``with``, ``async with`` or decorator."""

    __slots__ = ("_declared", "_open", "_operation")

    def __init__(self, operation: str, declared: Facts) -> None:
        if not isinstance(declared.name, str) or not declared.name:
            raise TypeError(f"the name of a step is a text that is not empty, not {declared.name!r}")
        self._operation, self._declared = operation, declared
        self._open: list[tuple[ActiveCall, Handle]] = []

    def __enter__(self) -> Handle:
        active, handle = ActiveCall(), Handle()
        try:
            self._open.append((active, handle))
            guarded(self._begin, active)
            return handle
        except BaseException as error:
            guarded(active.abort, error)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            self._end(error)
        except BaseException as interruption:
            guarded(self._abort, interruption)
            raise

    def __del__(self) -> None:
        # ``__exit__`` was interrupted before its first line. The block is over, because nothing refers to this object.
        for active, _ in getattr(self, "_open", ()):
            guarded(_abandon, active)

    async def __aenter__(self) -> Handle:
        return self.__enter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: _F) -> _F:
        step = Step(
            "",
            self._operation,
            lambda instance, args, kwargs: self._declared._replace(key=bus.new_ref()),
            lambda value: self._result(_with(value))[0],
            lambda instance, args, kwargs: self._content({"args": args, **kwargs} if args else kwargs),
            lambda value: self._result(_with(value))[1],
        )
        return observed(function, FRAMEWORK, step, _Current(), _ON)  # type: ignore[no-any-return, arg-type]

    def _begin(self, active: ActiveCall) -> None:
        step = Step("", self._operation, lambda instance, args, kwargs: self._declared._replace(key=bus.new_ref()))
        Observed(FRAMEWORK, step, _desk, _ON).begin(None, (), {}, active)

    def _mine(self) -> tuple[ActiveCall, Handle]:
        # Tasks and threads may share one object: each ends the run that it began.
        run = context.running_step()
        return next((entry for entry in self._open if entry[0].call is not None and entry[0].call is run), self._open[-1])

    def _end(self, error: BaseException | None) -> None:
        active, handle = entry = self._mine()
        run = active.call
        if run is not None:
            if error is not None:
                guarded(run.on_error, error, rescue=run.abort)
            else:
                guarded(run.finished, *guarded(self._result, handle, default=(Result(), None)), rescue=run.abort)
            context.leave(active.entered)
        self._open.remove(entry)

    def _abort(self, error: BaseException) -> None:
        if self._open:
            entry = self._mine()
            entry[0].abort(error)
            self._open.remove(entry)

    def _content(self, arguments: object) -> Content | None:
        if self._operation == "execute_tool":
            return Content(tool_arguments=plain(arguments))
        if self._operation == "retrieval":
            return Content(query=str(arguments))
        return Content(input_messages=input_message(arguments)) if arguments else None

    def _result(self, handle: Handle) -> tuple[Result, Content | None]:
        value, outcome = handle.output, handle.outcome if handle.outcome in OUTCOMES else COMPLETE
        count = len(value) if self._operation == "retrieval" and isinstance(value, (list, tuple)) else None
        return Result(outcome, handle.error_type, count), self._contents(handle) if capture.wanted(_desk.captures_content) else None

    def _contents(self, handle: Handle) -> Content | None:
        made = _output(self._operation, handle.output)
        given = None if handle.input is None else self._content(handle.input)
        for name in () if given is None else ("input_messages", "tool_arguments", "query"):
            if (value := getattr(given, name)) is not None:
                made = made or Content()
                setattr(made, name, value)
        return made


def _abandon(active: ActiveCall) -> None:
    if active.call is not None:
        call_collected(active.call)
        if context.running_step() is active.call:  # Otherwise an outer block has already restored its context.
            active.leave()


def _with(value: object) -> Handle:
    handle = Handle()
    handle.output = value
    return handle


def _output(operation: str, value: object) -> Content | None:
    if value is None:
        return None
    if operation == "execute_tool":
        return Content(tool_result=plain(value))
    if operation == "retrieval":
        return Content(documents=documents(value)) if isinstance(value, (list, tuple)) else None
    return Content(output_messages=output_message(value))


class with_agent(_ByHand):
    """Record the block or each call of the function as one run of an agent.

    ``name`` is that of the agent; ``conversation_id`` and ``description`` are optional. Model calls inside count for this
    agent, those of an agent inside it for that one. The block gets a ``Handle``; the exception is never changed.

    >>> with with_agent("planner", conversation_id="c-1") as run:
    ...     run.output = "done"
    """

    __slots__ = ()

    def __init__(self, name: str, *, conversation_id: str | None = None, description: str | None = None) -> None:
        super().__init__("invoke_agent", Facts(name, conversation_id=conversation_id, description=description))


class with_workflow(_ByHand):
    """Record the block or each call as a workflow; see ``with_agent``."""

    __slots__ = ()

    def __init__(self, name: str, *, conversation_id: str | None = None, description: str | None = None) -> None:
        super().__init__("invoke_workflow", Facts(name, conversation_id=conversation_id, description=description))


class with_tool(_ByHand):
    """Record the block or each call of the function as a tool execution.

    See ``with_agent``. ``call_id`` is the id that the model gave to the call. Arguments and result of a decorated
    function are contents.

    >>> @with_tool("get_weather")
    ... def weather(city: str) -> str:
    ...     return "sunny"
    >>> weather("Recife")
    'sunny'
    """

    __slots__ = ()

    def __init__(self, name: str, *, call_id: str | None = None, description: str | None = None) -> None:
        super().__init__("execute_tool", Facts(name, call_id=call_id, description=description))


class with_retrieval(_ByHand):
    """Record the block or each call of the function as a retrieval from ``source``.

    See ``with_agent``. The ``output`` of the block, or the result of the function, is a list of documents.
    """

    __slots__ = ()

    def __init__(self, source: str, *, top_k: int | None = None) -> None:
        super().__init__("retrieval", Facts(source, top_k=top_k))
