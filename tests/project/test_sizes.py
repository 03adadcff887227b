"""Test sizes: long modules, long functions and wide classes are listed."""

from __future__ import annotations

import ast
from pathlib import Path

import opentelemetry.instrumentation.llm as package

SOURCE = Path(package.__file__).parent
MODULE, FUNCTION, CLASS = 300, 50, 20
"""Most lines of a module and of a function, most attributes of a class."""
MODULES = {
    "bus.py": "attach, detach, execute and span share one routing table, which is replaced as a whole",
    "calls/call.py": "one call from start to its end; stream, attempts and events of it are parts of one state",
    "calls/streams/inner_iterator.py": "loops for plain and asynchronous iterators twice: a shared loop would cost a frame for each chunk",
    "context.py": "the only module that reads and changes the context of OpenTelemetry",
    "handlers/cutting.py": "one rule for each structure that a content can have",
    "handlers/spans.py": "one handler: start, events and end of a span share its record",
    "schema/records.py": "the fields of four records, each with its meaning",
    "schema/semconv.py": "the only table of attribute names",
    "settings.py": "one row for each setting, and the readers of their values",
}
FUNCTIONS = {
    "caches/mapping.py:_over": "makes a class whose methods share one state",
    "calls/call.py:__init__": "sets every attribute of a call once; a helper would cost a frame for each call",
    "calls/streams/class_iterator.py:step": "a plain and an asynchronous wrapper over the same variables",
    "dialects/openai/chat_completions.py:absorb": "runs for each chunk; a helper would cost a frame for each chunk",
}
CLASSES = {
    "calls/call.py:Call": "the state of a call, read by transports, streams and costs",
    "doctor/facts.py:Facts": "a record: one field for each fact of a report",
    "schema/records.py:Request": "a record: one field for each parameter of the conventions",
    "schema/records.py:Response": "a record: one field for each value of a response",
    "schema/records.py:Usage": "a record: one field for each billed unit",
    "settings.py:Settings": "a record: one field for each setting",
    "steps/run.py:Run": "the state of a step, as Call is that of a call",
}


def trees() -> dict[str, ast.Module]:
    """Return each module of the package, parsed, by its path."""
    return {path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py"))}


def long_functions(name: str, tree: ast.Module) -> set[str]:
    """Return the functions with more lines than ``FUNCTION``."""
    functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return {f"{name}:{node.name}" for node in functions if (node.end_lineno or 0) - node.lineno >= FUNCTION}


def attributes(kind: ast.ClassDef) -> set[str]:
    """Return the fields of a class, and the attributes that its methods set."""
    fields = {node.target.id for node in kind.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)}
    stored = (node for node in ast.walk(kind) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
    return fields | {node.attr for node in stored if isinstance(node.value, ast.Name) and node.value.id == "self"}


def wide_classes(name: str, tree: ast.Module) -> set[str]:
    """Return the classes with more attributes than ``CLASS``."""
    return {f"{name}:{node.name}" for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and len(attributes(node)) > CLASS}


def test_long_modules_have_a_reason() -> None:
    lengths = {name: len((SOURCE / name).read_text(encoding="utf-8").splitlines()) for name in trees()}
    assert {name for name, length in lengths.items() if length > MODULE} <= set(MODULES)


def test_long_functions_have_a_reason() -> None:
    assert {found for name, tree in trees().items() for found in long_functions(name, tree)} <= set(FUNCTIONS)


def test_wide_classes_have_a_reason() -> None:
    assert {found for name, tree in trees().items() for found in wide_classes(name, tree)} <= set(CLASSES)


def test_a_long_function_and_a_wide_class_are_found() -> None:
    long = ast.parse("def f():\n" + "    pass\n" * FUNCTION)
    wide = ast.parse("class C:\n" + "".join(f"    a{n}: int\n" for n in range(CLASS)) + "    def __init__(self):\n        self.b = 1\n")
    assert (long_functions("m", long), wide_classes("m", wide)) == ({"m:f"}, {"m:C"})
