"""Describe objects and exceptions, so that two processes can compare them."""

from __future__ import annotations

import dataclasses
import re
import sys
from functools import lru_cache
from typing import Any

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
_DEPTH = 3
_LEFT_BY_COPIES = frozenset({"__slotnames__"})
"""Attributes that Python adds to a class when an instance is copied first."""
_MOMENTS = frozenset({"rpc_start_time", "rpc_end_time"})
_PLAIN = (str, int, float, bool, bytes, type(None))


def named(kind: type) -> str:
    """Name a class with its module."""
    return f"{kind.__module__}.{kind.__qualname__}"


def shown(value: Any) -> str:
    """Return the ``repr`` of a value without addresses in memory."""
    return _ADDRESS.sub("0x", repr(value))


def described(value: Any, depth: int = _DEPTH) -> Any:
    """Describe a value: its class and all that can be read of it."""
    if isinstance(value, _PLAIN):
        return shown(value)
    if isinstance(value, (list, tuple)) and depth:
        return [named(type(value)), *(described(item, depth - 1) for item in value)]
    if isinstance(value, dict) and depth:
        return {shown(key): described(item, depth - 1) for key, item in value.items()}
    recorded = shown(value)
    # The fields of a protobuf message have a different order in each process.
    if (type(value).__repr__ is object.__repr__ or dataclasses.is_dataclass(value)) and depth:
        inner = {name: described(item, depth - 1) for name, item in _public(value).items()}
        return [named(type(value)), inner]
    return [named(type(value)), recorded]


def _public(value: Any) -> dict[str, Any]:
    return {name: item for name, item in getattr(value, "__dict__", {}).items() if not name.startswith("_") and name not in _MOMENTS}


def described_exception(error: BaseException | None, depth: int = 8) -> Any:
    """Describe an exception: its arguments, public attributes, cause and context."""
    if error is None or not depth:
        return None
    return {
        "type": named(type(error)),
        "args": described(error.args),
        "text": shown(str(error)),
        "attributes": {name: shown(value) for name, value in _public(error).items()},
        "cause": described_exception(error.__cause__, depth - 1),
        "context": described_exception(error.__context__, depth - 1),
        "suppressed": error.__suppress_context__,
    }


@lru_cache(maxsize=64)
def _public_classes(root: str, loaded: int) -> tuple[type, ...]:
    modules = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == root and module is not None]
    # Asking isinstance() instead would wake the lazy stand-ins that some SDKs keep in their modules.
    found = {
        item for module in modules for name, item in list(vars(module).items()) if issubclass(type(item), type) and not name.startswith("_")
    }
    return tuple(sorted(found, key=named))


_known: dict[tuple[type, type, str], list[str]] = {}


def instance_of(value: Any, root: str) -> list[str]:
    """List the loaded public classes of package ``root`` that ``value`` has."""
    key = (type(value), value.__class__, root)
    if key not in _known:
        _known[key] = [named(kind) for kind in _public_classes(root, len(sys.modules)) if _is(value, kind)]
    return _known[key]


def _is(value: Any, kind: type) -> bool:
    try:
        return isinstance(value, kind)
    except TypeError:  # a protocol that does not answer the question
        return False


def surface(value: Any, root: str) -> dict[str, Any]:
    """Describe an object by its class, its base classes and its directory."""
    known = instance_of(value, root)
    return {
        "type": named(type(value)),
        "class": named(value.__class__),
        "instance of": known,
        "dir": sorted({*dir(value)} - _LEFT_BY_COPIES),
    }
