"""Embeddings, images and other operations of Google's SDK that take a model name."""

from __future__ import annotations

from ...extraction.paths import as_int, as_sequence, copy_fields, fields, get_path
from ...schema.records import Request, Response, Usage
from .. import Arguments, Dialect
from .gemini import document
from .usage import either, model_name, spelled, usage

_SIZE = fields(Request, {"dimensions": spelled("config.output_dimensionality")})
_IMAGES = fields(Request, {"choice_count": spelled("config.number_of_images"), "seed": "config.seed"})


def _named(arguments: Arguments) -> Request:
    return Request(model=model_name(arguments.named.get("model")))


def _embed_request(arguments: Arguments) -> Request:
    record = _named(arguments)
    copy_fields(record, arguments.named, _SIZE)
    return record


def _embed_reply(body: object) -> Response:
    """Read embeddings from an SDK object or a wire document.

    Vertex AI predictions report the token count of each text.
    """
    body = document(body)
    record = Response(usage=usage(either(body, "usage_metadata")))
    vectors = as_sequence(get_path(body, ("embeddings",))) or [
        get_path(item, ("embeddings",)) for item in as_sequence(get_path(body, ("predictions",)))
    ]
    first = next(iter(vectors), None) or get_path(body, ("embedding",))
    record.dimensions = len(as_sequence(get_path(first, ("values",)))) or None
    counts = [count for vector in vectors if (count := as_int(either(vector, "statistics.token_count"))) is not None]
    if record.usage.input_tokens is None and counts:
        record.usage.input_tokens = sum(counts)
    record.usage.characters = as_int(either(body, "metadata.billable_character_count"))
    return record


def _image_request(arguments: Arguments) -> Request:
    record = _named(arguments)
    record.output_type = "image"
    copy_fields(record, arguments.named, _IMAGES)
    return record


def _image_reply(body: object) -> Response:
    """Count the images; a filtered image has an entry without data."""
    images = sum(get_path(item, ("image",)) is not None for item in as_sequence(either(body, "generated_images")))
    return Response(usage=Usage(images=images or None))


embed_content = Dialect("embed_content", _embed_request, _embed_reply)
generate_images = Dialect("generate_images", _image_request, _image_reply)
only_named = Dialect("only_named", _named, lambda body: Response())
