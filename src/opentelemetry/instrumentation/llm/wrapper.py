"""Describe a patch, and provide the wrapper that patches put in place.

The wrapper is a ``wrapt`` wrapper that copies and pickles as functions do.
"""

from __future__ import annotations

import copy
import importlib
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import wrapt

Driver = Callable[..., Any]
"""Called with the wrapped function, its instance, and its positional and named
arguments, as wrapt does.
"""

# wrapt's own annotations differ between its releases.
_Function: Any = wrapt.FunctionWrapper
_Bound: Any = wrapt.BoundFunctionWrapper


def _found(module: str, name: str) -> Any:
    """Return the object with this name, where a pickle is read."""
    return attrgetter(name)(importlib.import_module(module))


def _stands(module: str, name: str, wrapped: object) -> bool:
    """Return whether the wrapped function is found under its own name."""
    try:
        found = _found(module, name)
    except (ImportError, AttributeError):
        return False
    return isinstance(found, _Copied) and bool(found.__wrapped__ == wrapped)  # type: ignore[attr-defined]


class _Copied:
    """Return itself as its copy, and pickle by name.

    If pickle does not find the object by its name, it refuses it as it refuses a function.
    """

    # Without this the class would have a ``__dict__`` of its own, which hides the function's from ``functools.wraps``.
    __slots__ = ()

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: object) -> Any:
        return self

    def __reduce__(self) -> Any:
        return self.__reduce_ex__(2)

    def __reduce_ex__(self, protocol: Any) -> Any:
        module, name, wrapped = self.__module__, self.__qualname__, self.__wrapped__  # type: ignore[attr-defined]
        if not _stands(module, name, wrapped):
            pickle.dumps(wrapped, protocol)
        return _found, (module, name)


class BoundWrapper(_Copied, _Bound):  # type: ignore[misc]
    """An instrumented function that is bound to its instance or class.

    A copy is bound to the same instance, a deep copy to a copy of the instance.
    """

    def __copy__(self) -> Any:
        return self._self_of(lambda owner: owner)

    def __deepcopy__(self, memo: Any) -> Any:
        return self._self_of(lambda owner: copy.deepcopy(owner, memo))

    def _self_of(self, copied: Callable[[Any], Any]) -> Any:
        owner = getattr(self.__wrapped__, "__self__", None)
        return self if owner is None else getattr(copied(owner), self.__name__)

    def __reduce_ex__(self, protocol: object) -> Any:
        instance = self._self_instance
        return super().__reduce_ex__(protocol) if instance is None else (getattr, (instance, self.__name__))


class Wrapper(_Copied, _Function):  # type: ignore[misc]
    """An instrumented function; calls, copies and pickles are those of the original."""

    __bound_function_wrapper__ = BoundWrapper


@dataclass(frozen=True, slots=True)
class Patch:
    """One function, or other object, of a library that is replaced.

    ``requires`` is the distribution, with a version specifier if a release without the target shall be reported.
    ``target`` is written as in ``PatchPoint``. ``wrap`` returns the replacement of the original. An ``optional`` target
    exists in some releases only and is never reported as missing.
    """

    requires: str
    target: str
    wrap: Callable[[Any], Any]
    optional: bool = True


def driven(driver_of: Callable[[Any], Driver]) -> Callable[[Any], Any]:
    """Make ``Patch.wrap`` from a function that returns the driver of an original."""
    return lambda original: Wrapper(original, driver_of(original))
