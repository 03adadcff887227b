"""Make some thousand clients of one process cheap, bare and watched alike."""

from __future__ import annotations

import functools
import gc
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.measures.background_work import rest


@contextmanager
def one_tls_context() -> Iterator[None]:
    """Load certificates once. No test uses TLS, and loading takes longer than a call."""
    before = ssl.create_default_context

    @functools.cache
    def once(*args: Any, **kwargs: Any) -> ssl.SSLContext:
        return before(*args, **kwargs)

    ssl.create_default_context = once  # type: ignore[assignment]
    try:
        yield
    finally:
        ssl.create_default_context = before


def forget_the_past() -> None:
    """Exclude existing objects from garbage collection."""
    rest()
    gc.collect()
    gc.freeze()
