"""One call for every patch point of every provider, as data for the contract tests."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

ASKED_FOR, _, END = os.environ.get("LLM_RELEASE", "").removeprefix("sdk-").rpartition("-")
"""Provider and end of the claimed releases, from the name of a tox environment."""


@dataclass(frozen=True)
class Payload:
    """One call of one point.

    ``client(base_url)`` and ``async_client(base_url)`` make clients of a stand-in; ``sync(client)`` and
    ``async(client)`` make the call and return what the SDK returns; ``stream`` says that this is a stream; ``absent``
    names the recommended attributes that this operation's answers do not give; ``only_plain`` says why what is called
    through ``with_raw_response`` and its like is not watched; ``raises`` is false where the SDK returns
    what was refused as an answer; ``on_the_wire`` says that the point is where the answer comes in, and what the SDK makes of it
    afterwards may fail on its own; ``of_answers`` that the stream is made of whole answers, in which no server can pause or break
    off; ``noise`` names loggers that only speak because of spans which the SDK makes of its own, and
    which ours replace; ``needs`` is the requirement that a release has to meet to take what is asked.
    """

    provider: str
    point: str
    name: str
    stream: bool
    client: Callable[[str], Any]
    call: Callable[[Any], Any] | None
    async_client: Callable[[str], Any] | None
    async_call: Callable[[Any], Any] | None
    module: str
    absent: frozenset[str]
    only_plain: str = ""
    raises: bool = True
    on_the_wire: bool = False
    of_answers: bool = False
    noise: frozenset[str] = frozenset()
    needs: str = ""

    @property
    def id(self) -> str:
        return f"{self.provider}-{self.name}{'-stream' if self.stream else ''}"


def _payload(module: str, raw: dict[str, Any]) -> Payload:
    return Payload(
        provider=raw["provider"],
        point=raw["point"],
        name=raw["name"],
        stream=bool(raw.get("stream")),
        client=raw["client"],
        call=raw.get("sync"),
        async_client=raw.get("async_client"),
        async_call=raw.get("async"),
        module=raw.get("module", module),
        absent=frozenset(raw.get("absent", ())),
        only_plain=raw.get("only_plain", ""),
        raises=raw.get("raises", True),
        on_the_wire=bool(raw.get("on_the_wire")),
        of_answers=bool(raw.get("of_answers")),
        noise=frozenset(raw.get("noise", ())),
        needs=raw.get("needs", ""),
    )


def installed(module: str) -> bool:
    """Return True if an SDK is installed, without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _modules() -> Iterator[tuple[str, Any]]:
    """Yield each installed module with the package that it needs."""
    for found in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{found.name}")
        needs = getattr(module, "NEEDS", found.name)
        if installed(needs):
            yield needs, module


def read() -> Iterator[Payload]:
    """Yield every payload whose SDK is installed, or those of the selected provider."""
    for needs, module in _modules():
        yield from (_payload(needs, raw) for raw in module.PAYLOADS if ASKED_FOR in ("", raw["provider"]))


def native() -> Iterator[Callable[[], AbstractContextManager[Any]]]:
    """Yield functions that switch on the SDKs' own telemetry."""
    for _, module in _modules():
        if hasattr(module, "native"):
            yield module.native
