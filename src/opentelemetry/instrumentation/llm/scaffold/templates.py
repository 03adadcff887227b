"""Texts of the files for a new SDK, and the lines that register it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import NamedTuple

from .traits import Traits

PACKAGE = "src/opentelemetry/instrumentation/llm"
_TEXTS = Path(__file__).parent / "texts"


class Edit(NamedTuple):
    """A line to add to a file: before ``end``, in the block that ``start`` begins.

    In an ``ordered`` block it is added in alphabetical order.
    """

    path: str
    start: str
    end: str
    line: str
    ordered: bool = False

    def applied(self, text: str) -> str:
        """Return the text of the file with the line; ``StopIteration`` without the block."""
        lines = text.splitlines(keepends=True)
        first = 1 + next(number for number, line in enumerate(lines) if line.startswith(self.start))
        last = next(number for number, line in enumerate(lines[first:], first) if line.startswith(self.end))
        if self.ordered:
            last = next((number for number in range(first, last) if lines[number] > self.line), last)
        return "".join([*lines[:last], f"{self.line}\n", *lines[last:]])


class Factor(NamedTuple):
    """A further name in the list of environments for single SDKs."""

    path: str
    name: str

    def applied(self, text: str) -> str:
        """Return the text of the file with the name."""
        return text.replace("}-{oldest,newest}]", f",{self.name}}}-{{oldest,newest}}]", 1)


def files(traits: Traits) -> Mapping[str, str]:
    """Return the texts of the new files by their path."""
    kind = "generated" if traits.generated else "other"
    found = {
        f"{PACKAGE}/providers/{traits.name}.py": f"provider_{kind}",
        f"tests/calls/{traits.name}.py": f"calls_{kind}",
        f"tests/census/{traits.name}.py": f"census_{kind}",
        f"changelog.d/+{traits.name}.added.md": "fragment",
    }
    if traits.dialect:
        found |= {f"{PACKAGE}/dialects/{traits.name}.py": "dialect", f"examples/stand_in/{traits.name}_wire.py": "wire"}
    return {path: filled(text, traits) for path, text in found.items()}


def filled(text: str, traits: Traits) -> str:
    """Return a text of the folder ``texts`` with the names of an SDK."""
    client, async_client = traits.clients
    dialect = f"from ..dialects.{traits.name} import {traits.name}" if traits.dialect else ""
    return Template((_TEXTS / f"{text}.txt").read_text(encoding="utf-8")).substitute(
        name=traits.name,
        NAME=traits.name.upper(),
        package=traits.package,
        requires=traits.requires,
        client=client,
        async_client=async_client,
        dialect=traits.name if traits.dialect else "chat_completions",
        import_dialect=dialect or "from ..dialects.openai.chat_completions import chat_completions",
        needs="" if traits.package == traits.name else f'NEEDS = "{traits.package}"\n\n',
    )


def edits(traits: Traits) -> tuple[Edit | Factor, ...]:
    """Return the lines that register an SDK."""
    name, package, distribution = traits.name, traits.package, traits.distribution
    trigger = f"{package}._base_client" if traits.generated else package
    found: tuple[Edit | Factor, ...] = (
        Edit(f"{PACKAGE}/providers/__init__.py", "KNOWN:", ")", f'    LazySdk("{name}", "{name}:{name.upper()}", ("{trigger}",)),'),
        Edit("tests/census/__init__.py", "SDKS = (", ")", f'    Inspected("{name}", "{package}", ("{name}",)),'),
        Edit("pyproject.toml", "instruments-any = [", "]", f'  "{distribution}",'),
        Edit("pyproject.toml", "sdks = [", "]", f'  "{distribution}",', ordered=True),
        Factor("tox.ini", name),
        Edit("tox.ini", "[testenv:sdk-{", "set_env", f"    {name}-oldest: {distribution}=={traits.oldest}"),
        Edit("tox.ini", "[testenv:sdk-{", "set_env", f"    {name}-newest: {distribution}"),
    )
    if traits.dialect:
        formats = "examples/stand_in/formats.py"
        found += (
            Edit(formats, "from . import (", ")", f"    {name}_wire,", ordered=True),
            Edit(formats, "FORMATS:", "    openai_wire.FORMAT", f"    {name}_wire.FORMAT,"),
        )
    return found
