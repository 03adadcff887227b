"""Instrument writer-sdk: Writer's own hosts.

Its chat has its own path; its completions have no finish reason.
"""

from dataclasses import replace

from ..calls.declaration import Sdk
from ..dialects.openai.chat_completions import chat_completions, completions
from ..dialects.openai.media import plain
from ..schema.records import Response
from ._generated import generated


def _reply(answer: object) -> Response:
    result = completions.response(answer)
    result.finish_reasons = None
    return result


WRITER: Sdk = generated(
    "writer",
    "writer-sdk >= 1.0",
    "writerai",
    {
        "POST /v1/chat": ("chat", chat_completions),
        "POST /v1/completions": ("text_completion", replace(completions, name="writer_completions", response=_reply)),
        "POST /v1/vision": ("generate_content", plain),
    },
)
