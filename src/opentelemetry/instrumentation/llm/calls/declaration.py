"""What is watched: a ``Sdk`` is an SDK as data, a ``PatchPoint`` one of its operations.

Providers' files write them; patching and the documentation's tables read them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from ..dialects import Arguments, Dialect

ResultHandler = Callable[[Any, Any], bool]
"""See an answer through that is still open: called with the call and the result, says whether there is one."""


class Destination(NamedTuple):
    """Who is called: the provider's name in the conventions' words, and the server, which a model in the process itself does not have."""

    provider: str
    address: str | None = None
    port: int | None = None
    in_process: bool = False
    mocked: bool = False
    """Whether the application gave the answer itself: nobody is asked."""


@dataclass(frozen=True, slots=True)
class PatchPoint:
    """One operation of an SDK.

    ``target`` is ``"module:Class.method"``, ``"module:function"``, or ``"module:function@variable"`` for the function that
    a decorator keeps in that variable of its own: all who have the decorated one are seen then. Where several operations pass one function,
    ``route`` says which of them this is: a suffix of the path, after the method (``"POST /chat/completions"``); a last
    part ``*`` stands for an id. ``stream_in`` names the attribute of the SDK's stream that holds its inner iterator;
    ``open`` is how an answer is seen through whose end is not its return (``bodies``, ``stepped``); ``names`` are those of the
    function's parameters that may be passed by position.
    """

    target: str
    operation: str
    dialect: Dialect
    route: str | None = None
    stream_in: str | None = None
    open: ResultHandler | None = None
    names: tuple[str, ...] = ()


class ExtraPatch(NamedTuple):
    """A function that is watched because answers pass it: ``driver`` says what stands around it, from what stood there."""

    target: str
    driver: Callable[[Any], Callable[..., Any]]


class NativeTelemetry(NamedTuple):
    """A place where an SDK makes spans of its own: ``silent`` gives what stands there instead, from what stood there."""

    target: str
    silent: Callable[[Any], Any]


Read = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], Arguments]


@dataclass(frozen=True, slots=True)
class Sdk:
    """An SDK as data.

    ``read`` turns a call of any of its points into ``Arguments``; ``identify`` says who the instance talks to;
    ``raw_answers`` are the functions through which an answer that was kept raw is parsed; ``beside`` are those through which
    answers pass later; ``native`` is where the SDK makes spans of its own, which ours replace.
    """

    name: str
    requires: str
    points: tuple[PatchPoint, ...]
    read: Read
    identify: Callable[[Any, Arguments], Destination]
    raw_responses: tuple[str, ...] = ()
    extra_patches: tuple[ExtraPatch, ...] = ()
    native: tuple[NativeTelemetry, ...] = ()

    @property
    def distribution(self) -> str:
        """The name of the SDK's distribution."""
        return self.requires.split()[0]


class Routes:
    """Find the point that a request belongs to, by its method and path.

    >>> point = PatchPoint("m:C.request", "chat", None, "POST /chat/completions")  # type: ignore[arg-type]
    >>> Routes([point]).find("post", "/openai/deployments/d/chat/completions?api-version=1") is point
    True
    """

    def __init__(self, points: list[PatchPoint]) -> None:
        self._everything = next((p for p in points if p.route is None), None)
        self._by_route: dict[tuple[str, ...], PatchPoint] = {}
        for point in points:
            if point.route is not None:
                method, _, path = point.route.partition(" ")
                route = (method, *path.strip("/").split("/"))
                self._by_route[route] = point
        self._longest = max((len(route) - 1 for route in self._by_route), default=0)
        self.find = lru_cache(maxsize=1024)(self._find)

    def _find(self, method: str, path: str) -> PatchPoint | None:
        if not self._by_route:
            return self._everything
        parts = path.partition("?")[0].strip("/").split("/")
        for length in range(min(self._longest, len(parts)), 0, -1):
            suffix = parts[-length:]
            for ending in (suffix, [*suffix[:-1], "*"]):
                if (point := self._by_route.get((method.upper(), *ending))) is not None:
                    return point
        return self._everything
