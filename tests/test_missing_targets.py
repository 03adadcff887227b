"""Targets that a release lacks: reported, unless the function is instrumented in another module."""

from __future__ import annotations

import colorsys  # noqa: F401 - stands for a module of an SDK that is imported
from collections.abc import Iterator

import pytest

from opentelemetry.instrumentation.llm.calls.patches import Patches
from opentelemetry.instrumentation.llm.testing import capture_events
from opentelemetry.instrumentation.llm.wrapper import Wrapper


@pytest.fixture
def patches() -> Iterator[Patches]:
    patches = Patches()
    patches.begin()
    yield patches
    patches.restore()


def _wrapped(original: object) -> Wrapper:
    return Wrapper(original, lambda wrapped, instance, args, kwargs: wrapped(*args, **kwargs))


def test_function_in_another_module_is_not_missing(patches: Patches) -> None:
    with capture_events("ex_llm.telemetry.missing_target") as events:
        patches.place("some-sdk >= 1", "colorsys:rgb_to_hsv", _wrapped)
        patches.place("some-sdk >= 1", "json:rgb_to_hsv", _wrapped)
    assert events == [] and patches.missing == []


def test_function_of_another_sdk_does_not_count(patches: Patches) -> None:
    with capture_events("ex_llm.telemetry.missing_target") as events:
        patches.place("other-sdk >= 1", "colorsys:rgb_to_hsv", _wrapped)
        patches.place("some-sdk >= 1", "json:rgb_to_hsv", _wrapped)
    assert [event.metadata["target"] for event in events] == ["json:rgb_to_hsv"]
