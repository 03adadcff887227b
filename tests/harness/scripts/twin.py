"""Run every script of a provider in one process and write its accounts.

``python -m harness.scripts.twin bare openai out.json`` writes the accounts without instrumentation; a second process writes
those with it, and ``differences`` compares them. Each process has its own stand-in, so that ids and counts are equal.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import logging
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import calls
from harness.measures.fast_clients import forget_the_past, one_tls_context
from harness.observation.descriptions import shown
from harness.observation.signatures import outsides
from harness.scripts.one_run import Case, cases, run
from harness.scripts.styles import NotApplicable
from stand_in import StandIn

_OURS = "opentelemetry.instrumentation.llm"
_RANDOM = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "an id"),
    (re.compile(r"\b[0-9a-f]{32,}\b"), "a digest"),
    (re.compile(r"0x[0-9a-fA-F]{6,}"), "an address"),
    (re.compile(r"\b20\d{6}T\d{6}Z\b|\b1[789]\d{8}\b|\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT"), "a time"),
    (re.compile(r"(?<=-ms': ')\d+"), "a duration"),
)
"""Values in requests, signatures and texts that differ between two runs."""
_FIGURE = re.compile(r"0x[0-9a-f]+|\d+(?:\.\d+)?(?:e-?\d+)?")
_TRACE = frozenset({"traceparent", "tracestate", "baggage"})
_TABLES = frozenset({"SAMPLES", "CALLS"})
_BEGINNING = 60
"""Compared length of a debug line: some contain all received data."""
_BOUNDARY = re.compile(r"boundary=([\w\-]+)")


class Hearing(logging.Handler):
    """Keep the log records of everybody but us."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[list[str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Return logger and text of a record, without numbers in debug lines."""
        if record.name.startswith(_OURS) and record.levelno < logging.WARNING:
            return
        whole = record.levelno >= logging.INFO
        text = _FIGURE.sub("#", _without_random(record.getMessage() if whole else str(record.msg)))
        self.records.append([record.name, record.levelname, text if whole else text[:_BEGINNING]])


def _requests(server: StandIn) -> list[Any]:
    reported = []
    for record in server.journal:
        headers = [[name, value] for name, value in record.headers if name.lower() not in _TRACE]
        body = record.body.decode("latin-1")
        for boundary in _BOUNDARY.findall(record.header("content-type") or ""):
            headers, body = json.loads(json.dumps(headers).replace(boundary, "B")), body.replace(boundary, "B")
        reported.append([record.method, record.path, headers, body])
    return reported


def _given(case: Case) -> dict[str, str]:
    """Show the lists and dictionaries of the application, which must not change."""
    call = case.sample.call or case.sample.async_call
    constants = {name: value for name, value in getattr(call, "__globals__", {}).items() if name.isupper()}
    return {name: shown(value) for name, value in constants.items() if isinstance(value, (list, dict)) and name not in _TABLES}


@contextlib.contextmanager
def _unraisable(kept: list[str]) -> Iterator[None]:
    before = sys.unraisablehook
    sys.unraisablehook = lambda args: kept.append(args.exc_type.__name__)
    try:
        yield
    finally:
        sys.unraisablehook = before


def observed(case: Case, server: StandIn, hearing: Hearing) -> Any:
    """Run one case and return all observations, without values that differ each time."""
    server.clear()
    hearing.records.clear()
    unraisable: list[str] = []
    printed = io.StringIO()
    with (
        _unraisable(unraisable),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        warnings.catch_warnings(record=True) as warned,
    ):
        warnings.simplefilter("always")
        try:
            account = run(case, server.url, surfaces=True)
        except NotApplicable as reason:
            return {"not applicable": str(reason)}
        finally:
            gc.collect()
    host = server.url.removeprefix("http://")
    records = [record for record in hearing.records if record[0] not in case.sample.noise]
    reported = {
        "seen": account.as_json(),
        "given": _given(case),
        "requests": _requests(server),
        "logs": [record for record in records if record[1] != "DEBUG"],
        "debug": sorted(record for record in records if record[1] == "DEBUG"),
        # When the garbage is collected is nobody's promise.
        "warnings": sorted(
            {f"{w.category.__name__} {Path(w.filename).name} {w.lineno}" for w in warned if w.category is not ResourceWarning}
        ),
        "unraisable": sorted(set(unraisable)),
        "printed": printed.getvalue(),
    }
    return comparable(reported, host)


