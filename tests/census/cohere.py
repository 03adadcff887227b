"""Functions of cohere that send requests and are not observed."""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

_BELOW = "every request passes this function; the functions above it are observed"
_TOKENIZER = "converts text to tokens or back; it calls no model"
_MANAGED = "manages resources at the provider"
_PART_OF_EMBED = "a part of Client.embed, which is observed; its tokens would be counted twice"
_STREAM = "returns its stream in a ``with`` block; the functions above it are observed"
_JOBS = "manages jobs; their creation is observed"

NOT_WATCHED = {
    **UNOBSERVED["cohere"],
    "cohere.core.http_client:*": _BELOW,
    "cohere.core.http_sse.*": _BELOW,
    "cohere.manually_maintained.tokenizers:*": _TOKENIZER,
    "cohere.*:*.tokenize": _TOKENIZER,
    "cohere.*:*.detokenize": _TOKENIZER,
    "cohere.client:*Client.fetch_tokenizer": _TOKENIZER,
    "cohere.utils:dataset_generator": _MANAGED,
    "cohere.*:*.check_api_key": _MANAGED,
    "cohere.datasets.*": _MANAGED,
    "cohere.models.*": _MANAGED,
    "cohere.connectors.*": _MANAGED,
    "cohere.finetuning.*": _MANAGED,
    "cohere.base_client:*BaseCohere.embed": _PART_OF_EMBED,
    "cohere.raw_base_client:*RawBaseCohere.embed": _PART_OF_EMBED,
    "cohere.v2.raw_client:*RawV2Client.chat_stream": _STREAM,
    "cohere.raw_base_client:*RawBaseCohere.chat_stream": _STREAM,
    "cohere.raw_base_client:*RawBaseCohere.generate_stream": _STREAM,
    "cohere.batches.client:*BatchesClient.*": _JOBS,
    "cohere.batches.raw_client:*RawBatchesClient.*": _JOBS,
    "cohere.embed_jobs.client:*EmbedJobsClient.*": _JOBS,
    "cohere.embed_jobs.raw_client:*RawEmbedJobsClient.*": _JOBS,
}
