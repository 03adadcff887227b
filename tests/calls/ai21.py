"""Every point of ai21, against the stand-in's OpenAI-like wire format."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import Any

from calls.generated import asking, samples

MODEL = "jamba-large"
_DISAPPROVED = "Use 'content=<|The 'from_dict' method"
"""Warnings of the SDK, and of the HTTP library about the SDK."""


def _recorded(text: str) -> Any:
    """Make messages, which this SDK takes as objects only."""

    def messages() -> Any:
        from ai21.models.chat import ChatMessage

        return [ChatMessage(role="user", content=text)]

    return messages


def _tools() -> Any:
    from ai21.models.chat import ToolDefinition

    schema = {"type": "object", "required": ["q"], "properties": {"q": {"type": "string"}}}
    return [ToolDefinition(type="function", function={"name": "look_up", "description": "Look something up.", "parameters": schema})]


SAY, ORDERS = _recorded("say three words"), _recorded("call the tool")


def _client(kind: str, close: str) -> Callable[[str], Any]:
    def client(base_url: str) -> Any:
        import ai21

        warnings.filterwarnings("ignore", _DISAPPROVED, DeprecationWarning)
        # It writes a line for each request to the standard error stream, from its import on.
        for logger in ("ai21", "httpx"):
            logging.getLogger(logger).handlers.clear()
        made = getattr(ai21, kind)(api_key="none", api_host=f"{base_url}/ai21/v1")
        # It has no way of its own to be closed.
        setattr(made, close, getattr(made._client, close))
        return made

    return client


client, async_client = _client("AI21Client", "close"), _client("AsyncAI21Client", "aclose")
POINT = "ai21.clients.studio.resources.chat.chat_completions:ChatCompletions.create"
CREATE = "chat.completions.create"
SAMPLES: list[dict[str, Any]] = samples("ai21", client, async_client, [
    (POINT, CREATE, False, asking(CREATE, model=MODEL, messages=SAY)),
    (POINT, CREATE, True, asking(CREATE, model=MODEL, messages=SAY, stream=True)),
    (POINT, f"{CREATE}:tools", True, asking(CREATE, model=MODEL, messages=ORDERS, tools=_tools, stream=True)),
])  # fmt: skip
