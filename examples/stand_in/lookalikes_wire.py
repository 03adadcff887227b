"""Groq, Together, Cerebras, Fireworks, Writer, AI21, Z.ai: differences to OpenAI.

``{url}/groq``, ``/together``, ``/cerebras``, ``/fireworks``, ``/writer``, ``/ai21`` and ``/zai`` are their base URLs. All of them
send usage at the end of a stream, also if it was not requested, in the chunk with the finish reason. Groq has a different field for
it. Writer's streams end without a final marker.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import openai_chat, openai_media, openai_resources, openai_wire
from .exchange import Answer, Event, Format, Json, Refused, Request, Route, Stream, Usage, Whole
from .words import answer_text, count, pieces, response_model, texts_in

_HOSTS = r"/(?P<host>groq|together|cerebras|fireworks|writer|ai21|zai)"
MOUNT = _HOSTS + r"(?:/openai|/inference)?(?:/v1)?"


def chat(request: Request) -> Answer:
    """Answer a chat like OpenAI, with usage at the end of a stream."""
    return _with_usage(request, openai_chat.chat)


def completion(request: Request) -> Answer:
    """Answer a completion like OpenAI; Writer has no id, usage or finish reason."""
    if request.parameters["host"] != "writer":
        return _with_usage(request, openai_chat.completion)
    output = answer_text(request, str(request.fields.get("prompt")))
    if request.fields.get("stream"):
        return Stream([Event({"value": piece}) for piece in pieces(output)])
    return Whole({"choices": [{"text": output, "log_probs": None}], "model": response_model(request)})


def _with_usage(request: Request, answer: Any) -> Answer:
    if not request.fields.get("stream"):
        whole: Answer = answer(request)
        return whole
    request.fields["stream_options"] = {"include_usage": True}
    *events, last, counted, done = answer(request).events
    found = counted.data["usage"]
    own = {"x_groq": {"id": "req_stand_in", "usage": found}} if request.parameters["host"] == "groq" else {"usage": found}
    plain = [replace(e, data={key: value for key, value in e.data.items() if key != "usage"}) for e in (*events, last)]
    end = [] if request.parameters["host"] == "writer" else [done]
    return Stream([*plain[:-1], replace(last, data={**plain[-1].data, **own}), *end])


def rerank(request: Request) -> Answer:
    """Answer POST /rerank: the documents in the given order."""
    requested = request.fields
    if not isinstance(requested.get("documents"), list):
        raise Refused("400", "documents: Field required")
    texts = [text for document in requested["documents"] for text in texts_in(document)]
    tokens = count([str(requested.get("query")), *texts])
    results = [{"index": i, "relevance_score": 1 / (i + 1), "document": {"text": text}} for i, text in enumerate(texts)]
    usage = {"prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens}
    return Whole({"object": "rerank", "id": request.new_id("rerank-"), "model": response_model(request),
                  "results": results[: requested.get("top_n")], "usage": usage})  # fmt: skip


def vision(request: Request) -> Answer:
    """Answer POST /vision."""
    return Whole({"data": answer_text(request, str(request.fields.get("prompt")))})


def usage(body: Json) -> Usage | None:
    """Read the tokens of a body or an event, in OpenAI's or Groq's field."""
    inner = body.get("x_groq") if isinstance(body, dict) else None
    return openai_wire.usage(inner if isinstance(inner, dict) else body)


def stream_error(request: Request, index: int) -> Event:
    """Return the event of a failed stream; Writer's event has a name."""
    return replace(openai_wire.stream_error(request, index), name="error" if request.parameters["host"] == "writer" else "")


FORMAT: Format = replace(
    openai_wire.FORMAT,
    name="lookalikes",
    mount=MOUNT,
    routes=(
        Route("POST", "/chat/completions", chat),
        Route("POST", "/chat", chat),
        Route("POST", "/completions", completion),
        Route("POST", "/embeddings", openai_chat.embeddings),
        Route("POST", "/rerank", rerank),
        Route("POST", "/vision", vision),
        *openai_media.ROUTES,
        *openai_resources.ROUTES,
    ),
    usage=usage,
    stream_error=stream_error,
)
