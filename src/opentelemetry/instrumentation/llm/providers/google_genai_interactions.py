"""Instrument the interactions of google-genai.

They are requested through generated code; that of the releases before 2 belongs to the family of ``_generated``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..calls.declaration import Destination, PatchPoint, Sdk
from ..calls.result import raw_responses
from ..calls.streams.inner_iterator import rewrapped
from ..dialects import Arguments, Dialect
from ..dialects.google.interactions import decisions, fetched_interaction, interactions
from ..extraction.paths import as_str, get_path
from ..wrapper import Patch, driven
from ._endpoint import destination
from ._generated import generated

_GEMINI, _VERTEX = "gcp.gemini", "gcp.vertex_ai"
_OPERATIONS: Mapping[str, tuple[str, str, Dialect]] = {
    "POST /interactions": ("Interactions.create", "generate_content", interactions),
    "POST /agents": ("Interactions.create", "invoke_agent", interactions),
    "GET /interactions": ("Interactions.get", "fetch_response", fetched_interaction),
    "POST /decisions": ("Decisions.create", "generate_content", decisions),
}


def read(instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
    """Read the body of a request that has named fields, or is one object."""
    if args or "id" in kwargs:
        return Arguments({"id": args[0] if args else None, **kwargs}, path="/interactions", method="GET")
    whole = get_path(kwargs.get("request"), ("body",))
    body = kwargs if whole is None else whole if isinstance(whole, Mapping) else dict(whole)
    extra = kwargs.get("extra_body")
    named = {**body, **extra} if isinstance(extra, Mapping) else body
    path = "/decisions" if "questions" in named else "/agents" if as_str(named.get("agent")) else "/interactions"
    return Arguments(named, path=path, streaming=named.get("stream") is True)


def identify(instance: Any, arguments: Arguments) -> Destination:
    """Return which of the two APIs a client uses, and its address."""
    about = instance.sdk_configuration
    return destination(about.get_server_details()[0], _VERTEX if "/projects/" in str(about.globals.api_version) else _GEMINI)


def _identify_before_2(instance: Any, arguments: Arguments) -> Destination:
    return destination(str(instance._base_url), _VERTEX if getattr(instance, "_is_vertex", False) else _GEMINI)


_RESPONSES, _ERRORS = "google.genai._gaos.utils.response_helpers", "google.genai._gaos.lib.compat_errors"
_stream_of_other_generator = driven(lambda original: rewrapped("generator"))

GOOGLE_GENAI_INTERACTIONS = Sdk(
    name="google_genai_interactions",
    requires="google-genai >= 2.9",
    points=tuple(
        PatchPoint(f"google.genai._gaos.google_genai:{kind}GeminiNextGen{method}", operation, dialect, route, stream_in="generator")
        for route, (method, operation, dialect) in _OPERATIONS.items()
        for kind in ("", "Async")
    ),
    read=read,
    releases={"*GeminiNextGenDecisions.*": "google-genai >= 3.2"},
    identify=identify,
    patches=(
        *raw_responses("google-genai >= 2.9", (f"{_RESPONSES}:_{kind}APIResponseBase._parse" for kind in ("", "Async")), "generator"),
        *(Patch("google-genai", f"{_ERRORS}:wrap_{kind}stream_errors", _stream_of_other_generator) for kind in ("", "async_")),
    ),
)
GOOGLE_GENAI_INTERACTIONS_BEFORE_2 = replace(
    generated(
        "google_genai_interactions_before_2",
        "google-genai >= 1.55, < 2.9",
        "google.genai._interactions",
        {
            "POST /interactions": ("generate_content", interactions),
            "GET /interactions/*": ("fetch_response", fetched_interaction),
        },
    ),
    identify=_identify_before_2,
)
