"""Find every function of an SDK that sends requests, by reading its source.

Nothing of the SDK is imported or executed. A function sends requests if it names a sender: a verb of the generated
resources (``self._post``), a method of an HTTP client or session, the common request function of an SDK, or the
``connect`` of a WebSocket. ``asking`` returns them with their routes, if the source contains these. For an SDK that
calls many providers in different ways, ``offered`` returns its public functions instead. ``unaccounted`` returns those
that are neither instrumented nor in a list of exceptions.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from opentelemetry.instrumentation.llm.calls.declaration import Routes, Sdk

_VERBS = frozenset({"_get", "_post", "_put", "_patch", "_delete", "_get_api_list"})
_LOWEST = frozenset({
    "do_request", "do_request_async", "async_request", "request_streamed", "async_request_streamed", "_request", "_request_raw", "_inner_post",
    "_make_api_call", "urlopen", "ws_connect", "_post_with_retry", "_async_post_with_retry", "_stream_with_retry", "_async_stream_with_retry",
})  # fmt: skip
_OF_CLIENTS = frozenset({
    "get", "post", "put", "patch", "delete", "get_api_list", "request", "stream", "send",
    "generate_content", "stream_generate_content", "count_tokens", "compute_tokens", "predict", "predict_async",
})  # fmt: skip
_SENDERS = re.compile(r"(^|[._])(http_?x?2?_?client|client|_?session|get_session|requests|httpx2?|transport|_endpoint)$")
_THROUGH = re.compile(r"\b(_raw_client|_?pipeline)$")
_STUBS = re.compile(r"(^|[._])stub$")
_SOCKETS = re.compile(r"\bwebsockets?\b|\bws_connect\b")
_HINTS = re.compile("|".join((*_VERBS, *_LOWEST, "client", "session", "requests", "httpx", "pipeline", "stub", "super", "websockets")))
_METHODS = {"_get_api_list": "get", "get_api_list": "get"}
_DECORATOR = "@client"
_LEFT_OUT = frozenset({"types", "tests", "examples", "_vendor"})


@dataclass(frozen=True)
class Ask:
    """One place that sends a request: the sender, and the route (empty if unknown)."""

    text: str
    method: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Asking:
    """A function of an SDK that sends requests: its place and its routes."""

    module: str
    name: str
    file: str
    lines: range
    asks: tuple[Ask, ...]

    @property
    def id(self) -> str:
        return f"{self.module}:{self.name}"


def sources(package: str) -> Iterator[tuple[str, Path]]:
    """Yield name and file of every module of a package, in all of its directories."""
    spec = importlib.util.find_spec(package)
    for place in () if spec is None else spec.submodule_search_locations or ():
        for path in sorted(Path(place).rglob("*.py")):
            parts = path.relative_to(place).with_suffix("").parts
            if not _LEFT_OUT.intersection(parts[:-1]):
                yield ".".join((package, *(part for part in parts if part != "__init__"))), path


def asking(package: str) -> list[Asking]:
    """Return every function of a package that asks the network."""
    return [one for module, path in sources(package) for one in read(module, path.read_text(encoding="utf-8"), str(path))]


def read(module: str, source: str, file: str = "") -> list[Asking]:
    """Return the request functions in the source of one module."""
    if not _HINTS.search(source):
        return []
    functions = []
    for name, node in _functions(ast.parse(source), ""):
        asks = tuple(ask for ask in _asks(node) if ask is not None)
        if asks:
            functions.append(Asking(module, name, file, range(node.lineno, (node.end_lineno or node.lineno) + 1), asks))
    return functions


def offered(package: str) -> list[Asking]:
    """Return the public functions of LiteLLM.

    These are the functions with its decorator ``client``, and the exports of its modules ``main``.
    """
    return [one for module, path in sources(package) for one in offers(module, path.read_text(encoding="utf-8"), str(path))]


def offers(module: str, source: str, file: str = "") -> list[Asking]:
    """Return the public functions of one module."""
    exports = module.rpartition(".")[2] == "main"
    if not (exports or _DECORATOR in source):
        return []
    functions = _functions(ast.parse(source), "")
    return [
        Asking(module, name, file, range(node.lineno, (node.end_lineno or node.lineno) + 1), (Ask("its provider", "", ()),))
        for name, node in functions
        if (exports and not name.startswith("_") and "." not in name) or any(_is_decorator(each) for each in node.decorator_list)
    ]


def _is_decorator(decorator: ast.expr) -> bool:
    return f"@{ast.unparse(decorator).partition('(')[0]}" == _DECORATOR


def functions_of(module: str, source: str) -> list[str]:
    """Name every function and method of a module's source."""
    return [f"{module}:{name}" for name, _ in _functions(ast.parse(source), "")]


