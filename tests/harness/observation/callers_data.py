"""Check that arguments and results of an application are not read or kept.

They are not copied or changed either.
"""

from __future__ import annotations

import dataclasses
import gc
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from calls import SampleCall
from harness.faults.changed_arguments import handing
from harness.measures.background_work import rest
from harness.observation.account import Account
from harness.observation.descriptions import described

SAID = ("messages", "input", "inputs", "contents", "prompt", "texts", "documents", "system", "instructions")
"""Arguments with message contents, read by the SDK only unless captured."""


class Marks:
    """Count reads, copies and changes of arguments, and the live objects."""

    def __init__(self) -> None:
        self.read: Counter[str] = Counter()
        self.copied: Counter[str] = Counter()
        self._refs: list[tuple[str, weakref.ref[Any]]] = []
        self._handed: list[tuple[Any, Any]] = []

    def keep_watch(self, what: str, value: Any) -> None:
        """See from now on whether ``value`` is still there, if that can be seen."""
        try:
            self._refs.append((what, weakref.ref(value)))
        except TypeError:
            return

    def alive(self) -> Counter[str]:
        """Count the objects that are still alive."""
        return Counter(what for what, ref in self._refs if ref() is not None)

    def watched(self) -> int:
        """Return the number of observed objects."""
        return len(self._refs)

    def handed(self, value: Any) -> Any:
        """Store the state of ``value`` and return the value."""
        self._handed.append((value, shape(value)))
        return value

    def changed(self) -> list[str]:
        """Return the objects that were changed since they were passed, and forget them."""
        handed, self._handed = self._handed, []
        return [f"{before} became {shape(value)}" for value, before in handed if shape(value) != before]


def shape(value: Any) -> Any:
    """Describe a structure by its values and identities, without a counted access."""
    if isinstance(value, dict):
        return (id(value), [(key, shape(dict.__getitem__(value, key))) for key in dict.__iter__(value)])
    if isinstance(value, list):
        return (id(value), [shape(inner) for inner in list.__iter__(value)])
    return (type(value).__name__, value if isinstance(value, (str, int, float, bytes, type(None))) else id(value))


def _counting(kind: type, reading: Iterable[str]) -> type:
    """Make a weakly referable subclass of ``kind`` that counts reads and copies."""

    def counted(name: str, counter: str) -> Callable[..., Any]:
        original = getattr(kind, name, None) or getattr(object, name, None)

        def count(self: Any, *args: Any) -> Any:
            getattr(self.marks, counter)[f"{self.what}.{name}"] += 1
            if original is None:  # deepcopy finds no method in the class itself
                return {"__copy__": kind.copy, "__deepcopy__": lambda it, memo: kind(it)}[name](self, *args)
            return original(self, *args)

        return count

    body: dict[str, Any] = {name: counted(name, "read") for name in reading}
    body |= {name: counted(name, "copied") for name in ("__copy__", "__deepcopy__", "__reduce_ex__")}
    return type(f"Counting{kind.__name__.title()}", (kind,), body)


CountingDict: Any = _counting(dict, ("__iter__", "__getitem__", "get", "items", "keys", "values", "__contains__"))
CountingList: Any = _counting(list, ("__iter__", "__getitem__", "__len__", "__contains__"))


def counting(marks: Marks, what: str, value: Any) -> Any:
    """Return the same structure of lists and dicts that count."""
    if type(value) not in (dict, list):
        return value
    inner: Any = (
        {key: counting(marks, what, item) for key, item in value.items()}
        if isinstance(value, dict)
        else [counting(marks, what, item) for item in value]
    )
    made = (CountingDict if isinstance(value, dict) else CountingList)(inner)
    made.marks, made.what = marks, what
    marks.keep_watch(what, made)
    return made


def marking(sample: SampleCall, marks: Marks) -> SampleCall:
    """Return the sample with marked arguments and observed clients."""

    def change(function: Any, requested: dict[str, Any]) -> dict[str, Any]:
        return {name: marks.handed(counting(marks, name if name in SAID else "beside", value)) for name, value in requested.items()}

    def client(make: Callable[[str], Any] | None) -> Any:
        def made(url: str) -> Any:
            client = make(url)  # type: ignore[misc]
            marks.keep_watch("client", client)
            return client

        return make and made

    handed = handing(sample, change)
    return dataclasses.replace(handed, client=client(sample.client), async_client=client(sample.async_client))


def watching_with(marks: Marks) -> type[Account]:
    """Make an account class that marks every object that the application receives."""

    class Watched(Account):
        def opened(self, result: Any, through: str) -> None:
            marks.keep_watch(f"result {through}", result)
            for name in ("response", "http_response"):
                if (response := getattr(result, name, None)) is not None:
                    marks.keep_watch(name, response)
            super().opened(result, through)

        def received(self, chunk: Any, home: bool = True) -> None:
            marks.keep_watch("chunk", chunk)
            super().received(chunk, home)

        def raised(self, error: BaseException) -> None:
            marks.keep_watch("exception", error)
            self.note("raised", described(error))
            self.error = type(error).__name__

    return Watched


class Once:
    """An iterable that counts calls of ``iter`` and yields each item once."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = iter(list(items))
        self.requested = 0

    def __iter__(self) -> Iterator[Any]:
        self.requested += 1
        return self._items


def one_by_one(sample: SampleCall, made: list[Once], generators: bool) -> SampleCall:
    """Return the sample with messages from generators or iterables."""

    def change(function: Any, requested: dict[str, Any]) -> dict[str, Any]:
        recorded = {name: value for name, value in requested.items() if name in SAID and isinstance(value, list)}
        for name, value in recorded.items():
            made.append(Once(value))
            requested = {**requested, name: (item for item in made[-1]) if generators else made[-1]}
        return requested

    return handing(sample, change)


def collected() -> None:
    """Have all that can be collected collected."""
    rest()
    gc.collect()
