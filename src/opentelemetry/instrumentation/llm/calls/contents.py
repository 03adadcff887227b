"""Put the captured contents of a call together, and find lost contents."""

from __future__ import annotations

from typing import Any

from ..dialects import Dialect
from ..guard import failed
from ..schema.records import Content, Request, Response


class NoOutput(Exception):
    """A response with output tokens has no part that the dialect reads."""


def together(request: Request, response: Response) -> Content:
    """Return the contents of the request and of the response as one record.

    Each output message has the finish reason of its choice too: several back ends ignore a message without it.
    """
    requested, received = request.content or Content(), response.content or Content()
    whole = Content(requested.system_instructions, requested.input_messages, received.output_messages, requested.tool_definitions)
    whole.places = requested.places
    whole.prompt_variables = requested.prompt_variables
    reasons = response.finish_reasons or ()
    for place, message in enumerate(received.output_messages or ()):
        if "finish_reason" not in message and reasons:
            message["finish_reason"] = reasons[place] if place < len(reasons) else reasons[-1]
    return whole


def report_lost(dialect: Dialect, response: Response) -> None:
    """Report an extraction error if a response has output tokens but no part.

    Reasoning is often encrypted, so it does not count.
    """
    used: Any = response.usage
    tokens = (used.output_tokens or 0) - (used.reasoning_tokens or 0)
    messages = None if response.content is None else response.content.output_messages
    if tokens > 0 and dialect.reads_output and response.failure is None and not any(message.get("parts") for message in messages or ()):
        failed(dialect.output, NoOutput(f"{tokens} output tokens"))