def _functions(node: ast.AST, within: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield outermost functions and methods. Inner functions are part of them."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield within + child.name, child
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{within}{child.name}.")
        elif isinstance(child, (ast.If, ast.Try, ast.With)):
            yield from _functions(child, within)


def _asks(function: ast.AST) -> Iterator[Ask | None]:
    around = {id(call.func): call for call in ast.walk(function) if isinstance(call, ast.Call)}
    partial = {id(call.args[0]): call for call in around.values() if call.args and ast.unparse(call.func).endswith("partial")}
    socket = any(isinstance(n, ast.ImportFrom) and n.module and _SOCKETS.search(n.module) for n in ast.walk(function))
    for node in ast.walk(function):
        if isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Load):
            call, inside = around.get(id(node)), partial.get(id(node))
            given = call.args if call is not None else inside.args[1:] if inside is not None else []
            yield _ask(node, given, called=call is not None or inside is not None, socket=socket)


def _ask(node: ast.Attribute | ast.Name, given: list[ast.expr], called: bool, socket: bool) -> Ask | None:
    name = node.attr if isinstance(node, ast.Attribute) else node.id
    receiver = ast.unparse(node.value).partition("(")[0] if isinstance(node, ast.Attribute) else ""
    if name in _VERBS and receiver:
        return Ask(ast.unparse(node), _METHODS.get(name, name.lstrip("_")), _paths(given[:1]))
    if called and name == "connect" and (socket or _SOCKETS.search(receiver)):
        return Ask(ast.unparse(node), "connect", ())
    if called and (name in _LOWEST or _THROUGH.search(receiver) or _STUBS.search(receiver) or (receiver, name) == ("super", "call")):
        method, *_ = [a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str) and a.value.isupper()] or [""]
        return Ask(ast.unparse(node), method, _paths(given))
    if called and name in _OF_CLIENTS and _SENDERS.search(receiver) and not (name == "get" and _is_mapping(given)):
        return Ask(ast.unparse(node), _METHODS.get(name, name), _paths(given[:1]))
    return None


def _is_mapping(given: list[ast.expr]) -> bool:
    """Return True if ``x.get(...)`` is a lookup: the argument is no path and no URL."""
    first = given[0] if given else None
    return isinstance(first, ast.Constant) and not str(first.value).startswith(("/", "http"))


def _paths(given: list[ast.expr]) -> tuple[str, ...]:
    """Return every path in the arguments; a part that is computed is ``*``."""
    texts = []
    for argument in given:
        formatted = [node for node in ast.walk(argument) if isinstance(node, ast.JoinedStr)]
        inside = {id(part) for text in formatted for part in ast.walk(text)}
        texts += ["".join(str(p.value) if isinstance(p, ast.Constant) else "*" for p in text.values) for text in formatted]
        plain = [n for n in ast.walk(argument) if isinstance(n, ast.Constant) and id(n) not in inside]
        texts += [re.sub(r"\{[^}]*\}", "*", n.value) for n in plain if isinstance(n.value, str)]
    return tuple(text for text in texts if text.startswith(("/", "http")))


def watched(asking: Asking, provider: Sdk, routes: Routes) -> bool:
    """Return True if a function is instrumented, or each of its routes is."""
    if any(point.target.partition("@")[0] == asking.id for point in provider.points):
        return True
    return all(ask.paths and all(routes.find(ask.method, path) is not None for path in ask.paths) for ask in asking.asks)


def listed(id: str, reasons: Mapping[str, str]) -> str | None:
    """Return the key of a function in the lists: its name, or that of its sync form."""
    forms = (id, id.removesuffix("_async"))
    return next((key for key in reasons if any(fnmatchcase(form, key) for form in forms)), None)


def unaccounted(functions: Iterable[Asking], providers: Iterable[Sdk], reasons: Mapping[str, str]) -> list[str]:
    """Return the request functions that are not instrumented and not in a list."""
    pairs = [(provider, Routes([p for p in provider.points if p.route is not None])) for provider in providers]
    return [
        f"{asking.id} asks {', '.join(dict.fromkeys(' '.join((ask.method, *ask.paths)).strip() or ask.text for ask in asking.asks))}"
        for asking in functions
        if listed(asking.id, reasons) is None and not any(watched(asking, provider, routes) for provider, routes in pairs)
    ]
