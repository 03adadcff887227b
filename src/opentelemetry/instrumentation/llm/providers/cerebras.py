"""cerebras-cloud-sdk: Cerebras' own hosts."""

from ..calls.declaration import Sdk
from ..dialects.openai.chat_completions import chat_completions, completions
from ._generated import generated

CEREBRAS: Sdk = generated(
    "cerebras",
    "cerebras-cloud-sdk >= 1.0",
    "cerebras.cloud.sdk",
    {
        "POST /chat/completions": ("chat", chat_completions),
        "POST /completions": ("text_completion", completions),
    },
)
