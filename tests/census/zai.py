"""Functions of zai-sdk that send requests and are not observed."""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

_MANAGED = "manages resources at the provider"
_BATCH = "manages a batch; its creation is observed"

NOT_WATCHED = {
    **UNOBSERVED["zai-sdk"],
    "zai.core._http_client:*": "below the functions that are observed; other operations pass it too",
    "zai.api_resource.voice.*": _MANAGED,
    "zai.api_resource.files.*": _MANAGED,
    "zai.api_resource.batch.*:Batches.retrieve": _BATCH,
    "zai.api_resource.batch.*:Batches.list": _BATCH,
    "zai.api_resource.batch.*:Batches.cancel": _BATCH,
}
