"""Test prompts, exclusions, HTTP spans and lines of JSON: settings and scopes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.instrumentation.utils import is_http_instrumentation_enabled
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult

from opentelemetry import context
from opentelemetry.instrumentation.llm import with_prompt
from opentelemetry.instrumentation.llm.exporters.jsonl import JsonLinesExporter
from opentelemetry.instrumentation.llm.settings import Settings

MESSAGES = [{"role": "user", "content": "hello"}]
NAME, VERSION, VARIABLE = "gen_ai.prompt.name", "gen_ai.prompt.version", "gen_ai.prompt.variable.city"


@pytest.fixture
def client(stand_in: Any) -> Any:
    import openai

    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="k", max_retries=0) as client:
        yield client


def chat(client: Any, model: str = "gpt-4o-mini") -> Any:
    return client.chat.completions.create(model=model, messages=MESSAGES)


def test_a_prompt_is_shown_and_its_variables_are_contents(client: Any, watch: Any) -> None:
    seen = watch()
    with with_prompt("weather", version=3, variables={"city": "Recife"}):
        chat(client)
    chat(client)
    inside, outside = (span.attributes for span in seen.spans())
    assert (inside[NAME], inside[VERSION]) == ("weather", "3")
    assert VARIABLE not in inside and NAME not in outside


def test_variables_are_shown_and_redacted_where_contents_are_captured(client: Any, watch: Any) -> None:
    seen = watch(capture_message_content=True, redact=lambda value: value.replace("Recife", "[city]") if isinstance(value, str) else value)

    @with_prompt("weather", variables={"city": "Recife"})
    def ask() -> None:
        chat(client)

    ask()
    chat(client)
    inside, outside = (span.attributes for span in seen.spans())
    assert inside[VARIABLE] == "[city]" and VARIABLE not in outside


def test_tasks_have_their_own_prompts(stand_in: Any, seen: Any) -> None:
    import openai

    async def ask(client: Any, name: str) -> None:
        with with_prompt(name):
            await asyncio.sleep(0)
            await client.chat.completions.create(model=f"model-{name}", messages=MESSAGES)

    async def main() -> None:
        async with openai.AsyncOpenAI(base_url=f"{stand_in.url}/v1", api_key="k") as client:
            await asyncio.gather(*(ask(client, name) for name in "abc"))

    asyncio.run(main())
    assert {(s.attributes["gen_ai.request.model"], s.attributes[NAME]) for s in seen.spans()} == {(f"model-{n}", n) for n in "abc"}
    assert context.get_current() == {}


@pytest.mark.parametrize("name", ["", " ", None, 3])
def test_a_prompt_needs_a_name(name: Any) -> None:
    with pytest.raises(ValueError, match="the name of a prompt is a text that is not empty"):
        with_prompt(name)


@pytest.mark.parametrize(
    ("rules", "recorded"),
    [
        ("operation=embeddings", ["chat gpt-4o-mini", "chat gpt-4o"]),
        (["model=gpt-4o-*", "operation=embeddings"], ["chat gpt-4o"]),
        ("path=*/chat/completions", ["embeddings text-embedding-3-small"]),
        ("host=127.*", []),
        ("provider=anthropic", ["chat gpt-4o-mini", "chat gpt-4o", "embeddings text-embedding-3-small"]),
    ],
)
def test_excluded_calls_are_not_recorded(rules: Any, recorded: list[str], client: Any, watch: Any) -> None:
    seen = watch(excluded=rules)
    chat(client)
    chat(client, "gpt-4o")
    client.embeddings.create(model="text-embedding-3-small", input="hello")
    assert [span.name for span in seen.spans()] == recorded
    assert seen.total("ex_llm.chat.requests.total") == sum(name.startswith("chat") for name in recorded)


def test_a_wrong_rule_is_refused_with_the_keys() -> None:
    with pytest.raises(
        ValueError, match=r"excluded='modell=x' is not allowed; use rules such as .* operation, provider, model, host, path"
    ):
        Settings.read({"excluded": "modell=x"})


@pytest.mark.parametrize("http_spans", [True, False])
def test_http_spans_inside_calls_can_be_left_out(http_spans: bool, stand_in: Any, watch: Any) -> None:
    import httpx
    import openai

    requested: list[bool] = []
    http_client = httpx.Client(event_hooks={"request": [lambda request: requested.append(is_http_instrumentation_enabled())]})
    seen = watch(http_spans=http_spans)
    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="k", http_client=http_client) as client:
        chat(client)
    assert requested == [http_spans] and is_http_instrumentation_enabled()
    assert len(seen.spans()) == 1


def test_lines_of_json_hold_calls_with_their_contents(client: Any, watch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "calls.jsonl"
    monkeypatch.setenv("OTEL_INSTRUMENTATION_LLM_JSONL_FILE", str(file))
    seen = watch(capture_message_content=True)
    seen.tracer_provider.add_span_processor(SimpleSpanProcessor(JsonLinesExporter()))
    with seen.tracer_provider.get_tracer("app").start_as_current_span("not a call"):
        chat(client)
    (line,) = map(json.loads, file.read_text().splitlines())
    assert line["name"] == "chat gpt-4o-mini" and line["parent_span_id"] and line["end_unix_nano"] > line["start_unix_nano"]
    assert line["attributes"]["gen_ai.input.messages"][0]["parts"] == [{"type": "text", "content": "hello"}]
    assert line["attributes"]["gen_ai.usage.input_tokens"] > 0


def test_a_file_that_cannot_be_written_fails_the_export_only(client: Any, seen: Any, tmp_path: Path) -> None:
    exporter = JsonLinesExporter(str(tmp_path / "no" / "folder.jsonl"))
    seen.tracer_provider.add_span_processor(SimpleSpanProcessor(exporter))
    assert chat(client).choices
    assert exporter.export(seen.spans()) is SpanExportResult.FAILURE
