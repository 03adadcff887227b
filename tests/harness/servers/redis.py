"""Run a redis-server on a free port, which tests kill, suspend and restart."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LONG = 60.0
"""Seconds to wait for an expected event. Reached only if a test fails."""

THERE = shutil.which("redis-server") is not None


class Server:
    """Run a redis-server whose data survives a restart."""

    def __init__(self, directory: Path) -> None:
        import redis

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client: Any = redis.Redis.from_url(self.url, decode_responses=True)
        self._failure = redis.exceptions.RedisError
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "yes", "--appendfsync", "always"]
        self._process = subprocess.Popen(["redis-server", *options, "--dir", str(self._directory)], stdout=subprocess.DEVNULL)
        wait_until(self.answers)

    def answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except self._failure:
            return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def sums(self) -> dict[str, int]:
        """Return the budgets that the server stores, by scope."""
        keys = [key for key in self.client.keys("ex_llm:budget:*") if key.endswith("}")]
        return {key.rstrip("}").rsplit(":", 1)[1]: int(self.client.get(key)) for key in keys}


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
