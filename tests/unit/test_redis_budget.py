"""Test budgets in Redis against a real server over loopback.

Several processes, and a server that hangs, stops and returns.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from harness.servers.redis import LONG, THERE, Server, wait_until

redis = pytest.importorskip("redis", reason="needs the extra [redis]")
if not THERE:
    pytest.skip("needs the program redis-server", allow_module_level=True)

import opentelemetry.instrumentation.llm.pricing as pricing  # noqa: E402
from opentelemetry.instrumentation.llm.pricing import CostBudget, Crossing  # noqa: E402
from opentelemetry.instrumentation.llm.pricing import redis_budget as module  # noqa: E402
from opentelemetry.instrumentation.llm.pricing.redis_budget import RedisStore  # noqa: E402
from opentelemetry.instrumentation.llm.pricing.redis_sums import RedisSums  # noqa: E402
from opentelemetry.instrumentation.llm.pricing.store import PER_CENT, Counter  # noqa: E402
from unit.test_budget import Interrupting  # noqa: E402

SOURCES = str(Path(str(pricing.__file__)).resolve().parents[4])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.client.close()
    server.kill()


@pytest.fixture
def server(running: Server) -> Server:
    if not running.answers():
        running.start()
    running.client.flushall()
    return running


@pytest.fixture(autouse=True)
def _no_connection_stays_open(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    made: list[RedisSums] = []
    begin = RedisSums.__init__

    def kept(sums: RedisSums, *arguments: Any) -> None:
        begin(sums, *arguments)
        made.append(sums)

    monkeypatch.setattr(RedisSums, "__init__", kept)
    yield
    for sums in made:
        if isinstance(sums._client, redis.Redis):
            sums._client.close()


@pytest.fixture
def store(server: Server) -> Iterator[RedisStore]:
    store = RedisStore(server.url, timeout=0.2, retry_seconds=0.05)
    yield store
    worker = store._worker
    if worker is not None:
        worker.join(LONG)


def units(cents: float) -> int:
    return round(cents * PER_CENT)


def test_sums_are_stored_in_redis_and_shared(server: Server, store: RedisStore) -> None:
    other = RedisStore(redis.Redis.from_url(server.url, decode_responses=True))
    one = CostBudget("team/a b", 100, per="day", scope="user", store=store)
    two = CostBudget("team/a b", 100, per="day", scope="user", store=other)
    for number in range(10):
        (one, two)[number % 2].add(1.25, "ann:1")
    one.add(0.5, "bob")
    assert store.flush(LONG) and other.flush(LONG)
    assert (one.spent("ann:1"), two.spent("ann:1"), two.spent("bob"), two.spent("eve")) == (12.5, 12.5, 0.5, 0)
    assert server.sums() == {"ann%3A1": units(12.5), "bob": units(0.5)}


def test_keys_expire_an_hour_after_their_window(server: Server, store: RedisStore) -> None:
    CostBudget("daily", 100, per="day", store=store).add(1)
    CostBudget("for ever", 100, store=store).add(1)
    assert store.flush(LONG)
    ends = {key: server.client.pexpiretime(key) for key in server.client.keys("*}")}
    midnight = datetime.now(timezone.utc).timestamp() // 86400 * 86400 + 86400
    assert ends == {
        f"ex_llm:budget:{{daily:{midnight - 86400:.0f}:}}": (midnight + 3600) * 1000,
        "ex_llm:budget:{for%20ever::}": -1,
    }
    assert all(0 < server.client.ttl(receipt) <= 86400 for receipt in server.client.keys("*}:*"))


def test_a_crossing_is_reported_to_the_listener_or_by_add(store: RedisStore) -> None:
    listened, received = CostBudget("listened", 10, store=store), []
    reported = threading.Event()
    listened.listen(lambda crossing: (received.append(crossing), reported.set() if crossing.level == "exceeded" else None))
    assert listened.add(11) == []
    assert reported.wait(LONG)
    assert [(c.level, c.spent, c.exceeded_by) for c in received] == [("warning", 11.0, 1.0), ("exceeded", 11.0, 1.0)]

    returned = CostBudget("returned", 10, warn_at=None, store=store)
    assert returned.add(11) == []
    wait_until(lambda: bool(returned._late))
    assert [c.spent for c in returned.add(0)] == [11.0]


def test_a_listener_may_read_the_budget_and_may_fail(store: RedisStore, caplog: pytest.LogCaptureFixture) -> None:
    budget, seen = CostBudget("b", 10, warn_at=None, store=store), []

    def listener(crossing: Crossing) -> None:
        seen.append(budget.spent())
        raise RuntimeError("mine")

    budget.listen(listener)
    budget.add(11)
    wait_until(lambda: "RuntimeError: mine" in caplog.text)
    budget.add(1)
    assert store.flush(LONG)
    assert (seen, budget.spent()) == ([11.0], 12.0)


def test_a_thousand_threads_add_exactly_and_cross_once(server: Server, store: RedisStore) -> None:
    budget, crossings, go = CostBudget("b", 500, scope="s", store=store), [], threading.Event()
    budget.listen(crossings.append)

    def spend() -> None:
        go.wait()
        for number in range(20):
            budget.add(0.07, number % 2)

    threads = [threading.Thread(target=spend) for _ in range(1000)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert store.flush(LONG)
    assert server.sums() == {"0": units(700), "1": units(700)}
    wait_until(lambda: store._worker is None)
    assert sorted((c.scope, c.level) for c in crossings) == [(s, level) for s in "01" for level in ("exceeded", "warning")]


def test_a_cost_added_by_a_finalizer_during_an_addition_is_counted(server: Server, store: RedisStore) -> None:
    budget = CostBudget("b", 1000, scope="s", store=store)
    interruptions = []

    def interrupt() -> None:
        interruptions.append(10)
        budget.add(10, "x")

    for _ in range(100):
        budget.add(1, Interrupting("x", interrupt))
        budget.spent(Interrupting("x", interrupt))
    assert store.flush(LONG)
    assert len(interruptions) >= 200 and server.sums() == {"x": units(100 + sum(interruptions))}


PROCESS = """
import json, sys, threading
from opentelemetry.instrumentation.llm.pricing import CostBudget
from opentelemetry.instrumentation.llm.pricing.redis_budget import RedisStore
store = RedisStore(sys.argv[1], timeout=5)
budget = CostBudget("shared", 1000, scope="s", store=store)
crossings = []
budget.listen(lambda c: crossings.append([c.scope, c.level, c.spent]))
print("ready", flush=True)
sys.stdin.readline()
def spend():
    for number in range(4):
        budget.add(0.7, "ab"[number % 2])
