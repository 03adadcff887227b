"""Functions of ollama that send requests and are not observed.

Keys cover AsyncClient too.
"""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

_MANAGED = "manages models on the server"

NOT_WATCHED = {
    **UNOBSERVED["ollama"],
    "ollama._client:*Client.pull": _MANAGED,
    "ollama._client:*Client.push": _MANAGED,
    "ollama._client:*Client.create": _MANAGED,
    "ollama._client:*Client.create_blob": _MANAGED,
    "ollama._client:*Client.list": _MANAGED,
    "ollama._client:*Client.delete": _MANAGED,
    "ollama._client:*Client.copy": _MANAGED,
    "ollama._client:*Client.show": _MANAGED,
    "ollama._client:*Client.ps": _MANAGED,
    "ollama._client:*Client._request_raw": "below _request, which is observed; streams do not pass it",
}