def comparable(reported: Any, host: str = "stand-in") -> Any:
    """Return a comparable form: values that differ in each run are replaced by names."""
    return json.loads(_without_random(json.dumps(reported).replace(host, "stand-in")))


def _without_random(text: str) -> str:
    for pattern, name in _RANDOM:
        text = pattern.sub(name, text)
    return text


def accounts(provider: str, side: str) -> Iterator[tuple[str, Any]]:
    """Run every case of a provider; yield signatures, then id and account."""
    if side == "watched":
        _watch()
    hearing = Hearing()
    logging.getLogger().addHandler(hearing)
    logging.getLogger().setLevel(logging.DEBUG)
    _print_no_logs()
    yield "outsides", comparable(outsides(provider))
    with one_tls_context(), StandIn() as server:
        for sample in calls.read():
            for mode in ("sync", "async") if sample.provider == provider else ():
                for case in cases(sample, mode):
                    forget_the_past()
                    yield case.id, observed(case, server, hearing)


def _print_no_logs() -> None:
    """Remove log handlers of SDKs, whose output has times and an order of threads."""
    emit = logging.StreamHandler.emit

    def unheard(handler: Any, record: logging.LogRecord) -> None:
        logger: logging.Logger | None = logging.getLogger(record.name)
        while logger is not None and logger.propagate and logger.parent is not None:
            logger = logger.parent
        if logger is not logging.getLogger():
            emit(handler, record)

    logging.StreamHandler.emit = unheard  # type: ignore[method-assign]


def _watch() -> None:
    from conftest import Seen

    Seen().instrument()


def differences(bare: Any, watched: Any, races: bool = False, path: str = "") -> list[str]:
    """List the differences of two accounts.

    If a script ``races``, the number of chunks and the order of debug lines may differ.
    """
    if isinstance(bare, dict) and isinstance(watched, dict):
        found = [f"{path}: {key!r} is on one side only" for key in sorted(set(bare) ^ set(watched))]
        return found + [d for key in bare if key in watched for d in differences(bare[key], watched[key], races, f"{path}.{key}")]
    if isinstance(bare, list) and isinstance(watched, list) and bare[:1] == watched[:1] == ["pieces"]:
        shorter, longer = sorted((bare[1], watched[1]), key=len)
        return [] if longer.startswith(shorter) else [f"{path}: bare {_short(bare)}, watched {_short(watched)}"]
    if "perhaps gone" in (bare, watched) or (bare, watched) in (("gone", "closed"), ("closed", "gone")):
        return []  # when a response is collected that is closed, or that a loop has held, is nobody's promise
    if isinstance(bare, list) and isinstance(watched, list):
        if races:
            bare, watched = _settled(bare), _settled(watched)
        if len(bare) == len(watched):
            return [d for i, (a, b) in enumerate(zip(bare, watched, strict=True)) for d in differences(a, b, races, f"{path}[{i}]")]
    return [] if bare == watched else [f"{path}: bare {_short(bare)}, watched {_short(watched)}"]


def _settled(reported: list[Any]) -> list[Any]:
    """Remove notes that vary: late chunks, and log lines of closing generators."""
    return [
        item
        for item in reported
        if item != "RuntimeError" and not (isinstance(item, list) and (item[:1] in (["chunk"], ["pieces"]) or _is_debug(item)))
    ]


def _is_debug(item: list[Any]) -> bool:
    return len(item) == 3 and (item[1] == "DEBUG" or item[0] == "asyncio")


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) < 300 else text[:300] + "..."


def main(side: str, provider: str, out: str) -> None:
    """Write the accounts of one side."""
    Path(out).write_text(json.dumps(dict(accounts(provider, side))))


if __name__ == "__main__":
    main(*sys.argv[1:4])
