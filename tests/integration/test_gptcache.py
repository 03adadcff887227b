"""Test GPTCache: events and metrics equal a count by hand.

Over a map and over rows, synchronous and asynchronous.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pytest

from calls import installed
from harness.faults.injection import planted, raising_once, ways_run
from harness.processes import python
from opentelemetry.instrumentation.llm import LLMInstrumentor
from opentelemetry.instrumentation.llm.testing import capture_events

pytestmark = [
    # GPTCache installs missing dependencies by itself.
    pytest.mark.skipif(not (installed("gptcache") and installed("sqlalchemy")), reason="needs gptcache and sqlalchemy: tox -e caches"),
    pytest.mark.filterwarnings("ignore"),
]
SIZE = 3


def _vector(text: str, **more: Any) -> Any:
    import numpy

    return numpy.array([float(text.count(letter)) for letter in ascii_lowercase], dtype="float32")


def _rows(tmp_path: Path) -> Any:
    from gptcache.manager import CacheBase
    from gptcache.manager.data_manager import SSDataManager
    from gptcache.manager.vector_data.base import VectorBase

    class Vectors(VectorBase):  # type: ignore[misc]
        """Keep vectors in a dict."""

        def __init__(self) -> None:
            self.kept: dict[int, Any] = {}

        def mul_add(self, datas: list[Any]) -> None:
            self.kept.update({one.id: one.data for one in datas})

        def search(self, data: Any, top_k: int = -1) -> list[tuple[float, int]]:
            near = ((float(abs(data - kept).sum()), number) for number, kept in self.kept.items())
            return sorted(near)[:1]

        def rebuild(self, ids: list[int] | None = None) -> bool:
            return True

        def delete(self, ids: list[int]) -> None:
            for number in ids:
                self.kept.pop(number, None)

        def get_embeddings(self, data_id: int) -> Any:
            return self.kept[data_id]

        def update_embeddings(self, data_id: int, emb: Any) -> None:
            self.kept[data_id] = emb

    storage = CacheBase("sqlite", sql_url=f"sqlite:///{tmp_path / 'cache.db'}")
    return SSDataManager(storage, Vectors(), None, None, SIZE, 1)


@pytest.fixture(params=["map", "rows"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """Return a cache with room for three responses."""
    from gptcache import Cache
    from gptcache.manager import get_data_manager
    from gptcache.processor.pre import get_prompt
    from gptcache.similarity_evaluation import SearchDistanceEvaluation

    made = Cache()
    if request.param == "map":
        made.init(pre_embedding_func=get_prompt, data_manager=get_data_manager(data_path=str(tmp_path / "map.txt"), max_size=SIZE))
    else:
        made.init(
            pre_embedding_func=get_prompt,
            data_manager=_rows(tmp_path),
            embedding_func=_vector,
            similarity_evaluation=SearchDistanceEvaluation(max_distance=0.01),
        )
    yield made
    made.data_manager.close()


def _kinds(emitted: list[Any]) -> list[str]:
    return [event.name.removeprefix("ex_llm.cache.") for event in emitted]


def test_events_equal_the_operations_of_the_cache(cache: Any, seen: Any) -> None:
    from gptcache.adapter.api import get, put

    with capture_events("ex_llm.cache.*") as emitted:
        assert get("aaa", cache_obj=cache) is None
        put("aaa", "é", cache_obj=cache)
        assert get("aaa", cache_obj=cache) == "é"
        assert get("zzz", cache_obj=cache) is None
    assert _kinds(emitted) == ["miss", "put", "hit", "miss"]
    assert {e.metadata["cache"] for e in emitted} == {"gptcache"} and len({e.metadata["key"] for e in emitted}) == 2
    assert "aaa" not in repr(emitted) and emitted[1].measurements["size_bytes"] == len("é".encode())
    with capture_events("ex_llm.cache.*") as emitted:
        for question in ("bbb", "ccc", "ddd"):
            put(question, "12345", cache_obj=cache)
    assert Counter(_kinds(emitted)) == {"put": 3, "evicted": 1}
    assert seen.total("ex_llm.cache.size.bytes") == SIZE * len("12345") and seen.spans() == []
    counted = {name: seen.total(f"ex_llm.cache.{name}.total") for name in ("hits", "misses", "puts", "evictions")}
    assert counted == {"hits": 1, "misses": 2, "puts": 4, "evictions": 1}
    LLMInstrumentor().uninstrument()
    with capture_events("ex_llm.cache.*") as emitted:
        assert get("ddd", cache_obj=cache) == "12345"
    assert emitted == []


def test_entries_imported_from_a_list_are_reported(cache: Any, seen: Any) -> None:
    with capture_events("ex_llm.cache.*") as emitted:
        cache.import_data(questions=["aaa", "bbb"], answers=["1", "22"])
        cache.import_data(["ccc", "ddd"], ["333", "4444"])
    assert Counter(_kinds(emitted)) == {"put": 4, "evicted": 1}
    assert seen.total("ex_llm.cache.size.bytes") == len("223334444")


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_model_called_through_the_cache_follows_the_miss(mode: str, cache: Any, seen: Any) -> None:
    from gptcache.adapter import adapter

    order: list[str] = []

    def keep(response: str, update: Any, *args: Any, **kwargs: Any) -> str:
        update(response)
        return response

    def model(**kwargs: Any) -> str:
        order.append("asked")
        return "an answer"

    async def model_async(**kwargs: Any) -> str:
        return model(**kwargs)

    def send() -> Any:
        if mode == "async":
            return asyncio.run(adapter.aadapt(model_async, str, keep, prompt="aaa", cache_obj=cache))
        return adapter.adapt(model, str, keep, prompt="aaa", cache_obj=cache)

    with capture_events("ex_llm.cache.*") as emitted:
        assert [send(), send()] == ["an answer"] * 2
    assert _kinds(emitted) == ["miss", "put", "hit"] and order == ["asked"]


def test_a_failing_model_is_called_after_the_miss(cache: Any, seen: Any) -> None:
    from gptcache.adapter.adapter import adapt

    def fail(**kwargs: Any) -> None:
        raise KeyError("mine")

    with capture_events("ex_llm.cache.*") as emitted, pytest.raises(KeyError, match="mine"):
        adapt(fail, str, None, prompt="aaa", cache_obj=cache)
    assert _kinds(emitted) == ["miss"]


@pytest.mark.parametrize("cache", ["map"], indirect=True)
def test_a_cache_inside_a_langchain_cache_is_reported_once(cache: Any, seen: Any) -> None:
    caches = pytest.importorskip("langchain_core.caches")
    from gptcache.adapter.api import get, put

    class Over(caches.BaseCache):  # type: ignore[misc,name-defined]
        def lookup(self, prompt: str, llm_string: str) -> Any:
            return get(prompt, cache_obj=cache)

        def update(self, prompt: str, llm_string: str, return_val: Any) -> None:
            put(prompt, return_val[0], cache_obj=cache)

        def clear(self, **kwargs: Any) -> None:
            """Do nothing."""

    over = Over()
    with capture_events("ex_llm.cache.*") as emitted:
        over.lookup("aaa", "")
        over.update("aaa", "", ["1"])
        assert over.lookup("aaa", "") == "1"
    assert [(e.name.rpartition(".")[2], e.metadata["cache"]) for e in emitted] == [("miss", "Over"), ("put", "Over"), ("hit", "Over")]


_EARLY = """
import sys
from gptcache import Cache
from gptcache.adapter.api import get, put
from gptcache.manager import get_data_manager
from gptcache.processor.pre import get_prompt
from opentelemetry.instrumentation.llm import LLMInstrumentor
from opentelemetry.instrumentation.llm.testing import capture_events
cache = Cache()
cache.init(pre_embedding_func=get_prompt, data_manager=get_data_manager(data_path=sys.argv[1], max_size=3))
LLMInstrumentor().instrument()
from gptcache.adapter import api
with capture_events("ex_llm.cache.*") as said:
    api.put("a", "1", cache_obj=cache)
    get("a", cache_obj=cache)
    get("b", cache_obj=cache)
