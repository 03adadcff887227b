"""How classes of exceptions are named in events, spans and metrics."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

from .bounds import short


def error_type(error: BaseException) -> str:
    """Name the class of an exception as users import it; nothing of the exception's text.

    >>> error_type(ValueError("secret"))
    'ValueError'
    """
    kind: Any = type(error)
    return _named(kind)


@lru_cache(maxsize=512)
def _named(kind: Any) -> str:
    root = str(kind.__module__).partition(".")[0]
    if root == "builtins":
        return short(kind.__qualname__)
    exported = vars(sys.modules[root]).get(kind.__name__) if root in sys.modules else None
    return short(f"{root if exported is kind else kind.__module__}.{kind.__qualname__}")


def is_no_failure(error: BaseException) -> bool:
    """Return whether a block was left on purpose: its generator was closed, or the program exits with success."""
    return isinstance(error, GeneratorExit) or (isinstance(error, SystemExit) and error.code in (None, 0))
