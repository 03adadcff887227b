"""Name who has put something at a place of an SDK: by the module of a wrapper, or of what replaced the function."""

from __future__ import annotations

import re
from typing import Any

import wrapt

OUR_MODULES = __package__.rpartition(".")[0]


def wrapper_module(value: Any) -> str | None:
    """Return the module of the function that a wrapt wrapper of another calls; ``None`` for ours and for other objects."""
    if not issubclass(type(value), wrapt.FunctionWrapper):
        return None
    wrapper = value._self_wrapper
    module = getattr(getattr(wrapper, "func", wrapper), "__module__", None) or ""
    return None if not module or module.startswith(OUR_MODULES) else module


def distribution_of(module: str) -> str:
    """Return the module name of the distribution that a module is of, as far as names show it.

    >>> distribution_of("opentelemetry.instrumentation.openai_v2.patch")
    'opentelemetry_instrumentation_openai'
    """
    parts = module.split(".")
    return re.sub(r"_v\d+$", "", "_".join(parts[:3]) if parts[0] in ("opentelemetry", "openinference") else parts[0])


def who(value: Any) -> str:
    """Return a name for what stands at a place, for people."""
    if value is None:
        return "nothing"
    module = wrapper_module(value)
    if module is None:
        function = getattr(value, "__func__", value)
        return f"the function of {getattr(function, '__module__', None) or 'an unknown module'}"
    return f"a wrapper of {module}"
