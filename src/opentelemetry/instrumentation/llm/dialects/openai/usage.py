"""OpenAI usage blocks, in all APIs of OpenAI and of compatible providers."""

from __future__ import annotations

from ...extraction.paths import Table, as_float, copy_fields, fields, get_path, invalid, reader
from ...schema.records import Usage

_TOTALS = fields(
    Usage,
    {
        "input_tokens": ("prompt_tokens", "input_tokens", "promptTokens", "inputTokens", "prompt_token_count", "inputTokenCount"),
        "output_tokens": (
            "completion_tokens",
            "output_tokens",
            "completionTokens",
            "outputTokens",
            "output_token_count",
            "outputTokenCount",
        ),
        "total_tokens": ("total_tokens", "totalTokens", "total_token_count"),
        "citation_tokens": "citation_tokens",
        "seconds": ("seconds", "duration"),
        "web_searches": (
            "num_search_queries",
            "server_tool_use_details.web_search_requests",
            "server_side_tool_usage_details.web_search_calls",
        ),
        "social_searches": "server_side_tool_usage_details.x_search_calls",
        "storage_searches": "server_side_tool_usage_details.file_search_calls",
        "code_executions": "server_side_tool_usage_details.code_interpreter_calls",
    },
)
_WRITTEN = ("cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens")
_IN = fields(
    Usage,
    {
        "cache_read_tokens": "cached_tokens",
        "cache_write_tokens": _WRITTEN,
        "cache_write_12h_tokens": "cache_write_tokens_details.ttl_12h_tokens",
        "input_text_tokens": "text_tokens",
        "input_image_tokens": "image_tokens",
        "input_audio_tokens": "audio_tokens",
        "cache_read_text_tokens": "cached_tokens_details.text_tokens",
        "cache_read_image_tokens": "cached_tokens_details.image_tokens",
        "cache_read_audio_tokens": "cached_tokens_details.audio_tokens",
    },
)
_OUT = fields(
    Usage,
    {
        "reasoning_tokens": "reasoning_tokens",
        "output_text_tokens": "text_tokens",
        "output_image_tokens": "image_tokens",
        "output_audio_tokens": "audio_tokens",
    },
)
_BESIDE = fields(
    Usage,
    {
        "cache_read_tokens": ("prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens", "cache_read_input_tokens"),
        "cache_write_tokens": _WRITTEN,
        "reasoning_tokens": "reasoning_tokens",
    },
)
_TOP = Table(_TOTALS.rows + _BESIDE.rows)
_DETAILS = (
    (_IN, ("prompt_tokens_details", "input_tokens_details", "input_token_details")),
    (_OUT, ("completion_tokens_details", "output_tokens_details", "output_token_details")),
)


_NAMES = ("prompt_tokens", "input_tokens", "completion_tokens", "output_tokens", "total_tokens")
_TICKS_A_CENT = 10**8
_COSTS = (("cost",), ("cost", "total_cost"), ("cost_usd_total",))
_UPSTREAM = ("cost_details", "upstream_inference_cost")


def _reported_cents(reported: object) -> float | None:
    """Return the reported cost in cents, from dollars or from xAI's ticks.

    If a gateway calls with the user's own key, the cost field contains only the gateway's fee; the cost of the
    provider is in a separate field and is added.
    """
    get = reader(reported)
    if (ticks := as_float(get("cost_in_usd_ticks"))) is not None:
        return ticks / _TICKS_A_CENT
    dollars = as_float(get("cost"))
    if dollars is None:
        if get("cost") is None and get("cost_usd_total") is None:
            return None
        dollars = next((found for path in _COSTS if (found := decimal(get_path(reported, path))) is not None), None)
    if dollars is not None and get_path(reported, ("is_byok",)) is True:
        dollars += as_float(get_path(reported, _UPSTREAM)) or 0
    return None if dollars is None else dollars * 100


def decimal(value: object) -> float | None:
    """Read an amount, which gateways may send as text.

    >>> decimal("0.0045"), decimal(0.5), decimal("free"), decimal("nan")
    (0.0045, 0.5, None, None)
    """
    if isinstance(value, str) and len(value) < 40:
        try:
            value = float(value)
        except ValueError:
            return None
    return as_float(value)


def usage(reported: object) -> Usage:
    """Read a usage block.

    Some hosts do not count reasoning tokens in the completion tokens. They are added if the reported total equals input
    plus output plus reasoning tokens, or if a top-level reasoning count exceeds the output tokens, so that
    ``output_tokens`` includes them.
    """
    read = Usage()
    if reported is None:
        return read
    # The details are read after these, so that they have priority.
    copy_fields(read, reported, _TOP)
    beside = read.reasoning_tokens or 0
    get = reader(reported)
    for table, places in _DETAILS:
        for place in places:
            if (details := get(place)) is not None:
                copy_fields(read, details, table)
                break
    read.reported_cost_cents = _reported_cents(reported)
    if read.input_tokens is None or read.output_tokens is None or read.total_tokens is None:
        read.invalid = invalid(get_path(reported, (name,)) for name in _NAMES)
    apart = read.reasoning_tokens
    if apart and read.input_tokens is not None and read.output_tokens is not None:
        told_apart = beside > read.output_tokens or read.total_tokens == read.input_tokens + read.output_tokens + apart
        read.output_tokens += apart if told_apart else 0
    return read
