"""Test what the doctor reports about agent frameworks."""

from __future__ import annotations

from typing import Any

import pytest

from opentelemetry.instrumentation.llm import frameworks
from opentelemetry.instrumentation.llm.calls import patches
from opentelemetry.instrumentation.llm.doctor import agent_frameworks
from opentelemetry.instrumentation.llm.settings import Settings


def _states(settings: Settings) -> dict[str, str]:
    return {found.name: found.state for found in agent_frameworks.found(settings)}


@pytest.mark.parametrize(("version", "state"), [("1.2.0", "not imported"), ("0.1", "untested")])
def test_an_installed_framework_has_a_state(monkeypatch: pytest.MonkeyPatch, version: str, state: str) -> None:
    real = patches.version
    monkeypatch.setattr(patches, "version", lambda name: version if name == "langgraph" else real(name))
    assert _states(Settings.read({}))["langgraph"] == state
    assert _states(Settings.read({"disabled_frameworks": ["langgraph"]}))["langgraph"] == "disabled"


def test_a_patched_framework_is_instrumented(monkeypatch: pytest.MonkeyPatch) -> None:
    real = patches.version
    monkeypatch.setattr(patches, "version", lambda name: "1.2.0" if name == "langgraph" else real(name))
    target = next(known for known in frameworks.KNOWN if known.name == "langgraph").load().steps[0].target
    patched: Any = agent_frameworks.LLMInstrumentor()._patches.patched
    monkeypatch.setitem(patched, target, None)
    (found,) = (each for each in agent_frameworks.found(Settings.read({})) if each.name == "langgraph")
    assert (found.state, found.patched) == ("instrumented", (target,))


def test_tools_of_sdks_are_no_frameworks() -> None:
    assert not {"openai", "anthropic", "google_genai"} & set(_states(Settings.read({})))
