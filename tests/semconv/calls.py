"""Complete calls: some consistent, some with one contradiction and its rule.

`test_semconv_checker.py` records them and checks all signals together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .faults import Fault
from .recording import Note, Reading, Telemetry
from .specimens import NOTES, OF_A_CHAT, OF_A_STREAM, READINGS, SPECIMENS


@dataclass(frozen=True)
class Call:
    """A call: specimen (None for no span), measurements, and events in its context."""

    base: str | None
    measured: tuple[Reading, ...] = ()
    noted: tuple[Note, ...] = ()

    def record(self, telemetry: Telemetry) -> None:
        """Record all signals of the call."""
        place = telemetry.record(SPECIMENS[self.base]) if self.base else (1, 1)
        for reading in self.measured:
            telemetry.measure(reading)
        for note in self.noted:
            telemetry.note(replace(note, place=place))


def _readings(*names: str, **attributes: Any) -> tuple[Reading, ...]:
    change = {name.replace("__", "."): value for name, value in attributes.items()}
    return tuple(Fault("", "", change).planted_in(READINGS[name]) for name in names)


def _with_amount(call: Call, name: str, amount: float) -> Call:
    right = READINGS[name]
    return replace(call, measured=tuple(replace(it, amount=amount) if it == right else it for it in call.measured))


_DETAILS, _RAISED = NOTES["details"], NOTES["exception"]
_OTHER_MODEL = Fault("", "", {"gen_ai.response.model": "large-2"}).planted_in(_DETAILS)

CHAT = Call("chat", _readings(*OF_A_CHAT), (_DETAILS,))
STREAM = Call("stream", _readings(*OF_A_STREAM), (_DETAILS,))
ANTHROPIC = Call(
    "anthropic",
    _readings(*OF_A_CHAT, gen_ai__provider__name="anthropic"),
    (Fault("", "", {"gen_ai.provider.name": "anthropic"}).planted_in(_DETAILS),),
)
FAILED = Call(
    "failed chat",
    _readings("duration", error__type="NotFoundError", gen_ai__response__model=None),
    (_RAISED, replace(_DETAILS, attributes=SPECIMENS["failed chat"].attributes)),
)
SLOW = _with_amount(CHAT, "duration", 2.01)

CALLS: list[tuple[str | None, tuple[Call, ...]]] = [
    (None, (CHAT, CHAT, FAILED)),
    (None, (STREAM, ANTHROPIC)),
    (None, (SLOW,)),
    (None, (Call("image"),)),
    (None, (Call("plan"),)),
    (None, (Call("foreign"),)),
    (None, (replace(CHAT, base="chat in JSON"),)),
    (None, (Call("failed tool", _readings("tool duration", error__type="E")),)),
    (None, (Call("failed mcp", _readings("mcp duration", error__type="tool_error")),)),
    (None, (Call("failed image"),)),
    ("metric.missing", (replace(CHAT, measured=CHAT.measured[1:]),)),
    ("metric.missing", (replace(CHAT, measured=CHAT.measured[:-1]),)),
    ("metric.missing", (replace(STREAM, measured=CHAT.measured),)),
    ("metric.missing", (replace(FAILED, measured=()),)),
    ("metric.missing", (Call("tool"),)),
    ("metric.count", (CHAT, Call(None, _readings("duration")))),
    ("metric.count", (CHAT, Call(None, _readings("input histogram")))),
    ("metric.count", (CHAT, Call(None, _readings("duration", gen_ai__request__model="small")))),
    ("metric.count", (CHAT, Call(None, _readings("input", gen_ai__request__model="small")))),
    ("metric.sum", (_with_amount(CHAT, "duration", 2000.0),)),
    ("metric.sum", (_with_amount(CHAT, "output", 11),)),
    ("metric.sum", (_with_amount(STREAM, "first chunk", 1.9),)),
    ("metric.streaming", (replace(CHAT, measured=STREAM.measured),)),
    (
        "metric.streaming",
        (STREAM, replace(ANTHROPIC, measured=_readings(*OF_A_STREAM, gen_ai__provider__name="anthropic"))),
    ),
    ("event.missing", (replace(CHAT, noted=()),)),
    ("event.missing", (replace(FAILED, noted=FAILED.noted[1:]),)),
    ("event.duplicate", (replace(CHAT, noted=(_DETAILS, _DETAILS)),)),
    ("event.duplicate", (replace(FAILED, noted=(_RAISED, *FAILED.noted)),)),
    ("event.stray", (Call(None, noted=(_RAISED,)),)),
    ("event.stray", (Call("image", noted=(_RAISED,)),)),
    ("event.stray", (Call("image", noted=(_DETAILS,)),)),
    ("event.differs", (replace(CHAT, noted=(_OTHER_MODEL,)),)),
]
