"""Make any function of the package raise while a call runs.

The functions are found by profiling and by walking objects, not from a list.
"""

from __future__ import annotations

import gc
import inspect
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, FrameType, FunctionType, MethodType
from typing import Any, TypeVar

from opentelemetry.instrumentation import llm
from opentelemetry.instrumentation.llm import guard

_PACKAGE = str(Path(llm.__file__).parent)
_R = TypeVar("_R")
_CACHED = type(cache(len))
_GUARD = (guard.guarded.__code__, guard._report_failure.__code__, guard.step_name.__code__, guard._place.__code__)


class Planted(RuntimeError):
    """Stand for a mistake of ours."""


def ours(code: CodeType) -> bool:
    """Return True if the code is of a function of the package."""
    return code.co_filename.startswith(_PACKAGE) and code.co_name != "<module>"


def named(code: CodeType) -> str:
    """Name a function by its file and its place there."""
    place = Path(code.co_filename).relative_to(_PACKAGE).as_posix()
    return f"{place}:{getattr(code, 'co_qualname', None) or _places(code.co_filename)[code.co_firstlineno, code.co_name]}"


@cache
def _places(file: str) -> dict[tuple[int, str], str]:
    """Return the qualified names of a file's functions, which Python 3.10 code lacks."""
    return dict(_within(compile(Path(file).read_text(encoding="utf-8"), file, "exec"), ""))


def _within(outer: CodeType, before: str) -> Iterator[tuple[tuple[int, str], str]]:
    for code in (constant for constant in outer.co_consts if isinstance(constant, CodeType)):
        place = before + code.co_name
        yield (code.co_firstlineno, code.co_name), place
        yield from _within(code, f"{place}.<locals>." if code.co_flags & inspect.CO_OPTIMIZED else f"{place}.")


Way = tuple[CodeType, ...]
"""Call path to a function: frames of the package, outermost first."""


def _way(frame: FrameType | None) -> Way:
    found = []
    while frame is not None:
        if ours(frame.f_code) and frame.f_code not in _GUARD:
            found.append(frame.f_code)
        frame = frame.f_back
    return tuple(reversed(found))


def ways_run(step: Callable[[], _R]) -> tuple[_R, dict[Way, None]]:
    """Run a step; return the call paths to package functions of this thread."""
    seen: dict[Way, None] = {}

    def notice(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and ours(frame.f_code) and frame.f_code not in _GUARD:
            seen[_way(frame)] = None

    sys.setprofile(notice)
    try:
        return step(), seen
    finally:
        sys.setprofile(None)


Functions = dict[CodeType, list[FunctionType]]


def functions_by_code() -> Functions:
    """Find every existing function object of the package, with methods and closures."""
    gc.unfreeze()
    found: Functions = {}
    for item in gc.get_objects():
        if type(item) is FunctionType and ours(item.__code__):
            found.setdefault(item.__code__, []).append(item)
    return found


@contextmanager
def raising_always(code: CodeType, functions: Functions) -> Iterator[None]:
    """Make a function raise at every call, unless it is created anew each time."""
    held = functions.get(code, [])
    planted.happened = False
    other = _raiser(len(code.co_freevars))
    for function in held:
        function.__code__ = other
    try:
        yield
    finally:
        for function in held:
            function.__code__ = code


@contextmanager
def raising_once(way: Way) -> Iterator[None]:
    """Make a function raise at its next call on this call path only."""
    planted.happened = False

    def plant(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code is way[-1] and _way(frame) == way:
            planted.happened = True
            # An exception of a profile function is raised by the function that begins, and profiling ends.
            raise Planted

    sys.setprofile(plant)
    try:
        yield
    finally:
        sys.setprofile(None)


class _Plan:
    """Whether the planted mistake has happened."""

    happened = False

    def happen(self) -> None:
        """Make the mistake."""
        self.happened = True
        raise Planted


planted = _Plan()


@cache
def _raiser(held: int) -> CodeType:
    """Make raising code with as many free variables as the code that it replaces."""
    names = [f"held_{i}" for i in range(held)]
    lines = [
        f"def outer({', '.join(names)}):",
        "    def planted(*args, **kwargs):",
        "        from harness.faults.injection import planted as plan",
        "        plan.happen()",
        f"        return ({', '.join(names)},)" if names else "        return None",
        "    return planted",
    ]
    made: dict[str, Any] = {}
    exec("\n".join(lines), made)
    code: CodeType = made["outer"](*names).__code__
    return code


def forget_what_is_known() -> None:
    """Clear every cache of the package, so that cached values are computed again."""
    for cached in _caches():
        cached.cache_clear()


@cache
def _caches() -> list[Any]:
    gc.unfreeze()
    # isinstance() would trigger imports in SDKs that load modules on first access.
    found = [item for item in gc.get_objects() if type(item) is _CACHED]
    return [item for item in found if isinstance(inner := item.__wrapped__, (FunctionType, MethodType)) and ours(inner.__code__)]


class Listening(logging.Handler):
    """Listen for a log line of the package that reports the fault."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.reported: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep lines that name the planted mistake."""
        line = record.getMessage()
        if Planted.__name__ in line or (record.exc_info and record.exc_info[0] is Planted):
            self.reported.append(f"{record.levelname} {line}")


@contextmanager
def listening() -> Iterator[Listening]:
    """Listen to the package's loggers while the block runs."""
    logger, handler = logging.getLogger("opentelemetry.instrumentation.llm"), Listening()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    # Handlers that store records keep frames alive, and with them objects of the application.
    logger.propagate = False
    try:
        yield handler
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        logger.propagate = True
