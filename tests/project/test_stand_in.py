"""Test the stand-in of ``examples/stand_in`` with the OpenAI SDK and sockets.

Every row of ``CALLS`` runs sync and async with the SDK's strict validation, and every scenario of the stand-in is selected
in both ways. A test compares the tables, so that no row is untested.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openai
import pytest

import stand_in
from stand_in import StandIn, formats, openai_wire, words
from stand_in import __main__ as command
from stand_in.exchange import Event, Format, Memory, Request, Route, Stream, Whole
from stand_in.scenarios import ERROR_STATUSES, SCENARIOS, parse, split_model

MODEL = "gpt-4o-mini"
ASKED: list[Any] = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "one two three"}]
CHAT: dict[str, Any] = {"messages": ASKED}
PIECES = words.pieces(words.TEXT)
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "array", "items": {"type": "integer"}}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
FILLED = {"city": "canned", "days": [1]}
FUNCTIONS = [{"name": name, "parameters": WEATHER, "strict": True} for name in ("get_weather", "get_wind")]
TOOLS: list[Any] = [{"type": "function", "function": function} for function in FUNCTIONS]
RESPONSE_TOOLS: list[Any] = [{"type": "function", **function} for function in FUNCTIONS]
CALL_TWO: list[Any] = [{"role": "user", "content": "call two tools"}]
PICTURE = ("picture.png", b"\x89PNG picture\r\n", "image/png")
SOUND = ("sound.mp3", b"ID3 sound\r\n", "audio/mpeg")
SETTINGS: dict[str, Any] = {"api_key": "sk-nothing", "max_retries": 0, "_strict_response_validation": True}
# The types of the SDK refuse real responses of its provider here: vectors in base64, completion chunks without a finish reason.
LENIENT = {"embeddings base64", "embeddings tokens", "completion stream"}
ignore_what_the_sdk_calls_deprecated = pytest.mark.filterwarnings(
    "ignore:deprecated:DeprecationWarning", "ignore:The Sora API:DeprecationWarning"
)


@pytest.fixture
def server() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running
    assert running.faults == []


@pytest.fixture
def client(server: StandIn) -> Iterator[openai.OpenAI]:
    with _client(server) as opened:
        yield opened


def _client(server: StandIn, path: str = "/v1", **settings: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.url + path, **{**SETTINGS, **settings})


def _async_client(server: StandIn, name: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{server.url}/v1", **{**SETTINGS, "_strict_response_validation": name not in LENIENT})


def _no_check(_result: Any) -> None:
    return None


# Rows: the SDK's call (of a sync or an async client), the arguments, a check of the response.
Row = tuple[Callable[[Any], Any], str, Callable[[Any], Any]]
CALLS: dict[str, Row] = {
    "chat": (lambda c: c.chat.completions.create(model=MODEL, **CHAT), "POST /chat/completions",
             lambda r: (r.choices[0].message.content == words.TEXT, r.usage.prompt_tokens == 5, r.usage.completion_tokens == len(PIECES),
                        r.id == "chatcmpl-1", r.model == MODEL + "-2026-01-01", r.system_fingerprint, r.service_tier == "default")),
    "chat n": (lambda c: c.chat.completions.create(model=MODEL, n=3, **CHAT), "POST /chat/completions",
               lambda r: ([choice.index for choice in r.choices] == [0, 1, 2], r.usage.completion_tokens == 3 * len(PIECES))),
    "chat length": (lambda c: c.chat.completions.create(model=MODEL, max_tokens=2, **CHAT), "POST /chat/completions",
                    lambda r: (r.choices[0].finish_reason == "length", r.usage.completion_tokens == 2)),
    "chat said": (lambda c: c.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "say: good morning"}]),
                  "POST /chat/completions", lambda r: (r.choices[0].message.content == "good morning",)),
    "chat cached": (lambda c: c.chat.completions.create(model="gpt-cached", **CHAT), "POST /chat/completions",
                    lambda r: (r.usage.prompt_tokens_details.cached_tokens == 2, r.usage.completion_tokens_details.reasoning_tokens == 0)),
    "chat reasoning": (lambda c: c.chat.completions.create(model="gpt-reasoning", **CHAT), "POST /chat/completions",
                       lambda r: (r.usage.completion_tokens_details.reasoning_tokens == 8, r.usage.completion_tokens == 8 + len(PIECES))),
    "chat tool": (lambda c: c.chat.completions.create(model=MODEL, tools=TOOLS, tool_choice="required", **CHAT), "POST /chat/completions",
                  lambda r: (r.choices[0].finish_reason == "tool_calls", r.choices[0].message.content is None,
                             json.loads(r.choices[0].message.tool_calls[0].function.arguments) == FILLED)),
    "chat two tools": (lambda c: c.chat.completions.create(model=MODEL, tools=TOOLS, messages=CALL_TWO),
                       "POST /chat/completions",
                       lambda r: ([call.function.name for call in r.choices[0].message.tool_calls] == ["get_weather", "get_wind"],)),
    "chat named tool": (lambda c: c.chat.completions.create(
                            model=MODEL, tools=TOOLS, tool_choice={"type": "function", "function": {"name": "get_wind"}}, **CHAT),
                        "POST /chat/completions", lambda r: (r.choices[0].message.tool_calls[0].function.name == "get_wind",)),
    "chat after tool": (lambda c: c.chat.completions.create(model=MODEL, tools=TOOLS, messages=[
                            {"role": "user", "content": "call the tool"},
                            {"role": "assistant", "tool_calls": [
                                {"id": "call_1", "type": "function", "function": {"name": "get_wind", "arguments": "{}"}}]},
                            {"role": "tool", "tool_call_id": "call_1", "content": "calm"}]),
                        "POST /chat/completions", lambda r: (r.choices[0].message.content == words.TEXT,)),
    "chat schema": (lambda c: c.chat.completions.create(model=MODEL, response_format={
                        "type": "json_schema", "json_schema": {"name": "weather", "schema": WEATHER, "strict": True}}, **CHAT),
                    "POST /chat/completions",
                    lambda r: (json.loads(r.choices[0].message.content) == FILLED,)),
    "chat json": (lambda c: c.chat.completions.create(model=MODEL, response_format={"type": "json_object"}, **CHAT),
                  "POST /chat/completions", lambda r: (isinstance(json.loads(r.choices[0].message.content), dict),)),
    "completion": (lambda c: c.completions.create(model=MODEL, prompt="one two"), "POST /completions",
                   lambda r: (r.choices[0].text == words.TEXT, r.usage.prompt_tokens == 2)),
    "embeddings": (lambda c: c.embeddings.create(model="text-embedding-3-small", input=["one two", "three"], encoding_format="float"),
                   "POST /embeddings", lambda r: (len(r.data) == 2, len(r.data[0].embedding) == 8, r.usage.prompt_tokens == 3,
                                                  r.data[0].embedding != r.data[1].embedding)),
    "embeddings base64": (lambda c: c.embeddings.create(model="text-embedding-3-small", input="one two", dimensions=5), "POST /embeddings",
                          lambda r: (len(r.data[0].embedding) == 5, isinstance(r.data[0].embedding[0], float))),
    "embeddings tokens": (lambda c: c.embeddings.create(model="text-embedding-3-small", input=[[1, 2], [3]]), "POST /embeddings",
                          lambda r: (len(r.data) == 2, r.usage.total_tokens == 3)),
    "response": (lambda c: c.responses.create(model=MODEL, instructions="be brief", input="one two three"), "POST /responses",
                 lambda r: (r.output_text == words.TEXT, r.status == "completed", r.usage.input_tokens == 5,
                            r.usage.output_tokens == len(PIECES), r.model == MODEL + "-2026-01-01", r.id == "resp_1")),
    "response messages": (lambda c: c.responses.create(model="gpt-reasoning-cached", input=ASKED), "POST /responses",
                          lambda r: (r.output[0].type == "reasoning", r.usage.input_tokens_details.cached_tokens == 2,
                                     r.usage.output_tokens_details.reasoning_tokens == 8)),
    "response tools": (lambda c: c.responses.create(model=MODEL, input="two tools", tools=RESPONSE_TOOLS, tool_choice="required"),
                       "POST /responses", lambda r: ([item.name for item in r.output] == ["get_weather", "get_wind"],
                                                     json.loads(r.output[1].arguments) == FILLED)),
    "response schema": (lambda c: c.responses.create(model=MODEL, input="one", text={
                            "format": {"type": "json_schema", "name": "weather", "schema": WEATHER, "strict": True}}),
                        "POST /responses", lambda r: (json.loads(r.output_text) == FILLED,)),
    "response length": (lambda c: c.responses.create(model=MODEL, input="one", max_output_tokens=3), "POST /responses",
                        lambda r: (r.status == "incomplete", r.incomplete_details.reason == "max_output_tokens",
                                   r.usage.output_tokens == 3)),
    "response background": (lambda c: c.responses.create(model=MODEL, input="one", background=True), "POST /responses",
                            lambda r: (r.status == "queued", r.usage is None, r.output == [])),
    "response retrieve": (lambda c: c.responses.retrieve("resp_7"), "GET /responses/resp_7",
                          lambda r: (r.id == "resp_7", r.status == "completed", r.usage.output_tokens == len(PIECES))),
    "response cancel": (lambda c: c.responses.cancel("resp_7"), "POST /responses/resp_7/cancel", lambda r: (r.status == "cancelled",)),
    "response delete": (lambda c: c.responses.delete("resp_7"), "DELETE /responses/resp_7", _no_check),
    "response items": (lambda c: c.responses.input_items.list("resp_7"), "GET /responses/resp_7/input_items", lambda r: (r.data,)),
    "response count": (lambda c: c.responses.input_tokens.count(model=MODEL, input="one two"), "POST /responses/input_tokens",
                       lambda r: (r.input_tokens == 2,)),
    "response compact": (lambda c: c.responses.compact(model=MODEL, input="one two"), "POST /responses/compact",
                         lambda r: (r.usage.input_tokens == 2, r.output[0].type == "compaction")),
    "image": (lambda c: c.images.generate(model="gpt-image-1", prompt="a red cat", n=2), "POST /images/generations",
              lambda r: (len(r.data) == 2, r.data[0].b64_json, r.usage.output_tokens == 544,
                         r.usage.input_tokens_details.text_tokens == 3)),
    "image dall-e": (lambda c: c.images.generate(model="dall-e-3", prompt="a red cat"), "POST /images/generations",
                     lambda r: (r.data[0].url, r.data[0].revised_prompt, r.usage is None)),
    "image edit": (lambda c: c.images.edit(model="gpt-image-1", image=[PICTURE, PICTURE], prompt="a red cat"), "POST /images/edits",
                   lambda r: (r.usage.input_tokens_details.image_tokens == 544, r.usage.input_tokens_details.text_tokens == 3)),
    "image variation": (lambda c: c.images.create_variation(image=PICTURE), "POST /images/variations", lambda r: (r.data[0].b64_json,)),
    "speech": (lambda c: c.audio.speech.create(model="tts-1", voice="alloy", input="one two"), "POST /audio/speech",
               lambda r: (r.content.startswith(b"ID3"),)),
    "transcription": (lambda c: c.audio.transcriptions.create(model="gpt-4o-transcribe", file=SOUND), "POST /audio/transcriptions",
                      lambda r: (r.text == words.TEXT, r.usage.type == "tokens", r.usage.output_tokens == len(PIECES))),
    "transcription text": (lambda c: c.audio.transcriptions.create(model="whisper-1", file=SOUND, response_format="text"),
                           "POST /audio/transcriptions", lambda r: (r == words.TEXT + "\n",)),
    "transcription verbose": (lambda c: c.audio.transcriptions.create(model="whisper-1", file=SOUND, response_format="verbose_json"),
                              "POST /audio/transcriptions", lambda r: (r.duration == 3.0, r.segments[0].text, r.usage.seconds == 3.0)),
    "translation": (lambda c: c.audio.translations.create(model="whisper-1", file=SOUND), "POST /audio/translations",
                    lambda r: (r.text == words.TEXT,)),
    "moderation": (lambda c: c.moderations.create(model="omni-moderation-latest", input=["fine", "flag me"]), "POST /moderations",
                   lambda r: ([row.flagged for row in r.results] == [False, True], r.results[1].categories.violence)),
    "models": (lambda c: c.models.list(), "GET /models", lambda r: (r.data[0].id == MODEL,)),
    "model": (lambda c: c.models.retrieve("gpt-x"), "GET /models/gpt-x", lambda r: (r.id == "gpt-x",)),
    "batch create": (lambda c: c.batches.create(completion_window="24h", endpoint="/v1/embeddings", input_file_id="file-9"),
                     "POST /batches", lambda r: (r.endpoint == "/v1/embeddings", r.input_file_id == "file-9")),
    "batch": (lambda c: c.batches.retrieve("batch_4"), "GET /batches/batch_4", lambda r: (r.id == "batch_4",)),
    "batches": (lambda c: c.batches.list(), "GET /batches", lambda r: (r.data,)),
    "batch cancel": (lambda c: c.batches.cancel("batch_4"), "POST /batches/batch_4/cancel", lambda r: (r.status == "cancelling",)),
    "file create": (lambda c: c.files.create(file=("a.jsonl", b"{}"), purpose="fine-tune"), "POST /files",
                    lambda r: (r.id == "file-1", r.purpose == "fine-tune")),
    "files": (lambda c: c.files.list(), "GET /files", lambda r: (r.data,)),
    "file": (lambda c: c.files.retrieve("file-3"), "GET /files/file-3", lambda r: (r.id == "file-3",)),
    "file content": (lambda c: c.files.content("file-3"), "GET /files/file-3/content", lambda r: (b"canned" in r.content,)),
    "file delete": (lambda c: c.files.delete("file-3"), "DELETE /files/file-3", _no_check),
    "vector store create": (lambda c: c.vector_stores.create(name="mine"), "POST /vector_stores", lambda r: (r.name == "mine",)),
    "vector store": (lambda c: c.vector_stores.retrieve("vs_2"), "GET /vector_stores/vs_2", lambda r: (r.id == "vs_2",)),
    "vector search": (lambda c: c.vector_stores.search("vs_2", query="one two"), "POST /vector_stores/vs_2/search",
                      lambda r: (r.data[0].content[0].text,)),
    "job create": (lambda c: c.fine_tuning.jobs.create(model=MODEL, training_file="file-1"), "POST /fine_tuning/jobs",
                   lambda r: (r.model == MODEL, r.status == "queued")),
    "job": (lambda c: c.fine_tuning.jobs.retrieve("ftjob-1"), "GET /fine_tuning/jobs/ftjob-1", lambda r: (r.id == "ftjob-1",)),
    "job cancel": (lambda c: c.fine_tuning.jobs.cancel("ftjob-1"), "POST /fine_tuning/jobs/ftjob-1/cancel",
                   lambda r: (r.status == "cancelled",)),
    "job events": (lambda c: c.fine_tuning.jobs.list_events("ftjob-1"), "GET /fine_tuning/jobs/ftjob-1/events", lambda r: (r.data == [],)),
    "video create": (lambda c: c.videos.create(model="sora-2", prompt="a red cat"), "POST /videos", lambda r: (r.prompt == "a red cat",)),
    "video": (lambda c: c.videos.retrieve("video_3"), "GET /videos/video_3", lambda r: (r.id == "video_3",)),
    "video content": (lambda c: c.videos.download_content("video_3"), "GET /videos/video_3/content", lambda r: (b"canned" in r.content,)),
    "conversation": (lambda c: c.conversations.create(), "POST /conversations", lambda r: (r.id == "conv_1",)),
    "container": (lambda c: c.containers.create(name="box"), "POST /containers", lambda r: (r.name == "box",)),
    "upload": (lambda c: c.uploads.create(bytes=3, filename="a.jsonl", mime_type="text/plain", purpose="batch"), "POST /uploads",
               lambda r: (r.filename == "a.jsonl",)),
}  # fmt: skip


def _fulfilled(check: Callable[[Any], Any], result: Any) -> None:
    claims = check(result)
    assert claims is None or all(claims), f"{claims} of {result!r}"


@ignore_what_the_sdk_calls_deprecated
@pytest.mark.parametrize("name", CALLS)
def test_every_method_gets_a_valid_response(server: StandIn, name: str) -> None:
    call, expected, check = CALLS[name]
    with _client(server, _strict_response_validation=name not in LENIENT) as client:
        _fulfilled(check, call(client))
    (record,) = server.journal
    assert (f"{record.method} {record.path}", record.status) == (expected.replace(" ", " /v1", 1), 200)


@ignore_what_the_sdk_calls_deprecated
@pytest.mark.parametrize("name", CALLS)
def test_every_method_gets_a_valid_response_async(server: StandIn, name: str) -> None:
    call, _, check = CALLS[name]

    async def send() -> None:
        async with _async_client(server, name) as client:
            _fulfilled(check, await call(client))

    asyncio.run(send())
    assert [record.status for record in server.journal] == [200]


def _contents(chunks: list[Any]) -> list[str]:
    return [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]


def _arguments(chunks: list[Any]) -> dict[int, str]:
    joined: dict[int, str] = {}
    for call in (call for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls or []):
        joined[call.index] = joined.get(call.index, "") + (call.function.arguments or "")
    return joined


TEXT_EVENTS = (
    ["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"]
    + ["response.output_text.delta"] * len(PIECES)
    + ["response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"]
)


def _series(events: list[Any]) -> list[str]:
    assert [event.sequence_number for event in events] == list(range(events[0].sequence_number, events[0].sequence_number + len(events)))
    return [event.type for event in events]


STREAMS: dict[str, tuple[Callable[[Any], Any], Callable[[list[Any]], Any]]] = {
    "chat": (lambda c: c.chat.completions.create(model=MODEL, stream=True, **CHAT),
             lambda s: (_contents(s) == PIECES, all(chunk.usage is None and chunk.choices for chunk in s),
                        s[-1].choices[0].finish_reason == "stop")),
    "chat usage": (lambda c: c.chat.completions.create(model=MODEL, stream=True, stream_options={"include_usage": True}, **CHAT),
                   lambda s: (s[-1].choices == [], s[-1].usage.completion_tokens == len(PIECES), s[-1].usage.prompt_tokens == 5)),
    "chat n": (lambda c: c.chat.completions.create(model=MODEL, stream=True, n=2, **CHAT),
               lambda s: (_contents(s)[:4] == ["This", "This", " is", " is"],)),
    "chat tools": (lambda c: c.chat.completions.create(
                       model=MODEL, stream=True, tools=TOOLS, messages=CALL_TWO),
                   lambda s: ({i: json.loads(text) for i, text in _arguments(s).items()} == dict.fromkeys((0, 1), FILLED),
                              s[-1].choices[0].finish_reason == "tool_calls", len(s) > 8)),
    "chat words": (lambda c: c.chat.completions.create(model=f"{MODEL}@words:40", stream=True, **CHAT),
                   lambda s: (len(_contents(s)) == 40,)),
    "completion stream": (lambda c: c.completions.create(model=MODEL, prompt="one", stream=True, stream_options={"include_usage": True}),
                   lambda s: ("".join(chunk.choices[0].text for chunk in s[:-1]) == words.TEXT, s[-1].usage.total_tokens == 12)),
    "response": (lambda c: c.responses.create(model=MODEL, input="one", stream=True),
                 lambda s: (_series(s) == TEXT_EVENTS, s[-1].response.output_text == words.TEXT, s[-1].response.usage.input_tokens == 1)),
    "response tools": (lambda c: c.responses.create(
                           model=MODEL, input="two tools", tools=RESPONSE_TOOLS, tool_choice="required", stream=True),
                       lambda s: (_series(s).count("response.function_call_arguments.done") == 2,
                                  "".join(e.delta for e in s if e.type.endswith("arguments.delta")) == 2 * json.dumps(FILLED))),
    "response background": (lambda c: c.responses.create(model=MODEL, input="one", stream=True, background=True),
                            lambda s: (_series(s)[1] == "response.queued", s[0].response.status == "queued")),
    "response reasoning": (lambda c: c.responses.create(model="gpt-reasoning", input="one", stream=True),
                           lambda s: (_series(s)[2] == "response.output_item.added", s[2].item.type == "reasoning")),
    "response resumed": (lambda c: c.responses.retrieve("resp_1", stream=True, starting_after=3),
                         lambda s: (_series(s) == TEXT_EVENTS[4:], s[0].sequence_number == 4)),
    "image": (lambda c: c.images.generate(model="gpt-image-1", prompt="a red cat", stream=True, partial_images=2),
              lambda s: ([event.type for event in s] == ["image_generation.partial_image"] * 2 + ["image_generation.completed"],
                         s[-1].usage.output_tokens == 272)),
    "image edit": (lambda c: c.images.edit(model="gpt-image-1", image=PICTURE, prompt="a red cat", stream=True),
                   lambda s: ([event.type for event in s] == ["image_edit.completed"],)),
    "transcription": (lambda c: c.audio.transcriptions.create(model="gpt-4o-transcribe", file=SOUND, stream=True),
                      lambda s: ("".join(event.delta for event in s[:-1]) == words.TEXT, s[-1].usage.output_tokens == len(PIECES))),
}  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_every_stream_is_valid(server: StandIn, name: str) -> None:
    call, check = STREAMS[name]
    with _client(server, _strict_response_validation=name not in LENIENT) as client, call(client) as stream:
        _fulfilled(check, list(stream))
    (record,) = server.wait_for(1)
    assert (record.status, record.client_left) == (200, False)
    assert record.events_sent > 0


@pytest.mark.parametrize("name", STREAMS)
def test_every_stream_is_valid_async(server: StandIn, name: str) -> None:
    call, check = STREAMS[name]

    async def send() -> None:
        async with _async_client(server, name) as client, await call(client) as stream:
            _fulfilled(check, [event async for event in stream])

    asyncio.run(send())
    assert [record.status for record in server.wait_for(1)] == [200]


def test_stream_helpers_of_the_sdk_read_the_streams(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model=MODEL, **CHAT) as chat:
        assert chat.get_final_completion().choices[0].message.content == words.TEXT
    with client.responses.stream(model=MODEL, input="one") as response:
        assert response.get_final_response().output_text == words.TEXT


def test_a_background_response_is_ready_at_the_next_fetch(client: openai.OpenAI) -> None:
    queued = client.responses.create(model=MODEL, input="one two", background=True)
    ready = client.responses.retrieve(queued.id)
    assert (queued.status, ready.status, ready.id, ready.model) == ("queued", "completed", queued.id, MODEL + "-2026-01-01")
    assert ready.usage is not None and ready.usage.input_tokens == 2


def test_speech_can_be_events(server: StandIn) -> None:
    body = {"model": "gpt-4o-mini-tts", "voice": "alloy", "input": "one two", "stream_format": "sse"}
    events = [json.loads(line[6:]) for line in _post(server, "/v1/audio/speech", body).splitlines() if line]
    assert [event["type"] for event in events] == ["speech.audio.delta", "speech.audio.delta", "speech.audio.done"]
    assert events[-1]["usage"]["input_tokens"] == 2


@pytest.mark.parametrize("mount", ["", "/v1", "/openai/v1", "/api/v1", "/openai", "/v1beta/openai", "/inference/v1"])
def test_paths_are_matched_by_their_end(server: StandIn, mount: str) -> None:
    with _client(server, mount) as client:
        assert client.chat.completions.create(model=MODEL, **CHAT).id == "chatcmpl-1"


def test_azure_deployments_are_understood(server: StandIn) -> None:
    with openai.AzureOpenAI(
        azure_endpoint=server.url, api_key="none", api_version="2025-01-01", azure_deployment="gpt-mine", max_retries=0
    ) as client:
        assert client.chat.completions.create(model="gpt-mine", **CHAT).model == "gpt-mine-2026-01-01"
        assert client.images.generate(prompt="a cat").usage is not None
    assert [record.path for record in server.journal] == [
        "/openai/deployments/gpt-mine/chat/completions?api-version=2025-01-01",
        "/openai/deployments/gpt-mine/images/generations?api-version=2025-01-01",
    ]
    assert server.journal[1].model == "gpt-mine"


def test_unknown_paths_and_bad_requests_are_refused_like_openai(server: StandIn, client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.get("/nowhere", cast_to=object)
    assert unknown.value.type == "invalid_request_error"
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model=MODEL, messages=[])
    with pytest.raises(openai.NotFoundError, match="unknown scenario 'eror-429'; known: error-400"):
        client.chat.completions.create(model=f"{MODEL}@eror-429", **CHAT)


CLASSES: dict[int, type[openai.APIStatusError]] = {
    400: openai.BadRequestError, 401: openai.AuthenticationError, 403: openai.PermissionDeniedError, 404: openai.NotFoundError,
    409: openai.ConflictError, 422: openai.UnprocessableEntityError, 429: openai.RateLimitError,
}  # fmt: skip


class ScenarioClient:
    """A client and a model that select a scenario.

    By the suffix of the model or by the prefix of the path.
    """

    def __init__(self, server: StandIn, scenario: str, way: str, **settings: Any) -> None:
        self.server = server
        path, self.model = {"suffix": ("/v1", f"{MODEL}@{scenario}"), "prefix": (f"/scenario/{scenario}/v1", MODEL)}[way]
        self.client = openai.OpenAI(**{"base_url": server.url + path, "api_key": "sk-nothing", "max_retries": 0, **settings})

    def whole(self) -> Any:
        return self.client.chat.completions.create(model=self.model, **CHAT)

    def stream(self) -> Any:
        return self.client.chat.completions.create(model=self.model, stream=True, stream_options={"include_usage": True}, **CHAT)

    def response(self) -> Any:
        return self.client.responses.create(model=self.model, input="one")

    def response_stream(self) -> Any:
        return self.client.responses.create(model=self.model, input="one", stream=True)


def _fails_with(status: int, code: str | None = None) -> Callable[[ScenarioClient], None]:
    def check(asking: ScenarioClient) -> None:
        kind = CLASSES.get(status, openai.InternalServerError if status >= 500 else openai.APIStatusError)
        for send in (asking.whole, asking.stream, asking.response):
            with pytest.raises(kind) as caught:
                send()
            assert caught.value.status_code == status
            assert code is None or caught.value.code == code
        headers = caught.value.response.headers
        assert headers["x-request-id"] == "req_3"
        if status == 429:
            assert (headers["retry-after"], headers["retry-after-ms"], headers["x-ratelimit-remaining-tokens"]) == ("1", "20", "0")
        assert [record.status for record in asking.server.journal] == [status] * 3
        assert asking.server.totals()[asking.model]["errors"] == {status: 3}

    return check


def _flaky(asking: ScenarioClient) -> None:
    asking.client = asking.client.with_options(max_retries=2)
    asking.whole()
    list(asking.stream())
    assert [record.status for record in asking.server.journal] == [429, 500, 200] * 2


def _never_in_time(asking: ScenarioClient) -> None:
    asking.client = asking.client.with_options(timeout=0.2)
    with pytest.raises(openai.APITimeoutError):
        asking.whole()
    (record,) = asking.server.wait_for(1)
    assert (record.status, record.client_left) == (None, True)


def _left_after(events: int) -> Callable[[ScenarioClient], None]:
    def check(asking: ScenarioClient) -> None:
        with asking.stream() as stream:
            for _ in range(events):
                next(stream)
        (record,) = asking.server.wait_for(1)
        assert (record.status, record.client_left, record.events_sent, record.usage) == (200, True, events, None)

    return check


def _breaks_after(events: int) -> Callable[[ScenarioClient], None]:
    def check(asking: ScenarioClient) -> None:
        seen: list[Any] = []
        with pytest.raises((openai.APIError, OSError)):
            _collect(asking.stream(), seen)
        assert len(seen) == events
        assert [(r.events_sent, r.client_left) for r in asking.server.wait_for(1)] == [(events, False)]
        with pytest.raises(openai.APIConnectionError):
            asking.whole()

    return check


def _collect(stream: Any, seen: list[Any]) -> None:
    """Return the events before the stream raises."""
    for event in stream:
        seen.append(event)


def _stream_error(asking: ScenarioClient) -> None:
    for send in (asking.stream, asking.response_stream):
        seen: list[Any] = []
        with pytest.raises(openai.APIError, match="error while streaming"):
            _collect(send(), seen)
        assert len(seen) == 3
    assert asking.whole().choices


def _truncated(asking: ScenarioClient) -> None:
    with pytest.raises(ValueError):
        asking.whole()
    with pytest.raises(ValueError):
        list(asking.stream())
    assert [record.status for record in asking.server.wait_for(2)] == [200, 200]


def _not_json(asking: ScenarioClient) -> None:
    answer = asking.client.chat.completions.with_raw_response.create(model=asking.model, **CHAT)
    assert (answer.status_code, answer.headers["content-type"], answer.text[:6]) == (200, "text/html", "<html>")


def _odd_choices(asking: ScenarioClient) -> None:
    assert asking.whole().choices == [None]
    assert all(chunk.choices == [None] for chunk in asking.stream())
    assert asking.response().to_dict()["output"] == [None]


def _usage_is(value: Any) -> Callable[[ScenarioClient], None]:
    def check(asking: ScenarioClient) -> None:
        assert [asking.whole().usage, asking.response().usage] == [value, value]
        assert [list(asking.stream())[-1].usage, list(asking.response_stream())[-1].response.usage] == [value, value]
        row = asking.server.totals()[asking.model]
        assert (row["requests"], row["input_tokens"], row["output_tokens"]) == (4, 0, 0)

    return check


def _odd_everything(asking: ScenarioClient) -> None:
    raw = asking.client.chat.completions.with_raw_response.create(model=asking.model, **CHAT)
    odd = json.loads(raw.text)
    assert (odd["id"], odd["created"], type(odd["choices"]), type(odd["usage"])) == (7, "odd", dict, list)
    assert len(list(asking.stream())) == len(PIECES) + 3


def _odd_stream(asking: ScenarioClient) -> None:
    chunks = [chunk.to_dict() for chunk in asking.stream()]
    text = [choice["delta"]["content"] for c in chunks for choice in c.get("choices", []) if (choice["delta"] or {}).get("content")]
    assert "".join(text) == words.TEXT
    assert chunks[0]["object"] == "stand_in.unknown" and "id" not in chunks[1] and chunks[2]["choices"] == []
    assert chunks[3]["choices"][0]["delta"] is None and all("usage" in chunk for chunk in chunks[1:])
    assert "response.stand_in.unknown" in [event.type for event in asking.response_stream()]


def _empty(asking: ScenarioClient) -> None:
    assert asking.whole().to_dict() == {}
    assert all(chunk.to_dict() == {} for chunk in asking.stream())


def _status(status: str) -> Callable[[ScenarioClient], None]:
    def check(asking: ScenarioClient) -> None:
        response, events = asking.response(), list(asking.response_stream())
        assert (response.status, events[-1].type, events[-1].response.status) == (status, f"response.{status}", status)
        assert (response.error is not None) == (status == "failed") == (response.usage is None)

    return check


EXPECTED: dict[str, tuple[str, Callable[[ScenarioClient], None]]] = {
    **{f"error-{status}": ("", _fails_with(status)) for status in ERROR_STATUSES},
    "context-length": ("", _fails_with(400, "context_length_exceeded")),
    "content-filter": ("", _fails_with(400, "content_filter")),
    "repeat": ("", _fails_with(401)),
    "flaky": (":429,500", _flaky),
    "slow": (":600000", _never_in_time),
    "drip": (":600000", _left_after(1)),
    "hang": (":3", _left_after(3)),
    "die": (":2", _breaks_after(2)),
    "cut": (":2", _breaks_after(2)),
    "stream-error": (":3", _stream_error),
    "truncated": ("", _truncated),
    "not-json": ("", _not_json),
    "odd-choices": ("", _odd_choices),
    "odd-usage": ("", _usage_is("n/a")),
    "no-usage": ("", _usage_is(None)),
    "odd-everything": ("", _odd_everything),
    "odd-stream": ("", _odd_stream),
    "empty": ("", _empty),
    "failed-response": ("", _status("failed")),
    "incomplete-response": ("", _status("incomplete")),
    "words": (":4", lambda asking: _fulfilled(lambda r: (r.choices[0].message.content == "word1 word2 word3 word4",), asking.whole())),
}


def test_every_scenario_is_tested() -> None:
    assert EXPECTED.keys() == SCENARIOS.keys()


@pytest.mark.parametrize("way", ["suffix", "prefix"])
@pytest.mark.parametrize("name", EXPECTED)
def test_scenarios_behave_as_documented(server: StandIn, name: str, way: str) -> None:
    parameter, check = EXPECTED[name]
    asking = ScenarioClient(server, name + parameter, way)
    with asking.client:
        check(asking)


def test_scenarios_can_be_combined(server: StandIn) -> None:
    asking = ScenarioClient(server, "slow:1+error-500:1500", "suffix")
    with asking.client, pytest.raises(openai.InternalServerError) as caught:
        asking.whole()
    headers = caught.value.response.headers
    assert (headers["retry-after"], headers["retry-after-ms"]) == ("2", "1500")


def test_flaky_counts_by_the_run_header_if_there_is_one(server: StandIn) -> None:
    with _client(server) as client:
        for run, expected in (("a", 500), ("b", 500), ("a", 200), ("b", 200)):
            model = f"{MODEL}@flaky:500"
            raw = client.chat.completions.with_raw_response
            try:
                status = raw.create(model=model, extra_headers={"x-stand-in-run": run}, **CHAT).status_code
            except openai.APIStatusError as error:
                status = error.status_code
            assert status == expected


def test_flaky_matches_a_repeated_form_with_another_boundary(server: StandIn) -> None:
    with _client(server, max_retries=2) as client:
        client.audio.transcriptions.create(model="whisper-1@flaky:503,503", file=SOUND)
    assert [record.status for record in server.journal] == [503, 503, 200]


def test_responses_carry_the_headers_of_the_provider(server: StandIn, client: openai.OpenAI) -> None:
    answers = [client.chat.completions.with_raw_response.create(model=MODEL, **CHAT).headers for _ in range(2)]
    assert [headers["x-request-id"] for headers in answers] == ["req_1", "req_2"]
    for kind in ("requests", "tokens"):
        first, second = (int(headers[f"x-ratelimit-remaining-{kind}"]) for headers in answers)
        assert second < first < int(answers[0][f"x-ratelimit-limit-{kind}"])
        assert answers[0][f"x-ratelimit-reset-{kind}"].endswith("ms")
    assert answers[0]["openai-processing-ms"].isdigit()


def test_totals_count_the_bytes_that_were_sent(server: StandIn, client: openai.OpenAI) -> None:
    client.chat.completions.create(model=MODEL, **CHAT)
    list(client.chat.completions.create(model=MODEL, stream=True, stream_options={"include_usage": True}, **CHAT))
    list(client.chat.completions.create(model=MODEL, stream=True, **CHAT))
    client.responses.create(model=MODEL, input="one")
    client.embeddings.create(model="text-embedding-3-small", input="one two", encoding_format="float")
    with pytest.raises(openai.RateLimitError):
        client.chat.completions.create(model="gpt-x@error-429", **CHAT)
    assert server.totals() == {
        MODEL: {"requests": 4, "input_tokens": 5 + 5 + 0 + 1, "output_tokens": 3 * len(PIECES), "errors": {}},
        "text-embedding-3-small": {"requests": 1, "input_tokens": 2, "output_tokens": 0, "errors": {}},
        "gpt-x@error-429": {"requests": 1, "input_tokens": 0, "output_tokens": 0, "errors": {429: 1}},
    }


def _post(server: StandIn, path: str, body: Any, headers: dict[str, str] | None = None) -> str:
    requested = urllib.request.Request(
        server.url + path, json.dumps(body).encode(), {"content-type": "application/json", **(headers or {})}, method="POST"
    )
    with urllib.request.urlopen(requested, timeout=10) as answer:
        return str(answer.read(), "utf-8")


def _speak(server: StandIn, data: bytes, until: bytes) -> bytes:
    received = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        sock.sendall(data)
        while until not in received and (part := sock.recv(65536)):
            received += part
    return received


def _raw(body: dict[str, Any], *headers: str) -> bytes:
    data = json.dumps(body).encode()
    lines = ["POST /v1/chat/completions?a=1&b=2 HTTP/1.1", "Host: x", *headers, f"Content-Length: {len(data)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def test_the_journal_holds_requests_exactly_as_received(server: StandIn) -> None:
    body = {"model": MODEL, "messages": ASKED}
    received = _speak(server, _raw(body, "X-Odd-CASE:  twice", "x-odd-case: and again"), b"canned text")
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    (record,) = server.journal
    assert (record.number, record.method, record.path) == (1, "POST", "/v1/chat/completions?a=1&b=2")
    assert record.headers[1:3] == [("X-Odd-CASE", "twice"), ("x-odd-case", "and again")]
    assert (record.json, record.body, record.header("x-odd-case")) == (body, json.dumps(body).encode(), "twice")
    server.clear()
    assert server.journal == []


def test_every_event_is_a_chunk_of_its_own(server: StandIn) -> None:
    received = _speak(server, _raw({"model": MODEL, "messages": ASKED, "stream": True}), b"0\r\n\r\n")
    head, _, rest = received.partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    chunks = []
    while (size := int(rest[: rest.index(b"\r\n")], 16)) > 0:
        rest = rest[rest.index(b"\r\n") + 2 :]
        chunks.append(rest[:size])
        rest = rest[size + 2 :]
    assert all(chunk.startswith(b"data: ") and chunk.endswith(b"\n\n") and chunk.count(b"\n\n") == 1 for chunk in chunks)
    assert chunks[-1] == b"data: [DONE]\n\n"
    assert server.wait_for(1)[0].events_sent == len(chunks)


def test_chunked_bodies_and_kept_connections_are_supported(server: StandIn) -> None:
    body = json.dumps({"model": MODEL, "messages": ASKED}).encode()
    requested = b"POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    requested += b"5\r\n" + body[:5] + b"\r\n%x;ext=1\r\n" % len(body[5:]) + body[5:] + b"\r\n0\r\n\r\n"
    received = _speak(server, requested + requested, b"chatcmpl-2")
    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
    assert [record.body for record in server.journal] == [body, body]


@pytest.mark.parametrize("nonsense", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"\x16\x03\x01\r\n\r\n"])
def test_invalid_bytes_get_a_response_and_the_server_runs_on(server: StandIn, client: openai.OpenAI, nonsense: bytes) -> None:
    assert _speak(server, nonsense, b"never").startswith(b"HTTP/1.1 400 ")
    assert client.chat.completions.create(model=MODEL, **CHAT).id == "chatcmpl-1"


def test_a_client_that_disconnects_leaves_no_output(server: StandIn, capfd: pytest.CaptureFixture[str]) -> None:
    for part in (b"", b"POST /v1", _raw({"model": MODEL, "messages": ASKED})[:-5], _raw({"model": f"{MODEL}@hang:1", "messages": ASKED})):
        socket_ = socket.create_connection(("127.0.0.1", server.port))
        socket_.sendall(part)
        if part.endswith(b"}"):
            server.wait_for(1, finished=False)
        socket_.close()
    assert [record.client_left for record in server.wait_for(1)] == [True]
    server.stop()
    assert capfd.readouterr() == ("", "")


def test_stop_ends_running_responses(server: StandIn, client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(model=f"{MODEL}@hang:1", stream=True, **CHAT)
    next(iter(stream))
    server.stop()
    with pytest.raises((openai.APIError, OSError)):
        list(stream)
    assert [(record.finished, record.client_left) for record in server.journal] == [(True, False)]
    assert not [thread for thread in threading.enumerate() if thread.name == f"stand-in on {server.port}"]
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port)).close()


def test_a_failed_wait_reports_the_present_state(server: StandIn, client: openai.OpenAI) -> None:
    client.models.list()
    with pytest.raises(TimeoutError, match="/v1/models"):
        server.wait_for(2, timeout=0.01)


def test_requests_of_many_threads_are_kept_apart(server: StandIn, client: openai.OpenAI) -> None:
    def send(number: int) -> tuple[str, str | None]:
        recorded = client.chat.completions.create(model=f"gpt-{number % 4}", messages=[{"role": "user", "content": f"say: {number}"}])
        return recorded.id, recorded.choices[0].message.content

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(80)))
    assert [text for _, text in answers] == [str(number) for number in range(80)]
    assert len({identity for identity, _ in answers}) == 80
    assert {model: row["requests"] for model, row in server.totals().items()} == dict.fromkeys(map("gpt-{}".format, range(4)), 20)


def test_several_hundred_connections_at_once(server: StandIn) -> None:
    number = 300

    async def hold() -> None:
        requested = _raw({"model": f"{MODEL}@hang:1", "messages": ASKED, "stream": True})
        opened = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", server.port) for _ in range(number)))
        for _, writer in opened:
            writer.write(requested)
        await asyncio.gather(*(reader.readuntil(b"assistant") for reader, _ in opened))
        for _, writer in opened:
            writer.close()
            await writer.wait_closed()

    asyncio.run(hold())
    assert [(r.events_sent, r.client_left) for r in server.wait_for(number)] == [(1, True)] * number


def test_the_process_serves_its_journal_over_http() -> None:
    examples = str(Path(stand_in.__file__).parents[1])
    started = [sys.executable, "-m", "stand_in", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": examples}
    with subprocess.Popen(started, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert isinstance(process.stdout, io.TextIOBase)
        url = process.stdout.readline().strip()
        with openai.OpenAI(base_url=f"{url}/v1", api_key="sk-nothing", max_retries=0) as client:
            client.chat.completions.create(model=MODEL, **CHAT)
        (record,) = json.loads(urllib.request.urlopen(f"{url}/_stand_in/journal?wait_for=1", timeout=10).read())
        assert (record["path"], record["status"], record["usage"], record["json"]["model"]) == (
            "/v1/chat/completions", 200, [5, len(PIECES)], MODEL,
        )  # fmt: skip
        totals = json.loads(urllib.request.urlopen(f"{url}/_stand_in/totals", timeout=10).read())
        assert totals[MODEL]["requests"] == 1
        urllib.request.urlopen(urllib.request.Request(f"{url}/_stand_in/clear", b"", method="POST"), timeout=10).close()
        assert json.loads(urllib.request.urlopen(f"{url}/_stand_in/journal", timeout=10).read()) == []
        process.terminate()
        output = process.communicate(timeout=10)
    assert (process.returncode, output) == (0, ("", ""))


def test_scenarios_are_read_from_names() -> None:
    assert parse("slow:50+flaky:429,500") == [("slow", "50"), ("flaky", "429,500")]
    assert split_model("gpt-4o-mini@drip:5") == ("gpt-4o-mini", "drip:5")
    assert split_model("claude@20260101") == ("claude@20260101", "")


def test_schemas_are_filled() -> None:
    schema = {
        "type": "object",
        "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}, "at": {"type": "string", "format": "date"}}}},
        "properties": {
            "kind": {"enum": ["a", "b"]}, "fixed": {"const": 4}, "maybe": {"type": ["number", "null"]},
            "least": {"type": "integer", "minimum": 7},
            "either": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}, "node": {"$ref": "#/$defs/node"},
            "pair": {"type": "array", "minItems": 2, "items": {"type": "null"}},
        },
    }  # fmt: skip
    filled = words.example_of(schema)
    node = filled.pop("node")
    assert filled == {"kind": "a", "fixed": 4, "maybe": 1.5, "least": 7, "either": True, "pair": [None, None]}
    assert node["at"] == "2026-01-01" and isinstance(node["next"]["next"], dict)


def test_no_route_is_hidden_by_another() -> None:
    for route in openai_wire.FORMAT.routes:
        path = "/v1" + route.path.replace("{", "").replace("}", "")
        assert formats.find(Request(route.method, path, [], b"", Memory(), path=path)) == (openai_wire.FORMAT, route)


def test_another_format_needs_a_table_and_one_line(monkeypatch: pytest.MonkeyPatch, server: StandIn) -> None:
    def lines(event: Event) -> bytes:
        return json.dumps(event.data).encode() + b"\n"

    def emit(request: Request) -> Stream:
        events = [Event({"model": request.model, "said": word}) for word in ("a", "b")]
        return Stream([*events, Event({"counted": [3, 2]})], content_type="application/x-ndjson", frame=lines)

    toy = Format(
        name="toy",
        mount="/toy",
        routes=(Route("POST", "/models/{model}/say", emit),),
        model=lambda request: request.parameters["model"],
        error=lambda kind, message: Whole({"toy error": message or kind}, status=int(kind)),
        usage=lambda body: tuple(body["counted"]) if "counted" in body else None,
        stream_error=lambda _request, index: Event({"toy error": index}),
        usages=("counted",),
    )
    monkeypatch.setattr(formats, "FORMATS", (toy, *formats.FORMATS))
    recorded = [json.loads(line) for line in _post(server, "/toy/models/a%2Fb/say", {}).splitlines()]
    assert recorded == [{"model": "a/b", "said": "a"}, {"model": "a/b", "said": "b"}, {"counted": [3, 2]}]
    assert json.loads(_post(server, "/scenario/no-usage/toy/models/x@stream-error:3/say", {}).splitlines()[2]) == {}
    with pytest.raises(urllib.error.HTTPError, match="418") as refused:
        _post(server, "/toy/models/x@flaky:418/say", {})
    assert json.load(refused.value) == {"toy error": "418"}
    assert server.totals()["a/b"] == {"requests": 1, "input_tokens": 3, "output_tokens": 2, "errors": {}}


def test_the_command_lists_the_scenarios(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["stand_in", "--scenarios"])
    command.main()
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(SCENARIOS)
