"""Read the formats of OpenAI with Mistral's field names and stream envelopes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...extraction.paths import as_float, copy_fields, fields, get_path
from ...schema.records import Request, Response
from .. import Arguments, Dialect
from . import content

_OWN_WORDS = fields(Request, {"model": "model", "seed": "random_seed", "dimensions": "output_dimension"})
_DEFAULTS = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens", "total_tokens": "total_tokens"}


def _remove_zeros(draft: Response, answer: object) -> None:
    """Remove zeros that the SDK adds for missing values; add Mistral's own counts."""
    block = get_path(answer, ("usage",))
    fields_set: Any = getattr(block, "model_fields_set", _DEFAULTS.values())
    for name, sdk_name in _DEFAULTS.items():
        if sdk_name not in fields_set and getattr(draft.usage, name) == 0:
            setattr(draft.usage, name, None)
    if (seconds := as_float(get_path(block, ("prompt_audio_seconds",)))) is not None:
        draft.usage.seconds = seconds


def in_envelopes(dialect: Dialect) -> Dialect:
    """Return ``dialect`` with Mistral's field names and its stream envelopes."""

    def request(arguments: Arguments) -> Request:
        request = dialect.request(arguments)
        copy_fields(request, arguments.named, _OWN_WORDS)
        return request

    def response(answer: object) -> Response:
        result = dialect.response(answer)
        _remove_zeros(result, answer)
        return result

    def absorb(draft: Response, chunk: object) -> None:
        event = get_path(chunk, ("data",))
        dialect.absorb(draft, event)
        _remove_zeros(draft, event)
        if draft.content is not None:
            content.keep(draft, event)

    return replace(dialect, request=request, response=response, absorb=absorb)
