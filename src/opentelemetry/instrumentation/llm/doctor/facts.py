"""What the doctor finds, as records: the looking modules make them, findings and text read them, JSON shows them all."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class NativeState:
    """A place where an SDK makes spans of its own, and what was done about it."""

    target: str
    done: str


@dataclass(frozen=True)
class SdkState:
    """One SDK of the tables: what is installed, and what is watched of it.

    ``state`` is one of ``watched``, ``partly watched``, ``not watched``, ``not imported``, ``not installed``, ``too old``,
    ``disabled``, ``import failed``, ``import too slow``. ``operations`` and ``without`` are those that are watched and
    those for which this release has no target; ``missing`` are targets whose module has no such thing; ``not_reached`` are
    places where something else stands, so that calls do not come to us.
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


@dataclass(frozen=True)
class OtherInstrumentation:
    """Another package that watches an SDK of ours.

    ``sdk`` is empty for one that watches many; ``entry_points`` are the names by which OpenTelemetry loads it, ``off``
    says that the environment keeps it from being loaded, ``active`` that its functions stand in the SDK just now,
    ``gives_way`` that its spans of this SDK are replaced by ours.
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
    """Where spans, metrics or logs go: ``exporters`` by name, ``origin`` says who chose them, ``missing`` have no entry point."""

    name: str
    exporters: tuple[str, ...]
    origin: str
    missing: tuple[str, ...] = ()
    endpoint: str | None = None
    endpoint_origin: str | None = None


@dataclass(frozen=True)
class Setting:
    """One setting in force, and where it came from: ``default``, ``keyword``, or the name of a variable."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True)
class Finding:
    """Something that is wrong or worth knowing: its cause as one word, what it is, and what to do."""

    cause: str
    description: str
    do: str
    problem: bool = True


@dataclass(frozen=True)
class Facts:
    """Everything that was found."""

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

    def as_json(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return asdict(self)
