"""Functions of voyageai that send requests and are not observed."""

from __future__ import annotations

_TOKENIZER = "counts in this process, with a tokenizer that is downloaded once"

NOT_WATCHED = {
    "voyageai.api_resources.*": "below the functions of the clients, which are observed and retry",
    "voyageai._base:*.tokenize": _TOKENIZER,
    "voyageai._base:*.count_*": _TOKENIZER,
}