print([e.name.rpartition(".")[2] for e in said])
LLMInstrumentor().uninstrument()
print(type(api.adapt).__name__)
"""


def test_adapters_imported_earlier_are_patched_and_restored(tmp_path: Path) -> None:
    ran = python("-c", _EARLY, str(tmp_path / "map.txt"))
    assert (ran.returncode, ran.stdout.split("\n")[:2]) == (0, ["['put', 'hit', 'miss']", "function"]), ran.stderr


def test_a_failing_step_does_not_reach_the_application(cache: Any, seen: Any) -> None:
    from gptcache.adapter.api import get, put

    def use() -> list[Any]:
        cache.import_data(["bbb", "ccc", "ddd"], ["1", "2", "3"])
        return [put("aaa", "1", cache_obj=cache), get("aaa", cache_obj=cache), get("zzz", cache_obj=cache)]

    use()
    expected, ways = ways_run(use)
    assert expected[1:] == ["1", None]
    inner = [way for way in ways if way[-1].co_name not in ("around", "around_async", "run")]
    assert {"_found", "_searched", "_saved", "_put", "_imported", "_begun", "_ended", "_seen"} <= {way[-1].co_name for way in inner}
    for way in inner:
        # Events that the planted failures delayed have been emitted by now.
        use()
        with raising_once(way):
            assert use() == expected, way
        assert planted.happened, way
