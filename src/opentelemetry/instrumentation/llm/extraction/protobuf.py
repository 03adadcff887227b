"""Messages of protocol buffers as plain dictionaries: what is set in them, enums by name, floats as they were written."""

from __future__ import annotations

from typing import Any

_FLOAT = 2
"""The number that a field of 32 bits has for its type, wherever protocol buffers are."""


def rounded(value: Any) -> Any:
    """Say a float of 32 bits as it was written.

    >>> rounded(0.20000000298023224)
    0.2
    """
    return float(f"{value:.7g}") if isinstance(value, float) else value


def plain(message: Any, closed: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return what a message, or what stands around one, has set; messages in ``closed`` fields stay as they are."""
    message = getattr(message, "_pb", message)
    shown: dict[str, Any] = {}
    if hasattr(message, "ListFields"):
        for field, value in message.ListFields():
            name = field.name.rstrip("_")
            shown[name] = value if name in closed else _value(field, value, closed)
    return shown


def _value(field: Any, value: Any, closed: frozenset[str]) -> Any:
    if hasattr(value, "DESCRIPTOR"):
        return _loose(value) if value.DESCRIPTOR.full_name.startswith("google.protobuf.") else plain(value, closed)
    if hasattr(value, "items"):
        return {key: _value(field, one, closed) for key, one in value.items()}
    if not isinstance(value, (str, bytes, int, float)):
        return [_value(field, one, closed) for one in value]
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return value if known is None else known.name
    return rounded(value) if field.type == _FLOAT else value


def _loose(value: Any) -> Any:
    """Show a structure that stands for JSON."""
    if not hasattr(value, "DESCRIPTOR"):
        return value
    if hasattr(value, "keys"):
        return {key: _loose(one) for key, one in value.items()}
    return [_loose(one) for one in value] if hasattr(value, "__getitem__") else str(value)
