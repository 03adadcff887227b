"""writer-sdk: Writer's own hosts; its chat has a path of its own, its completions tell no reason why they ended."""

from typing import Any

from ..calls.point import Provider
from ..dialects import Dialect
from ..dialects.chat_completions import chat_completions, completions
from ..dialects.media import plain
from ..words.records import Reply
from .generated import generated


def _reply(answer: Any) -> Reply:
    said = completions.reply(answer)
    said.finish_reasons = None
    return said


WRITER: Provider = generated(
    "writer",
    "writer-sdk >= 1.0",
    "writerai",
    {
        "POST /v1/chat": ("chat", chat_completions),
        "POST /v1/completions": ("text_completion", Dialect("writer_completions", completions.request, _reply)),
        "POST /v1/vision": ("generate_content", plain),
    },
)
