"""Test response caches of the client: events and metrics equal a count by hand."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.servers.redis import THERE, Server
from opentelemetry.instrumentation.llm import LLMInstrumentor, watch_cache
from opentelemetry.instrumentation.llm.testing import capture_events


def _kinds(emitted: list[Any]) -> list[str]:
    return [event.name.removeprefix("ex_llm.cache.") for event in emitted]


def test_a_dict_is_observed_through_the_returned_mapping() -> None:
    cache: dict[str, str] = watch_cache({"old": "12345"}, "answers")
    with capture_events("ex_llm.cache.*") as emitted:
        cache.get("a")
        with pytest.raises(KeyError):
            cache["a"]
        cache["a"] = "é"
        assert (cache["a"], cache.get("a"), cache.setdefault("a", "x")) == ("é",) * 3
        cache["a"] = "new"
        assert cache.pop("a") == "new" and cache.pop("a", None) is None
        cache.update(b="1", c="2")
        del cache["b"]
        cache.clear()
    assert _kinds(emitted) == [
        "miss",
        "miss",
        "put",
        "hit",
        "hit",
        "hit",
        "evicted",
        "put",
        "evicted",
        "put",
        "put",
        "evicted",
        "evicted",
        "evicted",
    ]
    sizes = [e.measurements.get("size_bytes", 0) * (1 if e.name.endswith("put") else -1) for e in emitted]
    assert sum(sizes) == -len("12345") and sizes[2] == 2
    assert cache == {} and isinstance(cache, dict)
    assert all(e.metadata["cache"] == "answers" and len(e.metadata["key"]) == 16 for e in emitted)


@pytest.mark.parametrize("kind", ["LRUCache", "FIFOCache", "LFUCache", "RRCache", "Cache"])
def test_cachetools_caches_keep_their_type_and_report_evictions(kind: str, seen: Any) -> None:
    cachetools = pytest.importorskip("cachetools")
    cache = getattr(cachetools, kind)(maxsize=2)
    assert watch_cache(cache, "small") is cache and isinstance(cache, getattr(cachetools, kind))
    with capture_events("ex_llm.cache.*") as emitted:
        for key in "abc":
            assert cache.get(key) is None
            cache[key] = key * 10
    assert sorted(_kinds(emitted)) == ["evicted"] + ["miss"] * 3 + ["put"] * 3
    assert seen.total("ex_llm.cache.size.bytes") == 20 and seen.total("ex_llm.cache.evictions.total") == 1


def test_expired_entries_are_reported_at_the_next_use() -> None:
    cachetools = pytest.importorskip("cachetools")
    now = [0.0]
    cache = watch_cache(cachetools.TTLCache(maxsize=10, ttl=5, timer=lambda: now[0]), "ttl")
    cache["a"] = "1"
    now[0] = 10
    with capture_events("ex_llm.cache.*") as emitted:
        cache["b"] = "2"
    assert sorted(_kinds(emitted)) == ["evicted", "put"]


def test_functions_cached_by_cachetools_are_observed() -> None:
    cachetools = pytest.importorskip("cachetools")
    cached = cachetools.cached(watch_cache(cachetools.LRUCache(maxsize=8), "functions"))(lambda x: x + 1)
    with capture_events("ex_llm.cache.*") as emitted:
        assert [cached(1), cached(1)] == [2, 2]
    assert _kinds(emitted) == ["miss", "put", "hit"]


def test_an_object_that_is_not_a_mapping_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"mutable mapping.*not list"):
        watch_cache([], "x")  # type: ignore[type-var]


def test_an_ordered_dict_is_refused_with_the_alternative() -> None:
    cache = OrderedDict(a=1)
    try:
        assert watch_cache(cache, "x") is cache
    except TypeError as error:
        assert "use a dict or cachetools" in str(error)


@pytest.fixture
def langchain_cache(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """Return a LangChain cache, and a function that empties it behind its back."""
    kind = request.param
    caches = pytest.importorskip("langchain_core.caches")
    if kind == "memory":
        made = caches.InMemoryCache(maxsize=2)
        yield made, made._cache.clear
        return
    community = pytest.importorskip("langchain_community.cache")
    if kind == "sqlite":
        database = tmp_path / "cache.db"
        made = community.SQLiteCache(database_path=str(database))

        def delete() -> None:
            with contextlib.closing(sqlite3.connect(database)) as connection, connection:
                connection.execute("delete from full_llm_cache")

        yield made, delete
        made.engine.dispose()
        return
    redis = pytest.importorskip("redis", reason="needs the extra [redis]")
    if not THERE:
        pytest.skip("needs the program redis-server")
    server = Server(tmp_path)
    server.start()
    with redis.Redis.from_url(server.url) as client:
        yield community.RedisCache(client), server.client.flushall
    server.client.close()
    server.kill()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("langchain_cache", ["memory", "sqlite", "redis"], indirect=True)
def test_langchain_caches_report_every_operation(langchain_cache: Any, mode: str, watch: Any) -> None:
    before, let_all_leave = langchain_cache
    from langchain_core.messages import AIMessage
    from langchain_core.outputs import ChatGeneration

    about = {"model_name": "gpt-4o-mini", "model_provider": "openai"}
    usage = {"input_tokens": 1_000_000, "output_tokens": 0, "total_tokens": 1_000_000}
    response = [ChatGeneration(message=AIMessage("hello", response_metadata=about, usage_metadata=usage))]
    seen = watch()

    def run(name: str, *args: Any) -> Any:
        return asyncio.run(getattr(before, f"a{name}")(*args)) if mode == "async" else getattr(before, name)(*args)

    with capture_events("ex_llm.cache.*") as emitted:
        for prompt in ("p1", "p2", "p3"):
            assert run("lookup", prompt, "llm") is None
            run("update", prompt, "llm", response)
        assert run("lookup", "p3", "llm")[0].text == "hello"
    kept = 2 if "Memory" in type(before).__name__ else 3
    evicted = ["evicted"] * (3 - kept)
    assert sorted(_kinds(emitted)) == sorted(["miss"] * 3 + ["put"] * 3 + ["hit"] + evicted)
    assert {e.measurements["size_bytes"] for e in emitted if e.name.endswith(("put", "evicted"))} == {5}
    (hit,) = [e for e in emitted if e.name.endswith("hit")]
    assert hit.measurements["saved_cents"] == pytest.approx(15.0)
    assert seen.total("ex_llm.cache.saved.cents.total") == pytest.approx(15.0)
    assert not [e for e in emitted if "p3" in repr(e.metadata)]
    assert seen.total("ex_llm.cache.size.bytes") == kept * len("hello")
    assert [seen.total(f"ex_llm.cache.{name}.total") for name in ("hits", "misses", "puts", "evictions")] == [1, 3, 3, 3 - kept]
    let_all_leave()
    with capture_events("ex_llm.cache.*") as emitted:
        assert run("lookup", "p3", "llm") is None
    assert _kinds(emitted) == ["evicted", "miss"]
    run("clear")
    assert seen.total("ex_llm.cache.size.bytes") == 0 and seen.total("ex_llm.cache.evictions.total") == 3
    LLMInstrumentor().uninstrument()
    with capture_events("ex_llm.cache.*") as silence:
        run("lookup", "p3", "llm")
    assert silence == []


@pytest.mark.filterwarnings("ignore")
def test_a_cache_class_defined_later_is_observed(seen: Any) -> None:
    caches = pytest.importorskip("langchain_core.caches")

    class Mine(caches.InMemoryCache):  # type: ignore[misc,name-defined]
        def lookup(self, prompt: str, llm_string: str) -> Any:
            return super().lookup(prompt, llm_string)

    with capture_events("ex_llm.cache.*") as emitted:
        Mine().lookup("p", "l")
    assert [(e.name, e.metadata["cache"]) for e in emitted] == [("ex_llm.cache.miss", "Mine")]


@pytest.mark.filterwarnings("ignore")
def test_messages_trimmed_by_langchain_are_reported(seen: Any) -> None:
    utils = pytest.importorskip("langchain_core.messages.utils")
    from langchain_core.messages import HumanMessage

    messages = [HumanMessage(str(n)) for n in range(10)]
    with capture_events("ex_llm.context.*") as emitted:
        kept = utils.trim_messages(messages, max_tokens=3, token_counter=len, strategy="last")
    assert [e.name.rpartition(".")[2] for e in emitted] == ["start", "stop"]
    assert emitted[1].measurements["messages_removed"] == 10 - len(kept) == 7 and emitted[1].metadata["strategy"] == "last"
