"""Functions of cloudflare that use the network and are not instrumented, with the reason."""

from __future__ import annotations

NOT_WATCHED = {
    "cloudflare.resources.ai.*": "lists models, manages fine-tunes, or converts documents",
}
