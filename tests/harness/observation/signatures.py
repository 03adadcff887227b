"""Describe instrumented functions as tools see them.

The tools are ``inspect``, type checkers, mocks and copies.
"""

from __future__ import annotations

import copy
import functools
import importlib
import inspect
import pickle
import typing
from collections.abc import Callable
from typing import Any
from unittest import mock

from opentelemetry.instrumentation.llm.calls.declaration import Sdk
from opentelemetry.instrumentation.llm.providers import ALL


def provider_of(name: str) -> Sdk:
    """Return the table of a provider."""
    return next(provider for provider in ALL if provider.name == name)


def outcome(step: Callable[..., Any], *arguments: Any) -> str:
    """Return the result of a step, or its class, or the class of its exception."""
    try:
        given = step(*arguments)
        return "itself" if any(given is argument for argument in arguments) else given.__class__.__name__
    except Exception as error:
        return f"raises {type(error).__name__}"


def _answer(step: Callable[..., Any], *arguments: Any) -> str:
    try:
        return str(step(*arguments))
    except Exception as error:
        return f"raises {type(error).__name__}"


def outsides(name: str) -> dict[str, Any]:
    """Describe every patched function of a provider, with or without instrumentation."""
    provider = provider_of(name)
    targets = dict.fromkeys([*(point.target for point in provider.points), *(patch.target for patch in provider.patches)])
    return {target: described for target in targets if (described := _outside(target)) is not None}


def _outside(target: str) -> Any:
    module_name, _, path = target.partition(":")
    try:
        owner: Any = importlib.import_module(module_name)
        *parents, name = path.split(".")
        for parent in parents:
            owner = getattr(owner, parent)
        function = getattr(owner, name)
    except (ImportError, AttributeError):
        return None
    questions = (
        inspect.isfunction,
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
        inspect.isroutine,
    )
    return {
        "answers": {question.__name__: _answer(question, function) for question in questions},
        "signature": _answer(inspect.signature, function),
        "hints": _answer(lambda f: sorted(typing.get_type_hints(f)), function),
        "names": [_answer(getattr, function, attribute) for attribute in ("__name__", "__qualname__", "__module__", "__doc__")],
        "class": function.__class__.__name__,
        "dir of owner": sorted(dir(owner)),
        "autospec": outcome(mock.create_autospec, owner),
        "copies": [outcome(step, function) for step in (copy.copy, copy.deepcopy, pickle.dumps)],
        "wrapped": outcome(lambda f: functools.wraps(f)(lambda: None), function),
        "vars": outcome(vars, function),
        "bound": _bound(owner, name),
        "source": _answer(lambda f: hash(inspect.getsource(f)) is not None, function),
    }


def _bound(owner: Any, name: str) -> Any:
    """Describe the function as it is found on an instance, which nobody had to make."""
    if not isinstance(owner, type) or inspect.isabstract(owner):
        return None
    method = getattr(object.__new__(owner), name)
    questions = (inspect.ismethod, inspect.iscoroutinefunction, inspect.isfunction, inspect.isroutine)
    return {
        "answers": {question.__name__: _answer(question, method) for question in questions},
        "signature": _answer(inspect.signature, method),
        "wrapped": outcome(lambda f: functools.wraps(f)(lambda: None), method),
        "vars": outcome(vars, method),
        "equal": _answer(lambda f: f == f and hash(f) == hash(f) and f != print, method),
        "of": [outcome(getattr, method, attribute) for attribute in ("__self__", "__func__", "__name__", "__qualname__")],
    }
