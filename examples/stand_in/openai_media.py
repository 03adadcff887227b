"""OpenAI's images, audio, moderations and decisions."""

from __future__ import annotations

from typing import Any

from .exchange import Answer, Event, Json, Request, Route, Stream, Whole
from .words import CREATED, TEXT, answer_text, count, pieces, response_model, texts_in

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
IMAGE_TOKENS = 272
SPEECH = b"ID3\x04\x00\x00\x00\x00\x00\x00stand-in, not a voice"
SECONDS = 3.0


def images(request: Request) -> Answer:
    """Answer POST /images/generations and /images/edits."""
    requested = request.fields
    number = int(requested.get("n") or 1)
    if "dall-e" in request.model:
        wants_data = requested.get("response_format") == "b64_json"
        row = {"b64_json": PNG} if wants_data else {"url": "https://stand-in.example/image.png"}
        return Whole({"created": CREATED, "data": [{**row, "revised_prompt": "A canned picture."}] * number})
    about = {
        name: requested.get(name) if requested.get(name) not in (None, "auto") else default for name, default in _IMAGE_DEFAULTS.items()
    }
    usage = _image_usage(request, number)
    if str(requested.get("stream")).lower() == "true":
        return _image_stream(request, about, usage)
    return Whole({"created": CREATED, **about, "data": [{"b64_json": PNG}] * number, "usage": usage})


_IMAGE_DEFAULTS = {"background": "opaque", "output_format": "png", "quality": "low", "size": "1024x1024"}


def _image_usage(request: Request, number: int) -> Json:
    texts = count(texts_in(request.fields.get("prompt")))
    shown = request.fields.get("image")
    pictures = IMAGE_TOKENS * (len(shown) if isinstance(shown, list) else 1) if shown else 0
    return {
        "input_tokens": texts + pictures,
        "input_tokens_details": {"text_tokens": texts, "image_tokens": pictures},
        "output_tokens": IMAGE_TOKENS * number,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": IMAGE_TOKENS * number},
        "total_tokens": texts + pictures + IMAGE_TOKENS * number,
    }


def _image_stream(request: Request, about: Json, usage: Json) -> Stream:
    series = "image_edit" if request.path.endswith("/edits") else "image_generation"
    partial = [
        {"type": f"{series}.partial_image", "b64_json": PNG, "created_at": CREATED, "partial_image_index": index, **about}
        for index in range(int(request.fields.get("partial_images") or 0))
    ]
    last = {"type": f"{series}.completed", "b64_json": PNG, "created_at": CREATED, **about, "usage": usage}
    return Stream([Event(data, data["type"]) for data in (*partial, last)])


def variations(request: Request) -> Answer:
    """Answer POST /images/variations."""
    return Whole({"created": CREATED, "data": [{"b64_json": PNG}] * int(request.fields.get("n") or 1)})


def speech(request: Request) -> Answer:
    """Answer POST /audio/speech with bytes, or events for ``stream_format=sse``."""
    requested = request.fields
    if requested.get("stream_format") == "sse":
        tokens = count(texts_in(requested.get("input")))
        usage = {"input_tokens": tokens, "output_tokens": 2, "total_tokens": tokens + 2}
        reported: list[Json] = [{"type": "speech.audio.delta", "audio": "c3RhbmQ="}, {"type": "speech.audio.delta", "audio": "LWlu"}]
        return Stream([Event(data) for data in (*reported, {"type": "speech.audio.done", "usage": usage})])
    kind = requested.get("response_format") or "mp3"
    return Whole(SPEECH, content_type="audio/mpeg" if kind == "mp3" else f"audio/{kind}")


def transcription(request: Request) -> Answer:
    """Answer POST /audio/transcriptions in the requested format, or streamed."""
    requested = request.fields
    output = answer_text(request, str(requested.get("prompt") or ""))
    usage = _audio_usage(request, output)
    if str(requested.get("stream")).lower() == "true":
        deltas: list[Json] = [{"type": "transcript.text.delta", "delta": piece} for piece in pieces(output)]
        return Stream([*map(Event, deltas), Event({"type": "transcript.text.done", "text": output, "usage": usage})])
    return _transcribed(requested.get("response_format") or "json", "transcribe", output, usage)


