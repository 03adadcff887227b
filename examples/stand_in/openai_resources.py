"""OpenAI's stored objects (models, files, batches ...), minimal but plausible.

Every method gets a response.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .exchange import Answer, Event, Json, Request, Route, Stream, Whole
from .words import CREATED


@dataclass(frozen=True)
class Resource:
    """A kind of stored object: path, prefix of ids, ``object``, fields, actions.

    Fields of the request have priority. ``deleted`` is the ``object`` after deletion (by default the same word with ``.deleted``);
    ``actions`` are the paths below an object that change its status; ``pages`` are the paths below it that list other objects.
    """

    path: str
    prefix: str
    object: str
    fields: dict[str, Any] = field(default_factory=dict)
    actions: dict[str, str] = field(default_factory=dict)
    pages: tuple[str, ...] = ()
    deleted: str = ""


RESOURCES = (
    Resource("/models", "model-", "model", {"created": CREATED, "owned_by": "stand-in"}),
    Resource("/files", "file-", "file", {
        "bytes": 20, "created_at": CREATED, "filename": "canned.jsonl", "purpose": "batch", "status": "processed",
    }, deleted="file"),
    Resource("/batches", "batch_", "batch", {
        "completion_window": "24h", "created_at": CREATED, "endpoint": "/v1/chat/completions", "input_file_id": "file-1",
        "output_file_id": "file-2", "status": "completed", "request_counts": {"total": 1, "completed": 1, "failed": 0}, "errors": None,
    }, {"cancel": "cancelling"}),
    Resource("/vector_stores", "vs_", "vector_store", {
        "created_at": CREATED, "name": "canned", "status": "completed", "usage_bytes": 20, "last_active_at": CREATED, "metadata": {},
        "file_counts": {"in_progress": 0, "completed": 1, "failed": 0, "cancelled": 0, "total": 1},
    }),
    Resource("/fine_tuning/jobs", "ftjob-", "fine_tuning.job", {
        "created_at": CREATED, "model": "gpt-4o-mini", "organization_id": "org-stand-in", "result_files": [], "seed": 1, "error": None,
        "status": "queued", "training_file": "file-1", "validation_file": None, "trained_tokens": None, "fine_tuned_model": None,
        "finished_at": None, "hyperparameters": {"n_epochs": 1},
    }, {"cancel": "cancelled", "pause": "queued", "resume": "running"}, ("events", "checkpoints")),
    Resource("/videos", "video_", "video", {
        "created_at": CREATED, "model": "sora-2", "progress": 100, "seconds": "4", "size": "720x1280", "status": "completed",
        "prompt": None,
    }, {"remix": "queued"}),
    Resource("/conversations", "conv_", "conversation", {"created_at": CREATED, "metadata": {}}, {}, ("items",)),
    Resource("/containers", "cntr_", "container", {"created_at": CREATED, "name": "canned", "status": "running"}, {}, ("files",)),
    Resource("/uploads", "upload_", "upload", {
        "bytes": 20, "created_at": CREATED, "expires_at": CREATED + 3600, "filename": "canned.jsonl", "purpose": "batch",
        "status": "pending",
    }, {"complete": "completed", "cancel": "cancelled"}),
    Resource("/evals", "eval_", "eval", {
        "created_at": CREATED, "name": "canned", "metadata": {}, "testing_criteria": [],
        "data_source_config": {"type": "custom", "schema": {}},
    }, {}, ("runs",)),
    Resource("/assistants", "asst_", "assistant", {"created_at": CREATED, "model": "gpt-4o-mini", "tools": [], "metadata": {}}),
    Resource("/threads", "thread_", "thread", {"created_at": CREATED, "metadata": {}}, {}, ("messages", "runs")),
)  # fmt: skip


def _one(resource: Resource, request: Request, identity: str, requested: Json) -> dict[str, Any]:
    own = {key: requested[key] for key in resource.fields if isinstance(requested.get(key), (str, dict))}
    return {"id": identity, "object": resource.object, **resource.fields, **own}


def _create(resource: Resource, request: Request) -> Answer:
    one = _one(resource, request, request.new_id(resource.prefix), request.fields)
    request.memory.remember(one["id"], one)
    return Whole(one)


def _get(resource: Resource, request: Request) -> Answer:
    identity = request.parameters["id"]
    return Whole(request.memory.recall(identity) or _one(resource, request, identity, {}))


def _list(resource: Resource, request: Request) -> Answer:
    names = ("gpt-4o-mini", "text-embedding-3-small") if resource.path == "/models" else (f"{resource.prefix}1",)
    data = [_one(resource, request, name, {}) for name in names]
    return Whole({"object": "list", "data": data, "first_id": names[0], "last_id": names[-1], "has_more": False})


def _delete(resource: Resource, request: Request) -> Answer:
    return Whole({"id": request.parameters["id"], "object": resource.deleted or f"{resource.object}.deleted", "deleted": True})


def _act(resource: Resource, status: str, request: Request) -> Answer:
    return Whole({**_one(resource, request, request.parameters["id"], {}), "status": status})


def _page(_request: Request) -> Answer:
    return Whole({"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False})


def _search(request: Request) -> Answer:
    content = [{"type": "text", "text": "A canned passage."}]
    row = {"file_id": "file-1", "filename": "canned.txt", "score": 0.9, "attributes": {}, "content": content}
    query = request.fields.get("query")
    requested = query if isinstance(query, list) else [query]
    return Whole(
        {"object": "vector_store.search_results.page", "search_query": requested, "data": [row], "has_more": False, "next_page": None}
    )


def _content(content_type: str) -> Callable[[Request], Answer]:
    return lambda _request: Whole(b"canned content of a stand-in", content_type=content_type)


def _routes(resource: Resource) -> list[Route]:
    one = resource.path + "/{id}"
    return [
        Route("POST", resource.path, partial(_create, resource)),
        Route("GET", resource.path, partial(_list, resource)),
        Route("GET", one, partial(_get, resource)),
        Route("POST", one, partial(_get, resource)),
        Route("DELETE", one, partial(_delete, resource)),
        *(Route("POST", f"{one}/{action}", partial(_act, resource, status)) for action, status in resource.actions.items()),
        *(Route("GET", f"{one}/{page}", _page) for page in resource.pages),
    ]


def _run(request: Request) -> Answer:
    """Create or fetch a run; a fetched run is complete and has its usage."""
    known = {"object": "thread.run", "created_at": CREATED, "model": "gpt-4o-mini", "instructions": "", "tools": [], "metadata": {}}
    thread = request.parameters.get("thread") or "thread_1"
    own = {"id": request.parameters.get("id") or request.new_id("run_"), "thread_id": thread, "assistant_id": "asst_1"}
    complete = request.method == "GET" or not request.fields.get("stream")
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120} if complete else None
    run = {**known, **own, "status": "completed" if complete else "queued", "parallel_tool_calls": True, "usage": usage}
    if complete:
        return Whole(run)
    done = {**run, "status": "completed", "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}}
    return Stream([Event(run, "thread.run.created"), Event(done, "thread.run.completed"), Event("[DONE]", "done")])


ROUTES = (
    Route("POST", "/threads/{thread}/runs", _run),
    Route("POST", "/threads/runs", _run),
    Route("GET", "/threads/{thread}/runs/{id}", _run),
    Route("POST", "/vector_stores/{id}/search", _search),
    Route("GET", "/files/{id}/content", _content("application/octet-stream")),
    Route("GET", "/videos/{id}/content", _content("video/mp4")),
    *(route for resource in RESOURCES for route in _routes(resource)),
)
