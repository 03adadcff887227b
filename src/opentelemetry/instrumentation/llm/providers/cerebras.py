"""cerebras-cloud-sdk: Cerebras' own hosts."""

from ..calls.point import Provider
from ..dialects.chat_completions import chat_completions, completions
from .generated import generated

CEREBRAS: Provider = generated(
    "cerebras",
    "cerebras-cloud-sdk >= 1.0",
    "cerebras.cloud.sdk",
    {
        "POST /chat/completions": ("chat", chat_completions),
        "POST /completions": ("text_completion", completions),
    },
)
