"""What is known about a call, as records that hold only what is known.

Dialects write them; calls turn them into event metadata with ``known_fields``; pricing and handlers read the same names
there. A field that is not known is ``None`` and never reaches an event: missing stays missing. Most fields of most
records are not known, so an unknown field costs nothing: its ``None`` belongs to the class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from .bounds import LARGEST


class Record:
    """Keep in ``__dict__`` what is known, and nothing else; two records are equal when the same is known of both."""

    def __init__(self, **known: Any) -> None:
        if not known.keys() <= type(self).__dict__["__dataclass_fields__"].keys():
            unknown = ", ".join(sorted(known.keys() - {f.name for f in fields(type(self))}))  # type: ignore[arg-type]
            raise TypeError(f"{type(self).__name__} has no {unknown}")
        self.__dict__.update(known)

    def __eq__(self, other: object) -> bool:
        return _known(self) == _known(other) if type(other) is type(self) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in _known(self).items())})"


def _known(record: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if value is not None}


if TYPE_CHECKING:
    # For type checkers a record is a dataclass; it only stores its fields in another way.
    from dataclasses import dataclass as record
else:

    def record(kind):
        """Make a dataclass of ``kind`` that keeps the methods of ``Record``."""
        return dataclass(init=False, eq=False, repr=False)(kind)


@record
class Usage(Record):
    """Say what the provider counted, in the units it bills.

    ``input_tokens`` holds all input, cache reads and writes included; ``output_tokens`` holds all output, reasoning
    included. The parts below them are subsets and never added on top.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    """The part of ``cache_write_tokens`` that is kept for an hour, where the provider tells it apart."""
    cache_write_12h_tokens: int | None = None
    """The part of ``cache_write_tokens`` that is kept for twelve hours."""
    reasoning_tokens: int | None = None
    citation_tokens: int | None = None
    """Tokens of cited sources, where they are billed apart."""
    tool_use_tokens: int | None = None
    """Input tokens that a provider's own tools put into the prompt; part of ``input_tokens``."""
    input_text_tokens: int | None = None
    input_image_tokens: int | None = None
    input_audio_tokens: int | None = None
    input_video_tokens: int | None = None
    output_text_tokens: int | None = None
    output_image_tokens: int | None = None
    output_audio_tokens: int | None = None
    output_video_tokens: int | None = None
    cache_read_text_tokens: int | None = None
    cache_read_image_tokens: int | None = None
    cache_read_audio_tokens: int | None = None
    cache_read_video_tokens: int | None = None
    images: int | None = None
    seconds: float | None = None
    characters: int | None = None
    search_units: float | None = None
    web_searches: int | None = None
    social_searches: int | None = None
    storage_searches: int | None = None
    code_executions: int | None = None
    code_sessions: int | None = None
    """Containers that were opened for a code interpreter, each billed as a session."""
    map_searches: int | None = None
    """Prompts or queries that were grounded in a map service."""
    pages: int | None = None
    annotated_pages: int | None = None
    """The part of ``pages`` that was annotated."""
    invalid: int | None = None
    """Counts that were reported and cannot be counts (negative, absurdly large, text): the others are not the whole."""
    reported_cost_cents: float | None = None
    """What the provider itself says the call cost, in cents of a US dollar."""


@dataclass(slots=True)
class UsagePart:
    """Hold one part of a call's usage that has a price of its own.

    ``model`` is the model that is billed, ``None`` for the model of the response.
    """

    model: str | None
    usage: Usage


@dataclass(slots=True)
class ToolCall:
    """Name one call of a tool that the model asked for; ``arguments`` stay the provider's own JSON text or object."""

    id: str | None = None
    name: str | None = None
    arguments: Any = None


@dataclass(slots=True)
class Content:
    """Hold message contents in the shapes of the conventions' JSON schemas. Made only where content was asked for."""

    system_instructions: list[dict[str, Any]] | None = None
    input_messages: list[dict[str, Any]] | None = None
    output_messages: list[dict[str, Any]] | None = None
    tool_definitions: list[dict[str, Any]] | None = None
    tool_arguments: Any = None
    tool_result: Any = None
    query: str | None = None
    documents: list[dict[str, Any]] | None = None
    exception_message: str | None = None


@record
class Request(Record):
    """Say what the application asked for, as it goes over the wire. ``content`` never becomes metadata."""

    model: str | None = None
    stream: bool | None = None
    api_type: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    stop_sequences: list[str] | None = None
    seed: int | None = None
    choice_count: int | None = None
    output_type: str | None = None
    reasoning_level: str | None = None
    requested_service_tier: str | None = None
    conversation_id: str | None = None
    previous_response_id: str | None = None
    fetched_response_id: str | None = None
    stream_cursor: str | None = None
    dimensions: int | None = None
    encoding_formats: list[str] | None = None
    guardrail_id: str | None = None
    image_size: str | None = None
    image_quality: str | None = None
    billed: Usage | None = None
    """Counts that the request itself holds where the provider bills by them, such as the characters of speech input."""
    content: Content | None = None


