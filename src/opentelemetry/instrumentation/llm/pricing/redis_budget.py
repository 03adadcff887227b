"""Keep a budget's sums in Redis, for several processes and machines. Needs the extra ``[redis]``.

The caller of ``RedisStore.add`` never waits for Redis: amounts are put down under a lock held for microseconds, and a
thread of the store's own, started when there is something to send, adds them to Redis and reports the sums.

- *Exact.* Redis holds integers of units. A script adds an amount and leaves a receipt; an amount whose answer was
  lost is sent again under the same number, and the receipt answers for it: added once, reported once.
- *Away.* While Redis does not answer, amounts are added up here and sent when it is back; ``health`` tells.
- *Any answer, any silence.* A command that does not return in time, an answer that is no sum, and any error of the
  client count as away; a command that never returns runs on a daemon thread, so that the process can exit.
- *Fork and exit.* A forked child starts with nothing to send (the parent sends it) and a connection of its own. The
  interpreter's exit waits until everything is sent, or until one more attempt failed.

What can be lost: amounts not sent when a process is killed or ends while Redis is away (logged), and what Redis itself
forgets. Keys expire one hour after their window.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from functools import partial
from typing import Any, NamedTuple

from .bounded_calls import BoundedCalls
from .redis_sums import RedisSums
from .store import PER_CENT, Counter, ForkSafe, Tell

logger = logging.getLogger(__name__)

_REMEMBERED = 10_000
_LINGER = 1.0
"""Seconds that the thread waits for more before it ends."""

_GLANCE = 0.05
"""Seconds between two looks at whether the interpreter is about to exit."""


_LONGEST_ERROR = 300
"""Characters of an error that are kept."""


class Health(NamedTuple):
    """Say how the store is doing. Amounts are cents."""

    reachable: bool
    """Whether the last attempt succeeded; true before the first one."""
    pending: float
    """What is still to be added to Redis."""
    lost: float
    """What was given up: more than ``max_pending`` sums waited."""
    away_since: float | None
    """Seconds since the epoch."""
    error: str | None


class _Sending(NamedTuple):
    counter: Counter
    units: int
    tell: Tell
    number: int


class RedisStore(ForkSafe):
    """Keep sums in the Redis at a URL, or of a client of yours (not an asyncio one).

    ``timeout`` bounds a connect, a command, and how long ``spent`` waits; ``add`` never waits. While Redis is away
    it is tried every ``retry_seconds``, and at most ``max_pending`` sums wait for it.
    """

    def __init__(
        self,
        redis: Any,
        *,
        prefix: str = "ex_llm:budget",
        timeout: float = 0.25,
        retry_seconds: float = 1.0,
        max_pending: int = 100_000,
    ) -> None:
        super().__init__()
        for argument, value in (("timeout", timeout), ("retry_seconds", retry_seconds), ("max_pending", max_pending)):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
                raise ValueError(f"{argument}={value!r} is not allowed; give a number above zero")
        self._target = (redis, prefix, timeout)
        self._timeout = timeout
        self._retry_seconds = retry_seconds
        self._max_pending = max_pending
        self._known: OrderedDict[Counter, int] = OrderedDict()
        self.renew()

    def renew(self) -> None:
        """Start with nothing to send, no thread and no connection."""
        self._change = threading.Condition()
        self._inbox: deque[tuple[Counter, int, Tell]] = deque()
        self._waiting: OrderedDict[Counter, tuple[int, Tell]] = OrderedDict()
        self._asked: dict[Counter, None] = {}
        self._sending: _Sending | None = None
        self._worker: threading.Thread | None = None
        self._sums = RedisSums(*self._target)
        # A connect and a command, each of which the client may bound by ``timeout``, and some time to return.
        self._calls = BoundedCalls(2 * self._timeout + 0.25)
        self._number = 0
        self._lost = 0
        self._retry_at = 0.0
        self._away_since: float | None = None
        self._error: str | None = None

    def add(self, counter: Counter, units: int, tell: Tell) -> None:
        """Put ``units`` down to be added; ``tell`` is called on the store's thread when Redis has answered."""
        # Only appended: garbage collection may add a forgotten stream's cost while this thread holds the lock.
        self._inbox.append((counter, units, tell))
        with self._change:
            self._work()

    def spent(self, counter: Counter) -> int:
        """Return what all processes spent, waiting at most ``timeout``; while Redis is away, what is known here."""
        with self._change:
            if time.monotonic() >= self._retry_at and threading.current_thread() is not self._worker:
                self._asked[counter] = None
                self._work()
                self._change.wait_for(lambda: counter not in self._asked, self._timeout)
                self._asked.pop(counter, None)
            self._sort()
            sending = self._sending.units if self._sending and self._sending.counter == counter else 0
            return self._known.get(counter, 0) + self._waiting.get(counter, (0,))[0] + sending

    def flush(self, timeout: float) -> bool:
        """Wait until everything is added to Redis, at most ``timeout`` seconds; return whether it is."""
        with self._change:
            return self._change.wait_for(lambda: not (self._inbox or self._waiting or self._sending), timeout)

    def health(self) -> Health:
        """Tell whether Redis answers and what waits for it."""
        with self._change:
            self._sort()
            away = self._away_since
            return Health(away is None, self._pending_cents(), self._lost / PER_CENT, away, self._error)

    def _sort(self) -> None:
        """Add up what was put down, by sum. The lock is held."""
        while self._inbox:
            counter, units, tell = self._inbox.popleft()
            before, _ = self._waiting.get(counter, (0, tell))
            self._waiting[counter] = (before + units, tell)
            if len(self._waiting) > self._max_pending:
                if not self._lost:
                    logger.warning("cost budget: more than %d sums wait for Redis; the oldest are given up", self._max_pending)
                self._lost += self._waiting.popitem(last=False)[1][0]

    def _pending_cents(self) -> float:
        waiting = sum(units for units, _ in self._waiting.values())
        return (waiting + (self._sending.units if self._sending else 0)) / PER_CENT

    def _work(self) -> None:
        """Wake the thread, or start it. The lock is held."""
        self._change.notify_all()
        if self._worker is None:
            self._worker = threading.Thread(target=self._run, name="ex_llm budget in redis")
            try:
                self._worker.start()
            except RuntimeError:  # the interpreter is exiting: no thread can be started any more
                self._worker = None
                self._give_up()

    def _run(self) -> None:
        try:
            while self._has_work():
                try:
                    self._one_step()
                except Exception as error:  # noqa: BLE001 - whatever a client raises, Redis did not answer
                    if not self._wait_for_return(error):
                        return
        finally:
            with self._change:
                if self._worker is threading.current_thread():
                    self._end_worker()

    def _end_worker(self) -> None:
        """Let the thread of commands end with this one. The lock is held."""
        self._worker = None
        self._calls.end()

    def _has_work(self) -> bool:
        until = time.monotonic() + _LINGER
        with self._change:
            while self._worker is threading.current_thread():
                if self._sending or self._inbox or self._waiting or self._asked:
                    return True
                if time.monotonic() > until or _exiting():
                    self._end_worker()
                else:
                    self._change.wait(_GLANCE)
            return False

    def _one_step(self) -> None:
        """Add one amount to Redis and read one sum, so that neither waits for the end of the other's queue."""
        with self._change:
            self._sort()
            asked = next(iter(self._asked), None)
            if self._sending is None and self._waiting:
                counter = asked if asked is not None and asked in self._waiting else next(iter(self._waiting))
                units, tell = self._waiting.pop(counter)
                self._number += 1
                self._sending = _Sending(counter, units, tell, self._number)
            sending = self._sending
        if sending is not None:
            after = self._calls.run(partial(self._sums.add, sending.counter, sending.units, sending.number))
            self._answered(sending.counter, after, sent=True)
            try:
                sending.tell(sending.counter, after - sending.units, after)
            except Exception:
                logger.exception("cost budget: what was called with a new sum raised")
        if asked is not None and asked in self._asked:
            self._answered(asked, self._calls.run(partial(self._sums.get, asked)), sent=False)

    def _answered(self, counter: Counter, units: int, sent: bool) -> None:
        with self._change:
            self._known[counter] = units
            self._known.move_to_end(counter)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
            if self._away_since is not None:
                logger.info("cost budget: Redis is back; %.9f cents are being added", self._pending_cents())
            if sent:
                self._sending = None
            self._asked.pop(counter, None)
            self._away_since = self._error = None
            self._retry_at = 0.0
            self._change.notify_all()

    def _wait_for_return(self, error: Exception) -> bool:
        """Note that Redis is away and wait to try again; return false when there will be no other try."""
        with self._change:
            self._error = _text(error)
            self._retry_at = time.monotonic() + self._retry_seconds
            self._asked.clear()
            self._change.notify_all()
            if self._away_since is None:
                self._away_since = time.time()
                logger.warning("cost budget: Redis is away (%s); spending is kept here until it is back", self._error)
            self._sort()
            if _exiting():
                self._give_up()
                return False
            while time.monotonic() < self._retry_at and not _exiting():
                self._change.wait(_GLANCE)
                self._sort()
            return True

    def _give_up(self) -> None:
        logger.warning("cost budget: %.9f cents were not added to Redis before the exit", self._pending_cents())


def _text(error: Exception) -> str:
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - the text of an error of any client
        text = type(error).__name__
    return text[:_LONGEST_ERROR]


def _exiting() -> bool:
    return not threading.main_thread().is_alive()
