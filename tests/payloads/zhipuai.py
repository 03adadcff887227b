"""Calls of zhipuai, the predecessor of zai-sdk."""

from __future__ import annotations

from typing import Any

from payloads import zai

PAYLOADS: list[dict[str, Any]] = zai.payloads("zhipuai", "ZhipuAI")
