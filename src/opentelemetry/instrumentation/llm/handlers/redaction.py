"""Remove credentials from texts by their shape.

A prefix alone is not sufficient: ``key-takeaways``, ``pk_customer_orders`` and "bearer certificates" are not secrets. Every
pattern begins where a run of its characters begins and never looks back, so the time is linear in the length of the text.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

CREDENTIAL = "[credential]"
_BEFORE = r"(?<![\w\-])"
_DIGIT, _LETTER, _UPPER, _LOWER = (re.compile(p) for p in ("[0-9]", "[A-Za-z]", "[A-Z]", "[a-z]"))
_RUN = re.compile(r"[A-Za-z0-9]+")


def _mixed(text: str) -> bool:
    return _DIGIT.search(text) is not None and _LETTER.search(text) is not None


def _random(text: str, run: int = 16) -> bool:
    """Return True if a text looks random and not like words.

    It contains a long run of digits and letters without a separator, or has 32 characters with digits and both cases.
    """
    if any(len(part) >= run and _mixed(part) for part in _RUN.findall(text)):
        return True
    return len(text) >= 32 and all(kind.search(text) for kind in (_DIGIT, _UPPER, _LOWER))


def _of_a_provider(body: str) -> bool:
    runs = _RUN.findall(body)
    return "**" in body or any(len(part) >= 16 or (len(part) >= 8 and _DIGIT.search(part)) for part in runs)


def _password_in_basic(body: str) -> bool:
    try:
        return b":" in base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False


def _value_of_a_query(body: str) -> bool:
    return _mixed(body) or len(body) >= 16


def _always(body: str) -> bool:
    return True


class Form(NamedTuple):
    """One form of a credential.

    ``words``: the text contains at least one of them; ``stays``: pattern of the prefix that is kept; ``goes``: pattern of the
    secret; ``shaped``: returns True if the match has the shape of a secret.
    """

    words: tuple[str, ...]
    stays: str
    goes: str
    shaped: Callable[[str], bool]


_KEYS = ("sk-", "xai-", "csk-", "pplx-", "nvapi-", "glpat-", "xapp-", "gocspx-", "sess-", "tgp_v1-")
_SHORT = ("pk", "rk", "sk", "r8", "hf", "fw", "key", "pa", "npm", "pypi", "dop_v1", "api", "co")
_NAMES = ("key", "token", "secret", "credential", "authorization", "cookie")
FORMS = (
    Form(_KEYS, "", rf"{_BEFORE}(?:sk|xai|csk|pplx|nvapi|glpat|xapp|GOCSPX|sess)-[\w\-*]{{8,}}", lambda s: _of_a_provider(s.partition("-")[2])),
    Form(("gsk_",), "", rf"{_BEFORE}gsk_[A-Za-z0-9]{{12,}}", _always),
    Form(("gho_", "ghp_", "ghr_", "ghs_", "ghu_"), "", rf"{_BEFORE}gh[oprsu]_[A-Za-z0-9]{{16,}}", _always),
    Form(("github_pat_", "lsv2_", "tgp_v"), "", rf"{_BEFORE}(?:github_pat|lsv2_[a-z]{{2}}|tgp_v\d)_[\w\-]{{16,}}", _random),
    Form(("xoxa-", "xoxb-", "xoxe-", "xoxp-", "xoxr-", "xoxs-"), "", rf"{_BEFORE}xox[abeprs]-[\w\-]{{8,}}", _mixed),
    Form(
        tuple(word + mark for word in _SHORT for mark in "-_"), "",
        rf"{_BEFORE}(?:{'|'.join(_SHORT)})[\-_][\w\-*]{{16,}}", lambda s: _random(s[3:], 20),
    ),
    Form(("aiza", "akia", "asia"), "", r"(?<![A-Za-z0-9])(?:AIza[\w\-]{20,}|(?:AKIA|ASIA)[A-Z0-9]{12,})", _mixed),
    Form(("absk", "dapi"), "", r"(?<![A-Za-z0-9])(?:ABSK[A-Za-z0-9+/]{40,}={0,2}|dapi[0-9a-f]{32}(?:-\d)?)", _always),
    Form(("eyj",), "", rf"{_BEFORE}eyJ[\w\-]{{10,}}\.[\w\-]+(?:\.[\w\-]*)?", _always),
    Form(("ya29.", "1//0", "aq.", "sg.", "hvs."), "", rf"{_BEFORE}(?:ya29\.|1//0|AQ\.|SG\.|hvs\.)[\w\-.]{{16,}}", _random),
    Form(
        ("private key-----",), "",
        r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:[^\-]|-(?!----))*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?", _always,
    ),
    Form(("bearer",), "", r"(?i:\bbearer)\s{1,4}[\w\-.~+/]{8,}={0,2}", lambda s: _mixed(s.split()[-1])),
    Form(("basic",), r"(?i:\bbasic\s{1,4})", r"[A-Za-z0-9+/]{8,}={0,2}", _password_in_basic),
    Form(("://",), "://", r"[^\s/@:\"'<>\[\]]*:[^\s/@\"'<>\[\]]+(?=@)", _always),
    Form(("://",), "://", r"[\w\-.~%]{16,}(?=@)", _random),
    Form(
        ("sig=", "signature=", "x-amz-", "key="),
        r"(?i:\b(?:sig|signature|x-amz-(?:signature|security-token|credential)|accountkey|sharedaccesskey)=)", r"[\w%+/\-.~]{20,}={0,2}", _mixed,
    ),
    Form(("?", "&"), r"[?&][\w\-.%]{1,64}=", r"[\w%+/\-.~]{16,}={0,2}", _random),
    Form(
        _NAMES,
        r"(?i:(?<![a-z0-9])(?:api[ _\-]?key|key|token|secret|credentials?|authorization|cookie)\b[^\n=:\d]{0,24}[:= ]\s{0,4}[\"'(<]{0,2})",
        r"[\w\-+/.~%*]{16,}={0,2}", _random,
    ),
)  # fmt: skip
"""Credentials in any text."""
FORMS_IN_ERRORS = (
    Form(
        ("password", "passwd", "pwd", "secret"),
        r"(?i:(?<![a-z0-9])(?:password|passwd|pwd|secret)[\"']?\s{0,4}[:=]\s{0,4}[\"']?)", r"[^\s\"',;&()<>\[\]]{6,128}(?![\w(.\[])", _mixed,
    ),
    Form(("provided: ", "token: ", "key: "), r"(?i:\b(?:provided|token|key): )", r"[\w\-*.]{8,}", _of_a_provider),
    Form(
        ("=",), r"(?i:[?&](?:[a-z]{0,16}[_\-]){0,2}(?:key|token|sig|signature|code|secret|password|auth|credential)=)", r"[^\s\"'<>()&#]{6,}",
        _value_of_a_query,
    ),
)  # fmt: skip
"""Credentials in error messages only. In prompts and completions these words
precede too much ordinary text.
"""
_PATTERNS, _IN_ERRORS = (
    tuple((form.words, re.compile(f"({form.stays})({form.goes})"), form.shaped) for form in forms) for forms in (FORMS, FORMS_IN_ERRORS)
)


def without_credentials(text: str) -> str:
    """Return ``text`` without parts that have the shape of a key or token.

    >>> without_credentials("gsk_A1b2C3d4E5f6G7h8 and key-takeaways of pk_customer_orders")
    '[credential] and key-takeaways of pk_customer_orders'
    """
    return redaction_of((text,))(text)


def without_credentials_in_error(text: str) -> str:
    """Return an error message without credentials.

    Providers and HTTP clients repeat parts of the request in error messages.

    >>> without_credentials_in_error("no route to http://me:pass@h/?key=abcdef12 (password: hunter2)")
    'no route to http://[credential]@h/?key=[credential] (password: [credential])'
    """
    return redaction_of((text,), in_error=True)(text)


def redaction_of(texts: Iterable[str], in_error: bool = False) -> Callable[[str], str]:
    """Return a function that removes credentials from each of ``texts``.

    It skips the forms whose words occur in none of the texts.
    """
    lowered = "\n".join(texts).lower()
    patterns = (*_IN_ERRORS, *_PATTERNS) if in_error else _PATTERNS
    chosen = [(pattern, shaped) for words, pattern, shaped in patterns if any(word in lowered for word in words)]

    def redact(text: str) -> str:
        for pattern, shaped in chosen:
            text = pattern.sub(lambda found: found[1] + CREDENTIAL if shaped(found[2]) else found[0], text)  # noqa: B023 - used at once
        return text

    return redact
