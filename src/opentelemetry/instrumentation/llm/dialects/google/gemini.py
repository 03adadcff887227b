"""Gemini content generation, on the Gemini API and on Vertex AI.

Arguments are those of the SDK's functions (``model``, ``contents``, ``config``). Responses are SDK objects, or JSON
documents if the raw response was requested, so names are read in both spellings (snake case and camel case).
"""

from __future__ import annotations

import json
from typing import Any

from ...extraction.finish_reasons import aligned, finish_reason
from ...extraction.output_types import OUTPUT_TYPES
from ...extraction.paths import as_int, as_sequence, as_str, copy_fields, fields, get_path
from ...schema.records import Request, Response
from .. import Arguments, Dialect
from ..streamed import streamed
from .content import Spoken, candidates, content, join
from .usage import either, model_name, spelled, usage

_SETTINGS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "max_tokens": "max_output_tokens",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "stop_sequences": "stop_sequences",
    "seed": "seed",
    "choice_count": "candidate_count",
    "reasoning_level": "thinking_config.thinking_level",
    "requested_service_tier": "service_tier",
}
_REQUEST = fields(Request, {field: spelled(f"config.{name}") for field, name in _SETTINGS.items()})
_HEADERS = "sdk_http_response.headers."
_REPLY = fields(
    Response,
    {
        "response_model": spelled("model_version"),
        "response_id": spelled("response_id"),
        "service_tier": (_HEADERS + "x-gemini-service-tier", _HEADERS + "X-Gemini-Service-Tier", *spelled("usage_metadata.service_tier")),
    },
)
_TRAFFIC = {"ON_DEMAND_FLEX": "flex", "ON_DEMAND_PRIORITY": "priority", "PROVISIONED_THROUGHPUT": "provisioned"}
_SEARCHED_ONCE = ("gemini-1", "gemini-2")
_OUTPUT_MODALITIES = {"TEXT": "text", "IMAGE": "image", "AUDIO": "speech"}


def request(arguments: Arguments) -> Request:
    """Read the arguments of a generation."""
    record = Request(model=model_name(arguments.named.get("model")))
    copy_fields(record, arguments.named, _REQUEST)
    config = arguments.named.get("config")
    record.output_type = OUTPUT_TYPES.get(as_str(either(config, "response_mime_type")) or "")
    kinds = as_sequence(either(config, "response_modalities"))
    if record.output_type is None and kinds:
        # A response of text and images is an image with a comment.
        wanted = {_OUTPUT_MODALITIES.get((as_str(kind) or "").upper()) for kind in kinds}
        record.output_type = next((kind for kind in ("speech", "image", "text") if kind in wanted), None)
    return record


def document(answer: object) -> Any:
    """Return the JSON document of a raw response, else the response itself."""
    body = get_path(answer, ("sdk_http_response", "body")) or get_path(answer, ("body",))
    return json.loads(body) if isinstance(body, str) and body else answer


def _grounded(answer: object, model: str) -> tuple[int, int]:
    """Count billed web searches and maps requests of grounding.

    Newer models are billed per query, older models once per prompt.
    """
    searches = maps = 0
    for candidate in as_sequence(get_path(answer, ("candidates",))):
        found = either(candidate, "grounding_metadata")
        if found is not None:
            mapped = bool(either(found, "google_maps_widget_context_token")) or any(
                get_path(chunk, ("maps",)) is not None for chunk in as_sequence(either(found, "grounding_chunks"))
            )
            maps += mapped
            searches += len(as_sequence(either(found, "web_search_queries")))
    return (min(searches, 1), min(maps, 1)) if model.startswith(_SEARCHED_ONCE) else (searches, maps)


def _read_into(draft: Response, answer: object) -> None:
    copy_fields(draft, answer, _REPLY)
    searches, maps = _grounded(answer, draft.response_model or "")
    before = draft.usage
    if (reported := either(answer, "usage_metadata")) is not None:
        draft.usage = usage(reported)
        draft.service_tier = draft.service_tier or _TRAFFIC.get(as_str(either(reported, "traffic_type")) or "")
    draft.usage.web_searches = max(before.web_searches or 0, searches) or None
    draft.usage.map_searches = max(before.map_searches or 0, maps) or None
    if (blocked := finish_reason(either(answer, "prompt_feedback.block_reason"))) is not None:
        # A blocked prompt has no candidates, so the block reason is the finish reason.
        draft.finish_reasons = [blocked]


def response(answer: object) -> Response:
    """Read a complete response."""
    reported, answer = Response(), document(answer)
    _read_into(reported, answer)
    spoken = [c for c in as_sequence(get_path(answer, ("candidates",))) if c is not None]
    reported.finish_reasons = aligned(either(c, "finish_reason") for c in spoken) or reported.finish_reasons
    return reported


def absorb(draft: Response, chunk: object) -> None:
    """Add one chunk: usage is cumulative; the last chunk has the finish reason."""
    reasons = draft.scratch = {} if draft.scratch is None else draft.scratch
    _read_into(draft, chunk)
    for position, candidate in enumerate(as_sequence(get_path(chunk, ("candidates",)))):
        if candidate is None:
            continue
        index = as_int(get_path(candidate, ("index",)))
        index = position if index is None else index
        reasons[index] = either(candidate, "finish_reason") or reasons.get(index)
        if draft.content is not None:
            draft.kept = {} if draft.kept is None else draft.kept
            draft.kept.setdefault(index, Spoken()).take(candidate)


def finish(draft: Response) -> None:
    """Sort the finish reasons of all candidates by index."""
    reasons = draft.scratch or {}
    draft.finish_reasons = aligned(reasons[index] for index in sorted(reasons)) or draft.finish_reasons
    join(draft)


def _output(answer: object) -> list[dict[str, Any]] | None:
    return candidates(get_path(document(answer), ("candidates",)))


generate_content = Dialect("generate_content", request, response, absorb, content, _output, finish)
generate_content_stream = streamed(generate_content)
