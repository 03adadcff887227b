"""Provide the stable names for packages that add an SDK.

Import from here only: other modules may move. ``docs/add-a-provider.md`` explains each name. ``CONTRACT_VERSION``
increases when a package that follows the page has to change.
"""

from __future__ import annotations

from .calls.declaration import Destination, PatchPoint, Sdk
from .calls.wrap import reads_by_name
from .dialects import Arguments, Dialect
from .dialects.openai.chat_completions import chat_completions, completions
from .dialects.openai.embeddings import embeddings
from .extraction.finish_reasons import aligned
from .extraction.paths import as_float, as_int, as_str, copy_fields, fields, get_path
from .providers._generated import generated
from .schema.records import Request, Response, Usage
from .testing import capture_events, contract
from .wrapper import Patch, driven

__all__ = [
    "CONTRACT_VERSION",
    "Arguments",
    "Destination",
    "Dialect",
    "Patch",
    "PatchPoint",
    "Request",
    "Response",
    "Sdk",
    "Usage",
    "aligned",
    "as_float",
    "as_int",
    "as_str",
    "capture_events",
    "chat_completions",
    "completions",
    "contract",
    "copy_fields",
    "driven",
    "embeddings",
    "fields",
    "generated",
    "get_path",
    "reads_by_name",
]

CONTRACT_VERSION = 1
