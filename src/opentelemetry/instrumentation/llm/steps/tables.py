"""Describe a framework as data: a ``Step`` is one function, a ``Pair`` is two.

Modules of ``frameworks`` write these tables; the engine and the documentation read them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from ..schema.records import Content

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Facts(NamedTuple):
    """The known values of a step before it runs; ``None`` is not emitted.

    ``name`` is the name of the agent, tool, workflow or data source. ``operation`` replaces the operation of the
    table. ``key`` identifies the instance for the rule of the same run if the function's own instance does not.
    ``native`` marks a step for which the framework makes a span itself; ``remote`` a step that runs on a server;
    ``silent`` a step that emits no event and only passes its conversation to nested steps; ``merged`` a step that
    only adds its attributes to the span of the outer step. ``replaces_native``: our span replaces the framework's, if
    the setting allows it. ``inside``: the context in which the step begins,
    if not the current one. ``carrier`` holds the trace of a caller in another process; ``describe`` adds metadata of
    an exception. ``more`` is further metadata.
    """

    name: str | None = None
    operation: str | None = None
    description: str | None = None
    call_id: str | None = None
    conversation_id: str | None = None
    agent_id: str | None = None
    top_k: int | None = None
    key: Any = None
    native: bool = False
    remote: bool = False
    silent: bool = False
    merged: bool = False
    inside: Any = None
    replaces_native: bool = False
    carrier: Mapping[str, str] | None = None
    describe: Callable[[BaseException], Mapping[str, Any]] | None = None
    more: Mapping[str, Any] = _NOTHING


class Result(NamedTuple):
    """The end of a step that returned: an error in the result, or an outcome."""

    outcome: str = "complete"
    error_type: str | None = None
    documents: int | None = None
    more: Mapping[str, Any] = _NOTHING


Read = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], Facts | None]
"""Read the values of a call from instance and arguments; ``None``: not a run."""
ReadContent = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], Content | None]


@dataclass(frozen=True, slots=True)
class Step:
    """One function that encloses a run.

    ``target`` is written as in ``PatchPoint``. ``result`` reads from the returned value how the run ended;
    ``content`` and ``output`` read input and output, and are only called where contents are captured.
    """

    target: str
    operation: str
    read: Read
    result: Callable[[Any], Result] | None = None
    content: ReadContent | None = None
    output: Callable[[Any], Content | None] | None = None
    arguments: Callable[[Any, tuple[Any, ...], Mapping[str, Any]], tuple[tuple[Any, ...], Mapping[str, Any]]] | None = None
    """Replacement of the arguments, computed inside the run, to send a trace."""
    messages: Callable[[Any, Any], None] | None = None
    """Read a message that the run yields into its ``ReportedRun``."""
    reports: bool = False
    """Whether the run has a ``ReportedRun`` for steps that no function encloses."""
    task: str | None = None
    """Attribute of the result that holds the task in which the run continues."""
    optional: bool = False
    """Whether only some releases have the target; it is then not reported as missing."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two methods of one object that begin and end a run which no function encloses.

    ``result`` reads the end from the object. ``notice`` sees every object at its end, also those that are no run.
    """

    begin: str
    end: str
    operation: str
    read: Read
    result: Callable[[Any], Result] | None = None
    notice: Callable[[Any], None] | None = None


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework as data.

    ``patches`` are further functions to wrap, by target and driver. ``silenced`` suppress spans of the framework, if
    the setting allows it: their drivers are made with a function that returns whether a module's package is
    instrumented.
    """

    name: str
    requires: str
    steps: tuple[Step, ...] = ()
    pairs: tuple[Pair, ...] = ()
    patches: tuple[tuple[str, Callable[[Any], Callable[..., Any]]], ...] = ()
    silenced: tuple[tuple[str, Callable[[Callable[[str], bool]], Callable[..., Any]]], ...] = ()

    @property
    def distribution(self) -> str:
        """The name of the framework's distribution."""
        return self.requires.split()[0]
