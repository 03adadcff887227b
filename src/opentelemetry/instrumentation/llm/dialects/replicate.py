"""Replicate predictions: input and output of any model in one envelope.

The envelope is often returned before the output exists. ``input`` contains prompts and parameters under names of the
model, and is read only if content capture is on.
"""

from __future__ import annotations

from typing import Any

from ..extraction.message_parts import message, text_part
from ..extraction.paths import as_sequence, as_str, copy_fields, fields, full_text, get_path
from ..schema.records import Content, Request, Response, Usage
from . import Arguments, Dialect

_REPLY = fields(Response, {"response_model": "model", "response_id": "id", "response_status": "status"})
_USAGE = fields(Usage, {"input_tokens": "metrics.input_token_count", "output_tokens": "metrics.output_token_count"})
_STATUSES = {
    "starting": "queued", "processing": "in_progress", "succeeded": "completed", "failed": "failed", "canceled": "cancelled", "aborted": "cancelled",
}  # fmt: skip
"""The closest status of the conventions for each status of Replicate."""
_ENDS = {"succeeded": "stop", "failed": "error", "canceled": "error"}


def _named(reference: object) -> str | None:
    """Return the name of a model or deployment: a text, owner and name, or an object."""
    if isinstance(reference, tuple):
        return as_str("/".join(part for part in reference if isinstance(part, str)))
    owner, name = as_str(get_path(reference, ("owner",))), as_str(get_path(reference, ("name",)))
    return as_str(reference) or (as_str(f"{owner}/{name}") if owner and name else as_str(get_path(reference, ("id",))))


def _request(arguments: Arguments) -> Request:
    """Read the request: a model, a deployment, or only a version."""
    named = arguments.named
    references = (named.get(kind) for kind in ("model", "deployment", "version"))
    return Request(model=next((name for item in references if (name := _named(item)) is not None), None))


def _fetch_request(arguments: Arguments) -> Request:
    return Request(fetched_response_id=as_str(arguments.named.get("id")))


def _reply(body: object) -> Response:
    record = Response()
    copy_fields(record, body, _REPLY)
    copy_fields(record.usage, body, _USAGE)
    end = _ENDS.get(record.response_status or "")
    record.finish_reasons = None if end is None else [end]
    record.failure = record.response_status if record.response_status == "failed" else None
    record.response_status = _STATUSES.get(record.response_status or "", record.response_status)
    return record


def _content(arguments: Arguments) -> Content:
    given = arguments.named.get("input")
    system, prompt = full_text(get_path(given, ("system_prompt",))), full_text(get_path(given, ("prompt",)))
    return Content(
        system_instructions=[text_part(system)] if system else None,
        input_messages=[message("user", [text_part(prompt)])] if prompt else None,
    )


def _output(body: object) -> list[dict[str, Any]] | None:
    output = get_path(body, ("output",))
    value = output if isinstance(output, str) else "".join(piece for piece in as_sequence(output) if isinstance(piece, str))
    return [message("assistant", [text_part(value)])] if value else None


prediction = Dialect("replicate", _request, _reply, content=_content, output=_output)
fetched = Dialect("replicate_fetched", _fetch_request, _reply, output=_output)
