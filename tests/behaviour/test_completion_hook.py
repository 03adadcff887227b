"""Test the completion hook of opentelemetry-util-genai, and its upload hook."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PNG = base64.b64encode(b"\x89PNG" * 9).decode()
MESSAGES: Any = [
    {"role": "system", "content": "be brief"},
    {"role": "user", "content": [
        {"type": "text", "text": "the question"}, {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
    ]},
]  # fmt: skip
DETAILS = "gen_ai.client.inference.operation.details"


class Hook:
    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def on_completion(self, **given: Any) -> None:
        self.calls.append(given)
        if given["log_record"] is not None:
            given["log_record"].attributes = {**given["log_record"].attributes, "where": "there"}


@pytest.fixture
def client(stand_in: Any) -> Iterator[Any]:
    import openai

    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="sk-test-0123456789", max_retries=0) as made:
        yield made


def _send(client: Any) -> None:
    client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)


def _parts(messages: Any) -> list[dict[str, Any]]:
    held = [message if isinstance(message, dict) else vars(message) for message in messages]
    return [part if isinstance(part, dict) else vars(part) for message in held for part in message["parts"]]


def test_a_hook_receives_contents_that_telemetry_does_not_show(watch: Any, client: Any) -> None:
    hook = Hook()
    seen = watch(completion_hook=hook, media="upload")
    _send(client)
    (call,) = hook.calls
    parts = _parts(call["inputs"])
    assert [part["type"] for part in parts] == ["text", "text", "blob"]
    assert _parts(call["outputs"])[0]["content"].startswith("This is canned")
    assert call["span"].get_span_context().span_id == seen.span().context.span_id
    assert "the question" not in repr(dict(seen.span().attributes)) + repr([record.log_record.attributes for record in seen.logs()])
    (record,) = [found.log_record for found in seen.logs() if found.log_record.event_name == DETAILS]
    assert record.attributes["where"] == "there"


def test_a_hook_runs_without_a_sampled_span_and_obeys_the_settings(watch: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    hook = Hook()
    watch(
        completion_hook=hook,
        hide_content="outputs,images",
        redact=lambda value: json.loads(json.dumps(value).replace("question", "[hidden]")),
    )
    _send(client)
    (call,) = hook.calls
    assert call["span"] is None and call["outputs"] == []
    assert _parts(call["inputs"])[1]["content"] == "the [hidden]" and _parts(call["inputs"])[2]["type"] == "hidden"


def test_a_hook_that_raises_changes_nothing(watch: Any, client: Any) -> None:
    class Broken:
        def on_completion(self, **given: Any) -> None:
            raise RuntimeError("no storage")

    seen = watch(completion_hook=Broken())
    _send(client)
    assert seen.span().status.status_code.name == "UNSET" and len(seen.logs()) == 1


def test_a_name_without_an_entry_point_is_reported(
    watch: Any, client: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK", "nowhere")
    watch()
    _send(client)
    assert "no completion hook nowhere is installed" in caplog.text


def test_the_official_upload_hook_writes_the_contents(watch: Any, client: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    pytest.importorskip("opentelemetry.util.genai")
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK", "upload")
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH", str(tmp_path))
    seen = watch(media="upload")
    _send(client)
    from opentelemetry.instrumentation.llm import LLMInstrumentor

    spans: Any = LLMInstrumentor()._attached[1]
    spans._hook._hook.shutdown()
    reference = seen.span().attributes["gen_ai.input.messages_ref"]
    (stored,) = [path for path in tmp_path.rglob("*") if path.is_file() and path.name == reference.rpartition("/")[2]]
    assert "the question" in stored.read_text()
