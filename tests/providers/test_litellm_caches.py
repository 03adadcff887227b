"""Test LiteLLM's response cache: events and metrics equal a count by hand.

For every kind of store.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from calls import installed
from harness.faults.injection import planted, raising_once, ways_run
from harness.servers.redis import LONG, THERE, Server, wait_until
from opentelemetry.instrumentation.llm import LLMInstrumentor
from opentelemetry.instrumentation.llm.pricing import price
from opentelemetry.instrumentation.llm.schema.records import Usage
from opentelemetry.instrumentation.llm.testing import capture_events

pytestmark = [
    pytest.mark.skipif(not installed("litellm"), reason="litellm is in an environment of its own: tox -e litellm"),
    pytest.mark.filterwarnings("ignore"),
]
MODEL = "openai/gpt-4o-mini"
KINDS = ("local", "redis", "disk")
MODES = ("sync", "async")


@pytest.fixture
def lite(stand_in: Any) -> Iterator[Any]:
    """Return litellm without HTTP clients of another event loop and without a cache."""
    from calls.litellm import Functions

    Functions("")
    lite = sys.modules["litellm"]
    before = (lite.input_callback[:], lite.success_callback[:], lite._async_success_callback[:])
    yield lite
    lite.cache = None
    lite.input_callback[:], lite.success_callback[:], lite._async_success_callback[:] = before


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.client.close()
    server.kill()


def _clear_memory_over_redis() -> None:
    """Empty the memory that newer releases keep in front of every cache in Redis."""
    memory = getattr(sys.modules["litellm.caching.caching_handler"], "in_memory_cache_obj", None)
    if memory is not None:
        memory.flush_cache()


class CacheRequests:
    """Send requests through one kind of cache, and wait for delayed writes."""

    def __init__(self, lite: Any, url: str, mode: str) -> None:
        self._lite, self._mode = lite, mode
        # Old releases cannot be used from two event loops.
        self._loop = asyncio.new_event_loop()
        self._requested = {"api_base": f"{url}/v1", "api_key": "sk-test", "max_retries": 0}

    def __call__(self, *prompts: str, **more: Any) -> list[Any]:
        return self._run("completion", [{"messages": [{"role": "user", "content": p}], "model": MODEL, **more} for p in prompts])

    def embed(self, *inputs: Any) -> list[Any]:
        return self._run("embedding", [{"model": "openai/text-embedding-3-small", "input": given} for given in inputs])

    def _run(self, name: str, calls: list[dict[str, Any]]) -> list[Any]:
        if self._mode == "sync":
            responses = [getattr(self._lite, name)(**self._requested, **call) for call in calls]
            return [list(response) if isinstance(response, self._lite.CustomStreamWrapper) else response for response in responses]
        return self._loop.run_until_complete(self._run_async(f"a{name}", calls))

    async def _run_async(self, name: str, calls: list[dict[str, Any]]) -> list[Any]:
        responses = []
        for call in calls:
            response = await getattr(self._lite, name)(**self._requested, **call)
            responses.append([chunk async for chunk in response] if call.get("stream") else response)
            while writing := [task for task in asyncio.all_tasks() if self._writes(task)]:
                await asyncio.wait(writing)
        return responses

    @staticmethod
    def _writes(task: Any) -> bool:
        # Without instrumentation the task is named after the function, with it after the wrapper.
        return any(name in repr(task.get_coro()) for name in ("cache", "around_async"))

    def close(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
            self._loop.run_until_complete(asyncio.wait([task]))
        self._loop.close()


@pytest.fixture(params=MODES)
def send(request: pytest.FixtureRequest, lite: Any, stand_in: Any) -> Iterator[CacheRequests]:
    requests = CacheRequests(lite, stand_in.url, request.param)
    yield requests
    requests.close()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, lite: Any, tmp_path: Path) -> str:
    """Set a cache of one kind."""
    from litellm.types.caching import LiteLLMCacheType

    name = request.param
    _clear_memory_over_redis()
    more: dict[str, Any] = {}
    if name == "redis":
        if not THERE:
            pytest.skip("needs the program redis-server")
        server = request.getfixturevalue("redis_server")
        server.client.flushall()
        more = {"host": "127.0.0.1", "port": str(server.port)}
    elif name not in {each.value for each in LiteLLMCacheType}:
        pytest.skip("this release of LiteLLM keeps no answers on disk")
    elif name == "disk":
        more = {"disk_cache_dir": str(tmp_path)}
    lite.cache = lite.Cache(type=name, **more)
    return str(name)


def _kinds(emitted: list[Any]) -> list[str]:
    return [event.name.removeprefix("ex_llm.cache.") for event in emitted]


def _size(emitted: list[Any]) -> float:
    return sum(e.measurements.get("size_bytes", 0) * (-1 if e.name.endswith("evicted") else 1) for e in emitted)


def _all_are_gone(kind: str, lite: Any, server: Callable[[], Server]) -> None:
    backend = lite.cache.cache
    if kind == "local":
        backend.ttl_dict.update(dict.fromkeys(backend.ttl_dict, 0.0))
    elif kind == "redis":
        server().client.flushall()
        _clear_memory_over_redis()
    else:
        backend.disk_cache.clear()


def test_events_equal_the_operations_of_the_cache(
    kind: str, send: CacheRequests, lite: Any, seen: Any, stand_in: Any, request: pytest.FixtureRequest
) -> None:
    with capture_events("ex_llm.cache.*") as emitted:
        first, again, other = send("one", "one", "two")
    assert Counter(_kinds(emitted)) == {"miss": 2, "put": 2, "hit": 1}
    assert _kinds(emitted)[:1] == ["miss"] and again.choices[0].message.content == first.choices[0].message.content
    assert len(stand_in.journal) == len(seen.spans()) == 2, "what is cached is no inference"
    assert seen.total("ex_llm.tokens.output.total") == first.usage.completion_tokens + other.usage.completion_tokens
    expected = price(
        "openai", MODEL.rpartition("/")[2], Usage(input_tokens=first.usage.prompt_tokens, output_tokens=first.usage.completion_tokens)
    )
    (hit,) = [e for e in emitted if e.name.endswith("hit")]
    assert hit.measurements["saved_cents"] == pytest.approx(expected.total)  # type: ignore[union-attr]
    counted = {name: seen.total(f"ex_llm.cache.{name}.total") for name in ("hits", "misses", "puts", "evictions")}
    assert counted == {"hits": 1, "misses": 2, "puts": 2, "evictions": 0}
    assert seen.total("ex_llm.cache.size.bytes") == _size(emitted) > 0
    assert {e.metadata["cache"] for e in emitted} == {f"litellm.{kind}"}
    assert not [e for e in emitted if "one" in repr(e) or len(e.metadata["key"]) != 16]
    assert len({e.metadata["key"] for e in emitted}) == 2

    _all_are_gone(kind, lite, lambda: request.getfixturevalue("redis_server"))
    with capture_events("ex_llm.cache.*") as emitted:
        send("one", "two")
    assert Counter(_kinds(emitted)) == {"evicted": 2, "miss": 2, "put": 2}
    assert _size(emitted) == 0 and seen.total("ex_llm.cache.evictions.total") == 2


@pytest.mark.parametrize("send", ["sync"], indirect=True)
def test_the_size_is_that_of_the_stored_entry(send: CacheRequests, lite: Any, seen: Any) -> None:
    lite.cache = lite.Cache(type="local")
    send("one", "two", "three")
    kept = [value["response"] for value in lite.cache.cache.cache_dict.values()]
    assert seen.total("ex_llm.cache.size.bytes") == sum(len(response.encode()) for response in kept) and len(kept) == 3
    lite.cache.cache.delete_cache(next(iter(lite.cache.cache.cache_dict)))
    send("four")
    kept = [value["response"] for value in lite.cache.cache.cache_dict.values()]
    assert seen.total("ex_llm.cache.size.bytes") == sum(len(response.encode()) for response in kept) and len(kept) == 3
    assert seen.total("ex_llm.cache.evictions.total") == 1


def test_entries_without_room_in_memory_are_evicted(send: CacheRequests, lite: Any, seen: Any) -> None:
    lite.cache = lite.Cache(type="local")
    memory = lite.cache.cache
    memory.max_size_in_memory = 2
    send("one", "two")
    # Old releases evict only expired entries.
    memory.ttl_dict[next(iter(memory.ttl_dict))] = 0.0
    with capture_events("ex_llm.cache.*") as emitted:
        send("three")
    assert Counter(_kinds(emitted)) == {"miss": 1, "put": 1, "evicted": 1} and len(memory.cache_dict) == 2
    assert seen.total("ex_llm.cache.size.bytes") == sum(len(kept["response"].encode()) for kept in memory.cache_dict.values())


def test_streams_are_stored_and_replayed(kind: str, send: CacheRequests, seen: Any, stand_in: Any) -> None:
    with capture_events("ex_llm.cache.*") as emitted:
        send("one", stream=True)
        wait_until(lambda: "put" in _kinds(emitted))
        send("one", stream=True)
    assert _kinds(emitted)[:3] == ["miss", "put", "hit"]
    assert len(stand_in.journal) == len(seen.spans()) == 1


@pytest.mark.parametrize("send", ["async"], indirect=True)
def test_vectors_are_reported_one_by_one(kind: str, send: CacheRequests, seen: Any, stand_in: Any) -> None:
    with capture_events("ex_llm.cache.*") as emitted:
        send.embed(["a", "b"], ["b", "a"])
    assert Counter(_kinds(emitted)) == {"miss": 2, "put": 2, "hit": 2} and len(stand_in.journal) == 1


def test_an_entry_too_old_for_the_caller_is_a_miss_and_stays(kind: str, send: CacheRequests, seen: Any) -> None:
    send("one")
    time.sleep(0.01)
    with capture_events("ex_llm.cache.*") as emitted:
        send("one", cache={"s-maxage": 1e-6, "no-store": True})
    assert _kinds(emitted) == ["miss"]


def test_a_call_that_bypasses_the_cache_reports_nothing_of_it(kind: str, send: CacheRequests, lite: Any, seen: Any) -> None:
    with capture_events("ex_llm.cache.*") as emitted:
        send("one", cache={"no-cache": True, "no-store": True})
        lite.cache.mode = "default_off"
        send("one")
        assert emitted == []
        send("one", cache={"use-cache": True})
    assert _kinds(emitted) == ["miss", "put"]


@pytest.mark.skipif(not THERE, reason="needs the program redis-server")
def test_an_unreachable_cache_is_a_miss_without_an_eviction(
    send: CacheRequests, lite: Any, seen: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Old releases log messages that cannot be formatted.
    monkeypatch.setattr(logging.getLogger("LiteLLM"), "disabled", True)
    server = Server(tmp_path)
    server.start()
    lite.cache = lite.Cache(type="redis", host="127.0.0.1", port=str(server.port))
    with capture_events("ex_llm.cache.*") as emitted:
        send("one")
        server.kill()
        _clear_memory_over_redis()
        send("one", cache={"no-store": True})
    server.client.close()
    assert _kinds(emitted) == ["miss", "put", "miss"]


@pytest.mark.skipif(not THERE, reason="needs the program redis-server")
def test_a_deletion_by_key_is_reported(lite: Any, seen: Any, redis_server: Server) -> None:
    redis_server.client.flushall()

    async def run(cache: Any) -> None:
        for key in ("a", "b"):
            await cache.async_add_cache({"choices": [key]}, cache_key=key)
        await cache.delete_cache_keys(["a"])

    with capture_events("ex_llm.cache.*") as emitted:
        asyncio.run(run(lite.Cache(type="redis", host="127.0.0.1", port=str(redis_server.port))))
    assert _kinds(emitted) == ["put", "put", "evicted"] and redis_server.client.keys() == ["b"]


@pytest.mark.parametrize("mode", MODES)
def test_the_cache_of_a_router_is_observed(mode: str, lite: Any, seen: Any, stand_in: Any) -> None:
    where = {"api_base": f"{stand_in.url}/v1", "api_key": "sk-test", "max_retries": 0}
    router = lite.Router([{"model_name": "house", "litellm_params": {"model": MODEL, **where}}], cache_responses=True)
    messages = [{"role": "user", "content": "one"}]

    async def run() -> None:
        for _ in range(2):
            await router.acompletion("house", messages)
            wait = asyncio.get_running_loop().time() + LONG
            while "put" not in _kinds(emitted) and asyncio.get_running_loop().time() < wait:
                await asyncio.sleep(0.01)

    with capture_events("ex_llm.cache.*") as emitted:
        if mode == "sync":
            router.completion("house", messages)
            wait_until(lambda: "put" in _kinds(emitted))
            router.completion("house", messages)
        else:
            asyncio.run(run())
    # The counters of its deployments are caches too, but not of responses.
    assert _kinds(emitted) == ["miss", "put", "hit"] and len(stand_in.journal) == 1


def test_uninstrument_restores_everything(lite: Any, watch: Any) -> None:
    before = dict(vars(lite.Cache))
    cache = lite.Cache(type="local")
    watch()
    assert vars(lite.Cache)["add_cache"] is not before["add_cache"]
    LLMInstrumentor().uninstrument()
    assert dict(vars(lite.Cache)) == before
    with capture_events("ex_llm.cache.*") as emitted:
        cache.add_cache({"choices": []}, cache_key="a")
        assert cache.get_cache(cache_key="a") == {"choices": []}
    assert emitted == []


ANSWER = {"model": "gpt-4o-mini", "usage": {"prompt_tokens": 3, "completion_tokens": 4}}


def _use(lite: Any) -> list[Any]:
    cache = lite.Cache(type="local")

    async def run() -> list[Any]:
        found = [await cache.async_get_cache(model="a")]
        await cache.async_add_cache(ANSWER, model="a")
        return [*found, await cache.async_get_cache(model="a")]

    found = [cache.get_cache(model="b"), cache.add_cache(ANSWER, model="b"), cache.get_cache(model="b"), *asyncio.run(run())]
    cache.cache.flush_cache()
    return [*found, cache.add_cache(ANSWER, model="c"), cache.get_cache(model="c")]


def test_a_failing_step_does_not_reach_the_application(lite: Any, seen: Any) -> None:
    expected = [None, None, ANSWER, None, ANSWER, None, ANSWER]
    _use(lite)
    found, ways = ways_run(lambda: _use(lite))
    assert found == expected
    inner = [way for way in ways if way[-1].co_name not in ("around", "around_async")]
    assert {"_looked_up", "_put", "_saved", "settle", "leave", "_keyed", "_answered", "_filled"} <= {way[-1].co_name for way in inner}
    for way in inner:
        with raising_once(way):
            assert _use(lite) == expected, way
        assert planted.happened, way
