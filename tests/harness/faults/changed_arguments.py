"""Change the arguments between a sample and its SDK."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from calls import SampleCall

Change = Callable[[Any, dict[str, Any]], dict[str, Any]]
"""Takes the SDK's function and named arguments; returns new arguments."""


class Handing:
    """Proxy of a client, or of its attribute, that changes arguments."""

    def __init__(self, it: Any, change: Change) -> None:
        self._it, self._change = it, change

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._it, name)
        return found if isinstance(found, str) else Handing(found, self._change)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        result = self._it(*args, **self._change(self._it, kwargs))
        return Handing(result, self._change) if hasattr(result, "send_message") else result


def handing(sample: SampleCall, change: Change) -> SampleCall:
    """Return the sample with every argument changed on its way."""
    call, asynchronous = sample.call, sample.async_call
    return dataclasses.replace(
        sample,
        call=call and (lambda client: call(Handing(client, change))),
        async_call=asynchronous and (lambda client: asynchronous(Handing(client, change))),
    )
