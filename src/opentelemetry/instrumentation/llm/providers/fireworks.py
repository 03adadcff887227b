"""fireworks-ai: Fireworks, from the release on that one generator writes; those before it were another SDK."""

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
