"""Streams served by Starlette: complete, left by the client, and later work."""

from __future__ import annotations

import asyncio
import gc
import http.client
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the package starlette")
uvicorn = pytest.importorskip("uvicorn", reason="needs the package uvicorn")

from starlette.applications import Starlette  # noqa: E402
from starlette.background import BackgroundTask  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import JSONResponse, StreamingResponse  # noqa: E402
from starlette.routing import Route  # noqa: E402

from opentelemetry import trace  # noqa: E402
from opentelemetry.instrumentation.llm import attach, carry, detach, with_attributes, with_span  # noqa: E402

MESSAGES: list[Any] = [{"role": "user", "content": "say three words"}]
LONG = 60.0


class _Requests:
    """ASGI middleware: a span for each request, from its first byte to its last."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # With ASGI 2.3 Starlette cancels the response if the client leaves; later versions let the application ask.
        scope["asgi"]["spec_version"] = "2.4" if scope["path"] == "/watching" else "2.3"
        async with with_span(f"request {scope['path']}"), with_attributes(session_id=scope["path"]):
            await self._app(scope, receive, send)


def _app(url: str) -> Any:
    import openai

    slow = {"base_url": f"{url}/scenario/drip:40/v1", "api_key": "sk-test", "max_retries": 0}
    client, plain = openai.AsyncOpenAI(**slow), openai.OpenAI(**slow)  # type: ignore[arg-type]
    strangers: list[int] = []

    async def ask() -> None:
        await client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)

    async def streamed(request: Request) -> StreamingResponse:
        request_span = trace.get_current_span().get_span_context().span_id
        model = "gpt-4o-mini@hang:2" if request.url.path == "/cancelled" else "gpt-4o-mini"

        async def body() -> AsyncIterator[str]:
            async for chunk in await client.chat.completions.create(model=model, messages=MESSAGES, stream=True):
                strangers.append(trace.get_current_span().get_span_context().span_id ^ request_span)
                yield str(chunk.choices[0].delta.content if chunk.choices else "") + "\n"

        return StreamingResponse(body())

    async def watching(request: Request) -> StreamingResponse:
        async def body() -> AsyncIterator[str]:
            async with await client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True) as stream:
                async for _ in stream:
                    yield "chunk\n"
                    if await request.is_disconnected():
                        break

        return StreamingResponse(body())

    def streamed_plainly(request: Request) -> StreamingResponse:
        def body() -> Iterator[str]:
            with plain.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True) as stream:
                for chunk in stream:
                    yield str(chunk.choices[0].delta.content if chunk.choices else "") + "\n"

        return StreamingResponse(body())

    async def background(request: Request) -> JSONResponse:
        return JSONResponse({}, background=BackgroundTask(carry(ask)))

    async def spawned(request: Request) -> JSONResponse:
        request.app.state.task = asyncio.create_task(ask())
        return JSONResponse({})

    async def read(request: Request) -> JSONResponse:
        """Return the context between two chunks; it must be empty."""
        return JSONResponse(strangers)

    routes = {
        "/streamed": streamed,
        "/cancelled": streamed,
        "/watching": watching,
        "/plainly": streamed_plainly,
        "/background": background,
        "/spawned": spawned,
        "/strangers": read,
    }

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await client.close()
        plain.close()

    return _Requests(Starlette(routes=[Route(path, endpoint) for path, endpoint in routes.items()], lifespan=lifespan))


@pytest.fixture
def served(seen: Any, stand_in: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Serve the application from a thread; give its port."""
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: seen.tracer_provider)
    started = threading.Event()

    class Server(uvicorn.Server):  # type: ignore[misc]
        async def startup(self, *arguments: Any, **keywords: Any) -> None:
            await super().startup(*arguments, **keywords)
            started.set()

    server = Server(uvicorn.Config(_app(stand_in.url), port=0, log_level="error", lifespan="on", ws="none", loop="asyncio"))
    thread = threading.Thread(target=server.run)
    thread.start()
    assert started.wait(LONG)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(LONG)


@pytest.fixture
def ended() -> Iterator[threading.Semaphore]:
    """Yield a value whenever a chat has ended."""
    reported = threading.Semaphore(0)
    for phase in ("stop", "exception"):
        attach(f"test-{phase}", f"ex_llm.chat.{phase}", lambda *_: reported.release())
    yield reported
    for phase in ("stop", "exception"):
        detach(f"test-{phase}")


def get(port: int, path: str, leave_after: int | None = None) -> bytes:
    """Read a response, or only so many of its lines."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
    connection.request("GET", path)
    response = connection.getresponse()
    read = response.read() if leave_after is None else b"".join(response.readline() for _ in range(leave_after))
    connection.close()
    return read


def judge(seen: Any, path: str) -> Any:
    """Return the span of the call; check its parent, trace and session."""
    (request,) = (span for span in seen.spans() if span.name == f"request {path}")
    (call,) = (span for span in seen.spans() if span.name.startswith("chat gpt-4o-mini"))
    assert (call.context.trace_id, call.parent.span_id) == (request.context.trace_id, request.context.span_id)
    assert call.attributes["session.id"] == path
    return call


@pytest.mark.parametrize("path", ["/streamed", "/plainly"])
def test_a_stream_that_is_read(path: str, served: int, ended: threading.Semaphore, seen: Any, no_context_errors: None) -> None:
    assert len(get(served, path).splitlines()) > 2
    assert ended.acquire(timeout=LONG)
    strangers = get(served, "/strangers")
    assert set(strangers) <= set(b"[0,]") and (path == "/plainly") == (strangers == b"[]")
    assert judge(seen, path).attributes["ex_llm.stream.end"] == "complete"


@pytest.mark.parametrize(
    ("path", "ends"),
    [
        ("/cancelled", {"cancelled"}),
        ("/watching", {"closed_early"}),
        # Nobody closes a plain generator that is left early; it ends when it is collected.
        ("/plainly", {"abandoned", "closed_early"}),
    ],
)
def test_a_stream_whose_client_leaves(
    path: str, ends: set[str], served: int, ended: threading.Semaphore, seen: Any, stand_in: Any, no_context_errors: None
) -> None:
    get(served, path, leave_after=1)
    until = time.monotonic() + LONG
    while not ended.acquire(timeout=0.1):
        assert time.monotonic() < until
        gc.collect()
    get(served, "/strangers")  # the server has finished the earlier requests by now
    assert judge(seen, path).attributes["ex_llm.stream.end"] in ends
    assert len(stand_in.journal) == 1


@pytest.mark.parametrize("path", ["/background", "/spawned"])
def test_work_that_goes_on_after_the_response(
    path: str, served: int, ended: threading.Semaphore, seen: Any, no_context_errors: None
) -> None:
    assert get(served, path) == b"{}"
    assert ended.acquire(timeout=LONG)
    get(served, "/strangers")
    judge(seen, path)
