"""Billing units of OpenAI's hosted tools: searches, containers and image tokens."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ...extraction.paths import as_int, as_sequence, as_str, copy_fields, fields, get_path
from ...schema.records import Response, Usage, UsagePart

_IMAGE = fields(
    Usage,
    {
        "input_tokens": "input_tokens",
        "output_tokens": "output_tokens",
        "total_tokens": "total_tokens",
        "input_text_tokens": "input_tokens_details.text_tokens",
        "input_image_tokens": "input_tokens_details.image_tokens",
        "output_text_tokens": "output_tokens_details.text_tokens",
        "output_image_tokens": "output_tokens_details.image_tokens",
        "cache_read_tokens": "cached_tokens",
        "cache_read_text_tokens": "cached_tokens_details.cached_text_tokens",
        "cache_read_image_tokens": "cached_tokens_details.cached_image_tokens",
    },
)
# Items for opening a page or finding a word in it are not billed.
_SEARCHING = (None, "search")
_IMAGE_TOOL = "image_generation"
_IMAGE_MODEL = "gpt-image-1"
"""Default model of the image tool according to the API reference.

Used if the response does not contain a model.
"""


def add_tools(draft: Response, body: object) -> None:
    """Add billing units of tools that the usage block does not contain."""
    output = as_sequence(get_path(body, ("output",)))
    reported = get_path(body, ("tool_usage",))
    if output:
        _count(draft, output)
    if reported is None:
        return
    # Billable searches: this count excludes free searches, the list of items does not.
    if (searches := as_int(get_path(reported, ("web_search", "num_requests")))) is not None:
        draft.usage.web_searches = searches or None
    image = Usage()
    copy_fields(image, get_path(reported, ("image_gen",)), _IMAGE)
    if image.input_tokens or image.output_tokens:
        draft.parts = [UsagePart(None, draft.usage), UsagePart(_image_model(body), image)]


def _count(draft: Response, output: Any) -> None:
    used = draft.usage
    made = Counter(as_str(get_path(item, ("type",))) for item in output if get_path(item, ("action", "type")) in _SEARCHING)
    if used.web_searches is None:
        used.web_searches = made["web_search_call"] or None
    if used.storage_searches is None:
        used.storage_searches = made["file_search_call"] or None
    if made["code_interpreter_call"]:
        ids = (as_str(get_path(item, ("container_id",))) for item in output if get_path(item, ("type",)) == "code_interpreter_call")
        draft.containers = list(dict.fromkeys(found for found in ids if found is not None)) or None


def _image_model(body: object) -> str:
    tools = (tool for tool in as_sequence(get_path(body, ("tools",))) if get_path(tool, ("type",)) == _IMAGE_TOOL)
    return next((found for tool in tools if (found := as_str(get_path(tool, ("model",)))) is not None), _IMAGE_MODEL)
