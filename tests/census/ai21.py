"""Functions of ai21 that send requests and are not observed."""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

_MANAGED = "manages resources at the provider"
_BELOW = "below create, which is observed"

NOT_WATCHED = {
    **UNOBSERVED["ai21"],
    "ai21.clients.studio.resources.studio_library:*": _MANAGED,
    "ai21.clients.studio.resources.batch.*": _MANAGED,
    "ai21.http_client.*": _BELOW,
    "ai21.clients.studio.resources.studio_resource:*": _BELOW,
}
