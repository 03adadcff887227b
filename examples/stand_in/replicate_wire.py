"""Replicate's wire format: predictions that are finished when they are returned."""

from __future__ import annotations

from typing import Any

from .exchange import Answer, Event, Format, Json, Refused, Request, Route, Usage, Whole
from .words import answer_text, count, pieces

_TITLES = {401: "Unauthenticated", 402: "Insufficient credit", 404: "Not found", 429: "Too many requests"}
_METRICS = ("input_token_count", "output_token_count")


def predict(request: Request) -> Answer:
    """Answer a prediction, by version or model, with its whole output."""
    given = request.fields.get("input")
    if not isinstance(given, dict):
        raise Refused("422", "input is required")
    prompt, id = str(given.get("prompt")), request.new_id("prediction")
    output = pieces(answer_text(request, prompt))
    named = "/".join(request.parameters[part] for part in ("owner", "name") if part in request.parameters) or "meta/llama"
    made: dict[str, Any] = {
        "id": id, "model": named, "version": str(request.fields.get("version") or "hidden"), "input": given, "logs": "", "output": output,
        "error": None, "status": "succeeded", "created_at": "2026-01-01T00:00:00Z", "urls": {"get": f"/v1/predictions/{id}"},
        "metrics": {"predict_time": 0.1, "input_token_count": count([prompt]), "output_token_count": len(output)},
    }  # fmt: skip
    request.memory.remember(f"prediction {id}", made)
    return Whole(made, status=201)


def fetch(request: Request) -> Answer:
    """Answer with an earlier prediction, or with an invented prediction."""
    kept = request.memory.recall(f"prediction {request.parameters['id']}")
    if kept is not None:
        return Whole(kept)
    made = predict(_asking(request))
    return Whole({**made.body, "id": request.parameters["id"]}) if isinstance(made, Whole) else made


def _asking(request: Request) -> Request:
    request.__dict__["fields"] = {"input": {"prompt": "say three words"}}
    return request


def error(kind: str, message: str) -> Whole:
    """Return an error response."""
    status = int(kind) if kind.isdigit() else 400
    title = _TITLES.get(status, f"Status {status}")
    return Whole({"title": title, "detail": message or f"{title}.", "status": status}, status=status)


def model(request: Request) -> str:
    """Return the model from the path, or the version from the body."""
    return request.parameters.get("name") or str(request.fields.get("version") or "")


def usage(body: Json) -> Usage | None:
    """Read the tokens of a prediction."""
    found = body.get("metrics") if isinstance(body, dict) else None
    return (found[_METRICS[0]], found[_METRICS[1]]) if isinstance(found, dict) and _METRICS[0] in found else None


def stream_error(_request: Request, _index: int) -> Event:
    """Return an event for a failed stream; this format has no streams."""
    return Event(error("500", "").body)


FORMAT = Format(
    name="replicate",
    mount="/replicate/v1",
    routes=(
        Route("POST", "/predictions", predict),
        Route("POST", "/models/{owner}/{name}/predictions", predict),
        Route("POST", "/deployments/{owner}/{name}/predictions", predict),
        Route("GET", "/predictions/{id}", fetch),
    ),
    model=model,
    error=error,
    usage=usage,
    stream_error=stream_error,
    results=("output",),
    usages=_METRICS,
)
