"""Every point of openai, against the stand-in's OpenAI wire format."""

from __future__ import annotations

import io
import warnings
from typing import Any

NEEDS = "openai"
MESSAGES = [{"role": "user", "content": "say three words"}]
TOOLS = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}}]


def client(base_url: str) -> Any:
    import openai

    return openai.OpenAI(base_url=f"{base_url}/v1", api_key="canary-key-5ecret", max_retries=0)


def async_client(base_url: str) -> Any:
    import openai

    return openai.AsyncOpenAI(base_url=f"{base_url}/v1", api_key="canary-key-5ecret", max_retries=0)


def _file() -> tuple[str, io.BytesIO]:
    return "sound.wav", io.BytesIO(b"RIFF")


def _image() -> tuple[str, io.BytesIO]:
    return "image.png", io.BytesIO(b"PNG")


def _deprecated(call: Any) -> Any:
    """Return a call of the Assistants API without the warning of the SDK."""

    def quiet(client: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return call(client)

    return quiet


def _video(name: str, **arguments: Any) -> Any:
    """Make a call of a function of videos, which warns that it is deprecated."""

    def call(c: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(c.videos, name)(**arguments)

    return call


CALLS: list[tuple[str, str, bool, Any]] = [
    ("POST /chat/completions", "chat.completions.create", False, lambda c: c.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)),
    (
        "POST /chat/completions", "chat.completions.create", True,
        lambda c: c.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True, stream_options={"include_usage": True}),
    ),
    (
        "POST /chat/completions", "chat.completions.create:tools", True,
        lambda c: c.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, tools=TOOLS, tool_choice="required", stream=True),
    ),
    ("POST /completions", "completions.create", False, lambda c: c.completions.create(model="gpt-3.5-turbo-instruct", prompt="say three words")),
    ("POST /completions", "completions.create", True, lambda c: c.completions.create(model="gpt-3.5-turbo-instruct", prompt="say it", stream=True)),
    ("POST /responses", "responses.create", False, lambda c: c.responses.create(model="gpt-4o-mini", input="say three words")),
    ("POST /responses", "responses.create", True, lambda c: c.responses.create(model="gpt-4o-mini", input="say three words", stream=True)),
    ("POST /responses/compact", "responses.compact", False, lambda c: c.responses.compact(model="gpt-4o-mini", input="say three words")),
    ("POST /responses/input_tokens", "responses.input_tokens.count", False, lambda c: c.responses.input_tokens.count(model="gpt-4o-mini", input="a b")),
    ("GET /responses/*", "responses.retrieve", False, lambda c: c.responses.retrieve("resp_1")),
    ("GET /responses/*", "responses.retrieve", True, lambda c: c.responses.retrieve("resp_1", stream=True)),
    ("POST /embeddings", "embeddings.create", False, lambda c: c.embeddings.create(model="text-embedding-3-small", input=["a b", "c"])),
    ("POST /images/generations", "images.generate", False, lambda c: c.images.generate(model="gpt-image-1", prompt="a boat")),
    ("POST /images/edits", "images.edit", False, lambda c: c.images.edit(model="gpt-image-1", image=_image(), prompt="a boat")),
    ("POST /images/variations", "images.create_variation", False, lambda c: c.images.create_variation(image=_image())),
    ("POST /audio/speech", "audio.speech.create", False, lambda c: c.audio.speech.create(model="tts-1", voice="alloy", input="say it")),
    (
        "POST /audio/transcriptions", "audio.transcriptions.create", False,
        lambda c: c.audio.transcriptions.create(model="gpt-4o-mini-transcribe", file=_file()),
    ),
    (
        "POST /audio/transcriptions", "audio.transcriptions.create", True,
        lambda c: c.audio.transcriptions.create(model="gpt-4o-mini-transcribe", file=_file(), stream=True),
    ),
    ("POST /audio/translations", "audio.translations.create", False, lambda c: c.audio.translations.create(model="whisper-1", file=_file())),
    ("POST /moderations", "moderations.create", False, lambda c: c.moderations.create(model="omni-moderation-latest", input="a b")),
    (
        "POST /decisions", "decisions.create", False,
        lambda c: c.decisions.create(model="gpt-6-luna", input="a b", questions=[{"type": "predicate", "name": "q", "prompt": "Is it?"}]),
    ),
    ("POST /threads/*/runs", "beta.threads.runs.create", False, _deprecated(lambda c: c.beta.threads.runs.create("thread_1", assistant_id="asst_1"))),
    (
        "POST /threads/*/runs", "beta.threads.runs.create", True,
        _deprecated(lambda c: c.beta.threads.runs.create("thread_1", assistant_id="asst_1", stream=True)),
    ),
    ("POST /threads/runs", "beta.threads.create_and_run", False, _deprecated(lambda c: c.beta.threads.create_and_run(assistant_id="asst_1"))),
    ("GET /threads/*/runs/*", "beta.threads.runs.retrieve", False, _deprecated(lambda c: c.beta.threads.runs.retrieve("run_1", thread_id="thread_1"))),
    ("POST /vector_stores/*/search", "vector_stores.search", False, lambda c: c.vector_stores.search("vs_1", query="three words")),
    (
        "POST /batches", "batches.create", False,
        lambda c: c.batches.create(completion_window="24h", endpoint="/v1/chat/completions", input_file_id="file_1"),
    ),
    ("POST /videos", "videos.create", False, _video("create", model="sora-2", prompt="say it")),
    ("GET /videos/*", "videos.retrieve", False, _video("retrieve", video_id="video_1")),
    ("GET /batches/*", "batches.retrieve", False, lambda c: c.batches.retrieve("batch_1")),
]  # fmt: skip
"""Route, name, whether it streams, and the call (sync and async)."""

NEWER = {("audio.transcriptions.create", True): "openai >= 1.68", ("responses.retrieve", True): "openai >= 1.82"}
NEWER |= {(f"videos.{name}", False): "openai >= 2.2" for name in ("create", "retrieve")}
"""Requirements of streams that are newer than their function."""

_OF_RUNS = ("openai.response.system_fingerprint", "openai.response.service_tier", "gen_ai.request.model")
_UNREPORTED = (
    "openai.api.type",
    "openai.response.system_fingerprint",
    "gen_ai.response.finish_reasons",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
)
ABSENT = {
    "POST /videos": _UNREPORTED,
    "GET /videos/*": _UNREPORTED,
    "POST /threads/*/runs": _OF_RUNS,
    "POST /threads/runs": _OF_RUNS,
    "POST /completions": ("openai.api.type",),
    "POST /responses": ("openai.response.system_fingerprint",),
    "POST /decisions": ("openai.api.type", "openai.response.system_fingerprint", "gen_ai.response.id", "gen_ai.response.finish_reasons"),
    "POST /responses/compact": ("openai.response.system_fingerprint", "gen_ai.response.finish_reasons", "gen_ai.response.model"),
}
"""Recommended attributes that the answers on a route do not give."""

SAMPLES: list[dict[str, Any]] = [
    {
        "provider": "openai", "point": route, "name": name, "stream": stream,
        "client": client, "async_client": async_client, "sync": call, "async": call,
        "absent": ABSENT.get(route, ()), "needs": NEWER.get((name, stream), ""),
    }
    for route, name, stream, call in CALLS
]  # fmt: skip
