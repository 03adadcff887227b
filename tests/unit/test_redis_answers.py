"""Test a Redis budget against every response of a client or a server.

It raises nothing, ends no thread and lets the process exit. No Redis is needed: clients are objects of the test, servers are
sockets.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("redis", reason="needs the extra [redis]")

from opentelemetry.instrumentation.llm.pricing.redis_budget import RedisStore
from opentelemetry.instrumentation.llm.pricing.store import PER_CENT, Counter

COUNTER = Counter("b", None, None, None)
LONG = 20.0


class Client:
    """A client whose responses the test sets; then it keeps sums, as Redis does."""

    def __init__(self, response: Callable[[], Any] | None = None) -> None:
        self.response = response
        self.sum = 0
        self.numbers: set[Any] = set()

    def eval(self, script: str, count: int, key: str, receipt: str, units: int, number: int, *rest: Any) -> Any:
        if self.response is not None:
            return self.response()
        if number not in self.numbers:
            self.numbers.add(number)
            self.sum += units
        return str(self.sum).encode()

    def get(self, key: str) -> Any:
        return self.response() if self.response is not None else str(self.sum)


def _raises(error: BaseException) -> Callable[[], Any]:
    def response() -> Any:
        raise error

    return response


async def _coroutine() -> int:
    return 1


class Unprintable(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


ANSWERS: dict[str, Callable[[], Any]] = {
    "no integer": lambda: b"12.5",
    "empty": lambda: b"",
    "nothing": lambda: None,
    "list": lambda: [b"1"],
    "mapping": lambda: {"a": 1},
    "true": lambda: True,
    "float": lambda: float("inf"),
    "5,000 digits": lambda: b"9" * 5000,
    "a digit of another script": lambda: "\u0663",
    "coroutine": _coroutine,
    "object": object,
    "error": _raises(KeyError("x")),
    "error without text": _raises(Unprintable()),
    "recursion": _raises(RecursionError()),
    "memory": _raises(MemoryError()),
    "exit": _raises(SystemExit(3)),
    "interrupt": _raises(KeyboardInterrupt()),
}


@pytest.fixture
def store_of() -> Iterator[Callable[..., RedisStore]]:
    made: list[RedisStore] = []

    def make(client: Any, **options: Any) -> RedisStore:
        made.append(RedisStore(client, **{"timeout": 0.05, "retry_seconds": 0.02, **options}))
        return made[-1]

    yield make
    for store in made:
        worker = store._worker
        if worker is not None:
            worker.join(LONG)
            assert not worker.is_alive()


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + LONG
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    assert condition()


@pytest.mark.parametrize("kind", [kind for kind in ANSWERS if kind != "nothing"])
def test_an_invalid_response_counts_as_away_and_loses_nothing(kind: str, store_of: Any) -> None:
    client = Client(ANSWERS[kind])
    store = store_of(client)
    sums: list[tuple[int, int]] = []
    store.add(COUNTER, 3 * PER_CENT, lambda counter, before, after: sums.append((before, after)))
    _wait(lambda: not store.health().reachable)
    assert store.health().pending == 3.0 and store.health().error
    assert len(str(store.health().error)) <= 300
    assert store.spent(COUNTER) == 3 * PER_CENT
    client.response = None
    assert store.flush(LONG)
    assert store.health().reachable and client.sum == 3 * PER_CENT
    assert sums == [(0, 3 * PER_CENT)]


def test_a_callback_that_raises_does_not_send_twice(store_of: Any, caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    store = store_of(client)
    store.add(COUNTER, 1, lambda *sums: 1 / 0)
    assert store.flush(LONG)
    assert store.health().reachable and client.sum == 1
    _wait(lambda: "the callback for a new sum raised" in caplog.text)


def test_a_command_that_never_returns_is_away(store_of: Any) -> None:
    """The number of threads is bounded too."""
    released = threading.Event()
    client = Client(lambda: released.wait(LONG) and b"x")
    store = store_of(client)
    store.add(COUNTER, 1, lambda *sums: None)
    _wait(lambda: not store.health().reachable)
    _wait(lambda: "commands have not returned" in str(store.health().error))
    assert sum(thread.name == "ex_llm budget command" for thread in threading.enumerate()) <= 3
    released.set()
    client.response = None
    assert store.flush(LONG)
    assert store.health().reachable and client.sum == 1


WIRE = {
    "no integer": b"$4\r\n12.5\r\n",
    "nil": b"$-1\r\n",
    "list": b"*1\r\n:1\r\n",
    "error": b"-ERR no such thing\r\n",
    "HTTP": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "endless length": b"$99999999999999999999\r\n",
    "no length": b"$x\r\n",
    "noise": b"\x00\xff\xfe\r\n",
    "5,000 digits": b":" + b"9" * 5000 + b"\r\n",
    "closed": b"",
}


@pytest.fixture
def serving() -> Iterator[Callable[[bytes], int]]:
    """Serve one response to every command; return the port."""
    servers: list[socket.socket] = []

    def serve(server: socket.socket, response: bytes) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                threading.Thread(target=respond, args=(connection, response), daemon=True).start()

    def respond(connection: socket.socket, response: bytes) -> None:
        with connection, contextlib.suppress(OSError):
            while response and (received := connection.recv(65536)):
                connection.sendall(response * max(received.count(b"*"), 1))

    def start(response: bytes) -> int:
        servers.append(socket.create_server(("127.0.0.1", 0)))
        threading.Thread(target=serve, args=(servers[-1], response), daemon=True).start()
        port: int = servers[-1].getsockname()[1]
        return port

    yield start
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


@pytest.mark.parametrize("kind", WIRE)
def test_an_invalid_response_of_a_server_counts_as_away(kind: str, serving: Any, store_of: Any, caplog: pytest.LogCaptureFixture) -> None:
    store = store_of(f"redis://:hunter2@127.0.0.1:{serving(WIRE[kind])}/0")
    store.add(COUNTER, PER_CENT, lambda *sums: None)
    _wait(lambda: not store.health().reachable)
    store.spent(COUNTER)
    assert store.health().pending == 1.0 and store.health().lost == 0.0
    assert "hunter2" not in caplog.text + str(store.health().error)
    # The fixture waits for the thread, which ends when the amount has been sent.
    store._sums._client.close()
    store._sums._client = Client()
    assert store.flush(LONG)


SILENT = """
import socket, sys, threading, time
import redis
from opentelemetry.instrumentation.llm.pricing.redis_budget import RedisStore
from opentelemetry.instrumentation.llm.pricing.store import Counter
server = socket.create_server(("127.0.0.1", 0))
def drip():
    while True:
        connection, _ = server.accept()
        threading.Thread(target=dripping, args=(connection,), daemon=True).start()
def dripping(connection):
    try:
        while True:
            connection.sendall(b"$")
            time.sleep(0.05)
    except OSError:
        pass
if sys.argv[1] == "drips":
    threading.Thread(target=drip, daemon=True).start()
port = server.getsockname()[1]
client = f"redis://127.0.0.1:{port}/0" if sys.argv[2] == "url" else redis.Redis(port=port)
store = RedisStore(client, timeout=0.1)
store.add(Counter("b", None, None, None), 10**9, lambda *sums: None)
time.sleep(0.8)
print(store.health().reachable, store.health().pending)
"""


@pytest.mark.parametrize("client", ["url", "client without timeouts"])
@pytest.mark.parametrize("server", ["silent", "drips"])
def test_the_process_exits_although_the_server_never_responds(server: str, client: str) -> None:
    done = subprocess.run([sys.executable, "-c", SILENT, server, client], capture_output=True, text=True, timeout=LONG, check=False)
    assert (done.returncode, done.stdout) == (0, "False 1.0\n"), done.stderr
    assert "Traceback" not in done.stderr
    assert "1.000000000 cents were not added to Redis before exit" in done.stderr
