"""Functions of voyageai that send requests and are not instrumented."""

from __future__ import annotations

NOT_WATCHED = {
    "voyageai.api_resources.*": "below the clients' functions, which are watched and repeat what fails",
    "voyageai._base:*.tokenize": "counts in the process itself, with what it fetches once from the Hub",
    "voyageai._base:*.count_*": "counts in the process itself, with what it fetches once from the Hub",
}
