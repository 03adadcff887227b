"""Test message contents: none by default, bounded, redacted, by the schemas."""

from __future__ import annotations

import base64
import hashlib
import json
from contextvars import Context, copy_context
from typing import Any

import pytest

from opentelemetry.instrumentation.llm import attach, detach, with_content, with_tool
from opentelemetry.instrumentation.llm.context import running_call
from opentelemetry.instrumentation.llm.handlers.content import as_json, shown
from opentelemetry.instrumentation.llm.handlers.redaction import without_credentials
from opentelemetry.instrumentation.llm.schema.records import Content
from opentelemetry.instrumentation.llm.settings import Settings
from semconv.checker import Scenario, check_all, check_logs
from semconv.content import examine

PNG = "data:image/png;base64,aVZCT1J3MEtHZ28="
MESSAGES: list[Any] = [
    {"role": "system", "content": "be brief"},
    {"role": "user", "content": [{"type": "text", "text": "what is this? ¿qué? 何"}, {"type": "image_url", "image_url": {"url": PNG}}]},
    {"role": "assistant", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": '{"q": 1}'}}]},
    {"role": "tool", "tool_call_id": "c1", "content": "found"},
]
TOOLS: list[Any] = [{"type": "function", "function": {"name": "look_up", "description": "secretive", "parameters": {"type": "object"}}}]
ATTRIBUTES = ("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.definitions")


@pytest.fixture
def client(stand_in: Any) -> Any:
    import openai

    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="sk-test-0123456789", max_retries=0) as made:
        yield made


def _send(client: Any, **more: Any) -> Any:
    return client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, tools=TOOLS, **more)


def test_no_content_is_read_by_default(seen: Any, client: Any) -> None:
    _send(client)
    recorded = repr(dict(seen.span().attributes)) + repr(seen.logs())
    assert "brief" not in recorded and "look_up" not in recorded and "canned" not in recorded


def test_spans_hold_contents_as_json_by_the_schemas(watch: Any, client: Any) -> None:
    seen = watch(capture_message_content="span_only")
    _send(client)
    attributes = seen.span().attributes
    system, user, assistant, tool = json.loads(attributes["gen_ai.input.messages"])
    assert system == {"role": "system", "parts": [{"type": "text", "content": "be brief"}]}
    assert "何" in attributes["gen_ai.input.messages"] and PNG[-8:] not in attributes["gen_ai.input.messages"]
    assert user["parts"][1]["type"] == "blob_digest" and user["parts"][1]["mime_type"] == "image/png"
    assert assistant["parts"] == [{"type": "tool_call", "id": "c1", "name": "look_up", "arguments": {"q": 1}}]
    assert tool["parts"] == [{"type": "tool_call_response", "id": "c1", "response": "found"}]
    assert json.loads(attributes["gen_ai.tool.definitions"]) == [{"type": "function", "name": "look_up"}]
    assert not any(set(ATTRIBUTES) & set(record.log_record.attributes) for record in seen.logs())


def test_events_hold_structured_contents_and_span_attributes(watch: Any, client: Any) -> None:
    seen = watch(capture_message_content="event_only")
    _send(client)
    (record,) = [r.log_record for r in seen.logs()]
    assert record.event_name == "gen_ai.client.inference.operation.details"
    assert record.attributes["gen_ai.input.messages"][0]["role"] == "system"
    assert not set(ATTRIBUTES) & set(seen.span().attributes)
    assert check_logs(seen.logs(), scenario=Scenario(absent=frozenset())) == []


def test_a_streamed_response_is_joined_like_a_whole_response(watch: Any, client: Any) -> None:
    seen = watch(capture_message_content="span_only")
    _send(client, tool_choice="required")
    list(_send(client, tool_choice="required", stream=True))
    whole, streamed = (json.loads(span.attributes["gen_ai.output.messages"]) for span in seen.spans())
    for (message,) in (whole, streamed):
        for part in message["parts"]:
            part.pop("id", None)
    assert whole == streamed and whole[0]["parts"][0]["type"] == "tool_call"


def test_responses_separate_instructions_from_messages(watch: Any, client: Any) -> None:
    seen = watch(capture_message_content="span_only")
    client.responses.create(model="gpt-4o-mini", instructions="be brief", input="hello")
    list(client.responses.create(model="gpt-4o-mini", instructions="be brief", input="hello", stream=True))
    for span in seen.spans():
        assert json.loads(span.attributes["gen_ai.system_instructions"]) == [{"type": "text", "content": "be brief"}]
        assert json.loads(span.attributes["gen_ai.input.messages"])[0]["parts"][0]["content"] == "hello"
        assert json.loads(span.attributes["gen_ai.output.messages"])[0]["parts"][0]["content"].startswith("This is canned")


def test_content_on_is_conformant(watch: Any, client: Any) -> None:
    seen = watch(capture_message_content="span_and_event", tool_definitions="full")
    _send(client)
    assert check_all(seen.spans(), seen.metrics_data(), seen.logs(), scenario=Scenario(declared=frozenset())) == []


