"""Every point of google-genai, against the stand-in's Gemini wire format."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import installed

NEEDS = "google.genai"
MODEL = "gemini-2.5-flash"
GENERATE, STREAM = "models:{}Models._generate_content", "models:{}Models._generate_content_stream"
EMBED, BATCHES = "models:{}Models.embed_content", "batches:{}Batches"
ASKED: dict[str, Any] = {"model": MODEL, "contents": "say three words"}
TOOL = {"name": "look_up", "description": "Look it up.", "parameters": {"type": "OBJECT", "properties": {"q": {"type": "STRING"}}}}
TOOLS = {"tools": [{"function_declarations": [TOOL]}], "tool_config": {"function_calling_config": {"mode": "ANY"}}}
EMBEDDED: dict[str, Any] = {"contents": ["a b", "c"], "config": {"output_dimensionality": 4}}
IMAGEN: dict[str, Any] = {"model": "imagen-4.0-generate-001", "prompt": "a canned picture"}
INTERACTION: dict[str, Any] = {"model": MODEL, "input": "say three words"}


def _quietly() -> None:
    """Ignore the SDK's warnings about aiohttp and about new or old functions."""
    from google.genai import _common

    warnings.filterwarnings("ignore", "Inheritance class", DeprecationWarning)
    warnings.filterwarnings("ignore", ".*(usage is experimental|cannot use aiohttp|retry options are not)", UserWarning)
    warnings.simplefilter("ignore", _common.ExperimentalWarning)


def _client(base_url: str, **retry: Any) -> Any:
    from google import genai

    _quietly()
    options = {"base_url": base_url, "retry_options": {"attempts": 1, **retry}}
    return genai.Client(api_key="canary-key-5ecret", vertexai=False, http_options=options)


def _interacting(base_url: str) -> Any:
    """Open a client that sends an interaction once: old releases add one attempt."""
    made = _client(base_url, http_status_codes=[418])
    for one in (made, made.aio):
        if (before_2 := getattr(one, "_nextgen_client", None)) is not None:
            before_2.max_retries = 0
    return made


def _on_vertex(base_url: str) -> Any:
    from google import genai
    from google.auth.credentials import AnonymousCredentials

    _quietly()
    credentials = AnonymousCredentials()
    credentials.token, credentials.expiry, credentials.refresh = "canary-key-5ecret", None, lambda request: None
    options = {"base_url": base_url, "retry_options": {"attempts": 1}}
    return genai.Client(vertexai=True, project="p", location="us-central1", credentials=credentials, http_options=options)


def _async(client: Callable[[str], Any]) -> Callable[[str], Any]:
    def async_client(base_url: str) -> Any:
        made = client(base_url)
        # It closes with the client that made it, which nobody else would hold.
        made.aio.made_by = made
        return made.aio

    return async_client


def _has(place: str) -> bool:
    spec = importlib.util.find_spec(NEEDS) if installed(NEEDS) else None
    return spec is not None and (Path(str(spec.origin)).parent / place).exists()


def _image() -> Any:
    from google.genai import types

    return types.Image(image_bytes=b"PNG", mime_type="image/png")


def _edited() -> Any:
    from google.genai import types

    return [types.RawReferenceImage(reference_id=1, reference_image=_image())]


def _product() -> Any:
    from google.genai import types

    shown = types.ProductImage(product_image=_image())
    return types.RecontextImageSource(prompt="on a table", product_images=[shown])


