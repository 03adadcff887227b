"""Hugging Face tasks other than chat: text generation, vectors and images."""

from __future__ import annotations

from ..extraction.finish_reasons import finish_reason
from ..extraction.message_parts import Message, Pieces, message, text_part
from ..extraction.paths import as_int, copy_fields, fields, full_text, get_path
from ..schema.records import Content, Request, Response, Usage
from . import Arguments, Dialect

_REQUEST = fields(
    Request,
    {
        "model": "model",
        "temperature": "temperature",
        "top_p": "top_p",
        "top_k": "top_k",
        "max_tokens": "max_new_tokens",
        "frequency_penalty": "frequency_penalty",
        "stop_sequences": ("stop", "stop_sequences"),
        "seed": "seed",
        "dimensions": "dimensions",
        "encoding_formats": "encoding_format",
    },
)
_USAGE = fields(Usage, {"input_tokens": "details.input_length", "output_tokens": "details.generated_tokens"})


def request(arguments: Arguments) -> Request:
    """Read the arguments of a task."""
    record = Request(stream=arguments.streaming or None)
    copy_fields(record, arguments.named, _REQUEST)
    return record


def _image_request(arguments: Arguments) -> Request:
    record = request(arguments)
    record.output_type = "image"
    return record


def _read_into(draft: Response, body: object) -> None:
    copy_fields(draft.usage, body, _USAGE)
    reason = finish_reason(get_path(body, ("details", "finish_reason")))
    if reason is not None:
        draft.finish_reasons = [reason]


def response(body: object) -> Response:
    """Read a response: a text, or an object with details."""
    record = Response()
    _read_into(record, body)
    return record


def absorb(draft: Response, chunk: object) -> None:
    """Add one token: a text, or an object whose last one has the counts."""
    _read_into(draft, chunk)
    if draft.content is not None:
        draft.kept = draft.kept or {"pieces": Pieces()}
        # A special token, such as the end of the text, is not part of the text.
        hidden = get_path(chunk, ("token", "special")) is True
        draft.kept["pieces"].add(
            "text", text_part(""), None if hidden else full_text(get_path(chunk, ("token", "text"))) or full_text(chunk)
        )


def finish(draft: Response) -> None:
    """Build the message from the tokens of a stream."""
    if draft.content is not None and draft.kept:
        draft.content.output_messages = [message("assistant", draft.kept["pieces"].parts())]


def content(arguments: Arguments) -> Content:
    """Read the prompt."""
    value = full_text(arguments.named.get("prompt"))
    return Content(input_messages=None if value is None else [message("user", [text_part(value)])])


def output(body: object) -> list[Message] | None:
    """Read the text."""
    value = full_text(body) or full_text(get_path(body, ("generated_text",)))
    return None if value is None else [message("assistant", [text_part(value)])]


def _vectors(body: object) -> Response:
    shape = getattr(body, "shape", ())
    return Response(dimensions=as_int(shape[-1]) if isinstance(shape, tuple) and shape else None)


text_generation = Dialect("text_generation", request, response, absorb, content, output, finish)
feature_extraction = Dialect("feature_extraction", request, _vectors)
text_to_image = Dialect("text_to_image", _image_request, lambda body: Response(usage=Usage(images=1)))
