"""Who is watched: one SDK a file, as a table. ``ALL`` lists them; the documentation's table is made from it."""

from __future__ import annotations

from ..calls.point import Provider
from .openai import OPENAI

ALL: tuple[Provider, ...] = (OPENAI,)
