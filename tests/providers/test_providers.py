"""Test that the list of providers agrees with the table of each SDK."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

import pytest

from opentelemetry.instrumentation.llm.calls.patches import installed
from opentelemetry.instrumentation.llm.providers import ALL, KNOWN, LazySdk


def _modules(known: LazySdk) -> list[str]:
    provider = known.load()
    return list(dict.fromkeys(point.target.partition(":")[0] for point in provider.points))


def _there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:
        return False


@pytest.mark.parametrize("known", KNOWN, ids=lambda k: k.name)
def test_a_name_is_the_name_of_its_table(known: LazySdk) -> None:
    assert known.load().name == known.name


def test_names_are_unique() -> None:
    assert len({provider.name for provider in ALL}) == len(KNOWN)


@pytest.mark.parametrize("known", KNOWN, ids=lambda k: k.name)
def test_importing_a_patched_module_loads_its_table(known: LazySdk) -> None:
    requires = known.load().requires
    if not installed(requires)[1]:
        pytest.skip(f"needs {requires}")
    patched = [module for module in _modules(known) if _there(module)]
    assert patched
    for module in patched:
        import_module(module)
        assert any(wake in sys.modules for wake in known.import_triggers), module