threads = [threading.Thread(target=spend) for _ in range(250)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert store.flush(60)
store._worker and store._worker.join()
print(json.dumps(crossings))
"""


def process(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": SOURCES}, text=True, **pipes)  # type: ignore[call-overload,no-any-return]


def test_processes_share_a_budget_and_one_reports_the_crossing(server: Server) -> None:
    processes = [process(PROCESS, server.url) for _ in range(4)]
    for one in processes:
        assert one.stdout is not None and one.stdout.readline() == "ready\n", one.communicate()[1]
    crossings, answers = [], []
    for one in processes:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in processes:
        out, err = one.communicate(timeout=LONG)
        assert one.returncode == 0, err
        answers.append(json.loads(out))
        crossings += answers[-1]
    assert server.sums() == {"a": units(1400), "b": units(1400)}
    assert sorted((scope, level) for scope, level, _ in crossings) == [
        (scope, level) for scope in "ab" for level in ("exceeded", "warning")
    ]
    print(f"\n4 processes x 250 threads x 4 calls: {server.sums()} units, crossings by process: {answers}")


def test_a_stopped_server_blocks_nothing_and_gets_all_later(server: Server, store: RedisStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, module.__name__)
    budget, crossings = CostBudget("b", 1000, store=store), []
    budget.listen(crossings.append)
    budget.add(1)
    assert store.flush(LONG) and store.health() == (True, 0, 0, None, None)
    server.kill()
    longest = 0.0
    for _ in range(2000):
        begun = time.perf_counter()
        budget.add(0.5)
        longest = max(longest, time.perf_counter() - begun)
    wait_until(lambda: not store.health().reachable)
    begun = time.perf_counter()
    assert budget.spent() == 1001.0, "what is known here: the sum before, and what waits"
    requested = time.perf_counter() - begun
    away = store.health()
    assert away.pending == 1000.0 and away.away_since is not None and "ConnectionError" in str(away.error)
    assert crossings == [] and store.flush(0.1) is False
    server.start()
    assert store.flush(LONG)
    wait_until(lambda: len(crossings) == 2)
    assert server.sums() == {"": units(1001)} and budget.spent() == 1001.0
    assert store.health() == (True, 0, 0, None, None)
    assert ["Redis is unavailable" in caplog.messages[0], "Redis is available again" in caplog.messages[-1], len(caplog.messages)] == [
        True,
        True,
        2,
    ]
    print(f"\nserver dead: longest of 2,000 adds {longest * 1e6:.0f} us, spent() {requested * 1e6:.0f} us (bound {store._timeout} s)")


def test_a_hanging_server_blocks_nothing_and_counts_once(server: Server, store: RedisStore) -> None:
    budget, crossings = CostBudget("b", 20, store=store), []
    budget.listen(crossings.append)
    budget.add(1)
    assert store.flush(LONG)
    server.freeze()
    longest = 0.0
    try:
        for _ in range(100):
            begun = time.perf_counter()
            budget.add(0.25)
            longest = max(longest, time.perf_counter() - begun)
        begun = time.perf_counter()
        budget.spent()
        requested = time.perf_counter() - begun
        wait_until(lambda: not store.health().reachable)
        assert budget.spent() == 26.0
    finally:
        server.thaw()
    assert store.flush(LONG)
    wait_until(lambda: store._worker is None)
    assert server.sums() == {"": units(26)}
    assert [c.level for c in crossings] == ["warning", "exceeded"]
    evaluated = server.client.info("commandstats")["cmdstat_eval"]["calls"]
    print(
        f"\nserver frozen: longest of 100 adds {longest * 1e6:.0f} us, spent() {requested * 1e3:.0f} ms (bound"
        f" {store._timeout * 1e3:.0f} ms); additions the server saw in the end: {evaluated}"
    )


def test_a_repeated_addition_is_counted_once(server: Server, store: RedisStore) -> None:
    """The second response equals the first."""

    def send(amount: int, number: int) -> int:
        return store._sums.add(Counter("b", None, None, None), amount, number)

    huge = 2**60 + 1
    assert [send(huge, 1), send(huge, 1), send(5, 2), send(5, 2), send(5, 3)] == [huge, huge, huge + 5, huge + 5, huge + 10]
    assert server.sums() == {"": huge + 10}


def test_an_error_response_is_logged_and_retried(server: Server, store: RedisStore) -> None:
    server.client.lpush("ex_llm:budget:{b::}", "not a number")
    budget = CostBudget("b", 20, store=store)
    budget.add(3)
    wait_until(lambda: not store.health().reachable)
    assert "WRONGTYPE" in str(store.health().error) and store.health().pending == 3.0
    server.client.delete("ex_llm:budget:{b::}")
    assert store.flush(LONG)
    assert budget.spent() == 3.0


def test_reading_the_sum_finds_a_server_that_is_back(server: Server, store: RedisStore) -> None:
    budget = CostBudget("b", 20, store=store)
    budget.add(3)
    assert store.flush(LONG)
    server.kill()
    wait_until(lambda: budget.spent() == 3.0 and not store.health().reachable)
    server.start()
    server.client.incrby("ex_llm:budget:{b::}", units(4))
    wait_until(lambda: budget.spent() == 7.0)
    assert store.health().reachable


def test_pending_amounts_are_bounded_and_losses_are_reported(server: Server) -> None:
    store = RedisStore(server.url, timeout=0.2, retry_seconds=LONG, max_pending=10)
    budget = CostBudget("b", 1000, scope="s", store=store)
    server.kill()
    budget.add(1, "first")
    wait_until(lambda: not store.health().reachable)
    for number in range(15):
        budget.add(1, number)
    assert (store.health().pending, store.health().lost) == (11.0, 5.0)
    server.start()
    store._retry_at = 0.0  # do not wait for the next attempt
    assert store.flush(LONG)
    assert server.sums() == {"first": units(1), **{str(number): units(1) for number in range(5, 15)}}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("frozen", [False, True])
def test_a_forked_child_does_not_send_amounts_of_its_parent(server: Server, store: RedisStore, frozen: bool) -> None:
    budget = CostBudget("b", 1000, store=store)
    budget.add(1)
    assert store.flush(LONG)
    if frozen:
        server.freeze()
    try:
        if frozen:
            budget.add(2)
        with store._change:  # the child could wait for ever for the lock of another thread
            child = os.fork()
            if child == 0:
                signal.alarm(30)  # ends a child that waits for the lock
                budget.add(4)
                os._exit(0 if store.flush(LONG) and store.health().lost == 0 else 1)
    finally:
        server.thaw()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    if not frozen:
        budget.add(2)
    assert store.flush(LONG)
    assert server.sums() == {"": units(7)} and budget.spent() == 7.0


LEAVING = """
import logging, sys
logging.basicConfig()
from opentelemetry.instrumentation.llm.pricing import CostBudget
from opentelemetry.instrumentation.llm.pricing.redis_budget import RedisStore
budget = CostBudget("b", 1000, store=RedisStore(sys.argv[1]))
def spend(): budget.add(1.5)
if sys.argv[2] == "children":
    import multiprocessing
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=spend) for _ in range(3)]
    [child.start() for child in children]
    [child.join() for child in children]
