"""Names of exception classes in events, spans and metrics."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

from .bounds import short


def error_type(error: BaseException) -> str:
    """Return the name under which users import the class of an exception.

    The text of the exception is not included.

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
    """Return True if a block ended intentionally.

    Its generator was closed, or the program exits successfully.
    """
    return isinstance(error, GeneratorExit) or (isinstance(error, SystemExit) and error.code in (None, 0))
