"""Describe a framework as data: a ``Step`` is a function that encloses one run, a ``Pair`` its begin and its end.

Files of ``frameworks`` write these tables; the engine and the documentation read them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from ..schema.records import Content

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Facts(NamedTuple):
    """State what is known of a step before it runs; an unknown field is ``None`` and reaches no event.

    ``name`` is that of the agent, tool, workflow or data source. ``operation`` replaces the one of the table. ``key``
    identifies the instance for the rule of the same run where the function's own instance does not. ``native`` marks a
    step for which the framework makes a span itself; ``remote`` one that runs on a server; ``silent`` one that emits no event
    and only hands its conversation to the steps inside; ``merged`` one that only adds its attributes to the span of the step around
    it. ``replaces_native``: the framework's own span gives way to ours, where the setting says so. ``carrier`` holds the trace of
    a caller in another process; ``describe`` adds to what is known of an exception. ``more`` is further metadata.
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
    replaces_native: bool = False
    carrier: Mapping[str, str] | None = None
    describe: Callable[[BaseException], Mapping[str, Any]] | None = None
    more: Mapping[str, Any] = _NOTHING


class Result(NamedTuple):
    """State how a step ended that returned: an error that the result carries, or an outcome other than complete."""

    outcome: str = "complete"
    error_type: str | None = None
    documents: int | None = None
    more: Mapping[str, Any] = _NOTHING


Read = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], Facts | None]
"""Read the facts of a call from instance and arguments; ``None``: this call is no run."""
ReadContent = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], Content | None]


@dataclass(frozen=True, slots=True)
class Step:
    """One function that encloses a run.

    ``target`` is written as in ``PatchPoint``. ``result`` reads how the run ended from what the function returned; ``content``
    and ``output`` read what went in and what came out, and are only called where contents are captured.
    """

    target: str
    operation: str
    read: Read
    result: Callable[[Any], Result] | None = None
    content: ReadContent | None = None
    output: Callable[[Any], Content | None] | None = None
    arguments: Callable[[Any, tuple[Any, ...], Mapping[str, Any]], tuple[tuple[Any, ...], Mapping[str, Any]]] | None = None
    """What the function is called with instead, decided inside the run; for requests that carry the trace."""
    task: str | None = None
    """The attribute of the result that holds the task in which the run goes on, where it does."""
    optional: bool = False
    """Whether only some releases have the target, so that it is not reported as missing."""


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

    ``patches`` are further functions to wrap, by target and driver; ``silenced`` are those that make spans of the framework
    give way, where the setting says so: their drivers are made with a function that returns whether something of the
    package of a module is instrumented.
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
