"""Make any function of the package raise while a call runs: found by running and by walking, never from a list kept by hand."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, FrameType, FunctionType, MethodType
from typing import Any, TypeVar

from opentelemetry.instrumentation import llm

_PACKAGE = str(Path(llm.__file__).parent)
_R = TypeVar("_R")
_CACHED = type(cache(len))


class Planted(RuntimeError):
    """Stand for a mistake of ours."""


def ours(code: CodeType) -> bool:
    """Say whether code belongs to the package; its module and class bodies do not count."""
    return code.co_filename.startswith(_PACKAGE) and code.co_name != "<module>"


def named(code: CodeType) -> str:
    """Name a function by its file and its place there."""
    place = Path(code.co_filename).relative_to(_PACKAGE).as_posix()
    return f"{place}:{getattr(code, 'co_qualname', code.co_name)}"


def functions_run(step: Callable[[], _R]) -> tuple[_R, dict[CodeType, None]]:
    """Run a step and return, in the order of their first call, the functions of the package that ran in this thread."""
    seen: dict[CodeType, None] = {}

    def notice(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code not in seen and ours(frame.f_code):
            seen[frame.f_code] = None

    sys.setprofile(notice)
    try:
        return step(), seen
    finally:
        sys.setprofile(None)


Functions = dict[CodeType, list[FunctionType]]


def functions_by_code() -> Functions:
    """Find every function object of the package that exists now, methods and closures among them."""
    gc.unfreeze()
    found: Functions = {}
    for item in gc.get_objects():
        if type(item) is FunctionType and ours(item.__code__):
            found.setdefault(item.__code__, []).append(item)
    return found


@contextmanager
def raising(code: CodeType, functions: Functions, always: bool) -> Iterator[None]:
    """Let a function raise when it is called next, or whenever it is called."""
    held = functions.get(code, [])
    planted.happened = False
    if held:
        with _replaced(code, held, always):
            yield
    else:
        with _profiled(code):
            yield


@contextmanager
def _replaced(code: CodeType, functions: list[FunctionType], always: bool) -> Iterator[None]:
    def restore() -> None:
        for function in functions:
            function.__code__ = code

    planted.restore = restore if not always else lambda: None
    other = _raiser(len(code.co_freevars))
    for function in functions:
        function.__code__ = other
    try:
        yield
    finally:
        restore()


@contextmanager
def _profiled(code: CodeType) -> Iterator[None]:
    """Reach what has no function object yet: comprehensions, and functions within functions."""

    def plant(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code is code:
            planted.happened = True
            # What a profile function raises is raised by the function that begins, and ends the profiling.
            raise Planted

    sys.setprofile(plant)
    try:
        yield
    finally:
        sys.setprofile(None)


class _Plan:
    """What is to be done when the planted mistake happens, and whether it has."""

    restore: Callable[[], None]
    happened = False

    def happen(self) -> None:
        """Make the mistake."""
        self.happened = True
        self.restore()
        raise Planted


planted = _Plan()


@cache
def _raiser(held: int) -> CodeType:
    """Make code that raises and closes over as many names as the code that it replaces."""
    names = [f"held_{i}" for i in range(held)]
    lines = [
        f"def outer({', '.join(names)}):",
        "    def planted(*args, **kwargs):",
        "        from harness.faults import planted as plan",
        "        plan.happen()",
        f"        return ({', '.join(names)},)" if names else "        return None",
        "    return planted",
    ]
    made: dict[str, Any] = {}
    exec("\n".join(lines), made)
    code: CodeType = made["outer"](*names).__code__
    return code


def forget_what_is_known() -> None:
    """Empty every cache of the package, so that what is worked out once is worked out again."""
    gc.unfreeze()
    for item in gc.get_objects():
        if isinstance(item, _CACHED) and isinstance(inner := item.__wrapped__, (FunctionType, MethodType)) and ours(inner.__code__):
            item.cache_clear()


class Listening(logging.Handler):
    """Hear whether a fault was told in a log line of ours."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep lines that name the planted mistake."""
        line = record.getMessage()
        if Planted.__name__ in line or (record.exc_info and record.exc_info[0] is Planted):
            self.told.append(f"{record.levelname} {line}")


@contextmanager
def listening() -> Iterator[Listening]:
    """Listen to the package's loggers while the block runs."""
    logger, handler = logging.getLogger("opentelemetry.instrumentation.llm"), Listening()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    # Handlers that keep records keep frames alive by them, and what applications hold there.
    logger.propagate = False
    try:
        yield handler
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        logger.propagate = True
