"""Test that the pictures of the documentation come from real output."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


def texts(picture: Path) -> list[str]:
    return ["".join(text.itertext()) for text in ElementTree.parse(picture).iter("{http://www.w3.org/2000/svg}text")]


def test_the_terminal_picture_equals_the_console_output(tmp_path: Path) -> None:
    command = [sys.executable, str(PICTURES / "make.py"), "--into", str(tmp_path), "--seconds", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    made, kept = texts(tmp_path / "terminal.svg"), texts(PICTURES / "terminal.svg")
    assert len(made) == len(kept) > 12
    # Only times differ between runs; the words before the first time are compared.
    assert [line.split("  ")[0] for line in made] == [line.split("  ")[0] for line in kept]
    assert any("1 retry" in line for line in made) and any("ERROR openai.NotFoundError" in line for line in made)


def test_the_dashboard_picture_has_data_in_every_panel() -> None:
    drawn = texts(PICTURES / "dashboard.svg")
    assert "Cost per hour by model" in drawn and "no data" not in drawn


def test_amounts_are_formatted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PICTURES)
    import drawing

    assert doctest.testmod(drawing).attempted > 0 and doctest.testmod(drawing).failed == 0
