"""Write the files of a new SDK into a checkout of this project.

``python -m opentelemetry.instrumentation.llm new-sdk NAME`` runs in a checkout of the project. It writes the table of the SDK, its sample calls and its list of
functions that are not instrumented, and adds the lines that register them. Places that need a decision are marked with
``TODO``. ``docs/add-a-provider.md`` explains the steps that follow.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from ..providers import KNOWN
from .templates import PACKAGE, edits, files
from .traits import Traits, look_at

_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Impossible(ValueError):
    """The files cannot be written; the text names the reason and what to do."""


def checkout(start: Path) -> Path:
    """Return the root of the checkout that contains ``start``."""
    for folder in (start, *start.parents):
        if (folder / PACKAGE / "providers" / "__init__.py").is_file() and (folder / "tests" / "calls").is_dir():
            return folder
    raise Impossible(f"{start} is not in a checkout of opentelemetry-instrumentation-llm; change to the folder of a clone")


def write(root: Path, traits: Traits) -> list[Path]:
    """Write new files and add lines to existing files; return all their paths.

    Nothing is written if a file already exists or if a place for a new line is missing.
    """
    if not _NAME.fullmatch(traits.name):
        raise Impossible(f"NAME={traits.name!r} is not allowed; use lower-case letters, digits and _")
    if traits.name in {known.name for known in KNOWN}:
        raise Impossible(f"NAME={traits.name!r} is the name of an SDK that is already instrumented")
    texts = {root / path: text for path, text in files(traits).items()}
    if existing := [path for path in texts if path.exists()]:
        raise Impossible(f"{existing[0]} exists already; remove it or use another name")
    for edit in edits(traits):
        path = root / edit.path
        try:
            texts[path] = edit.applied(texts.get(path) or path.read_text(encoding="utf-8"))
        except StopIteration:
            raise Impossible(f"{edit.path} has no place for a line about {traits.name}; add it by hand as for the other SDKs") from None
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return sorted(texts)


def main(arguments: list[str]) -> int:
    """Parse the arguments, write, and print the paths and the next steps."""
    parser = argparse.ArgumentParser(
        prog="python -m opentelemetry.instrumentation.llm new-sdk",
        description="Write the files of a new SDK into a checkout of this project.",
    )
    parser.add_argument("name", help="name of the SDK and of its files, such as groq")
    parser.add_argument("--package", help="the package that applications import (default: NAME)")
    parser.add_argument("--distribution", help="the distribution that they install (default: the package, with - for _)")
    parser.add_argument("--oldest", help="oldest supported release (default: the installed release)")
    parser.add_argument("--dialect", action="store_true", help="also write a dialect and a server for a new wire format")
    chosen = parser.parse_args(arguments)
    package = chosen.package or chosen.name
    try:
        root = checkout(Path.cwd())
        traits = look_at(
            chosen.name, package, chosen.distribution or package.replace("_", "-").replace(".", "-"), chosen.oldest, chosen.dialect
        )
        written = write(root, traits)
    except Impossible as problem:
        parser.error(str(problem))
    lines = [*(f"{path.relative_to(root)}" for path in written), "", *_next_steps(traits)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _next_steps(traits: Traits) -> tuple[str, ...]:
    found = "one function sends all requests" if traits.generated else "find the lowest function that sees one logical call"
    return (
        f"{traits.package}: {found if traits.installed else 'not installed; install it, its classes are then read from its source'}",
        "1. Replace each TODO in these files.",
        "2. python docs/tables.py",
        f"3. LLM_CONTRACT={traits.name} python -m pytest tests/contract -k {traits.name} --matrix",
    )
