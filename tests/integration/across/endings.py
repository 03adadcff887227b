"""Programs that end in different ways: ``python endings.py HOW URL``.

Environment variables configure OpenTelemetry.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

from opentelemetry.instrumentation.llm import carry, with_attributes, with_span
from opentelemetry.instrumentation.llm.workers import flush, in_worker, watch_worker

MESSAGES: list[Any] = [{"role": "user", "content": "say three words"}]
kept: list[Any] = []


def ask(url: str, leave_open: bool = True) -> int:
    """Make a call, read a stream, and leave one open."""
    import openai

    client = openai.OpenAI(base_url=f"{url}/v1", api_key="sk-test", max_retries=0)
    client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    assert list(client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True))
    if leave_open:
        stream = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True)
        next(stream)
        kept.append((client, stream))
    else:
        client.close()
    return os.getpid()


def script(url: str) -> None:
    """Come to the last line."""
    watch_worker()
    ask(url)


def failing(url: str) -> None:
    """Fail."""
    watch_worker()
    ask(url)
    raise RuntimeError("on purpose")


def frozen(url: str) -> None:
    """Handle events and be frozen after each, the last time for ever."""
    handler = in_worker(lambda event, context: ask(event, leave_open=False))
    for _ in range(2):
        handler(url, None)
    os.kill(os.getpid(), signal.SIGKILL)


def children(method: str, url: str) -> None:
    """Let children work: one of each kind that the standard library starts."""
    watch_worker()
    context = multiprocessing.get_context(method)
    with with_span("parent"), with_attributes(session_id="s"):
        child = context.Process(target=carry(in_worker(ask)), args=(url,))
        child.start()
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            pids = {os.getpid(), pool.submit(carry(in_worker(ask)), url).result()}
        child.join()
    assert child.exitcode == 0 and len(pids | {child.pid}) == 3
    assert flush()


HOW = {"script": script, "failing": failing, "frozen": frozen, "fork": partial(children, "fork"), "spawn": partial(children, "spawn")}

if __name__ == "__main__":
    HOW[sys.argv[1]](sys.argv[2])
