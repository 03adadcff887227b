"""Collect the credentials of a client, to remove them from error messages.

They are collected only if contents are captured and a call has failed. They are dropped as soon as the message has been
changed. No function is called and no property is read, because a property of a client may request a new token.
"""

from __future__ import annotations

import re
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FunctionType, MethodType, ModuleType
from typing import Any
from urllib.parse import quote, quote_plus, unquote

CREDENTIAL = "[credential]"
_SHORTEST = 6
_DEEPEST, _MOST = 6, 3000
"""Maximum depth and number of values that are inspected. Clients refer to
connection pools, which are large.
"""
_NAMES = re.compile(
    r"(?i)api[_\-]?key|passw|secret|private[_\-]?key"
    r"|(?:^|[_\-])(?:keys?|tokens?|credentials?|authorization|cookie|bearer|signature|userinfo|query|params)(?:_value|_auth)?$"
)
_NOT_OF_A_CLIENT = frozenset(
    {"json_data", "extra_json", "body", "messages", "input", "contents", "content", "prompt", "files", "data", "tools"}
)
_NO_CLIENTS = (type, FunctionType, MethodType, ModuleType)
_USERINFO = re.compile(r"://([^/@\s]{1,512})@")
_QUERY = re.compile(r"[?&][^=&\s]{1,128}=([^&\s#]{6,4096})")

Values = Callable[[], set[str]]


def of(instance: object, passed: Mapping[str, object]) -> Values:
    """Return a function that collects the credentials of a client and its arguments.

    The function does not keep ``instance`` alive.
    """
    options = {name: value for name, value in passed.items() if name not in _NOT_OF_A_CLIENT}
    try:
        held: Callable[[], Any] = weakref.ref(instance)
    except TypeError:
        at_once = _collected((options,))
        return lambda: at_once
    return lambda: _collected((held(), options))


def without(text: str, values: Iterable[str]) -> str:
    """Return ``text`` without the values, in plain and in URL-encoded form.

    >>> without("no host https://me:p%40ssword@h", {"p@ssword"})
    'no host https://me:[credential]@h'
    """
    spelled = {form for value in values for form in (value, quote(value, safe=""), quote_plus(value))}
    for form in sorted(spelled, key=len, reverse=True):
        text = text.replace(form, CREDENTIAL)
    return text


def _collected(roots: Iterable[object]) -> set[str]:
    found: set[str] = set()
    waiting: deque[tuple[Any, bool, int]] = deque((root, False, 0) for root in roots)
    met: set[int] = set()
    for _ in range(_MOST):
        if not waiting:
            break
        value, secret, depth = waiting.popleft()
        if isinstance(value, (str, bytes)):
            found |= _of_a_text(value.decode("latin-1") if isinstance(value, bytes) else str(value), secret)
        elif depth < _DEEPEST and id(value) not in met:
            met.add(id(value))
            waiting.extend((inner, named, depth + 1) for inner, named in _inside(value, secret))
    return found


def _of_a_text(text: str, secret: bool) -> set[str]:
    parts = [text, *text.split()[1:2]] if secret and len(text.split()) <= 2 else []
    if secret and "=" in text:
        parts += [pair.partition("=")[2] for pair in text.split("&")]
    if "://" in text[:32]:
        userinfo = _USERINFO.search(text)
        parts += [*(userinfo[1].split(":", 1) if userinfo else ()), *_QUERY.findall(text)]
    return {form for part in parts for form in (part, unquote(part)) if len(form) >= _SHORTEST}


def _inside(value: object, secret: bool) -> Iterator[tuple[Any, bool]]:
    """Yield the values inside a value, and whether each has the name of a secret."""
    if isinstance(value, (list, tuple, set, frozenset)):
        names = getattr(value, "_fields", ())
        first = value[0] if isinstance(value, tuple) and value else None
        named = secret or (isinstance(first, (str, bytes)) and not names and _is_secret(first))
        for place, inner in zip(range(100), value, strict=False):
            yield inner, named or (place < len(names) and _is_secret(names[place]))
        return
    held = value if isinstance(value, dict) else getattr(value, "__dict__", None)
    if isinstance(held, dict) and not isinstance(value, _NO_CLIENTS):
        for name, inner in list(held.items())[:300]:
            if isinstance(name, (str, bytes)) and name not in _NOT_OF_A_CLIENT:
                yield inner, _is_secret(name) or (secret and isinstance(value, dict) and isinstance(inner, (list, tuple)))


def _is_secret(name: str | bytes) -> bool:
    return _NAMES.search(name.decode("latin-1") if isinstance(name, bytes) else name) is not None
