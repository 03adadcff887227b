"""Test every rule of the conformance checker with right and wrong telemetry.

The telemetry comes from the real SDK. `semconv.faults` lists the fault that is planted in each specimen; here it is recorded
and checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from semconv import attributes, generate, registry, resolve
from semconv.calls import CALLS, SLOW, Call
from semconv.checker import (
    INFORMATION,
    RULES,
    Scenario,
    Violation,
    check_all,
    check_logs,
    check_metrics,
    check_spans,
    collect_information,
)
from semconv.faults import CONTENTS, EVENT_FAULTS, METRIC_FAULTS, SPAN_FAULTS, Fault
from semconv.recording import Reading, Telemetry, telemetry
from semconv.rules import EXCEPTION
from semconv.specimens import NOTES, OF_A_CHAT, OF_A_STREAM, READINGS, SPECIMENS

PER_CHUNK = "gen_ai.client.inference.time_per_output_chunk"
TOKENS = frozenset({"gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"})


@pytest.fixture
def recorded() -> Iterator[Telemetry]:
    """Yield exporters to record into."""
    with telemetry() as fresh:
        yield fresh


def rules_in(findings: list[Violation]) -> set[str]:
    """Return the rules of the findings."""
    return {finding.rule for finding in findings}


def spans_checked(recorded: Telemetry, declared: frozenset[str] = frozenset(), **scenario: Any) -> list[Violation]:
    """Check the recorded spans, sampling included."""
    spans = recorded.span_exporter.get_finished_spans()
    return check_spans(spans, recorded.recorder.started, declared, Scenario(**scenario))


@pytest.mark.parametrize("base", SPECIMENS)
def test_right_span_passes(base: str, recorded: Telemetry) -> None:
    recorded.record(SPECIMENS[base])
    assert spans_checked(recorded) == []


@pytest.mark.parametrize("fault", SPAN_FAULTS, ids=str)
def test_fault_in_span_is_found(fault: Fault, recorded: Telemetry) -> None:
    recorded.record(fault.planted_in(SPECIMENS[fault.base]))
    assert rules_in(spans_checked(recorded, fault.declared)) == {fault.rule}


def test_every_operation_has_a_specimen() -> None:
    spans = {(specimen.kind.name, specimen.attributes.get("gen_ai.operation.name")) for specimen in SPECIMENS.values()}
    for definition in registry.SPANS.values():
        assert any(
            kind in definition.kinds and (operation in definition.operations or not definition.operations) for kind, operation in spans
        ), definition.name


def test_declared_attributes_satisfy(recorded: Telemetry) -> None:
    recorded.record(SPECIMENS["rich chat"])
    declared = frozenset({"gen_ai.request.temperature", "gen_ai.prompt.variable", "gen_ai.embeddings.dimension.count"})
    assert spans_checked(recorded, declared) == []


def test_absent_attributes_are_not_required_unless_declared_so(recorded: Telemetry) -> None:
    recorded.record(Fault("", "", dict.fromkeys(TOKENS | {"gen_ai.provider.name"})).planted_in(SPECIMENS["chat"]))
    assert rules_in(spans_checked(recorded)) == {"attribute.required", "attribute.recommended"}
    assert rules_in(spans_checked(recorded, absent=TOKENS | {"gen_ai.provider.name"})) == {"attribute.required"}


def test_own_prefixes_are_configurable(recorded: Telemetry) -> None:
    recorded.record(SPECIMENS["rich chat"])
    assert rules_in(spans_checked(recorded, own_prefixes=("acme.",))) == {"attribute.unknown"}


def test_sampling_needs_a_recorder_and_every_start(recorded: Telemetry) -> None:
    recorded.record(replace(SPECIMENS["chat"], late=frozenset({"server.address"})))
    spans = recorded.span_exporter.get_finished_spans()
    assert check_spans(spans) == []
    assert rules_in(check_spans(spans, {})) == {"sampling.unrecorded"}


def test_information_is_collected_separately(recorded: Telemetry) -> None:
    change = {"gen_ai.provider.name": "ollama", "gen_ai.retrieval.top_k": 3}
    recorded.record(Fault("", "", change).planted_in(SPECIMENS["rich chat"]))
    recorded.record(SPECIMENS["image"])
    recorded.record(SPECIMENS["foreign"])
    recorded.note(Fault("", "", {"gen_ai.skill.name": "report"}).planted_in(NOTES["details"]))
    spans, notes = recorded.span_exporter.get_finished_spans(), recorded.log_exporter.get_finished_logs()
    assert [*check_spans(spans), *check_logs(notes)] == []
    found = collect_information(spans, log_records=notes)
    assert sorted((finding.rule, finding.detail) for finding in found) == [
        ("attribute.unlisted", "gen_ai.retrieval.top_k"),
        ("attribute.unlisted", "gen_ai.skill.name"),
        ("span.foreign", "carries no GenAI attribute"),
        ("value.custom", "gen_ai.operation.name is 'image_generation'"),
        ("value.custom", "gen_ai.provider.name is 'ollama'"),
    ]


@pytest.mark.parametrize("form", ["structure", "json", "event"])
@pytest.mark.parametrize(("name", "value", "rule"), CONTENTS)
def test_content_is_checked_by_the_schemas(name: str, value: Any, rule: str | None, form: str, recorded: Telemetry) -> None:
    if form == "event":
        recorded.note(Fault("", "", {name: value}).planted_in(NOTES["details"]))
        found = check_logs(recorded.log_exporter.get_finished_logs())
    else:
        given = json.dumps(value) if form == "json" else value
        recorded.record(Fault("", "", {name: given}).planted_in(SPECIMENS["chat"]))
        found = spans_checked(recorded)
    assert rules_in(found) == ({rule} if rule else set())


def test_content_that_is_not_json_is_found(recorded: Telemetry) -> None:
    recorded.record(Fault("", "", {"gen_ai.input.messages": "[{'role': 'user'}]"}).planted_in(SPECIMENS["chat"]))
    assert rules_in(spans_checked(recorded)) == {"content.json"}


def test_right_metrics_pass(recorded: Telemetry) -> None:
    for reading in READINGS.values():
        recorded.measure(reading)
    assert check_metrics(recorded.reader.get_metrics_data()) == []


def test_an_exception_event_needs_type_or_message(recorded: Telemetry) -> None:
    recorded.note(replace(NOTES["exception"], exception=None, attributes={"exception.stacktrace": "..."}))
    details = [finding.detail for finding in check_logs(recorded.log_exporter.get_finished_logs())]
    assert [detail.split()[0] for detail in details] == ["exception.message", "exception.type"]


def sample_of(definition: registry.Definition) -> dict[str, Any]:
    """Return attributes that satisfy every requirement of a metric."""
    known = {"gen_ai.operation.name": "embeddings", "gen_ai.provider.name": "mistral_ai", "server.port": 443}
    needs = definition.attributes
    requested = {name for name in needs if needs[name].level == "required" or needs[name] == registry.Need("recommended")}
    requested |= {"server.port"} if "server.address" in requested else set()
    return {name: known.get(name) or (registry.ATTRIBUTES[name].members or ("x",))[0] for name in requested}


@pytest.mark.parametrize("name", sorted(set(registry.METRICS) - {PER_CHUNK}))
def test_right_reading_of_every_metric_passes(name: str, recorded: Telemetry) -> None:
    definition = registry.METRICS[name]
    recorded.measure(Reading(name, 3 if definition.value == "int" else 3.0, sample_of(definition)))
    assert check_metrics(recorded.reader.get_metrics_data()) == []


def test_unknown_and_own_metrics_are_ignored(recorded: Telemetry) -> None:
    recorded.measure(replace(READINGS["duration"], name="http.client.request.duration", unit="ms"))
    recorded.measure(replace(READINGS["duration"], name="ex_llm.chat.duration.milliseconds", unit="ms"))
    assert check_metrics(recorded.reader.get_metrics_data()) == []
    assert check_metrics(None) == []


@pytest.mark.parametrize("fault", METRIC_FAULTS, ids=str)
def test_fault_in_metric_is_found(fault: Fault, recorded: Telemetry) -> None:
    recorded.measure(fault.planted_in(READINGS[fault.base]))
    data = recorded.reader.get_metrics_data()
    assert rules_in(check_metrics(data, fault.declared)) == {fault.rule}


@pytest.mark.parametrize(
    ("measured", "streaming", "rules"),
    [
        (OF_A_STREAM, None, set()),
        (OF_A_STREAM, True, set()),
        (OF_A_STREAM, False, {"metric.streaming"}),
        (OF_A_CHAT, None, set()),
        (OF_A_CHAT, False, set()),
        (OF_A_CHAT, True, {"metric.streaming"}),
        (("next chunk",), None, {"metric.streaming"}),
    ],
)
def test_streaming_metrics_are_required_for_streams(
    measured: tuple[str, ...], streaming: bool | None, rules: set[str], recorded: Telemetry
) -> None:
    for name in measured:
        recorded.measure(READINGS[name])
    assert rules_in(check_metrics(recorded.reader.get_metrics_data(), scenario=Scenario(streaming=streaming))) == rules


def test_parts_of_counted_tokens_exceed_no_total(recorded: Telemetry) -> None:
    cached = replace(READINGS["input"], name="gen_ai.client.inference.usage.cache_read.input_tokens")
    for reading in (READINGS["input"], cached):
        recorded.measure(reading)
    assert check_metrics(recorded.reader.get_metrics_data()) == []
    recorded.measure(replace(cached, amount=1))
    assert rules_in(check_metrics(recorded.reader.get_metrics_data())) == {"usage.subset"}


@pytest.mark.parametrize("base", NOTES)
def test_right_event_passes(base: str, recorded: Telemetry) -> None:
    recorded.note(NOTES[base])
    assert check_logs(recorded.log_exporter.get_finished_logs()) == []


@pytest.mark.parametrize("fault", EVENT_FAULTS, ids=str)
def test_fault_in_event_is_found(fault: Fault, recorded: Telemetry) -> None:
    recorded.note(fault.planted_in(NOTES[fault.base]))
    assert rules_in(check_logs(recorded.log_exporter.get_finished_logs(), fault.declared)) == {fault.rule}


def all_checked(recorded: Telemetry, **scenario: Any) -> list[Violation]:
    """Check all recorded telemetry, each signal alone and against the others."""
    return check_all(
        recorded.span_exporter.get_finished_spans(),
        recorded.reader.get_metrics_data(),
        recorded.log_exporter.get_finished_logs(),
        recorded.recorder.started,
        scenario=Scenario(**scenario),
    )


@pytest.mark.parametrize(("rule", "calls"), CALLS)
def test_signals_agree(rule: str | None, calls: tuple[Call, ...], recorded: Telemetry) -> None:
    for call in calls:
        call.record(recorded)
    assert rules_in(all_checked(recorded)) == ({rule} if rule else set())


def test_absent_signals_are_not_required(recorded: Telemetry) -> None:
    recorded.record(SPECIMENS["chat"])
    spans = recorded.span_exporter.get_finished_spans()
    assert check_all(spans) == []
    assert rules_in(check_all(spans, metrics_data=None)) == {"metric.missing"}
    assert rules_in(check_all(spans, log_records=[])) == {"event.missing"}
    assert check_all(spans, log_records=[], scenario=Scenario(events=frozenset({EXCEPTION}))) == []


def test_tolerance_of_durations_is_configurable(recorded: Telemetry) -> None:
    SLOW.record(recorded)
    assert rules_in(all_checked(recorded, tolerance=0.001)) == {"metric.sum"}


def test_every_rule_has_a_planted_fault() -> None:
    planted = {fault.rule for fault in (*SPAN_FAULTS, *METRIC_FAULTS, *EVENT_FAULTS)}
    planted |= {rule for _, _, rule in CONTENTS if rule} | {rule for rule, _ in CALLS if rule}
    with_a_test_of_their_own = {"sampling.unrecorded", "content.json"}
    assert planted | with_a_test_of_their_own | INFORMATION == set(RULES)


def test_registry_names_its_source_and_licence() -> None:
    assert registry.SOURCE["genai"]["commit"].startswith("6fd0d763")
    assert registry.SOURCE["core"]["tag"] == "v1.44.0"
    assert "Apache-2.0" in registry.SOURCE["licence"]


def test_tables_of_the_rules_use_names_of_the_registry() -> None:
    definitions = [*registry.SPANS.values(), *registry.METRICS.values(), *registry.EVENTS.values()]
    conditions = {need.when for definition in definitions for need in definition.attributes.values()}
    assert set(attributes._REQUIRED_WHEN) <= conditions
    names = {*attributes._NEVER_SAID, *attributes._ONLY_WITH, *registry.OPTIONAL_RECOMMENDED}
    names |= {f"gen_ai.usage.{part}" for parts, whole in attributes.SUBSETS for part in (*parts, whole)}
    assert {name for name in names if registry.lookup(name) is None} == set()


def test_generator_resolves_groups_and_overrides() -> None:
    inner = {"attributes": [{"ref": "a", "requirement_level": {"recommended": "When\n  known."}}, {"ref": "b"}]}
    outer = {
        "attributes": [
            {"ref": "c", "requirement_level": "opt_in"},
            {"ref_group": "inner"},
            {"ref": "b", "sampling_relevant": True},
        ]
    }
    groups = {"inner": inner, "outer": outer}
    needs = resolve.resolve([{"ref": "a", "requirement_level": "required"}, {"ref_group": "outer"}], groups)
    assert resolve.finish(needs) == {
        "a": {"level": "required"},
        "b": {"level": "recommended", "sampling": True},
        "c": {"level": "opt_in"},
    }
    assert resolve.resolve([{"ref": "a"}], groups, {"a": {"level": "required"}}) == {"a": {"level": "required"}}


def test_generator_removes_prose_but_no_properties() -> None:
    schema = {"title": "T", "properties": {"title": {"type": "string", "description": "D"}, "default": {"default": 1}}}
    assert generate.strip_schema(schema) == {"properties": {"title": {"type": "string"}, "default": {}}}


def test_generator_writes_valid_json() -> None:
    value = {"long": {"text": "x" * 200, "list": [1, 2]}, "short": {"a": None}, "empty": {}}
    assert json.loads(generate.dump(value)) == value
    assert '"short": {"a": null}' in generate.dump(value)
