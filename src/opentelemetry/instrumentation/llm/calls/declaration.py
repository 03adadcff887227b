"""Describe SDKs as data: an ``Sdk``, and a ``PatchPoint`` for each operation.

The files in ``providers`` contain this data. The patching code and the generated tables of the documentation read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, NamedTuple

from ..dialects import Arguments, Dialect
from ..wrapper import Patch

ResultHandler = Callable[[Any, Any], bool]
"""Handle a result that completes after the function has returned. Takes (call,
result); returns True if it took over the result.
"""


class Destination(NamedTuple):
    """The destination of a call: provider name, host and port.

    The provider has the name of the semantic conventions. A model that runs in this process has no host and port.
    """

    provider: str
    address: str | None = None
    port: int | None = None
    in_process: bool = False
    mocked: bool = False
    """Whether the application supplied the response itself, so that no provider is
    called.
    """


@dataclass(frozen=True, slots=True)
class PatchPoint:
    """One operation of an SDK.

    ``target`` is ``"module:Class.method"`` or ``"module:function"``. ``"module:function@variable"`` patches the function that a
    decorator keeps in that closure variable, so that all references to the decorated function are observed.
    ``route`` distinguishes several operations of one function. It is a method and the end of a path (``"POST
    /chat/completions"``). ``*`` matches an id: the last part, the last but one, or both as in ``/*/runs/*``.
    ``stream_in`` is the attribute of the SDK's stream object that holds the inner iterator. ``open`` handles a result that
    completes after the function has returned (see ``streams``).
    ``names`` are the parameters of the function that can be passed by position.
    """

    target: str
    operation: str
    dialect: Dialect
    route: str | None = None
    stream_in: str | None = None
    open: ResultHandler | None = None
    names: tuple[str, ...] = ()
    recorded_if_batch: Callable[[Any], Any] | None = None
    """If set, a call is recorded only if its response contains results of a batch,
    because the function also fetches other files. Takes the instance; returns the
    client, which ``identify`` receives.
    """


Read = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], Arguments]


@dataclass(frozen=True, slots=True)
class Sdk:
    """An SDK as data.

    ``read`` converts a call of any patch point to ``Arguments``. ``identify`` returns the destination of a client instance.
    ``patches`` are further functions through which responses pass, such as those that parse a raw response. ``native`` replaces
    the places where the SDK creates its own spans. ``native_kept`` applies instead if the setting ``native_telemetry`` keeps
    these spans.
    """

    name: str
    requires: str
    points: tuple[PatchPoint, ...]
    read: Read
    identify: Callable[[Any, Arguments], Destination]
    patches: tuple[Patch, ...] = ()
    native: tuple[Patch, ...] = ()
    native_kept: tuple[Patch, ...] = ()
    releases: Mapping[str, str] = field(default_factory=dict)
    """Requirements by target pattern, for targets that only some supported releases
    have. The first match is used.
    """

    def required(self, target: str) -> str:
        """Return the requirement that a release has to meet to have ``target``."""
        return next((needed for pattern, needed in self.releases.items() if fnmatchcase(target, pattern)), self.requires)

    @property
    def distribution(self) -> str:
        """The name of the SDK's distribution."""
        return self.requires.split()[0]


def _endings(parts: list[str]) -> Iterator[list[str]]:
    """Yield the possible routes of a path, with ids as its last or earlier parts."""
    yield parts
    yield [*parts[:-1], "*"]
    if len(parts) > 2:
        yield [*parts[:-2], "*", parts[-1]]
    if len(parts) > 3:
        yield [*parts[:-3], "*", parts[-2], "*"]


class Routes:
    """Find the patch point of a request by its method and path.

    >>> point = PatchPoint("m:C.request", "chat", None, "POST /chat/completions")  # type: ignore[arg-type]
    >>> Routes([point]).find("post", "/openai/deployments/d/chat/completions?api-version=1") is point
    True
    >>> run = PatchPoint("m:C.request", "fetch_response", None, "GET /threads/*/runs/*")  # type: ignore[arg-type]
    >>> Routes([run]).find("get", "/threads/t/runs/r") is run, Routes([run]).find("get", "/evals/e/runs/r")
    (True, None)
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
            for ending in _endings(suffix):
                if (point := self._by_route.get((method.upper(), *ending))) is not None:
                    return point
        return self._everything
