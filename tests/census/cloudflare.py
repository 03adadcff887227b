"""Functions of cloudflare that send requests and are not observed."""

from __future__ import annotations

NOT_WATCHED = {
    "cloudflare.resources.ai.*": "lists models, manages fine-tunes, or converts documents",
}
