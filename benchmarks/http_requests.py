"""Measure HTTP requests outside LLM calls, with and without instrumentation.

``python benchmarks/http_requests.py [requests]`` calls a server that it starts on the loopback interface; with httpx it also uses a
transport that returns responses from memory. It measures processor time, which does not include waiting. Rounds are
interleaved, and the fastest of each kind counts. Clients that are not installed are skipped.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from timeit import repeat
from typing import Any

from opentelemetry.instrumentation.llm import LLMInstrumentor, context

REQUESTS, ROUNDS = 100_000, 10
SERVER = """
import asyncio
ANSWER = b"HTTP/1.1 200 OK\\r\\ncontent-type: text/plain\\r\\ncontent-length: 2\\r\\n\\r\\nok"
class Answering(asyncio.Protocol):
    def connection_made(self, transport): self.transport = transport
    def data_received(self, data):
        if data.endswith(b"\\r\\n\\r\\n"): self.transport.write(ANSWER)
async def main():
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
Ask = Callable[[int], None]


def _httpx(name: str, url: str) -> Iterator[tuple[str, Ask]]:
    module = __import__(name)
    transport = module.MockTransport(lambda request: module.Response(200, text="ok"))
    for where, client in (("in the process", module.Client(transport=transport)), ("loopback", module.Client())):

        def ask(times: int, client: Any = client) -> None:
            for _ in range(times):
                client.get(url)

        yield f"{name}, {where}", ask


def _requests(url: str) -> Ask:
    import requests

    session = requests.Session()

    def ask(times: int) -> None:
        for _ in range(times):
            session.get(url)

    return ask


def _urllib3(url: str) -> Ask:
    import urllib3

    pool = urllib3.PoolManager()

    def ask(times: int) -> None:
        for _ in range(times):
            pool.request("GET", url)

    return ask


def _aiohttp(url: str) -> Ask:
    import aiohttp

    async def asking(times: int) -> None:
        async with aiohttp.ClientSession() as session:
            for _ in range(times):
                async with session.get(url) as response:
                    await response.read()

    return lambda times: asyncio.run(asking(times))


def clients(url: str) -> Iterator[tuple[str, Ask]]:
    """Yield every installed client, by name."""
    for name in ("httpx", "httpx2"):
        if find_spec(name) is not None:
            yield from _httpx(name, url)
    for name, make in (("requests", _requests), ("urllib3", _urllib3), ("aiohttp", _aiohttp)):
        if find_spec(name) is not None:
            yield f"{name}, loopback", make(url)


def _microseconds(ask: Ask, times: int) -> float:
    began = time.process_time()
    ask(times)
    return (time.process_time() - began) / times * 1e6


def measure(ask: Ask, times: int) -> tuple[float, float]:
    """Return the microseconds of a request without and with instrumentation."""
    best = {False: float("inf"), True: float("inf")}
    ask(min(times, 50))
    for turn in range(ROUNDS):
        # Alternate the order.
        for instrumented in (False, True) if turn % 2 else (True, False):
            if instrumented:
                LLMInstrumentor().instrument()
            best[instrumented] = min(best[instrumented], _microseconds(ask, times))
            if instrumented:
                LLMInstrumentor().uninstrument()
    return best[False], best[True]


def main(requests: int = REQUESTS) -> None:
    """Print the figures."""
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        installed = list(clients(f"http://127.0.0.1:{int(server.stdout.readline())}/"))
        times = max(1, requests // (len(installed) * ROUNDS * 2))
        print(
            f"{times * len(installed) * ROUNDS * 2:,} requests: microseconds of processor time of one without and with instrumentation, and the ratio"
        )
        for name, ask in installed:
            bare, instrumented = measure(ask, times)
            print(f"  {name:24} {bare:9.1f} {instrumented:9.1f}   {instrumented / bare:.3f}")
        look = min(repeat(context.running_call, number=100_000, repeat=7)) / 100_000 * 1e6
        print(f"  look-up of the running call in the context, per request: {look:.2f}")
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
