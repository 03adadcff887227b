"""Build the documentation site in ``build/site``.

``python docs/site/build.py`` needs mkdocs-material and mkdocstrings.

The pages are those of README, ``docs`` and the project's other texts. Links to pages are adapted to their place on the site;
links to other files of the repository become code, because the site does not contain them. Warnings are errors.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "build" / "pages"
NAMES = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "SECURITY.md": "security.md"}
PACKAGE = "opentelemetry.instrumentation.llm"


def pages() -> dict[str, str]:
    """Return the name on the site of each page of the repository."""
    return {**NAMES, **{f"docs/{path.name}": path.name for path in sorted((ROOT / "docs").glob("*.md"))}}


def adapted(source: str, text: str, names: dict[str, str]) -> str:
    """Return the text of a page with the links of the site."""

    def link(match: re.Match[str]) -> str:
        mark, shown, target = match.groups()
        path, hash_, anchor = target.partition("#")
        if "://" in path or not path:
            return match[0]
        place = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if place in names:
            return f"{mark}[{shown}]({names[place]}{hash_}{anchor})"
        if place.startswith("docs/pictures/") and not place.endswith(".py"):
            return f"{mark}[{shown}]({place.removeprefix('docs/')})"
        return f"`{place}`"

    return re.sub(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)", link, text)


def recipes() -> str:
    """Return a page with the code of each program of ``examples/recipes``."""
    folder = ROOT / "examples" / "recipes"
    parts = [(folder / "README.md").read_text("utf-8").replace("(../engines)", "(engines)")]
    for path in sorted(folder.glob("*.py")):
        parts.append(f"## {path.name}\n\n```python\n{path.read_text('utf-8')}```\n")
    return adapted("examples/README.md", "\n".join(parts), {})


def dashboards() -> str:
    """Return the page about the dashboard and the rules of ``dashboards``."""
    page = (ROOT / "docs" / "backends.md").read_text("utf-8")
    found = re.search(r"^\[dashboards/\].*?(?=^`promtool)", page, re.M | re.S)
    assert found, "docs/backends.md has no part about dashboards"
    overview = "![The panels of the overview](pictures/dashboard.svg)\n"
    return "# Dashboards\n\n" + adapted("docs/backends.md", found[0], pages()) + "\n" + overview


def reference() -> str:
    """Return the page that mkdocstrings fills from docstrings."""
    sys.path.insert(0, str(ROOT / "src"))
    import importlib

    package = importlib.import_module(PACKAGE)
    names = sorted(set(package.__all__) - {"EVENTS", "__version__"}, key=str.lower)
    parts = [f"::: {getattr(package, name).__module__}.{name}\n" for name in names]
    extension = f"## Extension\n\n::: {PACKAGE}.extension\n    options:\n      heading_level: 3\n"
    return "# API reference\n\nAll names are imported from `" + PACKAGE + "`.\n\n" + "\n".join(parts) + "\n" + extension


def main() -> int:
    """Write the pages, and run mkdocs; return its exit status."""
    shutil.rmtree(PAGES, ignore_errors=True)
    PAGES.mkdir(parents=True)
    names = pages()
    for source, name in names.items():
        (PAGES / name).write_text(adapted(source, (ROOT / source).read_text("utf-8"), names), "utf-8")
    for name, text in {"recipes.md": recipes(), "reference.md": reference(), "dashboards.md": dashboards()}.items():
        (PAGES / name).write_text(text, "utf-8")
    shutil.copytree(ROOT / "docs" / "pictures", PAGES / "pictures", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-f", str(ROOT / "docs" / "site" / "mkdocs.yml")]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
