"""Make a call as applications do: plain, raw response, or streamed response."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from typing import Any

from calls import SampleCall
from contract.driving import answer
from harness.observation.account import Account

STYLES = {"plain": "", "raw": "with_raw_response", "streamed": "with_streaming_response"}
"""How a call is made: the attribute of the SDK's resource through which it goes."""


class NotApplicable(Exception):
    """Raised with the reason if a sample has no such style or exit."""


class _Through:
    """Proxy of a client that calls through ``with_raw_response`` or similar."""

    def __init__(self, it: Any, attribute: str, owner: Any = None, name: str = "") -> None:
        self._it, self._attribute, self._owner, self._name = it, attribute, owner, name

    def __getattr__(self, name: str) -> _Through:
        return _Through(getattr(self._it, name), self._attribute, self._it, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        method = getattr(getattr(self._owner, self._attribute, None), self._name, None)
        if method is None:
            raise NotApplicable(f"{type(self._owner).__name__} has no {self._attribute}.{self._name}")
        return method(*args, **kwargs)


def parseable(raw: Any) -> Any:
    """Return a raw answer if it is one of the kind that is parsed on demand."""
    if not hasattr(raw, "parse"):
        raise NotApplicable(f"a {type(raw).__name__} has no parse()")
    return raw


def through(client: Any, style: str) -> Any:
    """Return the object that a sample uses as its client in ``style``."""
    return _Through(client, STYLES[style]) if STYLES[style] else client


class Opening:
    """One sync call of a sample in one style, with or without ``with``."""

    def __init__(self, sample: SampleCall, style: str, client: Any, account: Account) -> None:
        self._sample, self.style, self.account = sample, style, account
        self._client = through(client, style)

    def call(self) -> Any:
        """Make the call and return the result of the SDK."""
        result = self._sample.call(self._client)  # type: ignore[misc]
        self.account.opened(result, self.style)
        return result

    def stream(self) -> Any:
        """Return the stream, opened by hand."""
        result = self.call()
        if self.style == "streamed":
            result = result.__enter__()
        if self.style != "plain":
            return self._parsed(result)
        return self._entered(result.__enter__()) if _is_manager(result) else result

    @contextmanager
    def block(self) -> Iterator[Any]:
        """Give the stream, opened by ``with``."""
        with ExitStack() as stack:
            result = self.call()
            if self.style == "streamed":
                yield self._parsed(stack.enter_context(result))
                return
            result = self._parsed(result) if self.style == "raw" else result
            if not hasattr(result, "__enter__"):
                raise NotApplicable(f"a {type(result).__name__} is no context manager")
            managed = _is_manager(result)
            entered = stack.enter_context(result)
            yield self._entered(entered) if managed else self._same(result, entered)

    def _parsed(self, answer: Any) -> Any:
        stream = parseable(answer).parse()
        self.account.opened(stream, "by parse()")
        return stream

    def _entered(self, stream: Any) -> Any:
        self.account.opened(stream, "by entering")
        self.account.relays = False
        return stream

    def _same(self, result: Any, entered: Any) -> Any:
        self.account.note("entering gives itself", entered is result)
        return entered


class AsyncOpening(Opening):
    """One asynchronous call, as ``Opening`` is a plain one."""

    async def call(self) -> Any:
        """Make the call and return the result of the SDK."""
        result = await answer(self._sample, self._client)
        self.account.opened(result, self.style)
        return result

    async def stream(self) -> Any:
        """Return the stream, opened by hand."""
        result = await self.call()
        if self.style == "streamed":
            result = await result.__aenter__()
        if self.style != "plain":
            return await self._parsed(result)
        return self._entered(await result.__aenter__()) if _is_manager(result) else result

    @asynccontextmanager
    async def block(self) -> AsyncIterator[Any]:  # type: ignore[override]
        """Give the stream, opened by ``async with``."""
        async with AsyncExitStack() as stack:
            result = await self.call()
            if self.style == "streamed":
                yield await self._parsed(await stack.enter_async_context(result))
                return
            result = await self._parsed(result) if self.style == "raw" else result
            if not hasattr(result, "__aenter__"):
                raise NotApplicable(f"a {type(result).__name__} is no context manager")
            managed = _is_manager(result)
            entered = await stack.enter_async_context(result)
            yield self._entered(entered) if managed else self._same(result, entered)

    async def _parsed(self, answer: Any) -> Any:
        stream = parseable(answer).parse()
        stream = await stream if inspect.isawaitable(stream) else stream
        self.account.opened(stream, "by parse()")
        return stream


def _is_manager(result: Any) -> bool:
    enters = hasattr(result, "__enter__") or hasattr(result, "__aenter__")
    return enters and not hasattr(result, "__iter__") and not hasattr(result, "__aiter__")
