"""Convert protocol buffer messages to dictionaries.

Only fields that are set are included. Enums are names; floats have their original decimal form.
"""

from __future__ import annotations

from typing import Any

_FLOAT = 2
"""Type number of 32-bit float fields in protocol buffer descriptors."""


def rounded(value: object) -> Any:
    """Round a 32-bit float to its shortest decimal form.

    >>> rounded(0.20000000298023224)
    0.2
    """
    return float(f"{value:.7g}") if isinstance(value, float) else value


def plain(message: object, closed: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the set fields of a message or of a wrapper.

    Messages in ``closed`` fields are not converted.
    """
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
        return {key: _value(field, item, closed) for key, item in value.items()}
    if not isinstance(value, (str, bytes, int, float)):
        return [_value(field, item, closed) for item in value]
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return value if known is None else known.name
    return rounded(value) if field.type == _FLOAT else value


def _loose(value: Any) -> Any:
    """Convert a structure that represents JSON."""
    if not hasattr(value, "DESCRIPTOR"):
        return value
    if hasattr(value, "keys"):
        return {key: _loose(item) for key, item in value.items()}
    return [_loose(item) for item in value] if hasattr(value, "__getitem__") else str(value)
