"""Functions of aleph-alpha-client that send requests, not instrumented."""

from __future__ import annotations

_BELOW = "below the functions that give the stream out, which are watched"
_PICTURE = "fetches a picture for a prompt"

NOT_WATCHED = {
    "aleph_alpha_client.aleph_alpha_client:*Client._get_request*": "asks for what the provider has, and no model",
    "aleph_alpha_client.aleph_alpha_client:AsyncClient._post_request_with_streaming": _BELOW,
    "aleph_alpha_client.prompt:Image._get_url": _PICTURE,
    "aleph_alpha_client.utils:load_base64_from_url": _PICTURE,
}
