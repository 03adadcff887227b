"""Read every keyword of ``instrument()`` and every environment variable once.

A keyword has priority over its environment variable, which has priority over the default. An invalid keyword raises
``ValueError``. An invalid variable is reported as a warning, and the default is used. ``LLMInstrumentor`` reads the
settings and passes the record to the parts that need it.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from importlib import import_module
from typing import Any, Literal, TypeVar

_logger = logging.getLogger(__name__)
_TRUE, _FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off", ""})
_CONTENT = {"no_content": (), "span_only": ("span",), "event_only": ("event",), "span_and_event": ("span", "event")}
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_NATIVE = ("replace", "keep")


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise ValueError("true or false")


def content_places(value: object) -> tuple[str, ...]:
    """Read where contents are recorded: a word of the setting, or true or false."""
    text = str(value).strip().lower()
    if text in _TRUE:
        return _CONTENT["span_only"]
    if text in _FALSE:
        return ()
    if text in _CONTENT:
        return _CONTENT[text]
    raise ValueError(f"one of {', '.join(_CONTENT)}, true, false")


def _amount(value: Any) -> float:
    try:
        amount = float(value)
    except (TypeError, ValueError):
        amount = -1.0
    if not 0 <= amount < float("inf"):
        raise ValueError("a number of cents, 0 or more")
    return amount


def _size(value: Any) -> int:
    try:
        size = int(value)
    except (TypeError, ValueError):
        size = -1
    if size < 0:
        raise ValueError("a whole number of bytes, 0 or more")
    return size


def _port(value: object) -> int:
    port = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port <= 65535:
        raise ValueError("a whole number from 1 to 65535")
    return port


def _host(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a name or an address")
    return value.strip()


def _prefix(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value.strip()


def _names(value: object) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple, set, frozenset)) or not all(isinstance(p, str) for p in parts):
        raise ValueError("names, as a list or separated by commas")
    return tuple(p.strip() for p in parts if p.strip())


def _keys(value: object) -> tuple[str, ...]:
    names = _names(value)
    if not all(re.fullmatch(r"[\w-]+(\.[\w-]+)+", name, re.ASCII) for name in names):
        raise ValueError("names with a dot such as tenant.id, as a list or separated by commas")
    return names


EXCLUDABLE = ("operation", "provider", "model", "host", "path")


def _exclusions(value: object) -> tuple[tuple[str, str], ...]:
    pairs = [name.partition("=") for name in _names(value)]
    if not all(kind in EXCLUDABLE and pattern for kind, _, pattern in pairs):
        raise ValueError(f"rules such as operation=embeddings or model=gpt-4o-*; the keys are {', '.join(EXCLUDABLE)}")
    return tuple((kind, pattern) for kind, _, pattern in pairs)


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def choose(value: object) -> str:
        for word in allowed:
            if str(value).strip().lower() == word.lower():
                return word
        raise ValueError(f"one of {', '.join(allowed)}")

    return choose


def _function(value: Any) -> Callable[..., Any]:
    if not callable(value):
        raise ValueError("a function")
    return value  # type: ignore[no-any-return]


class ImportedFunction:
    """A function by its dotted path, imported when it is first called.

    A path that cannot be imported raises with each call, so that nothing is recorded without the function.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._found: Callable[..., Any] | None = None

    def __call__(self, *arguments: object) -> Any:
        if self._found is None:
            self._found = self._imported()
        return self._found(*arguments)

    def _imported(self) -> Callable[..., Any]:
        module, separator, name = self._path.replace(":", ".").rpartition(".")
        try:
            found = getattr(import_module(module), name) if separator else None
        except (ImportError, AttributeError):
            found = None
        if callable(found):
            return found  # type: ignore[no-any-return]
        _logger.warning("redact: no function can be imported by its path, so no contents are recorded; use module.function")
        self._found = _refuses
        return _refuses


def _refuses(*arguments: object) -> Any:
    raise LookupError("the function could not be imported")


def _function_or_path(value: object) -> Callable[..., Any]:
    return ImportedFunction(value.strip()) if isinstance(value, str) else _function(value)


def _hook(value: Any) -> Any:
    if isinstance(value, str) or hasattr(value, "on_completion"):
        return value
    raise ValueError("the name of an entry point, or an object with on_completion()")


