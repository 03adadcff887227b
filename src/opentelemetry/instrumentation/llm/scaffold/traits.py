"""Read from the source of an installed SDK how it is instrumented.

The SDK is not imported: its files are found and parsed.
"""

from __future__ import annotations

import ast
import importlib.util
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

_CLIENTS = ("SyncAPIClient", "AsyncAPIClient")


class Traits(NamedTuple):
    """Everything that the files of an SDK depend on."""

    name: str
    package: str
    distribution: str
    oldest: str
    installed: bool = False
    generated: bool = False
    """Whether the SDK comes from the generator that writes ``_base_client``."""
    clients: tuple[str, str] = ("Client", "AsyncClient")
    dialect: bool = False

    @property
    def requires(self) -> str:
        """The requirement of the table."""
        return f"{self.distribution} >= {self.oldest}"


def look_at(name: str, package: str, distribution: str, oldest: str | None = None, dialect: bool = False) -> Traits:
    """Return the traits of an SDK; those of its source only if it is installed."""
    folder = folder_of(package)
    traits = Traits(name, package, distribution, oldest or _release(distribution), folder is not None, dialect=dialect)
    if folder is None or not (folder / "_base_client.py").is_file():
        return traits
    return traits._replace(generated=True, clients=_clients(folder / "_client.py") or traits.clients)


def folder_of(package: str) -> Path | None:
    """Return the folder of a package without importing it or its parents."""
    top, *parts = package.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    for place in (spec.submodule_search_locations if spec is not None else None) or ():
        folder = Path(place).joinpath(*parts)
        if folder.is_dir():
            return folder
    return None


def _release(distribution: str) -> str:
    """Return the installed release as major and minor number, or ``0``."""
    try:
        return ".".join(version(distribution).split(".")[:2])
    except PackageNotFoundError:
        return "0"


def _clients(path: Path) -> tuple[str, str] | None:
    """Return the names of the two client classes in the source of a generated SDK."""
    if not path.is_file():
        return None
    found = dict.fromkeys(_CLIENTS, "")
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        for base in node.bases if isinstance(node, ast.ClassDef) else ():
            if isinstance(node, ast.ClassDef) and isinstance(base, ast.Name) and base.id in found:
                found[base.id] = found[base.id] or node.name
    plain, asynchronous = found.values()
    return (plain, asynchronous) if plain and asynchronous else None
