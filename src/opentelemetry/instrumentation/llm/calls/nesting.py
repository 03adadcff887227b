"""Decide whether a nested call is the same inference as the running call.

An SDK that wraps another SDK makes one inference. Calls that the application makes inside a call (custom providers,
judges, ensembles, tools) are separate inferences. The same is true if an SDK calls another model or repeats a call.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import TYPE_CHECKING

from ..schema.records import Request, Response, Usage
from .declaration import Destination, PatchPoint

if TYPE_CHECKING:
    from .call import Call

_SCHEDULERS = frozenset({"asyncio", "concurrent", "threading", "anyio", "trio", "uvloop"})
_WRAPPERS = frozenset({"wrapt", "opentelemetry", "functools", "contextlib", "tenacity", "backoff", "sentry_sdk", "ddtrace", "langsmith"})
_DECORATORS = frozenset({"wrapper", "wrapper_async"})


def covering(running: Call, point: PatchPoint, identity: Destination, request: Request) -> tuple[Call | None, Call | None]:
    """Return the running call if the new call is the same inference, else None.

    The second value is the outermost running call if the new call is a separate inference in it.
    """
    if not running.includes(point.operation):
        return None, None
    return (running, None) if _serves(running, point, identity, request) else (None, running.outermost)


def _serves(outer: Call, point: PatchPoint, identity: Destination, request: Request) -> bool:
    inner_root, outer_root = _root(point.target), _root(outer.target)
    caller = _caller(inner_root, inner_root == outer_root)
    if caller is None or caller in _SCHEDULERS:
        return identity.provider == outer.identity.provider and _same_model(outer.request.model, request.model)
    if caller != outer_root or outer.has_absorbed:
        return False
    # A wrapped SDK may use another name for the same model. An SDK that calls itself with another model is a fallback.
    return inner_root != outer_root or _same_model(outer.request.model, request.model)


def _root(target: str) -> str:
    return target.partition(":")[0].partition(".")[0]


def _caller(package: str, recursive: bool) -> str | None:
    """Return the top-level package of the code that calls ``package``.

    If ``recursive``, ``package`` itself can be the caller, but its decorators are skipped.
    """
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        root = _root(frame.f_globals.get("__name__", ""))
        if root not in _WRAPPERS and (root != package or (recursive and frame.f_code.co_name not in _DECORATORS)):
            return root
        frame = frame.f_back
    return None


def _same_model(outer: str | None, inner: str | None) -> bool:
    """Return True if two names are the same model, with or without a provider prefix.

    >>> _same_model("azure/prod-chat", "prod-chat"), _same_model("gpt-4o", "gpt-4o-mini")
    (True, False)
    """
    if outer is None or inner is None:
        return True
    return outer.rpartition("/")[2] == inner.rpartition("/")[2]


def keep_own_usage(reply: Response, absorbed: Usage | None, apart: Usage | None, requests: int) -> None:
    """Reduce the usage in ``reply`` to the part that its own call must count.

    ``absorbed`` is the usage of nested calls of the same inference, and ``apart`` is the usage of separate nested inferences.
    """
    if absorbed is not None and absorbed != Usage():
        if reply.usage == Usage() or (apart is not None and not _agree(reply.usage, absorbed)):
            reply.usage, reply.parts = absorbed, None
    elif apart is not None and not requests:
        # The response combines the results of nested inferences, and each of these is counted where it is recorded.
        reply.usage, reply.parts = Usage(), None


def _agree(used: Usage, absorbed: Usage) -> bool:
    return (used.input_tokens, used.output_tokens) == (absorbed.input_tokens, absorbed.output_tokens)
