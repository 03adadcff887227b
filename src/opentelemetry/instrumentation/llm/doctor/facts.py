"""Records of the doctor's facts; other modules collect and print them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class NativeState:
    """A function with which an SDK creates spans of its own, and its current state."""

    target: str
    done: str


@dataclass(frozen=True)
class SdkState:
    """One SDK of the tables: the installed release, and the state of its patches.

    ``state`` is ``watched``, ``partly watched``, ``not watched``, ``not imported``, ``not installed``, ``too old``,
    ``untested``, ``disabled``, ``import failed`` or ``import too slow``. ``operations`` are instrumented; ``without`` are
    operations for which this release has no target. ``missing`` are targets that do not exist in their module.
    ``not_reached`` are targets that other code has replaced, so that calls bypass our patch.
    """

    name: str
    requires: str
    version: str | None
    state: str
    providers: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    patched: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    native: tuple[NativeState, ...] = ()
    not_reached: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    unobserved: dict[str, list[str]] = field(default_factory=dict)
    """Billed functions that are not observed, as patterns by reason."""


@dataclass(frozen=True)
class FrameworkState:
    """One agent framework that is installed.

    ``state`` is ``instrumented``, ``not imported``, ``untested`` (another release than the table names) or ``disabled``.
    """

    name: str
    requires: str
    version: str
    state: str
    operations: tuple[str, ...]
    patched: tuple[str, ...] = ()


@dataclass(frozen=True)
class OtherInstrumentation:
    """Another package that instruments one of our SDKs.

    ``sdk`` is empty for a package that instruments many SDKs. ``entry_points`` are the names by which OpenTelemetry
    loads the package. ``off`` is true if the environment disables loading. ``active`` is true if the package has
    wrapped functions of the SDK in this process. ``gives_way`` is true if its spans of this SDK are replaced by ours.
    """

    name: str
    version: str
    sdk: str
    entry_points: tuple[str, ...] = ()
    off: bool = False
    active: bool = False
    gives_way: bool = False


@dataclass(frozen=True)
class Signal:
    """Destination of spans, metrics or logs.

    ``exporters`` are names, ``origin`` is the source of the choice, ``missing`` exporters have no entry point, and
    ``similar`` has an installed or known name for a missing one. ``protocol`` is the OTLP protocol, with its variable.
    ``unreachable`` is the error of a connection to the host and port of the endpoint.
    """

    name: str
    exporters: tuple[str, ...]
    origin: str
    missing: tuple[str, ...] = ()
    endpoint: str | None = None
    endpoint_origin: str | None = None
    similar: dict[str, str] = field(default_factory=dict)
    protocol: str | None = None
    protocol_origin: str | None = None
    unreachable: str | None = None


@dataclass(frozen=True)
class Sent:
    """Result of one test record that was sent by an exporter.

    ``status`` is ``sent``, ``refused``, ``not sent`` or ``not tried``; ``detail`` is the last message of the exporter.
    """

    signal: str
    exporter: str
    status: str
    detail: str = ""


@dataclass(frozen=True)
class Setting:
    """One effective setting and its source: ``default``, ``keyword`` or a variable."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True)
class Finding:
    """A problem or a note: cause as one word, description and recommended action."""

    cause: str
    description: str
    do: str
    problem: bool = True


@dataclass(frozen=True)
class Facts:
    """All collected facts.

    ``automatic`` is false in a process that was not started with opentelemetry-instrument. ``missing_files`` are
    variables with a path that does not exist. ``copies`` are places of this package on the path, if there are several.
    ``without_effect`` are variables of other tools, each with a hint. ``sent`` is filled by ``--send``.
    """

    versions: dict[str, str | None]
    inside: bool
    watching: bool
    loadable: bool
    sdks: tuple[SdkState, ...]
    neighbours: tuple[OtherInstrumentation, ...]
    configurator: str | None
    config_file: str | None
    signals: tuple[Signal, ...]
    settings: tuple[Setting, ...]
    ignored: tuple[str, ...]
    disabled_by: dict[str, str]
    known_providers: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    frozen: bool = False
    providers_in_process: dict[str, str] = field(default_factory=dict)
    handlers: dict[str, int] = field(default_factory=dict)
    unpriced: tuple[dict[str, str], ...] = ()
    extraction_errors: dict[str, int] = field(default_factory=dict)
    handler_failures: dict[str, int] = field(default_factory=dict)
    automatic: bool = True
    missing_files: tuple[tuple[str, str], ...] = ()
    copies: tuple[str, ...] = ()
    without_effect: tuple[tuple[str, str], ...] = ()
    sent: tuple[Sent, ...] = ()
    frameworks: tuple[FrameworkState, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return asdict(self)
