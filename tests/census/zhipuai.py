"""Functions of zhipuai that send requests and are not observed."""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

_MANAGED = "manages resources at the provider"
_BATCH = "manages a batch; its creation is observed"

NOT_WATCHED = {
    **UNOBSERVED["zhipuai"],
    "zhipuai.core._http_client:*": "below the functions that are observed; other operations pass it too",
    "zhipuai.api_resource.voice.*": _MANAGED,
    "zhipuai.api_resource.files.*": _MANAGED,
    "zhipuai.api_resource.knowledge.*": _MANAGED,
    "zhipuai.api_resource.batch.*:Batches.retrieve": _BATCH,
    "zhipuai.api_resource.batch.*:Batches.list": _BATCH,
    "zhipuai.api_resource.batch.*:Batches.cancel": _BATCH,
}
