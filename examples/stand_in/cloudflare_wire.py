"""Cloudflare Workers AI: chats and embeddings; the path names the model."""

from __future__ import annotations

from urllib.parse import unquote

from .exchange import Answer, Event, Format, Json, Refused, Request, Route, Usage, Whole
from .openai_chat import vector
from .words import answer_text, count, texts_in

ERRORS: dict[str, tuple[int, int, str]] = {
    "400": (400, 5006, "AiError: Invalid input"),
    "401": (401, 10000, "Authentication error"),
    "404": (404, 7000, "No route for that URI"),
    "429": (429, 3040, "Capacity temporarily exceeded, please try again."),
    "500": (500, 3000, "AiError: Internal error"),
    "context-length": (
        413,
        5021,
        "AiError: The estimated number of input and maximum output tokens exceeded this model context window limit",
    ),
}


def run(request: Request) -> Answer:
    """Answer POST /ai/run: a chat for messages, embeddings for text."""
    fields = request.fields
    if "messages" in fields:
        texts = texts_in(fields["messages"])
        output = answer_text(request, texts[-1] if texts else "")
        return _whole({"response": output, "usage": _tokens(count(texts), count([output]))})
    given = fields.get("text")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts:
        raise Refused("400", "AiError: required properties are missing: text")
    vectors = [vector(str(text), 8) for text in texts]
    return _whole({"shape": [len(vectors), 8], "data": vectors})


def _tokens(given: int, made: int) -> Json:
    return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}


def _whole(result: Json) -> Whole:
    return Whole({"result": result, "success": True, "errors": [], "messages": []})


def error(kind: str, message: str) -> Whole:
    """Return the error response for a row of ``ERRORS`` or for a status."""
    known = kind if kind.isdigit() else "400"
    status, code, text = ERRORS.get(kind, (int(known), 5000, f"Status {known} was requested."))
    return Whole({"result": None, "success": False, "errors": [{"code": code, "message": message or text}], "messages": []}, status=status)


def model(request: Request) -> str:
    """Return the model from the path, without the prefix ``@``."""
    return unquote(request.parameters.get("model", "")).lstrip("@")


def usage(body: Json) -> Usage | None:
    """Read the tokens of a response."""
    found = (body.get("result") or {}).get("usage") if isinstance(body, dict) else None
    return (found["prompt_tokens"], found["completion_tokens"]) if isinstance(found, dict) else None


def stream_error(_request: Request, _index: int) -> Event:
    """Return an event for a failed stream; this format has no streams."""
    return Event(error("500", "").body)


FORMAT = Format(
    name="cloudflare",
    mount="/cloudflare",
    routes=(Route("POST", "/accounts/{account}/ai/run/{model}", run),),
    model=model,
    error=error,
    usage=usage,
    stream_error=stream_error,
    results=("result",),
    usages=("usage",),
)
