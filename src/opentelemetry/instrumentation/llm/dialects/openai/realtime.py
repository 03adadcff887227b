"""OpenAI Realtime: responses of a session, and transcriptions of the user."""

from __future__ import annotations

from ...extraction.errors_in_response import complete
from ...extraction.finish_reasons import finish_reason
from ...extraction.message_parts import Message, message, text_part
from ...extraction.paths import as_sequence, as_str, copy_fields, fields, full_text, get_path
from ...schema.records import Request, Response
from .. import Arguments, Dialect
from .items import responses_content, responses_output
from .usage import usage

_REQUEST = fields(
    Request,
    {
        "model": "model",
        "temperature": "temperature",
        "max_tokens": ("max_output_tokens", "max_response_output_tokens"),
        "reasoning_level": "reasoning.effort",
        "conversation_id": "session_id",
    },
)
_RESPONSE = fields(
    Response,
    {"response_id": "id", "response_model": "model", "response_status": "status", "conversation_id": "session_id"},
)
_OUTPUT_TYPES = {"text": "text", "audio": "speech"}


def request(arguments: Arguments) -> Request:
    """Read the options of a response."""
    record = Request(stream=True, api_type="realtime")
    copy_fields(record, arguments.named, _REQUEST)
    kinds = as_sequence(arguments.named.get("output_modalities") or arguments.named.get("modalities"))
    if len(kinds) == 1:
        record.output_type = _OUTPUT_TYPES.get(as_str(kinds[0]) or "")
    return record


def _finish_reasons(body: object, status: str | None) -> list[str] | None:
    if status == "completed":
        kinds = {as_str(get_path(item, ("type",))) for item in as_sequence(get_path(body, ("output",)))}
        return ["tool_call" if "function_call" in kinds else "stop"]
    if status == "incomplete":
        return [finish_reason(get_path(body, ("status_details", "reason"))) or "length"]
    if status == "cancelled":
        return [as_str(get_path(body, ("status_details", "reason"))) or "cancelled"]
    return ["error"] if status == "failed" else None


def response(body: object) -> Response:
    """Read a complete response."""
    record = Response()
    _read_into(record, body)
    return record


def _read_into(draft: Response, body: object) -> None:
    copy_fields(draft, body, _RESPONSE)
    draft.usage = usage(get_path(body, ("usage",)))
    draft.finish_reasons = _finish_reasons(body, draft.response_status)
    if draft.content is not None:
        draft.content.output_messages = output(body)
    if draft.response_status == "failed":
        draft.failure = as_str(get_path(body, ("status_details", "error", "code"))) or "failed"
        complete(draft, get_path(body, ("status_details",)))


def absorb(draft: Response, chunk: object) -> None:
    """Add one event: the last one has the response, an error event the failure."""
    body = get_path(chunk, ("response",))
    if body is not None:
        _read_into(draft, body)
    elif get_path(chunk, ("type",)) == "error":
        draft.failure = as_str(get_path(chunk, ("error", "code"))) or as_str(get_path(chunk, ("error", "type"))) or "error"
        complete(draft, chunk)


def output(body: object) -> list[Message] | None:
    """Read the output items; of speech the transcript is read."""
    spoken = [
        text_part(transcript)
        for item in as_sequence(get_path(body, ("output",)))
        for part in as_sequence(get_path(item, ("content",)))
        if (transcript := full_text(get_path(part, ("transcript",)))) is not None
    ]
    messages = responses_output(body)
    if not spoken:
        return messages
    return [message("assistant", [*spoken, *(part for each in messages or () for part in each["parts"])])]


def _transcription_request(arguments: Arguments) -> Request:
    record = Request(api_type="realtime")
    copy_fields(record, arguments.named, _REQUEST)
    return record


def _absorb_transcription(draft: Response, chunk: object) -> None:
    draft.response_id = as_str(get_path(chunk, ("item_id",)))
    if (reported := get_path(chunk, ("usage",))) is not None:
        draft.usage = usage(reported)
    if (as_str(get_path(chunk, ("type",))) or "").endswith(".failed"):
        draft.failure = as_str(get_path(chunk, ("error", "code"))) or "failed"
        complete(draft, chunk)


def _timed(draft: Response, chunk: object) -> None:
    """Take the last sum of seconds: each event has the sum since the beginning."""
    if (reported := get_path(chunk, ("usage",))) is not None:
        draft.usage = usage(reported)
    reason = as_str(get_path(chunk, ("reason",)))
    if reason is not None and reason != "close_requested":
        draft.failure = reason


realtime = Dialect("realtime", request, response, absorb, responses_content, output)
realtime_transcription = Dialect("realtime_transcription", _transcription_request, lambda body: Response(), _absorb_transcription)
timed_session = Dialect("timed_session", _transcription_request, lambda body: Response(), _timed)
