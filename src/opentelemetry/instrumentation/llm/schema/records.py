"""Records of a call: requests, responses, usage and costs.

Dialects create them. Calls convert them to event metadata with ``known_fields``. Pricing and handlers read the same
names there. A field without a value is ``None`` and never reaches an event. Most fields of most records have no value,
so an unused field costs nothing: its ``None`` is a class attribute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from .bounds import LARGEST


class Record:
    """Store only the given fields, in ``__dict__``.

    Two records are equal if their fields with values are equal.
    """

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
    # For type checkers a record is an ordinary dataclass; only its storage differs.
    from dataclasses import dataclass as record
else:

    def record(kind):
        """Make a dataclass of ``kind`` that keeps the methods of ``Record``."""
        return dataclass(init=False, eq=False, repr=False)(kind)


@record
class Usage(Record):
    """Counts of one response as the provider reports them, in the units it bills.

    ``input_tokens`` includes cache reads and writes. ``output_tokens`` includes reasoning. All more detailed counts are
    subsets of these two and are never added to them.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    """The subset of ``cache_write_tokens`` that is cached for one hour, if reported
    separately.
    """
    cache_write_12h_tokens: int | None = None
    """The subset of ``cache_write_tokens`` that is cached for twelve hours."""
    reasoning_tokens: int | None = None
    citation_tokens: int | None = None
    """Tokens of cited sources, if they are billed separately."""
    tool_use_tokens: int | None = None
    """Input tokens that the provider's own tools added to the prompt; a subset of
    ``input_tokens``.
    """
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
    video_seconds: float | None = None
    """Seconds of generated video."""
    characters: int | None = None
    search_units: float | None = None
    web_searches: int | None = None
    social_searches: int | None = None
    storage_searches: int | None = None
    code_executions: int | None = None
    code_sessions: int | None = None
    """Containers that were opened for a code interpreter. Each is billed as one
    session.
    """
    map_searches: int | None = None
    """Prompts or queries that used a map service."""
    pages: int | None = None
    annotated_pages: int | None = None
    """The subset of ``pages`` that was annotated."""
    invalid: int | None = None
    """Number of reported values that are not valid counts (negative, extremely large,
    or text). If there are any, the other counts are incomplete.
    """
    reported_cost_cents: float | None = None
    """The cost of the call that the provider reported, in cents of a US dollar."""


@dataclass(slots=True)
class UsagePart:
    """A part of the usage of a call that has its own price.

    ``model`` is the billed model; ``None`` means the model of the response.
    """

    model: str | None
    usage: Usage


@dataclass(slots=True)
class BatchItem:
    """The usage of one response in a batch, or the sum of all of them.

    ``key`` identifies the response, so that it is counted once. For a sum it identifies the batch.
    """

    key: object
    model: str | None
    usage: Usage
    service_tier: str | None = None
    inference_geo: str | None = None


@dataclass(slots=True)
class Batch:
    """A batch as one response of the provider reports it, or the results of a batch."""

    id: str | None = None
    finished: bool = True
    model: str | None = None
    """The model of the whole batch."""
    output: str | None = None
    """The file with the results."""
    items: list[BatchItem] | None = None
    """The responses in the results."""
    total: BatchItem | None = None
    """The sum over all responses, if the provider reports it."""
    unread: str | None = None
    """The reason if the results were not read."""


@dataclass(slots=True)
class ToolCall:
    """A tool call that the model requested.

    ``arguments`` are the JSON text or the object of the provider, unchanged.
    """

    id: str | None = None
    name: str | None = None
    arguments: Any = None


class Blob(dict[str, Any]):
    """The digest of a file in a message; ``data`` are its bytes or its base64 text.

    ``data`` is the object of the application, not a copy. It is used only if a setting asks for the file itself.
    """

    __slots__ = ("data",)
    data: str | bytes


@dataclass(slots=True)
class Content:
    """Message contents in the JSON shapes of the semantic conventions.

    Created only if content capture is on.
    """

    system_instructions: list[dict[str, Any]] | None = None
    input_messages: list[dict[str, Any]] | None = None
    output_messages: list[dict[str, Any]] | None = None
    tool_definitions: list[dict[str, Any]] | None = None
    tool_arguments: Any = None
    tool_result: Any = None
    query: str | None = None
    documents: list[dict[str, Any]] | None = None
    exception_message: str | None = None
    prompt_variables: Mapping[str, str] | None = None
    places: tuple[str, ...] | None = None
    """Where this content may be recorded, if a scope of the application decides it."""


@record
class Request(Record):
    """The request of the application, as it is sent over the network.

    ``content`` never becomes metadata.
    """

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
    agent_id: str | None = None
    """The agent at the provider that the request names."""
    prompt_name: str | None = None
    prompt_version: str | None = None
    fetched_response_id: str | None = None
    stream_cursor: str | None = None
    dimensions: int | None = None
    encoding_formats: list[str] | None = None
    guardrail_id: str | None = None
    agent_name: str | None = None
    data_source_id: str | None = None
    image_size: str | None = None
    image_quality: str | None = None
    billed: Usage | None = None
    """Counts that the request itself contains if the provider bills by them, such as
    the characters of speech input.
    """
    content: Content | None = None


