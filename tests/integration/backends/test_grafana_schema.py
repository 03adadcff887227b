"""Test that the dashboards have the types of Grafana's own schema package.

It needs npm and a network to install ``@grafana/schema`` and ``typescript``.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from project.test_dashboards import HERE

SCHEMA = "./node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen.js"
CHECK = [
    "npx",
    "tsc",
    "--noEmit",
    "--skipLibCheck",
    "--strict",
    "--moduleResolution",
    "bundler",
    "--module",
    "esnext",
    "--target",
    "es2022",
]
pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("grafana")
    (place / "package.json").write_text('{"name": "check", "private": true}')
    done = subprocess.run(["npm", "install", "--silent", "@grafana/schema", "typescript"], cwd=place, capture_output=True, timeout=300)
    if done.returncode != 0:
        pytest.skip("@grafana/schema cannot be installed here")
    return place


def problems(place: Path, text: str) -> list[str]:
    # A value of an enumeration is text in JSON, but a type of its own in TypeScript.
    text = text.strip().replace('"mode": "absolute"', '"mode": "absolute" as unknown as ThresholdsMode')
    code = f"import type {{ Dashboard, ThresholdsMode }} from '{SCHEMA}';\nexport const shown = {text} satisfies Dashboard;\n"
    (place / "shown.ts").write_text(code)
    done = subprocess.run([*CHECK, "shown.ts"], cwd=place, capture_output=True, text=True, timeout=300)
    return done.stdout.splitlines()


@pytest.mark.parametrize("path", sorted(HERE.glob("grafana-*.json")), ids=lambda path: path.stem)
def test_a_dashboard_has_the_types_of_the_schema(path: Path, place: Path) -> None:
    assert problems(place, path.read_text()) == []


def test_a_wrong_type_is_found(place: Path) -> None:
    wrong = (HERE / "grafana-cost.json").read_text().replace('"schemaVersion": 39', '"schemaVersion": "new"')
    assert any("is not assignable to type 'number'" in line for line in problems(place, wrong))
