"""SDKs of other packages are found, checked by the contract, and documented."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opentelemetry.instrumentation.llm import extension
from opentelemetry.instrumentation.llm.__main__ import main
from opentelemetry.instrumentation.llm.extension import contract
from opentelemetry.instrumentation.llm.providers import everyone
from semconv.checker import Scenario, check_all

ACME = Path(__file__).parents[1] / "acme"
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "add-a-provider.md"


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch, watch: Any, caplog: pytest.LogCaptureFixture) -> Iterator[tuple[Any, Any]]:
    monkeypatch.syspath_prepend(str(ACME))
    with caplog.at_level(logging.WARNING):
        seen = watch(emit_event=True)
    yield importlib.import_module("acme_sdk"), seen


def test_external_provider_records_calls_streams_and_refusals(sdk: tuple[Any, Any]) -> None:
    acme, seen = sdk

    async def asynchronous() -> None:
        client = acme.AsyncClient()
        await client.ask("acme-1", "one two three", warmth=0.5)
        assert [chunk.get("word") async for chunk in client.ask_streaming("acme-1", "one two three")] == ["hello", "there", None]

    client = acme.Client()
    assert client.ask("acme-1", "one two three", warmth=0.5)["words"] == ["hello", "there"]
    assert [chunk.get("word") for chunk in client.ask_streaming("acme-1", "one two three")] == ["hello", "there", None]
    asyncio.run(asynchronous())
    with pytest.raises(acme.QuotaExceeded):
        client.ask("acme-busy", "secret")
    *four, refused = seen.spans()
    for span in four:
        assert span.name == "chat acme-1"
        assert span.attributes["gen_ai.response.model"] == "acme-1-2"
        assert (span.attributes["gen_ai.usage.input_tokens"], span.attributes["gen_ai.usage.output_tokens"]) == (3, 2)
        assert span.attributes["gen_ai.response.finish_reasons"] == ("stop",)
    assert [span.attributes.get("ex_llm.stream.end") for span in four] == [None, "complete", None, "complete"]
    assert refused.attributes["ex_llm.error.kind"] == "rate_limited" and "secret" not in refused.to_json()
    absent = frozenset({"gen_ai.response.id"})
    assert check_all(seen.spans(), seen.metrics_data(), seen.logs(), scenario=Scenario(absent=absent)) == []


def test_invalid_entry_points_are_left_out_with_a_warning(sdk: tuple[Any, Any], caplog: pytest.LogCaptureFixture) -> None:
    assert [p.name for p in everyone() if p.name == "acme"] == ["acme"]
    warnings = "\n".join(record.getMessage() for record in caplog.records)
    assert ("'broken'" in warnings and "'wrong'" in warnings and "NoneType" in warnings) or "str" in warnings


def test_a_sound_table_passes_the_contract(sdk: tuple[Any, Any]) -> None:
    acme, _ = sdk
    table = importlib.import_module("acme_watch").ACME
    calls = [
        ("chat", lambda: acme.Client().ask("acme-1", "one two")),
        ("chat", lambda: acme.Client().ask_streaming("acme-1", "one two")),
        ("chat", lambda: acme.AsyncClient().ask("acme-1", "one two")),
        ("chat", lambda: acme.Client().ask("acme-busy", "one two")),
    ]
    assert contract(table, calls) == []


def test_the_contract_finds_each_fault(sdk: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    acme, _ = sdk
    table = importlib.import_module("acme_watch").ACME
    fragile = replace(table.points[0].dialect, response=lambda answer: answer["model"])
    assert contract(replace(table, points=()), [("chat", lambda: None)]) == [
        "chat: 0 start events; is the SDK instrumented, and does the call reach a patch point?"
    ]
    assert contract(table, []) == ["chat: no call"]
    found = contract(
        replace(table, points=(replace(table.points[0], dialect=fragile),)), [("chat", lambda: acme.Client().ask("acme-1", "one"))]
    )
    assert "acme.response raised TypeError for NoneType" in found
    twice = contract(table, [("chat", lambda: [acme.Client().ask("acme-1", "one") for _ in range(2)])])
    assert twice == ["chat: 2 start events; is the SDK instrumented, and does the call reach a patch point?"]


def test_the_page_names_everything_that_extension_exports() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in extension.__all__ if f"`{name}`" not in page] == []
    assert [name for name in extension.__all__ if not hasattr(extension, name)] == []


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of this checkout, and ``example_ai``: openai by another name."""
    folder = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns(".*", "__pycache__", "dist", "build")
    shutil.copytree(ROOT, folder / "clone", ignore=ignored)
    package = Path(importlib.import_module("openai").__file__ or "").parent
    for path in package.rglob("*.py"):
        copy = folder / "site" / "example_ai" / path.relative_to(package)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(re.sub(r"\bopenai\b(?!-)", "example_ai", path.read_text(encoding="utf-8")), encoding="utf-8")
    metadata = folder / "site" / "example_ai-1.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: example-ai\nVersion: 1.0\n")
    return folder


