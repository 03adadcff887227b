"""The wheel and the sdist work without the checkout, to the letter of the docs.

The wheel is installed in a new environment. There every Python block of README and docs runs in a process of its own, every block
that only sets variables is judged by the doctor, and the first block of the README runs as it stands. ``SDIST_TESTS=1`` also runs
the tests of the unpacked sdist with the command of the README, which takes as long as the test suite.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "PYTHON", "OPENAI_", "VIRTUAL"))}
EXTRAS = "console,otlp,prometheus,redis"


def run(*command: str, cwd: Path, seconds: float = 600, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env={**CLEAN, **environment}, capture_output=True, text=True, timeout=seconds, check=False)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a wheel and an sdist that were built from the checkout."""
    place = tmp_path_factory.mktemp("dist")
    for kind in ("wheel", "sdist"):
        done = run(sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(place), cwd=ROOT)
        assert done.returncode == 0, done.stderr
    (wheel,), (sdist,) = place.glob("*.whl"), place.glob("*.tar.gz")
    return wheel, sdist


@pytest.fixture(scope="session")
def python(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the interpreter of a new environment that was made from the wheel."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=True)
    python = str(place / "bin" / "python")
    packages = (f"{built[0]}[{EXTRAS}]", "openai", "genai-prices", "logfire", "opentelemetry-exporter-prometheus")
    done = run(python, "-m", "pip", "install", "-q", *packages, cwd=place)
    assert done.returncode == 0, done.stderr
    return python


def blocks(language: str) -> Iterator[Any]:
    for page in PAGES:
        for number, block in enumerate(re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)):
            yield pytest.param(block, id=f"{page.name}-{number}")


@pytest.mark.parametrize("block", list(blocks("python")))
def test_a_python_block_runs_from_the_wheel(block: str, python: str, tmp_path: Path) -> None:
    if "python_version" not in block and "import genai_prices" in block and sys.version_info < (3, 11):
        pytest.skip("genai-prices needs Python 3.11")
    block = block.replace("port=9568", "port=0")
    done = run(python, "-W", "error::SyntaxWarning", "-c", block, cwd=tmp_path, seconds=60)
    assert done.returncode == 0, done.stderr


VARIABLES = [param for param in blocks("sh") if all(re.match(r"export |$|#", line) for line in param.values[0].splitlines())]
NAMES = {"GRAFANA_ZONE": "prod-eu", "PHOENIX_SPACE": "space"}


@pytest.mark.parametrize("block", VARIABLES)
def test_variables_of_a_block_are_right(block: str, python: str, tmp_path: Path) -> None:
    named = {name: NAMES.get(name, "secret") for name in re.findall(r"\$\{?([A-Z_]+)", block)}
    script = f"set -eu\n{block}\n{python} -m opentelemetry.instrumentation.llm --json --offline openai"
    done = run("bash", "-c", script, cwd=tmp_path, seconds=60, **named)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert [f for f in found["findings"] if f["problem"]] == []


def test_the_first_block_of_the_readme_shows_a_span(tmp_path: Path) -> None:
    block = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)[0]
    copy = tmp_path / "checkout"
    done = run("git", "clone", "-q", str(ROOT), str(copy), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = run("bash", "-c", f"set -eu\n{block}", cwd=copy)
    assert "openai" in done.stdout and "gpt-4o-mini" in done.stdout, done.stdout + done.stderr


def test_the_wheel_holds_what_it_should(built: tuple[Path, Path]) -> None:
    names = zipfile.ZipFile(built[0]).namelist()
    package = "opentelemetry/instrumentation/llm/"
    assert {f"{package}py.typed", f"{package}pricing/prices.json"} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0] for name in names} == {"opentelemetry", names[-1].split("/")[0]}


def test_types_of_the_wheel_are_read_by_mypy(python: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from opentelemetry.instrumentation.llm import CostBudget, configure\n"
        "budget = CostBudget('a', 'ten')\nreveal_type(configure(exporter='none').traces)\n"
    )
    found = run(sys.executable, "-m", "mypy", "--python-executable", python, str(program), cwd=tmp_path).stdout
    assert 'Revealed type is "builtins.str"' in found or 'Revealed type is "str"' in found


def test_the_sdist_runs_its_own_tests(built: tuple[Path, Path], tmp_path: Path) -> None:
    with tarfile.open(built[1]) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    assert {"tests", "docs", "examples", "dashboards", "benchmarks", "changelog.d", "tox.ini", "setup.cfg"} <= {
        p.name for p in unpacked.iterdir()
    }
    chosen = [] if os.environ.get("SDIST_TESTS") else ["tests/project", "tests/unit"]
    venv.create(unpacked / ".venv", with_pip=True)
    own = str(unpacked / ".venv" / "bin" / "python")
    assert run(own, "-m", "pip", "install", "-q", "-e", ".[test]", cwd=unpacked).returncode == 0
    done = run(own, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen, cwd=unpacked, seconds=1500)
    assert done.returncode == 0, done.stdout[-6000:]
