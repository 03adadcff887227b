"""Functions of aleph-alpha-client that send requests, not instrumented."""

from __future__ import annotations

_IMAGE = "downloads an image for a prompt"

NOT_WATCHED = {
    "aleph_alpha_client.aleph_alpha_client:*Client._get_request*": "lists resources of the provider",
    "aleph_alpha_client.aleph_alpha_client:AsyncClient._post_request_with_streaming": "below the functions that return the stream, which are observed",
    "aleph_alpha_client.prompt:Image._get_url": _IMAGE,
    "aleph_alpha_client.utils:load_base64_from_url": _IMAGE,
}
