"""The language of code and documentation: no retired words, short first lines.

``python tests/project/test_language.py [PATH ...]`` prints every place below the paths that breaks a rule.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("src", "tests", "examples", "benchmarks", "dashboards", "docs")
FIRST_LINE = 79
SPEECH = frozenset(["say", "says", "said", "saying", "tell", "tells", "told", "telling"])
PER_THOUSAND = {"what": 3.0, "speech": 1.0}
RETIRED_PHRASES = (
    "nought", "midst", "whomever", "whoever", "to whom", "hears of", "the street", "the house", "by hand of", "nobody hears", "who listens",
    "theirs", "gives way to nobody", "stands around", "see through", "sees through", "is no value", "of its own kind of",
)  # fmt: skip
RETIRED_NAMES = frozenset({
    "Desk", "Ears", "Beside", "Told", "Doing", "Running", "Street", "Tally", "Spread", "Tagger", "Inbox", "Wire",
    "Said", "lazily", "stepped", "told", "asked", "heard", "hears", "hear", "says", "said", "took", "covers",
    "learn", "dig", "fill", "facts", "notice_close", "call_behind", "see_through", "tell_of_forks", "given_back", "otherwise",
})  # fmt: skip


class Text(NamedTuple):
    """One docstring or comment."""

    path: Path
    line: int
    text: str
    docstring: bool


def python_files(*folders: str) -> list[Path]:
    """Return the Python files below the folders, sorted."""
    return sorted(p for folder in folders for p in ([ROOT / folder] if (ROOT / folder).is_file() else (ROOT / folder).rglob("*.py")))


def texts(path: Path) -> Iterator[Text]:
    """Yield the docstrings and comments of a file."""
    source = path.read_text()
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        for statement in body:
            # Also strings below an assignment, which document an attribute.
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str):
                yield Text(path, statement.lineno, statement.value.value, True)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Text(path, token.start[0], token.string.lstrip("#: "), False)


def names(path: Path) -> Iterator[tuple[int, str]]:
    """Yield every identifier that a file defines, with its line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def words(text: str) -> list[str]:
    """Return the words of a text without its code.

    >>> words("Return what ``is`` known.")
    ['return', 'what', 'known']
    """
    prose = re.sub(r"``.*?``|>>>.*|`[^`]*`", " ", text, flags=re.DOTALL if "``" in text else 0)
    return re.findall(r"[a-z']+", prose.lower())


def long_first_lines(paths: list[Path]) -> list[str]:
    """Return the docstrings whose first line is longer than 79 characters."""
    return [
        f"{t.path.relative_to(ROOT)}:{t.line}: first line of {len(t.text.strip().splitlines()[0])} characters"
        for path in paths
        for t in texts(path)
        if t.docstring and t.text.strip() and len(t.text.strip().splitlines()[0]) > FIRST_LINE
    ]


def retired(paths: list[Path]) -> list[str]:
    """Return the places where a retired name or phrase stands."""
    found = []
    for path in paths:
        where = path.relative_to(ROOT)
        found += [f"{where}:{line}: the name {name!r} is retired" for line, name in names(path) if name.strip("_") in RETIRED_NAMES]
        for t in texts(path):
            lowered = t.text.lower()
            found += [
                f"{where}:{t.line}: the phrase {p!r} is retired" for p in RETIRED_PHRASES if re.search(rf"\b{re.escape(p)}\b", lowered)
            ]
    return found


def rates(paths: list[Path]) -> dict[str, float]:
    """Return how often "what" and verbs of speech stand in a thousand words."""
    total = what = speech = 0
    for path in paths:
        for t in texts(path):
            found = words(t.text)
            total += len(found)
            what += found.count("what")
            speech += sum(word in SPEECH for word in found)
    return {"what": 1000 * what / max(total, 1), "speech": 1000 * speech / max(total, 1)}


@pytest.mark.parametrize("folder", FOLDERS)
def test_first_lines_of_docstrings_are_short(folder: str) -> None:
    assert long_first_lines(python_files(folder)) == []


def test_retired_names_and_phrases_do_not_come_back() -> None:
    assert retired(python_files(*FOLDERS)) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_prose_names_things(folder: str) -> None:
    measured = rates(python_files(folder))
    assert {key: rate for key, rate in measured.items() if rate > PER_THOUSAND[key]} == {}


def test_a_planted_sentence_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("project.test_language.ROOT", tmp_path)
    planted = tmp_path / "planted.py"
    planted.write_text(f'"""{"x" * 80}"""\n\n\ndef told():\n    """Say what is told by whoever hears of it."""\n')
    assert len(long_first_lines([planted])) == 1
    assert len(retired([planted])) >= 2
    assert all(rate > 50 for rate in rates([planted]).values())


def test_bounds_name_tests_that_exist() -> None:
    """Every test or test file that docs/bounds.md names exists."""
    files = python_files("tests")
    named = set(re.findall(r"`(?:tests/)?(?:\w+/)*(test_\w+)(?:\.py)?`", (ROOT / "docs" / "bounds.md").read_text()))
    existing = {name for path in files for _, name in names(path)} | {path.stem for path in files}
    assert named and named <= existing, sorted(named - existing)


def main(arguments: list[str]) -> None:
    """Print the places that break a rule, and the rates by file."""
    paths = [
        p for a in arguments or ["src"] for p in ([Path(a).resolve()] if a.endswith(".py") else sorted(Path(a).resolve().rglob("*.py")))
    ]
    for line in [*long_first_lines(paths), *retired(paths)]:
        print(line)
    for path in paths:
        for t in texts(path):
            found = [w for w in words(t.text) if w == "what" or w in SPEECH]
            if found:
                print(f"{path.relative_to(ROOT)}:{t.line}: {', '.join(found)}: {' '.join(t.text.split())[:110]}")
    print(rates(paths))


if __name__ == "__main__":
    main(sys.argv[1:])
