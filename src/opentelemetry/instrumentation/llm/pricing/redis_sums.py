"""Add to sums in Redis exactly once: the script, the keys and the connection.

``redis_budget`` calls this module from its thread. Nothing here waits, retries or stores sums.
"""

from __future__ import annotations

import inspect
import re
import uuid
from typing import Any
from urllib.parse import quote

from .store import Counter

_GRACE = 3600
"""Seconds that a sum is kept after its window, for late amounts."""

_RECEIPT_LIFE = 86400

_LONGEST = 40
"""Maximum digits of a sum; Redis uses 64-bit integers."""

# A receipt is "<number> <sum after>". Sums are passed as text: Lua rounds numbers above 2**53.
_ADD = """
local receipt = redis.call('GET', KEYS[2])
if receipt then
  local number, after = string.match(receipt, '^(%d+) (%d+)$')
  if number == ARGV[2] then return after end
end
redis.call('INCRBY', KEYS[1], ARGV[1])
local after = redis.call('GET', KEYS[1])
redis.call('SET', KEYS[2], ARGV[2] .. ' ' .. after, 'EX', ARGV[4])
if ARGV[3] ~= '' then redis.call('PEXPIREAT', KEYS[1], ARGV[3]) end
return after
"""


class RedisSums:
    """Connection of one writer; receipts are per writer, so not shared."""

    def __init__(self, target: Any, prefix: str, timeout: float) -> None:
        try:
            import redis.exceptions  # noqa: F401 - the extra is installed
        except ImportError as error:
            extra = "opentelemetry-instrumentation-llm[redis]"
            raise ImportError(f"RedisStore needs the package redis; install {extra!r}") from error
        if not isinstance(target, str) and not callable(getattr(target, "eval", None)):
            raise TypeError(f"redis={target!r} is not allowed; give a URL such as 'redis://host:6379/0' or a redis.Redis client")
        if inspect.iscoroutinefunction(getattr(target, "execute_command", None)):
            raise TypeError(f"redis={target!r} is an asyncio client; give a redis.Redis client, which runs on its own thread")
        self._client = _client(target, timeout) if isinstance(target, str) else target
        self._prefix = prefix
        self._writer = uuid.uuid4().hex

    def add(self, counter: Counter, units: int, number: int) -> int:
        """Add and return the new sum; a repeated ``number`` adds nothing."""
        key = self._key(counter)
        expires = "" if counter.end is None else str(int((counter.end + _GRACE) * 1000))
        keys = (key, f"{key}:{self._writer}")
        return _sum(self._client.eval(_ADD, len(keys), *keys, units, number, expires, _RECEIPT_LIFE))

    def get(self, counter: Counter) -> int:
        """Return the sum, or zero if there is none."""
        result = self._client.get(self._key(counter))
        return 0 if result is None else _sum(result)

    def _key(self, counter: Counter) -> str:
        # The braces keep a sum and its receipts on the same node of a cluster.
        names = (counter.name, "" if counter.start is None else f"{counter.start:.0f}", counter.scope or "")
        return f"{self._prefix}:{{{':'.join(quote(name, safe='') for name in names)}}}"


def _sum(result: Any) -> int:
    """Return Redis's response as an integer, or raise ``ValueError``.

    The error does not repeat the response."""
    if inspect.iscoroutine(result):
        result.close()
    if isinstance(result, (bytes, bytearray)):
        result = bytes(result[: _LONGEST + 1]).decode("ascii", "replace")
    if isinstance(result, str) and len(result) <= _LONGEST and re.fullmatch(r"\s*-?[0-9]+\s*", result):
        return int(result)
    if isinstance(result, int) and not isinstance(result, bool):
        return result
    raise ValueError(f"Redis returned a value that is not a sum ({type(result).__name__})")


def _client(url: str, timeout: float) -> Any:
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # One attempt only: the store does its own retries and reports them.
    return Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0))
