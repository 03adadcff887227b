"""Text generation pipelines of transformers: arguments, results and token counts."""

from __future__ import annotations

from ..extraction.message_parts import Message, message, text_part
from ..extraction.paths import as_sequence, copy_fields, fields, get_path
from ..schema.records import Content, Request, Response, Usage
from . import Arguments, Dialect
from .huggingface import content as prompt_content
from .openai.content import chat_content, chat_output

_REQUEST = fields(
    Request,
    {
        "model": "model",
        "temperature": "temperature",
        "top_p": "top_p",
        "top_k": "top_k",
        "max_tokens": "max_new_tokens",
        "stop_sequences": "stop_strings",
        "choice_count": "num_return_sequences",
    },
)


def _request(arguments: Arguments) -> Request:
    record = Request()
    copy_fields(record, arguments.named, _REQUEST)
    return record


def _content(arguments: Arguments) -> Content:
    prompt = arguments.named.get("prompt")
    return prompt_content(arguments) if isinstance(prompt, str) else chat_content(Arguments({"messages": prompt}))


def _output(body: object) -> list[Message] | None:
    """Read each text; a chat is returned whole, and its last message is the response."""
    collected: list[Message] = []
    for record in as_sequence(body):
        generated = get_path(record, ("generated_text",))
        if isinstance(generated, str):
            collected.append(message("assistant", [text_part(generated)]))
        elif as_sequence(generated):
            collected += chat_output({"choices": [{"message": generated[-1]}]}) or []
    return collected or None


def _run(body: object) -> Response:
    """Count the tokens of one prompt and one result.

    Batches are padded to one length, so they are not counted.
    """
    prompt, shape = get_path(body, ("input_ids",)), tuple(get_path(body, ("generated_sequence", "shape")) or ())
    if len(shape) != 3 or shape[:2] != (1, 1):
        return Response()
    prompt_tokens = 0 if prompt is None else int(prompt.shape[-1])
    return Response(usage=Usage(input_tokens=prompt_tokens, output_tokens=int(shape[2]) - prompt_tokens))


pipeline = Dialect("transformers", _request, lambda body: Response(), content=_content, output=_output)
run = Dialect("transformers_run", _request, _run, content=_content)
