"""The wire formats the stand-in speaks; a new one is a module with a ``FORMAT`` and one line here.

The first format that has a route for a request answers it, so narrower mounts stand before wider ones. The last one also
answers what nobody knows.
"""

from __future__ import annotations

from . import openai_wire
from .exchange import Format, Request, Route

FORMATS: tuple[Format, ...] = (openai_wire.FORMAT,)


def find(request: Request) -> tuple[Format, Route | None]:
    """Return the format and the route for a request; no route means that nobody has one."""
    for format in FORMATS:
        route = format.find(request)
        if route is not None:
            return format, route
    return FORMATS[-1], None
