"""Old path of ``schema.records``, for price functions that import ``Usage``."""

from __future__ import annotations

from ..schema.records import Usage

__all__ = ["Usage"]
