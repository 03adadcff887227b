"""Make some thousand clients of one process cheap, bare and watched alike."""

from __future__ import annotations

import functools
import gc
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .resting import rest


@contextmanager
def one_tls_context() -> Iterator[None]:
    """Load the certificates once: nothing here speaks TLS, and every client loads them for longer than its call takes."""
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
    """Let the collector look at what is made from now on only."""
    rest()
    gc.collect()
    gc.freeze()
