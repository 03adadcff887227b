"""Embeddings, images and everything else that Google's SDK asks of a model by name."""

from __future__ import annotations

from typing import Any

from ...extraction.paths import dig, fields, fill, items, whole
from ...schema.records import Reply, Request, Usage
from .. import Arguments, Dialect
from .gemini import document
from .usage import either, model_name, spelled, usage

_SIZE = fields(Request, {"dimensions": spelled("config.output_dimensionality")})
_IMAGES = fields(Request, {"choice_count": spelled("config.number_of_images"), "seed": "config.seed"})


def _named(arguments: Arguments) -> Request:
    return Request(model=model_name(arguments.named.get("model")))


def _embed_request(arguments: Arguments) -> Request:
    asked = _named(arguments)
    fill(asked, arguments.named, _SIZE)
    return asked


def _embed_reply(answer: Any) -> Reply:
    """Read embeddings, as the SDK gives them or as they came; a predictor says at each how many tokens its text has."""
    answer = document(answer)
    said = Reply(usage=usage(either(answer, "usage_metadata")))
    vectors = items(dig(answer, ("embeddings",))) or [dig(one, ("embeddings",)) for one in items(dig(answer, ("predictions",)))]
    first = next(iter(vectors), None) or dig(answer, ("embedding",))
    said.dimensions = len(items(dig(first, ("values",)))) or None
    counts = [count for vector in vectors if (count := whole(either(vector, "statistics.token_count"))) is not None]
    if said.usage.input_tokens is None and counts:
        said.usage.input_tokens = sum(counts)
    said.usage.characters = whole(either(answer, "metadata.billable_character_count"))
    return said


def _image_request(arguments: Arguments) -> Request:
    asked = _named(arguments)
    asked.output_type = "image"
    fill(asked, arguments.named, _IMAGES)
    return asked


def _image_reply(answer: Any) -> Reply:
    """Count the images; in the place of one that was filtered there is none."""
    images = sum(dig(one, ("image",)) is not None for one in items(either(answer, "generated_images")))
    return Reply(usage=Usage(images=images or None))


embed_content = Dialect("embed_content", _embed_request, _embed_reply)
generate_images = Dialect("generate_images", _image_request, _image_reply)
only_named = Dialect("only_named", _named, lambda answer: Reply())
