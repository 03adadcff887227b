"""Find what a target names: the owner, the name and the object that stands there now."""

from __future__ import annotations

import inspect
from types import CellType, FunctionType, ModuleType
from typing import Any

from ..wrapper import Wrapper


def standing(owner: Any, name: str) -> Any:
    """Return what stands at a place now: raw, as a class or a module holds it, or in a cell."""
    return getattr(owner, name, None) if isinstance(owner, CellType) else vars(owner).get(name)


def find(module: ModuleType, path: str) -> tuple[Any, str, Any] | None:
    """Return owner, name and the raw attribute of ``Class.method`` or ``function`` in a module.

    After an ``@`` stands the variable in which the function's decorator keeps what it decorates: that is found then.
    """
    owner: Any = module
    path, _, variable = path.partition("@")
    *parents, name = path.split(".")
    for parent in parents:
        owner = vars(owner).get(parent)
        if owner is None:
            return None
    original = vars(owner).get(name)
    if variable:
        return _decorated(original, variable)
    return None if original is None else (owner, name, original)


def _decorated(function: Any, variable: str) -> tuple[Any, str, Any] | None:
    cell = cell_of(function, variable)
    # The same function may stand in two modules.
    return None if cell is None or isinstance(cell.cell_contents, Wrapper) else (cell, "cell_contents", cell.cell_contents)


def cell_of(function: Any, variable: str) -> CellType | None:
    """Return the cell of ``variable`` in a function that is decorated, or in what that decorates."""
    while function is not None:
        names = function.__code__.co_freevars if isinstance(function, FunctionType) else ()
        if variable in names:
            cell: CellType = function.__closure__[names.index(variable)]
            return cell
        function = getattr(function, "__wrapped__", None)
    return None


def innermost(function: Any) -> Any:
    """Return the function behind decorators and wrappers."""
    return inspect.unwrap(getattr(function, "__func__", function))


def is_coroutine_function(function: Any) -> bool:
    """Return whether the function behind decorators and wrappers is a coroutine function."""
    return inspect.iscoroutinefunction(innermost(function))
