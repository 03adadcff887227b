"""Run Python in a separate process, with the paths of the test suite.

Telemetry variables of the environment are removed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).parent.parent.parent
_PATHS = os.pathsep.join(str(_ROOT / name) for name in ("src", "examples", "tests"))


def environment() -> dict[str, str]:
    """Return the variables of such a process; PYTHONPATH stays, after our paths."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "PYTEST_"))}
    paths = os.pathsep.join(path for path in (_PATHS, kept.get("PYTHONPATH")) if path)
    return {**kept, "PYTHONPATH": paths, "PYTHONHASHSEED": "0"}


def python(*arguments: str, timeout: float | None = 240) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=timeout, env=environment())


@contextmanager
def served() -> Iterator[str]:
    """Yield the URL of a stand-in in a separate process, so that it is not measured."""
    command = [sys.executable, "-m", "stand_in"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()