spend()
"""


@pytest.mark.parametrize(("children", "cents"), [("", 1.5), ("children", 6.0)])
def test_a_process_that_ends_at_once_has_sent_its_costs(server: Server, children: str, cents: float) -> None:
    leaving = process(LEAVING, server.url, children)
    _, err = leaving.communicate(timeout=LONG)
    assert (leaving.returncode, err) == (0, "")
    assert server.sums() == {"": units(cents)}


def test_a_process_ends_without_redis_and_reports_the_loss(server: Server) -> None:
    server.kill()
    leaving = process(LEAVING, server.url, "")
    _, err = leaving.communicate(timeout=LONG)
    assert leaving.returncode == 0
    assert "Redis is unavailable" in err and "1.500000000 cents were not added to Redis before exit" in err


@pytest.mark.parametrize(
    ("argument", "error", "message"),
    [
        ({"redis": "localhost"}, ValueError, "Redis URL must specify"),
        ({"redis": None}, TypeError, "redis=None is not allowed; give a URL such as 'redis://host:6379/0'"),
        ({"timeout": 0}, ValueError, "timeout=0 is not allowed"),
        ({"retry_seconds": "1"}, ValueError, "retry_seconds='1' is not allowed"),
        ({"max_pending": True}, ValueError, "max_pending=True is not allowed"),
    ],
)
def test_an_invalid_argument_is_named(argument: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message.replace("?", r"\?")):
        RedisStore(**{"redis": "redis://127.0.0.1:1/0", **argument})


def test_an_asyncio_client_is_refused() -> None:
    from redis.asyncio import Redis

    with pytest.raises(TypeError, match=r"is an asyncio client; give a redis\.Redis client"):
        RedisStore(Redis())


def test_without_the_client_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis.exceptions", None)
    with pytest.raises(ImportError, match=r"opentelemetry-instrumentation-llm\[redis\]"):
        RedisStore("redis://127.0.0.1:1/0")
