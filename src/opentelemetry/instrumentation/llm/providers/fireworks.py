"""Instrument fireworks-ai, since the release that is generated."""

from ..calls.declaration import Sdk
from ..dialects.anthropic.messages import messages
from ..dialects.openai.chat_completions import chat_completions, completions
from ._generated import generated

FIREWORKS: Sdk = generated(
    "fireworks",
    "fireworks-ai >= 1.2",
    "fireworks",
    {
        "POST /chat/completions": ("chat", chat_completions),
        "POST /completions": ("text_completion", completions),
        "POST /v1/messages": ("chat", messages),
    },
)