def test_later_changes_by_the_caller_do_not_change_contents(watch: Any, client: Any) -> None:
    seen = watch(capture_message_content="span_only")
    messages = [{"role": "user", "content": "before"}]
    stream = client.chat.completions.create(model="gpt-4o-mini", messages=messages, stream=True)
    messages[0]["content"] = "after"
    list(stream)
    assert "before" in seen.span().attributes["gen_ai.input.messages"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_task_that_outlives_its_call_keeps_no_request(stream: bool, watch: Any, client: Any) -> None:
    """Check tasks and threads of the SDK that keep the context of the call."""
    watch(capture_message_content="span_only")
    kept: list[Context] = []
    attach("a task", "ex_llm.chat.start", lambda *event: kept.append(copy_context()))
    try:
        result = _send(client, stream=stream)
        (call,) = (context.run(running_call) for context in kept)
        if stream:
            assert call.request.content.input_messages and not call.ended
            list(result)
    finally:
        detach("a task")
    assert call.ended and call.request.content is None and call.forget is None


def test_redaction_runs_first_and_can_drop_contents(watch: Any, client: Any) -> None:
    seen = watch(capture_message_content="span_only", redact=lambda value: None if "look_up" in repr(value) else value)
    _send(client)
    assert "gen_ai.input.messages" not in seen.span().attributes and "gen_ai.output.messages" in seen.span().attributes


def test_a_redaction_that_raises_shows_nothing(watch: Any, client: Any) -> None:
    def broken(value: Any) -> Any:
        raise RuntimeError("be brief")

    seen = watch(capture_message_content="span_only", redact=broken)
    _send(client)
    assert not set(ATTRIBUTES) & set(seen.span().attributes)


@pytest.mark.parametrize("key", ["sk-live-abcdefghijklmnop", "of no known form"])
def test_the_text_of_a_refusal_is_recorded_without_the_key(key: str, watch: Any, stand_in: Any) -> None:
    import openai

    seen = watch(capture_message_content="span_and_event")
    with (
        openai.OpenAI(base_url=f"{stand_in.url}/scenario/error-401/v1", api_key=key, max_retries=0) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        _send(client)
    span = seen.span()
    assert span.status.description.startswith("Error code: 401")
    assert key not in span.to_json() and key not in repr(seen.logs())


def test_lone_surrogates_do_not_break_an_encoder() -> None:
    assert as_json("a\ud800b").encode("utf-8")


@pytest.mark.parametrize(
    "secret",
    ["sk-proj-abcdefgh12345678", "Bearer abc.def.ghi123456", "AKIAIOSFODNN7EXAMPLE", "gsk_abcdefghijkl", "AIzaSyA1234567890abcdefghijkl"],
)
def test_credentials_are_removed(secret: str) -> None:
    assert without_credentials(f"before {secret} after") == "before [credential] after"


@pytest.mark.parametrize(
    ("original", "recorded"),
    [
        ("Incorrect API key provided: 0123456789abcdef. See the page.", "Incorrect API key provided: [credential] See the page."),
        ("invalid token='0123456789abcdef'", "invalid token='[credential]'"),
        ("no key is known to be as good: ask again", "no key is known to be as good: ask again"),
    ],
)
def test_key_assignments_in_error_messages_are_removed(original: str, recorded: str) -> None:
    content = Content(exception_message=original)
    assert shown(content, Settings(capture_message_content=("span",)))["exception_message"] == recorded


def test_files_in_unknown_parts_are_not_shown() -> None:
    file = base64.b64encode(bytes(range(256)) * 8).decode()
    parts = [{"type": "new", "whole": file, "url": f"data:image/png;base64,{file}", "text": "x" * 2000}]
    made = shown(Content(input_messages=[{"role": "user", "parts": parts}]), Settings(capture_message_content=("span",)))
    (part,) = made["gen_ai.input.messages"][0]["parts"]
    assert part == {
        "type": "new", "whole": f"[{len(file)} characters of a file]",
        "url": f"data:image/png;base64,[{len(file)} characters of a file]", "text": "x" * 2000,
    }  # fmt: skip


def _digest() -> dict[str, Any]:
    content = base64.b64decode(PNG.partition(",")[2])
    return {
        "type": "blob_digest",
        "modality": "image",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "mime_type": "image/png",
    }


def test_a_file_is_recorded_by_the_digest_of_its_bytes(watch: Any, client: Any) -> None:
    seen = watch(capture_message_content="span_only")
    _send(client)
    assert json.loads(seen.span().attributes["gen_ai.input.messages"])[1]["parts"][1] == _digest()


def test_inline_records_files_that_fit_into_the_limit(watch: Any, client: Any) -> None:
    seen = watch(capture_message_content="span_and_event", media="inline")
    _send(client)
    part = json.loads(seen.span().attributes["gen_ai.input.messages"])[1]["parts"][1]
    assert part == {"type": "blob", "modality": "image", "mime_type": "image/png", "content": PNG.partition(",")[2]}
    assert check_all(seen.spans(), seen.metrics_data(), seen.logs(), scenario=Scenario(declared=frozenset())) == []
    large = [{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "aVZC" * 20_000}}]
    client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": large}])
    assert json.loads(seen.spans()[-1].attributes["gen_ai.input.messages"])[0]["parts"][0]["type"] == "blob_digest"


@pytest.mark.parametrize(
    ("kind", "gone", "left"),
    [
        ("inputs", ["gen_ai.input.messages"], ["gen_ai.output.messages", "gen_ai.tool.definitions"]),
        ("outputs", ["gen_ai.output.messages"], ["gen_ai.input.messages"]),
        ("tools,outputs", ["gen_ai.tool.definitions", "gen_ai.output.messages"], ["gen_ai.input.messages"]),
    ],
)
def test_hidden_kinds_are_left_out(kind: str, gone: list[str], left: list[str], watch: Any, client: Any) -> None:
    seen = watch(capture_message_content="span_only", hide_content=kind)
    _send(client)
    attributes = seen.span().attributes
    assert not set(gone) & set(attributes) and set(left) <= set(attributes)


def test_hidden_images_and_tool_values_leave_the_messages(watch: Any, client: Any) -> None:
    seen = watch(capture_message_content="span_only", hide_content=["images", "tools"])
    _send(client)
    _, user, assistant, tool = json.loads(seen.span().attributes["gen_ai.input.messages"])
    assert user["parts"][1] == {"type": "hidden", "modality": "image"}
    assert assistant["parts"][0]["arguments"] == tool["parts"][0]["response"] == "[hidden]"
    assert list(examine("here", "gen-ai-input-messages", "gen-ai-input-messages", [user, assistant, tool], on_event=True)) == []


def test_personal_data_are_removed_on_request(watch: Any, client: Any) -> None:
    seen = watch(capture_message_content="span_only", redact_pii=True)
    client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "I am ana@example.com, 10.0.0.7"}])
    assert "I am [email], [ip]" in seen.span().attributes["gen_ai.input.messages"]


