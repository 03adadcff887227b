"""Functions of zhipuai that send requests and are not instrumented."""

from __future__ import annotations

from .zai import HELD, not_watched

NOT_WATCHED = {
    **not_watched("zhipuai"),
    "zhipuai.api_resource.fine_tuning.*": "trains a model at the provider",
    "zhipuai.api_resource.knowledge.*": HELD,
}
