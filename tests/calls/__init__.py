"""One call for each patch point of each provider, for the contract tests."""

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
class SampleCall:
    """One call of one patch point.

    ``client`` and ``async_client`` take the URL of a stand-in and return a client; ``call`` and ``async_call`` take that client,
    make the call and return the SDK's result. The other fields:

    - ``stream``: the result is a stream.
    - ``absent``: recommended attributes that the responses of this operation lack.
    - ``only_plain``: why a call through ``with_raw_response`` or similar is not instrumented.
    - ``raises``: False if the SDK returns a refused request as a response.
    - ``on_the_wire``: the patch point receives the response, and the SDK's later processing of it may fail.
    - ``of_answers``: the stream consists of complete responses, so no server can pause or interrupt it.
    - ``noise``: loggers that only write because of the SDK's own spans, which this package replaces.
    - ``needs``: the requirement that a release must meet for this call.
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


def _sample(module: str, raw: dict[str, Any]) -> SampleCall:
    return SampleCall(
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


def read() -> Iterator[SampleCall]:
    """Yield every sample whose SDK is installed, or those of the selected provider."""
    for needs, module in _modules():
        yield from (_sample(needs, raw) for raw in module.SAMPLES if ASKED_FOR in ("", raw["provider"]))


def native() -> Iterator[Callable[[], AbstractContextManager[Any]]]:
    """Yield functions that switch on the SDKs' own telemetry."""
    for _, module in _modules():
        if hasattr(module, "native"):
            yield module.native
