"""Test the annotations: few parameters are ``Any``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import opentelemetry.instrumentation.llm as package

SOURCE = Path(package.__file__).parent
MOST = 0.25
"""Largest share of annotated parameters: objects of SDKs, and unknown functions."""


def annotations(source: str) -> Iterator[ast.expr]:
    """Yield the annotation of each parameter."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            given = node.args
            for parameter in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg):
                if parameter is not None and parameter.annotation is not None:
                    yield parameter.annotation


def share_of_any(sources: list[str]) -> float:
    """Return the share of annotated parameters that hold ``Any``.

    >>> share_of_any(["def f(a: int, b: dict[str, Any]): ..."])
    0.5
    """
    found = [
        any(isinstance(part, ast.Name) and part.id == "Any" for part in ast.walk(kind)) for text in sources for kind in annotations(text)
    ]
    return sum(found) / len(found)


def test_few_parameters_hold_any() -> None:
    assert share_of_any([path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")]) < MOST


def test_any_is_found_inside_an_annotation() -> None:
    assert share_of_any(["def f(a: int, *b: list[Any], **c: object): ...", "async def g(d: Any): ..."]) == 0.5
