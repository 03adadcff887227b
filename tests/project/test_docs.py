"""Test that the documentation equals the tables and that its code runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

import opentelemetry.instrumentation.llm as package

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_generated_tables_are_up_to_date() -> None:
    tables = runpy.run_path(str(ROOT / "docs" / "tables.py"))
    assert tables["main"](check=True) == 0


@pytest.mark.parametrize(
    "name", [m.name for m in pkgutil.walk_packages(package.__path__, package.__name__ + ".") if not m.name.endswith("__main__")]
)
def test_docstring_examples_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


def _blocks() -> list[Any]:
    return [
        pytest.param(block, id=f"{page.name}-{number}")
        for page in PAGES
        for number, block in enumerate(re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S))
    ]


@pytest.mark.parametrize("block", _blocks())
def test_code_blocks_run(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in re.findall(r"^import (\w+)$", block, re.M):
        pytest.importorskip(library, reason=f"{library} is not installed on this Python")
    reporters: list[Any] = []

    def closing(reporter: type) -> Any:
        def make(*args: Any, **kwargs: Any) -> Any:
            reporters.append(reporter(*args, **kwargs | ({"port": 0} if kwargs.get("port") == 9568 else {})))
            return reporters[-1]

        return make

    for name in ("PrometheusReporter", "StatsdReporter"):
        monkeypatch.setattr(package, name, closing(getattr(package, name)))
    # A provider of the process can be set once only, so the line is tested in tests/behaviour/test_configuration.py.
    monkeypatch.setattr(package, "configure", lambda **settings: settings)
    handlers = {h.id for h in package.list_handlers()}
    try:
        exec(compile(block, "block", "exec"), {})
    finally:
        for reporter in reporters:
            reporter.close()
        for handler_id in {h.id for h in package.list_handlers()} - handlers:
            package.detach(handler_id)
        if package.LLMInstrumentor().is_instrumented_by_opentelemetry:
            package.LLMInstrumentor().uninstrument()


def test_links_have_existing_targets() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_links_of_the_site_lead_to_its_pages() -> None:
    """Check the adapted links; ``tox -e site`` builds the site itself."""
    site = runpy.run_path(str(ROOT / "docs" / "site" / "build.py"))
    names = site["pages"]()
    texts = {name: site["adapted"](source, (ROOT / source).read_text(), names) for source, name in names.items()}
    found = {target for text in texts.values() for target in re.findall(r"\]\(([^)#\s]+)", text)}
    targets = {target for target in found if "://" not in target}
    pictures = {f"pictures/{path.name}" for path in (ROOT / "docs" / "pictures").iterdir()}
    assert targets <= {*names.values(), *pictures, "recipes.md", "reference.md", "dashboards.md"} and "backends.md" in targets
    navigation = set(re.findall(r": ([a-z-]+\.md)$", (ROOT / "docs" / "site" / "mkdocs.yml").read_text(), re.M))
    assert navigation == {*names.values(), "recipes.md", "reference.md", "dashboards.md"}


def test_the_architecture_page_names_every_module_and_folder() -> None:
    shown = set(re.findall(r"^[├└]── ([\w/.]+?)/? ", (ROOT / "docs" / "architecture.md").read_text(), re.M))
    source = Path(str(package.__file__)).parent
    there = {path.name for path in source.iterdir() if path.suffix == ".py" or (path.is_dir() and (path / "__init__.py").exists())}
    assert there - shown == {"__init__.py", "__main__.py"}
    assert [name for name in shown if not (source / name).exists()] == []


def test_the_readme_names_every_tox_environment() -> None:
    """Compare the sections of tox.ini with the table of the README.

    Only the part of an environment's name before the first factor is compared.
    """
    sections = re.findall(r"^\[testenv:([a-z_]+)", (ROOT / "tox.ini").read_text(), re.M)
    rows = "".join(line.split("|")[1] for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| `"))
    assert len(sections) > 10
    assert [name for name in sections if not re.search(rf"`{name}[-_`]", rows)] == []
