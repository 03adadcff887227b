"""Resolve a patch target to its owner, its name and its current object."""

from __future__ import annotations

import inspect
from types import CellType, FunctionType, ModuleType
from typing import Any

from ..wrapper import Wrapper


def standing(owner: object, name: str) -> Any:
    """Return the current attribute of a class, module or cell, without descriptors."""
    return getattr(owner, name, None) if isinstance(owner, CellType) else vars(owner).get(name)


def find(module: ModuleType, path: str) -> tuple[Any, str, Any] | None:
    """Return owner, name and raw attribute of a method or function in a module.

    After ``@`` follows the closure variable in which a decorator keeps the decorated function. That function is then
    returned.
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


def _decorated(function: object, variable: str) -> tuple[Any, str, Any] | None:
    cell = cell_of(function, variable)
    # The same function may be an attribute of two modules.
    return None if cell is None or isinstance(cell.cell_contents, Wrapper) else (cell, "cell_contents", cell.cell_contents)


def cell_of(function: Any, variable: str) -> CellType | None:
    """Return the cell of ``variable`` in a decorated function or its inner functions."""
    while function is not None:
        names = function.__code__.co_freevars if isinstance(function, FunctionType) else ()
        if variable in names:
            cell: CellType = function.__closure__[names.index(variable)]
            return cell
        function = getattr(function, "__wrapped__", None)
    return None


def innermost(function: Any) -> Any:
    """Return the function inside decorators and wrappers."""
    return inspect.unwrap(getattr(function, "__func__", function))


def is_coroutine_function(function: object) -> bool:
    """Return True if the function inside decorators is a coroutine function."""
    return inspect.iscoroutinefunction(innermost(function))