@record
class Response(Record):
    """Say what came back; also the draft that a stream's chunks are absorbed into."""

    response_model: str | None = None
    response_id: str | None = None
    finish_reasons: list[str] | None = None
    usage: Usage = field(default_factory=Usage)
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None
    """The region that the inference ran in, where its price depends on it."""
    latency: str | None = None
    """The latency mode that was used, where its price depends on it."""
    parts: list[UsagePart] | None = None
    """The parts that are billed, where they have prices of several models."""
    containers: list[str] | None = None
    """Ids of the containers that a code interpreter worked in; each is billed once."""
    completion_window: str | None = None
    """The window that a background response was given to complete in, where its price depends on it."""
    system_fingerprint: str | None = None
    response_status: str | None = None
    conversation_id: str | None = None
    dimensions: int | None = None
    tool_call_count: int | None = None
    upstream_provider: str | None = None
    """Who served the call behind a gateway, in the gateway's words."""
    failure: str | None = None
    """The provider's error code when an answer that arrived whole says that the operation failed."""
    deferred_usage: Usage | None = None
    """What a fetch reports of a response that was made earlier: it is counted once, and not on the span of the fetch."""
    reported_error: Any = None
    """What else the response says of that error, as ``extraction.errors_in_response`` reads it."""
    content: Content | None = None
    scratch: dict[Any, Any] | None = None
    """What a dialect remembers between the chunks of a stream; nobody else reads it."""
    kept: dict[Any, Any] | None = None
    """Where a dialect keeps the pieces of a stream's contents until they are joined; only where contents are captured."""

    if not TYPE_CHECKING:

        def __init__(self, **known):
            super().__init__(**known)
            if "usage" not in known:
                self.usage = Usage()


@dataclass
class Cost:
    """Say what a call cost, in cents of a US dollar, and where the prices come from.

    ``total`` is the sum of the parts unless ``source`` is ``"provider"``: then it is the provider's own figure and
    the parts are unknown. ``saved`` is what the cached tokens would have cost more at the full input price.
    """

    total: float
    input: float | None = None
    output: float | None = None
    cache_read: float | None = None
    cache_write: float | None = None
    other: float | None = None
    """Parts that are not tokens: per request, per search, per image, per second."""
    saved: float | None = None
    source: str = "provider"
    price_date: str | None = None
    partial: list[str] | None = None
    """What was counted but has no price, so that the true cost is more than ``total``."""


_APART = frozenset({"content", "usage", "scratch", "kept", "parts", "billed", "containers", "reported_error", "deferred_usage"})


def known_fields(record: Any) -> dict[str, Any]:
    """Return the known fields of ``record`` by name; a ``Response`` gives its usage's fields too, contents never.

    >>> known_fields(Request(model="m", temperature=0.5))
    {'model': 'm', 'temperature': 0.5}
    >>> known_fields(Response(response_id="r", usage=Usage(input_tokens=3)))
    {'response_id': 'r', 'input_tokens': 3}
    """
    held = vars(record)
    known = {name: value for name, value in held.items() if value is not None and name not in _APART}
    usage = held.get("usage")
    if usage is not None:
        # Each count was bounded when it was read; what a dialect adds up of many may still pass what 64 bits hold.
        known.update({name: count for name, count in vars(usage).items() if count is not None and count < LARGEST})
    return known


def total(used: Iterable[Usage]) -> Usage:
    """Add up what several requests of one call used; what none of them told stays unknown.

    >>> known_fields(total([Usage(input_tokens=3), Usage(input_tokens=4, images=1)]))
    {'input_tokens': 7, 'images': 1}
    """
    added = Usage()
    for one in used:
        for name, count in known_fields(one).items():
            setattr(added, name, (getattr(added, name) or 0) + count)
    return added


def completed(usage: Usage, beside: Usage) -> Usage:
    """Return ``usage`` with the counts of ``beside`` where it has none of its own.

    >>> completed(Usage(input_tokens=3), Usage(input_tokens=9, characters=5)).characters
    5
    """
    for name, count in known_fields(beside).items():
        if getattr(usage, name) is None:
            setattr(usage, name, count)
    return usage


Facts = Mapping[str, Any]
"""Metadata of an event: names of record fields to their values, plus who was called (``provider``, ``operation`` ...)."""
