"""Decide whether an HTTP request inside a call is an attempt of the call.

Token providers, tools, guardrails, callbacks and look-ups of models send requests in the context of a call, too.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from ..context import RunningCall
from ..extraction.urls import port_of

_BESIDE = re.compile(
    r"(?:^|/)(?:oauth2?|tokens?|authorize|auth|login|sts|introspect|userinfo)(?:/v[\d.]+)?/?(?:token|access_token)?/?\Z", re.IGNORECASE
)
"""Paths that give credentials, on servers that also give models."""
_BESIDE_HOSTS = (
    "login.microsoftonline.com", "oauth2.googleapis.com", "accounts.google.com", "metadata.google.internal", "iamcredentials.googleapis.com",
    "sts.googleapis.com", "169.254.169.254", "169.254.170.2", "iam.cloud.ibm.com", "huggingface.co", "api.github.com", "raw.githubusercontent.com",
)  # fmt: skip
_INFERS = frozenset({"POST", ""})


def is_attempt(call: RunningCall, client: object, method: str, server: SplitResult) -> bool:
    """Return whether the request of ``client`` to ``server`` belongs to ``call``."""
    known = None if call.sends is None else call.sends(client, method, server)
    if known is not None:
        return bool(known)
    identity = call.identity
    host = (server.hostname or "").lower()
    if identity.in_process or _BESIDE.search(server.path):
        return False
    if identity.address is not None:
        return same_server(identity.address, identity.port, server)
    return method.upper() in _INFERS and not host.endswith(_BESIDE_HOSTS) and not host.startswith("sts.")


def same_server(address: str, port: int | None, server: SplitResult) -> bool:
    """Return whether a URL has this host and port."""
    actual = port_of(server) or (443 if server.scheme == "https" else 80)
    return (server.hostname or "").lower() == address.lower() and port in (None, actual)
