"""Functions of xai-sdk that send requests and are not instrumented.

Keys cover ``aio`` too.
"""

from __future__ import annotations

_HELD = "keeps things at the provider and asks no model"
_LATER = "hands a task in and fetches its answer: it is made at the provider, some of it long after the call"

NOT_WATCHED = {
    "xai_sdk.*.chat:Chat.defer*": "asks through _defer, which is watched",
    "xai_sdk.*.chat:*.compact*": "makes what is said shorter; the table of operations has no word for it",
    "xai_sdk.*.chat:Client.delete_stored_completion": _HELD,
    "xai_sdk.*.image:ImageResponse.*": "fetches a picture that was made",
    "xai_sdk.*.video:*": "makes a video: the table of operations has no word for it",
    "xai_sdk.*.batch:*": _LATER,
    "xai_sdk.*.files:*": _HELD,
    "xai_sdk.*.collections:*": _HELD,
    "xai_sdk.*.models:*": _HELD,
    "xai_sdk.*.auth:*": "asks what a key may do, and no model",
}