def _compatible(value: object) -> tuple[str, ...]:
    names = tuple(name.lower() for name in _names(value))
    if not set(names) <= set(COMPATIBILITY):
        raise ValueError(f"some of {', '.join(COMPATIBILITY)}, separated by commas")
    return names


def _kinds(value: object) -> tuple[str, ...]:
    names = tuple(name.lower() for name in _names(value))
    if not set(names) <= set(HIDDEN_KINDS):
        raise ValueError(f"some of {', '.join(HIDDEN_KINDS)}, separated by commas")
    return names


def _prices(value: object) -> Any:
    if isinstance(value, (str, os.PathLike, Mapping)) or callable(value):
        return value
    raise ValueError("the path of a price file, a mapping, or a function")


def _mapping(value: object) -> Mapping[str, str]:
    if isinstance(value, str):
        value = dict(pair.split("=", 1) for pair in value.split(",") if "=" in pair) or value
    if not isinstance(value, Mapping):
        raise ValueError("a mapping of names, or name=name,name=name")
    return dict(value)


def _setting(default: object, env: str | None, read: Callable[[Any], Any], description: str) -> Any:
    return field(default=default, metadata={"env": env, "read": read, "says": description})


COMPATIBILITY = ("1.37", "openinference", "cost")
HIDDEN_KINDS = ("inputs", "outputs", "images", "tools", "embeddings")
SPAN_BAGGAGE_KEYS = ("gen_ai.conversation.id", "gen_ai.prompt.name", "gen_ai.prompt.version", "session.id", "user.id")
_OWN = "OTEL_INSTRUMENTATION_LLM_"
_S = TypeVar("_S", "Settings", "StatsdSettings", "JsonLinesSettings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Hold every setting; ``Settings.read(keywords)`` makes one."""

    capture_message_content: tuple[str, ...] = _setting(
        (),
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
        content_places,
        "Where message contents are recorded: no_content, span_only, event_only or span_and_event.",
    )
    structured_content: bool = _setting(
        False, _OWN + "STRUCTURED_CONTENT", _flag, "Put contents on spans as structures instead of JSON text (needs OpenTelemetry 1.45)."
    )
    max_content_bytes: int = _setting(
        65_536, _OWN + "MAX_CONTENT_BYTES", _size, "Maximum size of one content attribute; longer parts are cut."
    )
    tool_definitions: str = _setting(
        "names", _OWN + "TOOL_DEFINITIONS", _one_of("names", "full"), "Whether captured tool definitions contain names only or everything."
    )
    redact: Callable[[Any], Any] | None = _setting(
        None,
        _OWN + "REDACT",
        _function_or_path,
        "A function, or its dotted path: it receives captured content and returns the content to record.",
    )
    redact_pii: bool = _setting(
        False,
        _OWN + "REDACT_PII",
        _flag,
        "Remove e-mail addresses, phone, card, IBAN and social security numbers, and IP addresses from contents.",
    )
    completion_hook: Any = _setting(
        None,
        "OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK",
        _hook,
        "A completion hook of opentelemetry-util-genai, or its name: it receives the contents of each inference, for example to upload them.",
    )
    hide_content: tuple[str, ...] = _setting(
        (), _OWN + "HIDE_CONTENT", _kinds, "Kinds of content that are left out: inputs, outputs, images, tools, embeddings."
    )
    media: str = _setting(
        "digest",
        _OWN + "MEDIA",
        _one_of("digest", "inline", "upload"),
        "Files in messages: type, size and digest only, the file itself where it fits, or the file for the completion hook.",
    )
    emit_event: bool | None = _setting(
        None,
        "OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT",
        _flag,
        "Emit the event gen_ai.client.inference.operation.details. Default: for each recorded span, and wherever events hold contents.",
    )
    exceptions: str = _setting(
        "log",
        _OWN + "EXCEPTIONS",
        _one_of("span", "log", "both"),
        "Where the exception of a failed call is recorded: as the span event exception, as a log event, or both.",
    )
    span_events: str = _setting(
        "problems",
        _OWN + "SPAN_EVENTS",
        _one_of("problems", "all"),
        "Which HTTP attempts and costs are also span events: only refused, failed or repeated attempts, or all.",
    )
    compatibility: tuple[str, ...] = _setting(
        (),
        _OWN + "COMPATIBILITY",
        _compatible,
        "Attribute names that are written too: 1.37 (older conventions, with their metrics), openinference, cost (in dollars).",
    )
    metrics: str = _setting(
        "both",
        _OWN + "METRICS",
        _one_of("both", "ex_llm", "gen_ai"),
        "Which metrics are recorded: of this package, of the conventions, or both.",
    )
    metric_details: bool = _setting(
        False,
        _OWN + "METRIC_DETAILS",
        _flag,
        "Tag the metrics of the conventions with response model and system fingerprint too: many more series.",
    )
    legacy_metrics: bool = _setting(
        False,
        _OWN + "LEGACY_METRICS",
        _flag,
        "Also record the metrics under their names in semantic conventions 1.37 (gen_ai.client.token.usage ...).",
    )
    cost_threshold_cents: float | None = _setting(
        None, _OWN + "COST_THRESHOLD_CENTS", _amount, "Emit ex_llm.cost.threshold_exceeded when one call costs more."
    )
    prices: Any = _setting(
        None, _OWN + "PRICES", _prices, "Custom prices: a file, a mapping or a function. They override the packaged prices."
    )
    model_names: Mapping[str, str] | None = _setting(
        None, _OWN + "MODEL_NAMES", _mapping, "Names of deployments or profiles, and the model of each."
    )
    host_providers: Mapping[str, str] | None = _setting(
        None, _OWN + "HOST_PROVIDERS", _mapping, "Hosts of your gateways, and the provider behind each."
    )
    disabled_frameworks: tuple[str, ...] = _setting((), _OWN + "DISABLED_FRAMEWORKS", _names, "Agent frameworks that are not instrumented.")
    excluded: tuple[tuple[str, str], ...] = _setting(
        (),
        _OWN + "EXCLUDED",
        _exclusions,
        "Calls that are not recorded, as operation=, provider=, model=, host= or path= and a pattern with *, separated by commas.",
    )
    http_spans: bool = _setting(
        True, _OWN + "HTTP_SPANS", _flag, "Whether instrumentations of HTTP clients make spans, and add headers, inside recorded calls."
    )
    disabled_providers: tuple[str, ...] = _setting((), _OWN + "DISABLED_PROVIDERS", _names, "Providers that are not instrumented.")
    threading: bool = _setting(
        True, _OWN + "THREADING", _flag, "Carry the context into threads with opentelemetry-instrumentation-threading."
    )
    native_telemetry: str = _setting(
        "replace",
        _OWN + "NATIVE_TELEMETRY",
        _one_of(*_NATIVE),
        "Whether spans that an SDK makes itself are replaced or kept.",
    )
    span_baggage_keys: tuple[str, ...] = _setting(
        SPAN_BAGGAGE_KEYS, _OWN + "SPAN_BAGGAGE_KEYS", _keys, "Baggage values that are attributes of every LLM span."
    )
    metric_baggage_keys: tuple[str, ...] = _setting(
        (), _OWN + "METRIC_BAGGAGE_KEYS", _keys, "Baggage values that are also metric tags; at most 200 distinct values per key."
    )
    agent_totals: bool = _setting(
        True, _OWN + "AGENT_TOTALS", _flag, "Record usage and cost of its own inferences on the span of an agent or workflow."
    )
    log_level: str | None = _setting(None, _OWN + "LOG_LEVEL", _one_of(*_LEVELS), "Attach the default logger at this level.")

    @property
    def reads_contents(self) -> bool:
        """Return whether message contents are read: for telemetry or for a hook."""
        return bool(self.capture_message_content) or self.completion_hook is not None

    @classmethod
    def read(cls, keywords: Mapping[str, object], environment: Mapping[str, str] | None = None) -> Settings:
        """Read settings from keywords and the environment.

        An invalid or unknown keyword raises ``ValueError``.
        """
        environment = os.environ if environment is None else environment
        read = _read(cls, "instrument()", keywords, environment)
        return read if read.compatibility else replace(read, compatibility=_opted_in(environment.get("OTEL_SEMCONV_STABILITY_OPT_IN", "")))


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsdSettings:
    """Hold the settings of ``StatsdMetricExporter``.

    OpenTelemetry creates the exporter without arguments, so the variables decide.
    """

    host: str = _setting("localhost", _OWN + "STATSD_HOST", _host, "Host of the StatsD server.")
    port: int = _setting(8125, _OWN + "STATSD_PORT", _port, "UDP port of the StatsD server.")
    prefix: str = _setting("", _OWN + "STATSD_PREFIX", _prefix, "Text before the name of every metric, followed by a dot.")
    tags: Literal["dogstatsd", "none"] = _setting(
        "dogstatsd", _OWN + "STATSD_TAGS", _one_of("dogstatsd", "none"), "Form of the tags; none for servers without tags."
    )

    @classmethod
    def read(cls, keywords: Mapping[str, object], environment: Mapping[str, str] | None = None) -> StatsdSettings:
        """Read settings as ``Settings.read`` does."""
        return _read(cls, "StatsdMetricExporter()", keywords, environment)


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLinesSettings:
    """Hold the setting of ``JsonLinesExporter``, read like ``StatsdSettings``."""

    file: str = _setting("llm-calls.jsonl", _OWN + "JSONL_FILE", str, "File to which the exporter llm_jsonl appends a line for each call.")

    @classmethod
    def read(cls, keywords: Mapping[str, object], environment: Mapping[str, str] | None = None) -> JsonLinesSettings:
        """Read the setting as ``Settings.read`` does."""
        return _read(cls, "JsonLinesExporter()", keywords, environment)


def variables() -> frozenset[str]:
    """Return the names of all environment variables that are read here."""
    kinds = (Settings, StatsdSettings, JsonLinesSettings)
    return frozenset(f.metadata["env"] for kind in kinds for f in fields(kind) if f.metadata["env"])


def _read(kind: type[_S], function: str, keywords: Mapping[str, object], environment: Mapping[str, str] | None) -> _S:
    environment = os.environ if environment is None else environment
    known = {f.name: f for f in fields(kind)}
    if unknown := sorted(set(keywords) - set(known)):
        raise ValueError(f"{function} does not know {', '.join(unknown)}; its settings are {', '.join(known)}")
    chosen: dict[str, Any] = {}
    for name, setting in known.items():
        variable = setting.metadata["env"]
        if keywords.get(name) is not None:
            chosen[name] = _read_keyword(name, keywords[name], setting.metadata["read"])
        elif variable and environment.get(variable, "").strip():
            chosen |= _read_variable(name, variable, environment[variable], setting.metadata["read"])
    return kind(**chosen)


def _opted_in(value: str) -> tuple[str, ...]:
    """Read OpenTelemetry's variable for changes of names.

    The newest names are always recorded, so ``gen_ai_latest_experimental`` needs nothing. ``gen_ai/dup`` asks for the
    older names too.
    """
    words = {word.strip().lower() for word in value.split(",")}
    if "gen_ai_latest_experimental" in words:
        _logger.debug("OTEL_SEMCONV_STABILITY_OPT_IN: the newest names of gen_ai are recorded already")
    return ("1.37",) if "gen_ai/dup" in words else ()


_SAFE: Mapping[str, Any] = {"hide_content": HIDDEN_KINDS, "redact_pii": True}
"""Values for variables that protect contents and cannot be read."""


def _read_keyword(name: str, value: object, read: Callable[[Any], Any]) -> Any:
    try:
        return read(value)
    except ValueError as allowed:
        raise ValueError(f"{name}={value!r} is not allowed; use {allowed}") from None


def repeated(value: str) -> str:
    """Return the value of a variable in a form that is safe for a log.

    Only a word or a short number is repeated; any other value may contain a password.

    >>> repeated("many"), repeated("https://user:secret@host")
    ("='many'", '')
    """
    return f"={value!r}" if re.fullmatch(r"[A-Za-z_., -]{1,30}|[0-9.-]{1,8}", value) else ""


def _read_variable(name: str, variable: str, value: str, read: Callable[[Any], Any]) -> dict[str, Any]:
    try:
        return {name: read(value)}
    except ValueError as allowed:
        _logger.warning("%s%s is not allowed and is ignored; use %s", variable, repeated(value), allowed)
        return {name: _SAFE[name]} if name in _SAFE else {}
