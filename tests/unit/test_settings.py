"""Test settings: keyword, then variable, then default; invalid values are named."""

from __future__ import annotations

import logging
from dataclasses import fields
from typing import Any

import pytest

from opentelemetry.instrumentation.llm import LLMInstrumentor
from opentelemetry.instrumentation.llm.settings import Settings, StatsdSettings


def test_defaults_capture_nothing() -> None:
    assert Settings.read({}, {}).capture_message_content == ()


@pytest.mark.parametrize(
    ("variable", "value", "field", "read"),
    [
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_AND_EVENT", "capture_message_content", ("span", "event")),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true", "capture_message_content", ("span",)),
        ("OTEL_INSTRUMENTATION_LLM_COST_THRESHOLD_CENTS", "2.5", "cost_threshold_cents", 2.5),
        ("OTEL_INSTRUMENTATION_LLM_DISABLED_PROVIDERS", "openai, groq", "disabled_providers", ("openai", "groq")),
        ("OTEL_INSTRUMENTATION_LLM_SPAN_EVENTS", "All", "span_events", "all"),
        ("OTEL_INSTRUMENTATION_LLM_THREADING", "false", "threading", False),
        ("OTEL_INSTRUMENTATION_LLM_MODEL_NAMES", "mine=gpt-4o", "model_names", {"mine": "gpt-4o"}),
        ("OTEL_INSTRUMENTATION_LLM_LOG_LEVEL", "debug", "log_level", "DEBUG"),
    ],
)
def test_variables_are_parsed(variable: str, value: str, field: str, read: Any) -> None:
    assert getattr(Settings.read({}, {variable: value}), field) == read


@pytest.mark.parametrize(
    ("variable", "value", "field", "read"),
    [("HOST", " metrics.example ", "host", "metrics.example"), ("PORT", "9125", "port", 9125), ("TAGS", "None", "tags", "none"), ("PORT", " ", "port", 8125)],
)  # fmt: skip
def test_statsd_variables_are_parsed(variable: str, value: str, field: str, read: Any) -> None:
    assert getattr(StatsdSettings.read({}, {f"OTEL_INSTRUMENTATION_LLM_STATSD_{variable}": value}), field) == read


@pytest.mark.parametrize(
    ("keyword", "value", "allowed"),
    [("port", "many", "1 to 65535"), ("port", True, "1 to 65535"), ("host", "", "name or an address"), ("tags", "datadog", "dogstatsd, none")],
)  # fmt: skip
def test_an_invalid_statsd_keyword_raises_with_the_allowed_values(keyword: str, value: Any, allowed: str) -> None:
    with pytest.raises(ValueError, match=f"{keyword}={value!r} is not allowed.*{allowed}"):
        StatsdSettings.read({keyword: value}, {})


def test_a_keyword_wins_over_its_variable() -> None:
    assert Settings.read({"threading": True}, {"OTEL_INSTRUMENTATION_LLM_THREADING": "false"}).threading is True


@pytest.mark.parametrize(
    ("keyword", "value", "allowed"),
    [
        ("capture_message_content", "everything", "no_content"),
        ("cost_threshold_cents", -1, "cents"),
        ("cost_threshold_cents", "much", "cents"),
        ("max_content_bytes", "x", "bytes"),
        ("redact", 3, "function"),
        ("prices", 3, "price file"),
        ("native_telemetry", "maybe", "replace"),
        ("span_events", "some", "problems"),
        ("log_level", "LOUD", "WARNING"),
        ("disabled_providers", 3, "names"),
    ],
)
def test_an_invalid_keyword_raises_with_the_allowed_values(keyword: str, value: Any, allowed: str) -> None:
    with pytest.raises(ValueError, match=f"{keyword}=.*{value}.*{allowed}"):
        LLMInstrumentor().instrument(**{keyword: value})
    assert not LLMInstrumentor().is_instrumented_by_opentelemetry


def test_an_unknown_keyword_is_named() -> None:
    with pytest.raises(ValueError, match="does not know colour; its settings are"):
        LLMInstrumentor().instrument(colour="red")


def test_an_invalid_variable_is_one_warning_and_the_default_used(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert Settings.read({}, {"OTEL_INSTRUMENTATION_LLM_COST_THRESHOLD_CENTS": "much"}).cost_threshold_cents is None
    (record,) = caplog.records
    assert "OTEL_INSTRUMENTATION_LLM_COST_THRESHOLD_CENTS='much'" in record.getMessage() and "cents" in record.getMessage()


def test_every_setting_has_a_description() -> None:
    assert all(field.metadata["says"].endswith(".") for kind in (Settings, StatsdSettings) for field in fields(kind))
