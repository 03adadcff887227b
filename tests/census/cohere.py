"""Functions of cohere that send requests and are not instrumented."""

from __future__ import annotations

_BELOW = "every request passes it; the functions above it are watched"
_HELD = "keeps things at the provider and asks no model"
_MANAGER = "gives its stream by a ``with`` block; the functions that applications call for streams are watched above it"
_BATCH = "looks after what was handed in; handing it in is watched"
_TOKENS = "turns text into tokens or back, mostly without the network, and asks no model"
_PART = "a part of Client.embed, which calls it from threads of its own: watched too, its tokens would count twice there"

NOT_WATCHED = {
    "cohere.core.http_client:*": _BELOW,
    "cohere.core.http_sse.*": _BELOW,
    "cohere.manually_maintained.tokenizers:*": _TOKENS,
    "cohere.utils:dataset_generator": _HELD,
    "cohere.base_client:*BaseCohere.embed": _PART,
    "cohere.raw_base_client:*RawBaseCohere.embed": _PART,
    "cohere.v2.raw_client:*RawV2Client.chat_stream": _MANAGER,
    "cohere.raw_base_client:*RawBaseCohere.chat_stream": _MANAGER,
    "cohere.raw_base_client:*RawBaseCohere.generate_stream": _MANAGER,
    "cohere.v2.client:*V2Client.parse": "reads documents: the table of operations has no word for that, and the unit is the page",
    "cohere.v2.raw_client:*RawV2Client.parse": "as V2Client.parse",
    "cohere.*:*.tokenize": _TOKENS,
    "cohere.*:*.detokenize": _TOKENS,
    "cohere.client:*Client.fetch_tokenizer": _TOKENS,
    "cohere.*:*.check_api_key": _HELD,
    "cohere.batches.client:*BatchesClient.*": _BATCH,
    "cohere.batches.raw_client:*RawBatchesClient.*": _BATCH,
    "cohere.embed_jobs.client:*EmbedJobsClient.*": _BATCH,
    "cohere.embed_jobs.raw_client:*RawEmbedJobsClient.*": _BATCH,
    "cohere.datasets.*": _HELD,
    "cohere.models.*": _HELD,
    "cohere.connectors.*": _HELD,
    "cohere.finetuning.*": _HELD,
}
