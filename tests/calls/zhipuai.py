"""Calls of zhipuai, the predecessor of zai-sdk."""

from __future__ import annotations

from typing import Any

from calls import zai

SAMPLES: list[dict[str, Any]] = zai.samples("zhipuai", "ZhipuAI")
