"""Measure the cost that instrumentation adds to a call.

Start it with ``python benchmarks/run.py`` or ``tox -e benchmarks``.

If valgrind and a C compiler are installed, callgrind counts user instructions; the figures vary by about 0.5 %, also on a busy
machine. Otherwise CPU time is measured in interleaved rounds, and the lowest value of each row counts. Every figure except the
first column is the difference to the same call without instrumentation.

    python benchmarks/run.py --quick                       # chat, a stream and the modes
    python benchmarks/run.py --json results.json --docs    # all rows; writes the table into docs/performance.md
    BENCH_VENVS=/path python benchmarks/run.py             # other packages too, in environments o3-<name>

Each other package (peer) is measured in a separate environment under ``BENCH_VENVS``, with the same release of openai.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
BEGIN, END = "<!-- table of benchmarks/run.py -->", "<!-- end of table -->"
ROUNDS = 7
SOURCE = "#include <valgrind/callgrind.h>\nvoid dump(const char *what) { CALLGRIND_DUMP_STATS_AT(what); }\n"

OURS = "from opentelemetry.instrumentation.llm import LLMInstrumentor; LLMInstrumentor().instrument(threading=False{})"
_OPENAI = "from {} import OpenAIInstrumentor; OpenAIInstrumentor().instrument()"
PEERS: Mapping[str, str] = {
    "otel-genai": _OPENAI.format("opentelemetry.instrumentation.genai.openai"),
    "otel-v2": _OPENAI.format("opentelemetry.instrumentation.openai_v2"),
    "openllmetry": _OPENAI.format("opentelemetry.instrumentation.openai"),
    "openinference": _OPENAI.format("openinference.instrumentation.openai"),
    "ddtrace": "from ddtrace import patch; patch(openai=True)",
}
"""Set-up statements by environment: ``o3-<name>`` under ``BENCH_VENVS``."""

_STYLES = ("sync", "async")
CALLS = {"chat": 20, "stream 100": 5, "stream 2000": 2, "embeddings": 20, "tool call": 20, "error": 20, "big prompt": 4}
SETTINGS: Mapping[str, tuple[str, str, int]] = {
    "sdk": ("sdk", "", 0),
    "sampled out": ("sampled out", "", 0),
    "no SDK": ("no SDK", "", 0),
    "1 handler": ("sdk", "", 1),
    "5 handlers": ("sdk", "", 5),
    "contents on": ("sdk", ", capture_message_content='span_only'", 0),
}
"""OpenTelemetry set-up, keywords of this package, number of handlers."""


class Case:
    """One peer in one setting: a process and its rows."""

    def __init__(self, peer: str, setting: str, python: str, setup: str, rows: Mapping[str, int]) -> None:
        self.peer, self.setting, self.rows = peer, setting, dict(rows)
        mode, _, handlers = SETTINGS[setting]
        self._options = {"mode": mode, "setup": setup, "handlers": handlers if peer == "ours" else 0, "rows": self.rows}
        self._python = python

    def command(self, library: str | None) -> list[str]:
        """Return the command of the worker."""
        return [self._python, str(HERE / "worker.py"), json.dumps({**self._options, "library": library})]

    def label(self, row: str) -> str:
        """Return the name of a row in the results."""
        return row if self.setting == "sdk" else f"{row}, {self.setting}"


def cases(names: list[str], quick: bool) -> Iterator[Case]:
    """Yield the cases to measure, calls without instrumentation first."""
    rows = {f"{call} {style}": times for call, times in CALLS.items() for style in _STYLES}
    if quick:
        rows = {"chat sync": 20, "stream 100 sync": 5, "stream 2000 sync": 2}
    chat = {f"chat {style}": 20 for style in (_STYLES[:1] if quick else _STYLES)}
    venvs = Path(os.environ.get("BENCH_VENVS", "/nowhere"))
    for setting, (_, keywords, handlers) in SETTINGS.items():
        own = rows if setting == "sdk" else chat
        yield Case("bare", setting, sys.executable, "", own)
        if setting == "sdk":
            yield Case("floor", setting, sys.executable, "floor()", {row: n for row, n in own.items() if row.startswith("chat")})
        yield Case("ours", setting, sys.executable, OURS.format(keywords), own)
        for name in names:
            python = venvs / f"o3-{name}" / "bin" / "python"
            if python.exists() and not handlers and not keywords:
                yield Case(name, setting, str(python), PEERS[name], own)


def compiled(folder: str) -> str | None:
    """Compile the library that makes callgrind write its counts.

    Return ``None`` if valgrind or a compiler is missing.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if shutil.which("valgrind") is None or compiler is None:
        return None
    source, target = Path(folder) / "dump.c", Path(folder) / "dump.so"
    source.write_text(SOURCE)
    done = subprocess.run([compiler, "-shared", "-fPIC", "-o", str(target), str(source)], capture_output=True, check=False)
    return str(target) if done.returncode == 0 else None


