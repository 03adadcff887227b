"""Declare the Acme SDK as docs/add-a-provider.md explains, in a separate package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.instrumentation.llm.extension import (
    Arguments,
    Destination,
    Dialect,
    PatchPoint,
    Request,
    Response,
    Sdk,
    Usage,
    aligned,
    copy_fields,
    fields,
    get_path,
    reads_by_name,
)

REQUEST = fields(Request, {"model": "model", "temperature": "warmth"})
RESPONSE = fields(Response, {"response_model": "model", "response_id": "id"})
USAGE = fields(Usage, {"input_tokens": "tokens.in", "output_tokens": "tokens.out"})


def request(arguments: Arguments) -> Request:
    record = Request()
    copy_fields(record, arguments.named, REQUEST)
    return record


def response(answer: Any) -> Response:
    result = Response()
    absorb(result, answer)
    return result


def absorb(draft: Response, chunk: Any) -> None:
    copy_fields(draft, chunk, RESPONSE)
    copy_fields(draft.usage, chunk, USAGE)
    if (why := get_path(chunk, ("why",))) is not None:
        draft.finish_reasons = aligned([why])


def identify(client: Any, arguments: Arguments) -> Destination:
    return Destination("acme", client.host, 443)


acme = Dialect("acme", request, response, absorb)
ask = reads_by_name(("model", "prompt"))


def read(client: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    return ask(client, args, kwargs)


ACME = Sdk(
    name="acme",
    requires="acme-sdk >= 1.0",
    points=tuple(
        PatchPoint(f"acme_sdk:{client}.{method}", "chat", acme)
        for client in ("Client", "AsyncClient")
        for method in ("ask", "ask_streaming")
    ),
    read=read,
    identify=identify,
)