def drop_all(value: Any) -> None:
    return None


def as_text(value: Any) -> str:
    return repr(value)


@pytest.mark.parametrize("path", [f"{__name__}.drop_all", f"{__name__}:drop_all", f"{__name__}.missing", "missing_module.redact", "word"])
def test_a_path_of_a_redaction_is_imported_or_nothing_is_recorded(
    path: str, watch: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_LLM_REDACT", path)
    seen = watch(capture_message_content="span_only")
    _send(client)
    assert not set(ATTRIBUTES) & set(seen.span().attributes)


def test_a_redaction_that_returns_text_is_refused(watch: Any, client: Any, caplog: pytest.LogCaptureFixture) -> None:
    seen = watch(capture_message_content="span_and_event", redact=as_text)
    _send(client)
    assert not set(ATTRIBUTES) & set(seen.span().attributes)
    assert "redact returned str for gen_ai.input.messages" in caplog.text


@pytest.mark.parametrize("limit", ["400", "900"])
def test_the_limit_of_the_sdk_leaves_valid_json(limit: str, watch: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", limit)
    seen = watch(capture_message_content="span_only")
    client.chat.completions.create(model="gpt-4o-mini", messages=[*MESSAGES, {"role": "user", "content": "何" * 5000}])
    messages = json.loads(seen.span().attributes["gen_ai.input.messages"])
    assert messages[-1]["parts"][-1]["content"].endswith("[cut]")


def _where(seen: Any) -> tuple[bool, bool]:
    span = seen.spans()[-1].attributes
    event = next(record.log_record for record in reversed(seen.logs()) if record.log_record.event_name.endswith(".details")).attributes
    return ATTRIBUTES[0] in span, ATTRIBUTES[0] in event


@pytest.mark.parametrize(
    ("setting", "scope", "found"),
    [
        ("no_content", "span_only", (True, False)),
        ("no_content", True, (True, False)),
        ("span_and_event", "no_content", (False, False)),
        ("span_only", "event_only", (False, True)),
        ("event_only", "span_and_event", (True, True)),
    ],
)
def test_a_scope_replaces_the_setting_for_its_calls(setting: str, scope: Any, found: tuple[bool, bool], watch: Any, client: Any) -> None:
    seen = watch(capture_message_content=setting)
    with with_content(scope):
        _send(client)
        stream = _send(client, stream=True)
    assert _where(seen) == found
    list(stream)
    assert _where(seen) == found
    _send(client)
    assert _where(seen) == ("span" in setting, "event" in setting)


def test_a_scope_is_a_decorator_and_applies_to_steps(watch: Any) -> None:
    seen = watch()

    @with_content("span_only")
    @with_tool("look_up")
    def look_up(city: str) -> str:
        return "sunny"

    assert look_up("Osaka") == "sunny"
    assert "Osaka" in seen.spans()[-1].attributes["gen_ai.tool.call.arguments"]
    with pytest.raises(ValueError, match="no_content"):
        with_content("sometimes")
