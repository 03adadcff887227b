"""Functions of ollama that send requests and are not instrumented.

Keys cover AsyncClient too.
"""

from __future__ import annotations

_HELD = "keeps models on the server and asks none"
_WEB = "searches or fetches from the web, and asks no model"

NOT_WATCHED = {
    "ollama._client:*Client.pull": _HELD,
    "ollama._client:*Client.push": _HELD,
    "ollama._client:*Client.create": _HELD,
    "ollama._client:*Client.create_blob": _HELD,
    "ollama._client:*Client.list": _HELD,
    "ollama._client:*Client.delete": _HELD,
    "ollama._client:*Client.copy": _HELD,
    "ollama._client:*Client.show": _HELD,
    "ollama._client:*Client.ps": _HELD,
    "ollama._client:*Client.web_search": _WEB,
    "ollama._client:*Client.web_fetch": _WEB,
    "ollama._client:*Client._request_raw": "below _request, which is watched; streams do not pass it",
}
