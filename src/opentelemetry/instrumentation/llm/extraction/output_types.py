"""Map the words of wire formats for an output format to ``gen_ai.output.type``."""

from __future__ import annotations

from collections.abc import Mapping

OUTPUT_TYPES: Mapping[str, str] = {
    "text": "text",
    "text/plain": "text",
    "json_object": "json",
    "json_schema": "json",
    "application/json": "json",
}
"""The types of the conventions by the words of OpenAI, Anthropic, Cohere, Mistral
and Google. A format without a row is not recorded.
"""
