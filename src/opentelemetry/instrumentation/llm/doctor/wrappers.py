"""Identify the package that wrapped or replaced a function of an SDK."""

from __future__ import annotations

import re
from typing import Any

import wrapt

OUR_MODULES = __package__.rpartition(".")[0]


def wrapper_module(value: Any) -> str | None:
    """Return the module of the function that a wrapt wrapper calls.

    ``None`` for our own wrappers and for other objects.
    """
    if not issubclass(type(value), wrapt.FunctionWrapper):
        return None
    wrapper = value._self_wrapper
    module = getattr(getattr(wrapper, "func", wrapper), "__module__", None) or ""
    return None if not module or module.startswith(OUR_MODULES) else module


def distribution_of(module: str) -> str:
    """Return the module name of the distribution that contains a module.

    >>> distribution_of("opentelemetry.instrumentation.openai_v2.patch")
    'opentelemetry_instrumentation_openai'
    """
    parts = module.split(".")
    return re.sub(r"_v\d+$", "", "_".join(parts[:3]) if parts[0] in ("opentelemetry", "openinference") else parts[0])


def who(value: object) -> str:
    """Return a display name for the wrapper or replacement of a function."""
    if value is None:
        return "nothing"
    module = wrapper_module(value)
    if module is None:
        function = getattr(value, "__func__", value)
        return f"the function of {getattr(function, '__module__', None) or 'an unknown module'}"
    return f"a wrapper of {module}"