@record
class Response(Record):
    """The response of the provider; also the draft that stream chunks are added to."""

    response_model: str | None = None
    response_id: str | None = None
    finish_reasons: list[str] | None = None
    usage: Usage = field(default_factory=Usage)
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None
    """The region in which the inference ran, if the price depends on it."""
    latency: str | None = None
    """The latency mode that was used, if the price depends on it."""
    parts: list[UsagePart] | None = None
    """The billed parts, if a response combines prices of several models."""
    containers: list[str] | None = None
    """Ids of the containers that a code interpreter used. Each is billed once."""
    completion_window: str | None = None
    """The time window for completing a background response, if the price depends on
    it.
    """
    size: str | None = None
    """The size of a generated video, if the price depends on it."""
    system_fingerprint: str | None = None
    response_status: str | None = None
    conversation_id: str | None = None
    dimensions: int | None = None
    tool_call_count: int | None = None
    upstream_provider: str | None = None
    """The provider that a gateway forwarded the call to, as the gateway names it."""
    documents: int | None = None
    """The number of documents that a retrieval returned."""
    failure: str | None = None
    """The provider's error code if a complete response reports that the operation
    failed.
    """
    deferred_usage: Usage | None = None
    """The usage of an earlier response that is reported when it is fetched. It is
    counted once, and not on the span of the fetch.
    """
    batch: Batch | None = None
    """The batch that this is a response about; its usage is counted once."""
    reported_error: Any = None
    """Further details of that error, as ``extraction.errors_in_response`` reads them."""
    content: Content | None = None
    scratch: dict[Any, Any] | None = None
    """State of a dialect between the chunks of a stream. Only the dialect reads it."""
    kept: dict[Any, Any] | None = None
    """Parts of a stream's contents until they are joined. Used only if contents are
    captured.
    """

    if not TYPE_CHECKING:

        def __init__(self, **known):
            super().__init__(**known)
            if "usage" not in known:
                self.usage = Usage()


@dataclass
class Cost:
    """The cost of a call in cents of a US dollar, and the source of the prices.

    ``total`` is the sum of the parts, unless ``source`` is ``"provider"``: then the provider reported the total, and the
    parts are unknown. ``saved`` is the difference to the full input price of the cached tokens.
    """

    total: float
    input: float | None = None
    output: float | None = None
    cache_read: float | None = None
    cache_write: float | None = None
    other: float | None = None
    """Parts that are not priced by token: per request, search, image or second."""
    saved: float | None = None
    source: str = "provider"
    price_date: str | None = None
    partial: list[str] | None = None
    """Usage that was counted but has no price. The true cost is then higher than
    ``total``.
    """


_APART = frozenset(
    {"content", "usage", "scratch", "kept", "parts", "billed", "containers", "reported_error", "deferred_usage", "batch", "size"}
)


def known_fields(record: Any) -> dict[str, Any]:
    """Return the fields of ``record`` that have a value, by name.

    A ``Response`` includes the fields of its usage. Contents are never included.

    >>> known_fields(Request(model="m", temperature=0.5))
    {'model': 'm', 'temperature': 0.5}
    >>> known_fields(Response(response_id="r", usage=Usage(input_tokens=3)))
    {'response_id': 'r', 'input_tokens': 3}
    """
    held = vars(record)
    known = {name: value for name, value in held.items() if value is not None and name not in _APART}
    usage = held.get("usage")
    if usage is not None:
        # Each count was limited when it was read, but a sum that a dialect computes may still exceed 64 bits.
        known.update({name: count for name, count in vars(usage).items() if count is not None and count < LARGEST})
    return known


def total(used: Iterable[Usage]) -> Usage:
    """Add up the usage of several requests of one call.

    A count that no request reported stays ``None``.

    >>> known_fields(total([Usage(input_tokens=3), Usage(input_tokens=4, images=1)]))
    {'input_tokens': 7, 'images': 1}
    """
    added = Usage()
    for one in used:
        for name, count in known_fields(one).items():
            setattr(added, name, (getattr(added, name) or 0) + count)
    return added


def completed(usage: Usage, beside: Usage) -> Usage:
    """Return ``usage`` with its missing counts filled from ``beside``.

    >>> completed(Usage(input_tokens=3), Usage(input_tokens=9, characters=5)).characters
    5
    """
    for name, count in known_fields(beside).items():
        if getattr(usage, name) is None:
            setattr(usage, name, count)
    return usage


Facts = Mapping[str, Any]
"""Event metadata: record field names and their values, plus ``provider``,
``operation`` and other keys of the call.
"""