def _run(checkout: Path, command: str, options: str = "") -> str:
    """Run a command of the page in the copy, and return its output."""
    words = shlex.split(command)
    variables = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
    arguments = [sys.executable if word == "python" else word for word in words if not re.match(r"[A-Z_]+=", word)]
    path = os.pathsep.join(str(checkout / part) for part in ("clone/src", "site"))
    environment = {**os.environ, "PYTHONPATH": path, "PYTEST_ADDOPTS": f"-p no:cacheprovider {options}", **variables}
    done = subprocess.run(arguments, cwd=checkout / "clone", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


def test_the_commands_of_the_page_add_an_sdk(checkout: Path) -> None:
    new_sdk, tables, contract_tests = re.findall(r"^python .*|^[A-Z_]+=.* python .*", "\n".join(_shell_blocks()), re.M)
    written = _run(checkout, new_sdk).split("\n\n")[0].split()
    clone = checkout / "clone"
    for path in (clone / name for name in written if "example_ai" in name and name.endswith(".py")):
        assert "TODO" in path.read_text(), path
    # The work that is left to a person: the functions of the SDK that are not instrumented, and their reasons.
    census = clone / "tests" / "census" / "example_ai.py"
    census.write_text(census.read_text().replace("NOT_WATCHED = {", 'NOT_WATCHED = {\n    "example_ai.*": "not a subject of this test",'))
    _run(checkout, tables)
    assert "example_ai" in (clone / "docs" / "providers.md").read_text()
    # All files of the contract take minutes; tox -e contract runs them for every SDK.
    found = _run(checkout, contract_tests, "" if os.environ.get("LLM_CONTRACT") == "all" else " ".join(_LATER))
    passed = re.search(r"(\d+) passed", found)
    assert passed is not None and int(passed[1]) > 10, found[-3000:]


_LATER = [f"--ignore=tests/contract/test_{name}.py" for name in ("exits", "twin", "faults", "hostile", "leaks", "canaries", "native")]


def _shell_blocks() -> list[str]:
    return re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_written_files_have_good_style(checkout: Path) -> None:
    clone = checkout / "clone"
    for arguments in ("example_b --dialect", "example_c --package openai --distribution openai"):
        _run(checkout, f"python -m opentelemetry.instrumentation.llm new-sdk {arguments}")
    for command in ("ruff check --no-cache", "ruff format --check --no-cache", "mypy --cache-dir=/dev/null"):
        done = subprocess.run([sys.executable, "-m", *command.split()], cwd=clone, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("openai", "NAME='openai' is the name of an SDK that is already instrumented"),
        ("Example-AI", "NAME='Example-AI' is not allowed; use lower-case letters, digits and _"),
    ],
)
def test_an_invalid_name_is_refused_with_a_reason(arguments: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["new-sdk", arguments])
    assert message in capsys.readouterr().err


def test_new_sdk_outside_a_checkout_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        main(["new-sdk", "example_ai"])
    assert "is not in a checkout" in capsys.readouterr().err