def translation(request: Request) -> Answer:
    """Answer POST /audio/translations."""
    return _transcribed(request.fields.get("response_format") or "json", "translate", TEXT, None)


def _audio_usage(request: Request, output: str) -> Json:
    if "whisper" in request.model or request.fields.get("response_format") in ("verbose_json", "diarized_json"):
        return {"type": "duration", "seconds": SECONDS}
    spoken, prompt, transcribed = len(pieces(output)), len(str(request.fields.get("prompt") or "").split()), int(SECONDS * 10)
    return {
        "type": "tokens", "input_tokens": prompt + transcribed, "output_tokens": spoken, "total_tokens": prompt + transcribed + spoken,
        "input_token_details": {"text_tokens": prompt, "audio_tokens": transcribed},
    }  # fmt: skip


def _transcribed(format: str, task: str, output: str, usage: Json) -> Answer:
    texts = {
        "text": f"{output}\n",
        "srt": f"1\n00:00:00,000 --> 00:00:03,000\n{output}\n",
        "vtt": f"WEBVTT\n\n00:00.000 --> 00:03.000\n{output}\n",
    }
    if format in texts:
        return Whole(texts[format].encode(), content_type="text/plain; charset=utf-8")
    body: dict[str, Any] = {"text": output} if usage is None else {"text": output, "usage": usage}
    if format == "diarized_json":
        body |= {"task": task, "duration": SECONDS, "segments": [_diarized(output)]}
    if format == "verbose_json":
        body |= {"task": task, "language": "english", "duration": SECONDS, "segments": [_segment(output)]}
    return Whole(body)


def _segment(output: str) -> Json:
    return {"id": 0, "seek": 0, "start": 0.0, "end": SECONDS, "text": output, "tokens": [1, 2, 3], "temperature": 0.0,
            "avg_logprob": -0.2, "compression_ratio": 1.0, "no_speech_prob": 0.0}  # fmt: skip


def _diarized(output: str) -> Json:
    return {"type": "transcript.text.segment", "id": "seg_1", "start": 0.0, "end": SECONDS, "text": output, "speaker": "A"}


_CATEGORIES = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm", "self-harm/intent",
    "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip


def moderations(request: Request) -> Answer:
    """Answer POST /moderations: a text with ``flag me`` is flagged as violence."""
    given = request.fields.get("input")
    parts = isinstance(given, list) and given and isinstance(given[0], dict)
    rows = [_moderated(" ".join(texts_in(item))) for item in (given if isinstance(given, list) and not parts else [given])]
    return Whole({"id": request.new_id("modr-"), "model": response_model(request), "results": rows})


def _moderated(text: str) -> Json:
    flagged = {category: category == "violence" and "flag me" in text for category in _CATEGORIES}
    return {
        "flagged": any(flagged.values()),
        "categories": flagged,
        "category_scores": {category: 0.9 if flag else 0.01 for category, flag in flagged.items()},
        "category_applied_input_types": {category: ["text"] for category in _CATEGORIES},
    }


def decisions(request: Request) -> Answer:
    """Answer POST /decisions: the answer to every question is yes."""
    questions = request.fields.get("questions") or []
    answers = [{"type": "predicate", "name": question.get("name"), "probability": 0.9} for question in questions]
    spent, made = count(texts_in(request.fields.get("input"))), max(1, len(answers))
    usage = {
        "input_tokens": spent, "output_tokens": made, "total_tokens": spent + made,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0},
    }  # fmt: skip
    return Whole({"answers": answers, "model": response_model(request), "usage": usage})


ROUTES = (
    Route("POST", "/images/generations", images),
    Route("POST", "/images/edits", images),
    Route("POST", "/images/variations", variations),
    Route("POST", "/audio/speech", speech),
    Route("POST", "/audio/transcriptions", transcription),
    Route("POST", "/audio/translations", translation),
    Route("POST", "/moderations", moderations),
)
