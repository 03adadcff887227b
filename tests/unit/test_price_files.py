"""Test invalid price files: an argument is refused by line, a variable warns.

No price file that a variable names keeps a program from starting.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opentelemetry.instrumentation.llm.pricing import PriceFileError, Prices


def _priced(price: str) -> str:
    return '{\n "prices": {\n  "openai": {\n   "gpt-4o": {"input": ' + price + "}\n  }\n }\n}"


FILES: dict[str, tuple[str | bytes, str]] = {
    "400 digits": (_priced("9" * 400), "line 4"),
    "5,000 digits": (_priced("9" * 5000), "line 4"),
    "beyond floats": (_priced("1e999"), "line 4"),
    "too high": (_priced("1000000001"), "line 4"),
    "not a number": (_priced("NaN"), "prices.openai.gpt-4o.input"),
    "infinite": (_priced("-Infinity"), "prices.openai.gpt-4o.input"),
    "negative": (_priced("-1"), "prices.openai.gpt-4o.input"),
    "nested lists": ('{"a":\n' + "[" * 100_000 + "]" * 100_000 + "}", "line 2"),
    "nested objects": ('{"a":' * 100_000, "line 1"),
    "nested rules": (_priced('1, "match": ' + '{"all": [' * 100 + '"a"' + "]}" * 100), "line 4"),
    "unclosed text": ('{"' + "\\\\" * 100_000, "not JSON"),
    "empty": ("", "not JSON"),
    "zeros": (b"\0" * 100, "not JSON"),
    "half a character": (b'{"\xff": 1}', "not JSON"),
    "regular expression": (_priced('1, "match": {"regex": "' + "(" * 5000 + '"}'), "is not a regular expression"),
}


@pytest.mark.parametrize("name", FILES)
def test_an_invalid_file_is_refused_by_line(name: str, tmp_path: Path) -> None:
    content, message = FILES[name]
    path = tmp_path / "prices.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(PriceFileError) as raised:
        Prices.load(path)
    assert message in str(raised.value) and len(str(raised.value)) < 600


def test_a_number_inside_a_string_is_not_a_price(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_text(json.dumps({"version": "9" * 400 + "[" * 100, "prices": {"openai": {"gpt-4o": {"input": 1e9}}}}))
    assert Prices.load(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_file_in_another_unicode_encoding_is_read(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_bytes(_priced("1").encode(encoding))
    assert Prices.load(path)


def _endless() -> dict[str, Any]:
    rules: list[Any] = []
    rules.append({"all": rules})
    return {"prices": {"openai": {"gpt-4o": {"match": rules, "input": 1}}}}


@pytest.mark.parametrize("make", [_endless, lambda: {"prices": {"openai": {"gpt-4o": {"input": 10**5000}}}}], ids=["endless", "digits"])
def test_an_invalid_mapping_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(PriceFileError):
        Prices.load(make())


def _fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


PATHS: dict[str, Callable[[Path], Path]] = {
    "fifo": _fifo,
    "directory": lambda path: path.parent,
    "device": lambda path: Path("/dev/zero"),
    "name too long": lambda path: path.parent / ("n" * 5000),
    "not Unicode": lambda path: path.parent / "\udcff.json",
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
@pytest.mark.parametrize("kind", PATHS)
def test_a_path_that_is_not_a_file_is_refused(kind: str, tmp_path: Path) -> None:
    with pytest.raises(PriceFileError, match="cannot read the price file"):
        Prices.load(PATHS[kind](tmp_path / "prices"))


def test_a_variable_never_keeps_a_program_from_starting(tmp_path: Path) -> None:
    named = [PATHS["fifo"](tmp_path / "fifo")]
    for index, (content, _) in enumerate(FILES.values()):
        named.append(tmp_path / f"{index}.json")
        named[-1].write_bytes(content if isinstance(content, bytes) else content.encode())
    code = """
import json, os, sys
from opentelemetry.instrumentation.llm import LLMInstrumentor
for path in json.loads(sys.argv[1]):
    os.environ["OTEL_INSTRUMENTATION_LLM_PRICES"] = path
    LLMInstrumentor().instrument()
    assert LLMInstrumentor().is_instrumented_by_opentelemetry
    LLMInstrumentor().uninstrument()
print("started")
"""
    command = [sys.executable, "-c", code, json.dumps([str(path) for path in named])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "started\n"), done.stderr[-2000:]
    assert done.stderr.count("the prices of the package are used") == len(named)
