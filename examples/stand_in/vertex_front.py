"""Vertex AI's gRPC services: messages to Gemini's wire format and back.

It needs google-cloud-aiplatform.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from google.cloud import aiplatform_v1, aiplatform_v1beta1
from google.protobuf import json_format

from .exchange import Json
from .grpc_front import Rpc


def _rpc(request: Any, answer: Any, operation: str, streams: bool = False) -> Rpc:
    def ask(requested: Any) -> tuple[str, Json]:
        body = json_format.MessageToDict(requested)
        return f"/v1/{body.pop('model', None) or body.pop('endpoint')}:{operation}", body

    return Rpc(request.pb(), ask, _answers(answer.pb()), streams)


def _answers(message: Any) -> Callable[[Iterator[Json]], Iterator[Any]]:
    def answer(documents: Iterator[Json]) -> Iterator[Any]:
        for document in documents:
            yield json_format.ParseDict(document, message(), ignore_unknown_fields=True)

    return answer


def _rpcs(package: str, types: Any) -> dict[str, Rpc]:
    service = f"/google.cloud.aiplatform.{package}."
    requested, answered = types.GenerateContentRequest, types.GenerateContentResponse
    count = _rpc(types.CountTokensRequest, types.CountTokensResponse, "countTokens")
    return {
        f"{service}PredictionService/GenerateContent": _rpc(requested, answered, "generateContent"),
        f"{service}PredictionService/StreamGenerateContent": _rpc(requested, answered, "streamGenerateContent?alt=sse", True),
        f"{service}PredictionService/CountTokens": count,
        f"{service}LlmUtilityService/CountTokens": count,
        f"{service}PredictionService/Predict": _rpc(types.PredictRequest, types.PredictResponse, "predict"),
    }


RPCS: Mapping[str, Rpc] = {**_rpcs("v1", aiplatform_v1.types), **_rpcs("v1beta1", aiplatform_v1beta1.types)}