MODELS: list[tuple[str, str, bool, Any]] = [
    (GENERATE, "models.generate_content", False, lambda c: c.models.generate_content(**ASKED)),
    (GENERATE, "models.generate_content:tools", False, lambda c: c.models.generate_content(**ASKED, config=TOOLS)),
    (GENERATE, "chats:send_message", False, lambda c: c.chats.create(model=MODEL).send_message("say it")),
    (STREAM, "models.generate_content_stream", True, lambda c: c.models.generate_content_stream(**ASKED)),
    (STREAM, "models.generate_content_stream:tools", True, lambda c: c.models.generate_content_stream(**ASKED, config=TOOLS)),
    (STREAM, "chats:send_message_stream", True, lambda c: c.chats.create(model=MODEL).send_message_stream("say it")),
    ("models:{}Models.count_tokens", "models.count_tokens", False, lambda c: c.models.count_tokens(**ASKED)),
    (EMBED, "models.embed_content", False, lambda c: c.models.embed_content(model="gemini-embedding-001", **EMBEDDED)),
    (
        BATCHES + "._create", "batches.create", False,
        lambda c: c.batches.create(model=MODEL, src=[{"contents": [{"role": "user", "parts": [{"text": "say it"}]}]}]),
    ),
    (
        BATCHES + "._create_embeddings", "batches.create_embeddings", False,
        lambda c: c.batches.create_embeddings(model="gemini-embedding-001", src={"inlined_requests": {"contents": ["a b"]}}),
    ),
    (BATCHES + ".get", "batches.get", False, lambda c: c.batches.get(name="batches/b")),
]  # fmt: skip
VERTEX: list[tuple[str, str, bool, Any]] = [
    (GENERATE, "models.generate_content:vertex", False, lambda c: c.models.generate_content(**ASKED)),
    (STREAM, "models.generate_content_stream:vertex", True, lambda c: c.models.generate_content_stream(**ASKED)),
    (EMBED, "models.embed_content:predict", False, lambda c: c.models.embed_content(model="text-embedding-005", **EMBEDDED)),
    (EMBED, "models.embed_content:vertex", False, lambda c: c.models.embed_content(model="gemini-embedding-2", contents="a b")),
    ("models:{}Models._generate_images", "models.generate_images", False, lambda c: c.models.generate_images(**IMAGEN)),
    (
        "models:{}Models._edit_image", "models.edit_image", False,
        lambda c: c.models.edit_image(**IMAGEN, reference_images=_edited()),
    ),
    (
        "models:{}Models._upscale_image", "models.upscale_image", False,
        lambda c: c.models.upscale_image(model=IMAGEN["model"], image=_image(), upscale_factor="x2"),
    ),
    (
        "models:{}Models.recontext_image", "models.recontext_image", False,
        lambda c: c.models.recontext_image(model="imagen-product-recontext-preview-06-30", source=_product()),
    ),
]  # fmt: skip
INTERACTIONS: list[tuple[str, str, bool, Any]] = [
    ("POST /interactions", "interactions.create", False, lambda c: c.interactions.create(**INTERACTION)),
    ("POST /interactions", "interactions.create", True, lambda c: c.interactions.create(**INTERACTION, stream=True)),
]
SINCE_2: list[tuple[str, str, bool, Any]] = [
    ("POST /agents", "interactions.create:agent", False, lambda c: c.interactions.create(agent="deep-research", input="look it up")),
    ("GET /interactions", "interactions.get", False, lambda c: c.interactions.get("interaction-1")),
    (
        "POST /decisions", "decisions.create", False,
        lambda c: c.decisions.create(model=MODEL, input="a b", questions={"q": {"type": "noul", "instructions": "Is it?"}}),
    ),
]  # fmt: skip
BEFORE_2: list[tuple[str, str, bool, Any]] = [
    ("GET /interactions/*", "interactions.get", False, lambda c: c.interactions.get("interaction-1")),
]

_ID, _MODEL, _REASONS = "gen_ai.response.id", "gen_ai.response.model", "gen_ai.response.finish_reasons"
ABSENT = {
    "models.embed_content": (_MODEL,),
    "decisions.create": (_ID, _MODEL, _REASONS),
    "interactions.create:agent": (_MODEL,),
}
"""Recommended attributes that some responses lack: an agent is not a model."""


def _sample(provider: str, row: tuple[str, str, bool, Any], client: Callable[[str], Any]) -> dict[str, Any]:
    place, name, stream, call = row
    point = f"google.genai.{place.format('')}" if "{}" in place else place
    return {
        "provider": provider, "point": point, "route": point, "name": name, "stream": stream, "module": NEEDS,
        "client": client, "async_client": _async(client), "sync": call, "async": call,
        "absent": ABSENT.get(name) or ABSENT.get(name.partition(":")[0], ()),
    }  # fmt: skip


_NEW, _OLD = _has("_gaos"), _has("_interactions/_base_client.py")
SAMPLES: list[dict[str, Any]] = [
    *(_sample("google_genai", row, _client) for row in MODELS),
    *(_sample("google_genai", row, _on_vertex) for row in VERTEX),
    *(_sample("google_genai_interactions", row, _interacting) for row in (*INTERACTIONS, *SINCE_2) if _NEW),
    *(_sample("google_genai_interactions_before_2", row, _interacting) for row in (*INTERACTIONS, *BEFORE_2) if _OLD),
]