def counted(case: Case, library: str, folder: str) -> dict[str, float]:
    """Return thousands of user instructions per call, by row."""
    out = Path(folder) / f"{case.peer}-{case.setting}".replace(" ", "-")
    grind = ["valgrind", "-q", "--tool=callgrind", "--compress-pos=no", "--dump-line=no", f"--callgrind-out-file={out}"]
    subprocess.run([*grind, *case.command(library)], check=True, capture_output=True)
    found = {}
    for dumped in Path(folder).glob(f"{out.name}.*"):
        text = dumped.read_text(errors="replace")
        row = re.search(r"desc: Trigger: Client Request: row (.+)", text)
        total = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
        if row and total:
            found[row[1]] = int(total[1]) / case.rows[row[1]] / 1e3
        dumped.unlink()
    return {row: found[row] for row in case.rows if row in found}


def timed(measured: list[Case], rounds: int) -> list[dict[str, float]]:
    """Return microseconds of CPU time per call and row, the lowest round."""
    started = [subprocess.Popen(case.command(None), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for case in measured]
    found: list[dict[str, float]] = [{} for _ in measured]
    try:
        for process in started:
            assert process.stdout is not None
            process.stdout.readline()
        for _ in range(rounds):
            for case, process, least in zip(measured, started, found, strict=True):
                for row in case.rows:
                    assert process.stdin is not None
                    assert process.stdout is not None
                    process.stdin.write(f"{row}\n")
                    process.stdin.flush()
                    least[row] = min(least.get(row, float("inf")), float(process.stdout.readline()))
    finally:
        for process in started:
            process.communicate()
    return found


def added(measured: list[Case], found: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return by row the figure of ``bare``, and the increase for each peer."""
    bare = {
        (case.setting, row): value for case, rows in zip(measured, found, strict=True) if case.peer == "bare" for row, value in rows.items()
    }
    result: dict[str, dict[str, float]] = {}
    for case, rows in zip(measured, found, strict=True):
        for row, value in rows.items():
            result.setdefault(case.label(row), {})[case.peer] = value - (0 if case.peer == "bare" else bare[case.setting, row])
    for style in _STYLES:
        long, short = result.get(f"stream 2000 {style}"), result.get(f"stream 100 {style}")
        if long and short:
            result[f"one chunk {style}"] = {peer: (long[peer] - short[peer]) / 1900 for peer in long if peer in short}
    return result


def table(result: Mapping[str, Mapping[str, float]], unit: str) -> str:
    """Return the results as Markdown."""
    measured = {peer for row in result.values() for peer in row}
    peers = [peer for peer in ("bare", "floor", "ours", *PEERS) if peer in measured]
    lines = [["row", f"bare ({unit})", *(f"{peer} adds" for peer in peers[1:])], ["---"] + ["---:"] * len(peers)]
    for row, values in result.items():
        lines.append([row, *("" if peer not in values else _number(values[peer]) for peer in peers)])
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _number(value: float) -> str:
    return f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"


def main() -> None:
    """Measure and print; see the docstring of the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rows")
    parser.add_argument("--time", action="store_true", help="CPU time also where callgrind is installed")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of CPU time")
    parser.add_argument("--peers", default=",".join(PEERS), help="names, separated by commas")
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--docs", action="store_true", help="write the table into docs/performance.md")
    options = parser.parse_args()
    measured = list(cases([name for name in options.peers.split(",") if name], options.quick))
    with tempfile.TemporaryDirectory() as folder:
        library = None if options.time else compiled(folder)
        found = timed(measured, options.rounds) if library is None else [counted(case, library, folder) for case in measured]
    unit = "µs of CPU time" if library is None else "thousand instructions"
    result = added(measured, found)
    about: dict[str, Any] = {
        "unit": unit, "python": platform.python_version(), "machine": platform.machine(),
        **{name: version(name) for name in ("openai", "opentelemetry-sdk")},
    }  # fmt: skip
    text = table(result, unit)
    print(", ".join(f"{key} {value}" for key, value in about.items()), text, sep="\n\n")
    if options.json:
        options.json.write_text(json.dumps({"about": about, "rows": result}, indent=1))
    if options.docs:
        page = PAGE.read_text()
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        heading = f"{BEGIN}\n{unit.capitalize()}; Python {about['python']}, openai {about['openai']}, opentelemetry-sdk {about['opentelemetry-sdk']}.\n"
        PAGE.write_text(f"{before}{heading}\n{text}{END}{after}")


if __name__ == "__main__":
    main()
