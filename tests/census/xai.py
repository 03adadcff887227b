"""Functions of xai-sdk that send requests and are not observed.

Keys cover ``aio`` too.
"""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

_MANAGED = "manages resources at the provider"

NOT_WATCHED = {
    **UNOBSERVED["xai-sdk"],
    "xai_sdk.*.chat:Chat.defer*": "calls another function that is observed",
    "xai_sdk.*.chat:Client.delete_stored_completion": _MANAGED,
    "xai_sdk.*.files:*": _MANAGED,
    "xai_sdk.*.collections:*": _MANAGED,
    "xai_sdk.*.models:*": _MANAGED,
    "xai_sdk.*.image:ImageResponse.*": "downloads a created image",
    "xai_sdk.*.auth:*": "reads the permissions of a key",
}
