"""List the ways in which an application leaves a stream, with expected telemetry.

A script receives an ``Opening`` (``AsyncOpening`` for coroutines) and uses it as an application does. ``ends`` are the
possible values of ``ex_llm.stream.end``, none if no stream began. ``failed`` is true if the span must have status
``ERROR``, and ``None`` if the failure is not visible to the package. If it ``races``, the number of chunks varies.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from harness.scripts.styles import STYLES

from . import exits_async, exits_sync

Script = Callable[[Any], Any]


class Exit(NamedTuple):
    """One exit: scripts, scenario of the stand-in, and expected telemetry."""

    name: str
    ends: tuple[str, ...]
    plain: Script | None
    asynchronous: Script | None
    scenario: str = ""
    failed: bool | None = False
    styles: tuple[str, ...] = tuple(STYLES)
    races: bool = False

    def script(self, mode: str) -> Script | None:
        """Return the script for ``"sync"`` or ``"async"``."""
        return self.plain if mode == "sync" else self.asynchronous


_S, _A = exits_sync, exits_async
_COMPLETE, _CLOSED, _LOST, _BROKEN, _STOPPED = ("complete",), ("closed_early",), ("abandoned",), ("error",), ("cancelled",)
_RAW, _STREAMED = ("raw", "streamed"), ("streamed",)
# Raw answers share all but their opening with plain ones; the rarer ways out are tried through them only where time is no matter.
_FULL = bool(os.environ.get("LLM_HARNESS_FULL"))
_RARELY_RAW = tuple(STYLES) if _FULL else ("plain",)
_RARE, _RARE_STREAMED = (_RAW, _STREAMED) if _FULL else ((), ())

STREAM_EXITS: tuple[Exit, ...] = (
    Exit("exhausted", _COMPLETE, _S.exhausted, _A.exhausted),
    Exit("exhausted in with", _COMPLETE, _S.exhausted_in_with, _A.exhausted_in_with, styles=_RARELY_RAW),
    Exit("stepped past the end", _COMPLETE, _S.advanced, _A.advanced, styles=_RARELY_RAW),
    Exit("broken off", _LOST, _S.broken_off, _A.broken_off, styles=_RARELY_RAW),
    Exit("broken off in with", _CLOSED, _S.broken_off_in_with, _A.broken_off_in_with),
    Exit("closed", _CLOSED, _S.closed, _A.closed, styles=_RARELY_RAW),
    Exit("closed unread", _CLOSED, _S.closed_unread, _A.closed_unread),
    Exit("closing", _CLOSED, _S.closing, _A.closing, styles=_RARELY_RAW),
    Exit("consumer raises", _LOST, _S.consumer_raises, _A.consumer_raises, styles=_RARELY_RAW),
    Exit("consumer raises in with", _CLOSED, _S.consumer_raises_in_with, _A.consumer_raises_in_with, styles=_RARELY_RAW),
    Exit("server cuts", _BROKEN, _S.exhausted, _A.exhausted, "cut:2", failed=True),
    # A reset can overtake data that was sent earlier, so the number of chunks varies.
    Exit("server resets", _BROKEN, _S.exhausted, _A.exhausted, "die:2", failed=True, races=True, styles=_RARELY_RAW),
    Exit("error event", _BROKEN, _S.exhausted, _A.exhausted, "stream-error:1", failed=True),
    Exit("refused", (), _S.exhausted, _A.exhausted, "error-429", failed=True),
    Exit("interrupted", _STOPPED, _S.interrupted, None, "hang:2", failed=True, races=True, styles=_RARELY_RAW),
    Exit("cancelled", _STOPPED, None, _A.cancelled, "hang:2", failed=True, races=True),
    Exit("cancelled by a timeout", _STOPPED, None, _A.timed_out, "hang:2", failed=True, races=True, styles=_RARELY_RAW),
    Exit("cancelled before the answer", (), None, _A.cancelled_unanswered, "slow:60000", failed=True),
    Exit("never iterated", _LOST, _S.never_iterated, _A.never_iterated),
    Exit("dropped", _LOST, _S.dropped, _A.dropped),
    Exit("dropped in a cycle", _LOST, _S.dropped_in_a_cycle, _A.dropped_in_a_cycle, styles=_RARELY_RAW),
    Exit("copied", _COMPLETE, _S.copied, _A.copied, styles=("plain",)),
    Exit("in another task", _COMPLETE, None, _A.in_another_task, styles=_RARELY_RAW),
    Exit("in another thread", _COMPLETE, _S.in_another_thread, None, styles=_RARELY_RAW),
    Exit("loop ended first", (*_CLOSED, *_LOST), None, _A.loop_ended, races=True, styles=_RARELY_RAW),
    Exit("loop closed first", _LOST, None, _A.loop_closed, races=True, styles=_RARELY_RAW),
    Exit("read as lines", ("unparsed",), _S.read_as_lines, _A.read_as_lines, styles=_STREAMED),
    Exit("read as bytes", ("unparsed",), _S.read_as_bytes, _A.read_as_bytes, styles=_RARE_STREAMED),
    Exit("read whole", ("unparsed",), _S.read_whole, _A.read_whole, styles=_STREAMED),
    Exit("left unread", ("unparsed",), _S.left_unread, _A.left_unread, styles=_STREAMED),
    Exit("dropped unparsed", _LOST, _S.dropped_unparsed, _A.dropped_unparsed, styles=_RAW),
)

VALUE_EXITS: tuple[Exit, ...] = (
    Exit("answered", (), _S.answered, _A.answered, styles=("plain",)),
    Exit("refused", (), _S.answered, _A.answered, "error-429", failed=True),
    Exit("cut", (), _S.answered, _A.answered, "cut", failed=True, styles=("plain", "raw")),
    Exit("cut while it is read", (), _S.read_whole, _A.read_whole, "cut", failed=None, styles=_RARE_STREAMED),
    Exit("cancelled before the answer", (), None, _A.cancelled_unanswered, "slow:60000", failed=True),
    Exit("parsed", (), _S.parsed, _A.parsed, styles=_RAW),
    Exit("parsed twice", (), _S.parsed_twice, _A.parsed_twice, styles=_RARE),
    Exit("dropped unparsed", (), _S.dropped_unparsed, _A.dropped_unparsed, styles=_RAW),
    Exit("read as bytes", (), _S.read_as_bytes, _A.read_as_bytes, styles=_RARE_STREAMED),
    Exit("read as lines", (), _S.read_as_lines, _A.read_as_lines, styles=_RARE_STREAMED),
    Exit("read whole", (), _S.read_whole, _A.read_whole, styles=_STREAMED),
    Exit("left unread", (), _S.left_unread, _A.left_unread, styles=_STREAMED),
)


def exits(stream: bool, mode: str, style: str) -> list[Exit]:
    """List the exits that a stream, or a whole answer, has in this mode and style."""
    return [e for e in (STREAM_EXITS if stream else VALUE_EXITS) if style in e.styles and e.script(mode) is not None]
