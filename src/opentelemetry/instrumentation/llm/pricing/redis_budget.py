"""Keep the sums of a budget in Redis. Needs the extra ``[redis]``.

``RedisStore.add`` never blocks on Redis: amounts are queued under a lock that is held for microseconds. A thread of
the store, started when the queue is not empty, adds them to Redis and reports the sums.

- *Exact.* Redis holds integers. A script adds an amount and stores a receipt. If a response was lost, the amount is sent
  again under the same number, and the receipt prevents a second addition. Each amount is added and reported once.
- *Redis unavailable.* Amounts are added up in this process and sent later; ``health`` reports the state.
- *Invalid or missing responses.* A command that does not return in time, a response that is not a sum, and any error of
  the client count as unavailable. A command that never returns runs on a daemon thread, so that the process can exit.
- *Fork and exit.* A forked child starts with an empty queue (the parent sends its amounts) and a new connection. The exit
  of the interpreter waits until everything is sent, or until one further attempt has failed.

Amounts can be lost if a process is killed, if it ends while Redis is unavailable (logged), or if Redis loses its
data. Keys expire one hour after their window.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from functools import partial
from typing import NamedTuple

from .bounded_calls import BoundedCalls
from .redis_sums import RedisSums
from .store import PER_CENT, Counter, ForkSafe, Tell

logger = logging.getLogger(__name__)

_REMEMBERED = 10_000
_LINGER = 1.0
"""Seconds that an idle thread waits for new amounts before it ends."""

_GLANCE = 0.05
"""Seconds between checks for the exit of the interpreter."""


_LONGEST_ERROR = 300
"""Maximum length of a kept error message."""


class Health(NamedTuple):
    """State of the store; amounts are in cents."""

    reachable: bool
    """Whether the last attempt succeeded; true before the first attempt."""
    pending: float
    """Cents that are not yet added to Redis."""
    lost: float
    """Cents that were dropped because more than ``max_pending`` sums were waiting."""
    away_since: float | None
    """Seconds since the epoch."""
    error: str | None


class _Sending(NamedTuple):
    counter: Counter
    units: int
    tell: Tell
    number: int


class RedisStore(ForkSafe):
    """Sums in Redis, by URL or with a given client (not an asyncio client).

    ``timeout`` limits a connect, a command, and the wait in ``spent``; ``add`` never waits. If Redis is unavailable,
    it is retried every ``retry_seconds``, and at most ``max_pending`` sums are kept waiting.
    """

    def __init__(
        self,
        redis: object,
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
        """Start with an empty queue, without thread and connection."""
        self._change = threading.Condition()
        self._inbox: deque[tuple[Counter, int, Tell]] = deque()
        self._waiting: OrderedDict[Counter, tuple[int, Tell]] = OrderedDict()
        self._asked: dict[Counter, None] = {}
        self._sending: _Sending | None = None
        self._worker: threading.Thread | None = None
        self._sums = RedisSums(*self._target)
        # A connect and a command, each limited by the client's ``timeout``, and time to return.
        self._calls = BoundedCalls(2 * self._timeout + 0.25)
        self._number = 0
        self._lost = 0
        self._retry_at = 0.0
        self._away_since: float | None = None
        self._error: str | None = None

    def add(self, counter: Counter, units: int, tell: Tell) -> None:
        """Queue ``units``; ``tell`` runs later on the store's thread."""
        # Only append: a finalizer may add the cost of a garbage-collected stream while this thread holds the lock.
        self._inbox.append((counter, units, tell))
        with self._change:
            self._work()

    def spent(self, counter: Counter) -> int:
        """Return the spending of all processes, waiting at most ``timeout``.

        If Redis is unavailable, return the sum known in this process.
        """
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
        """Wait until everything is added to Redis; return whether it is.

        Waits at most ``timeout`` seconds.
        """
        with self._change:
            return self._change.wait_for(lambda: not (self._inbox or self._waiting or self._sending), timeout)

    def health(self) -> Health:
        """Return whether Redis is available, and the waiting amounts."""
        with self._change:
            self._sort()
            away = self._away_since
            return Health(away is None, self._pending_cents(), self._lost / PER_CENT, away, self._error)

    def _sort(self) -> None:
        """Add up the queue by counter; the lock is held."""
        while self._inbox:
            counter, units, tell = self._inbox.popleft()
            before, _ = self._waiting.get(counter, (0, tell))
            self._waiting[counter] = (before + units, tell)
            if len(self._waiting) > self._max_pending:
                if not self._lost:
                    logger.warning("cost budget: more than %d sums are waiting for Redis; the oldest are dropped", self._max_pending)
                self._lost += self._waiting.popitem(last=False)[1][0]

    def _pending_cents(self) -> float:
        waiting = sum(units for units, _ in self._waiting.values())
        return (waiting + (self._sending.units if self._sending else 0)) / PER_CENT

    def _work(self) -> None:
        """Wake the thread, or start it; the lock is held."""
        self._change.notify_all()
        if self._worker is None:
            self._worker = threading.Thread(target=self._run, name="ex_llm budget in redis")
            try:
                self._worker.start()
            except RuntimeError:  # the interpreter is exiting and cannot start threads
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
        """End the command thread together with this thread; the lock is held."""
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
        """Add one amount and read one sum, so that neither queue delays the other."""
        with self._change:
            self._sort()
            requested = next(iter(self._asked), None)
            if self._sending is None and self._waiting:
                counter = requested if requested is not None and requested in self._waiting else next(iter(self._waiting))
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
                logger.exception("cost budget: the callback for a new sum raised")
        if requested is not None and requested in self._asked:
            self._answered(requested, self._calls.run(partial(self._sums.get, requested)), sent=False)

    def _answered(self, counter: Counter, units: int, sent: bool) -> None:
        with self._change:
            self._known[counter] = units
            self._known.move_to_end(counter)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
            if self._away_since is not None:
                logger.info("cost budget: Redis is available again; adding %.9f cents", self._pending_cents())
            if sent:
                self._sending = None
            self._asked.pop(counter, None)
            self._away_since = self._error = None
            self._retry_at = 0.0
            self._change.notify_all()

    def _wait_for_return(self, error: Exception) -> bool:
        """Record that Redis is unavailable and wait; return False if no retry follows."""
        with self._change:
            self._error = _text(error)
            self._retry_at = time.monotonic() + self._retry_seconds
            self._asked.clear()
            self._change.notify_all()
            if self._away_since is None:
                self._away_since = time.time()
                logger.warning("cost budget: Redis is unavailable (%s); amounts are kept in this process", self._error)
            self._sort()
            if _exiting():
                self._give_up()
                return False
            while time.monotonic() < self._retry_at and not _exiting():
                self._change.wait(_GLANCE)
                self._sort()
            return True

    def _give_up(self) -> None:
        logger.warning("cost budget: %.9f cents were not added to Redis before exit", self._pending_cents())


def _text(error: Exception) -> str:
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - the text of an error of any client
        text = type(error).__name__
    return text[:_LONGEST_ERROR]


def _exiting() -> bool:
    return not threading.main_thread().is_alive()
