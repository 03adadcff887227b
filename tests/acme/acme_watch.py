"""Watch the Acme SDK: what docs/add-a-provider.md builds, as a package of its own would hold it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.instrumentation.llm.calls.declaration import Destination, PatchPoint, Sdk
from opentelemetry.instrumentation.llm.calls.wrap import reads_by_name
from opentelemetry.instrumentation.llm.dialects import Arguments, Dialect
from opentelemetry.instrumentation.llm.extraction.finish_reasons import aligned
from opentelemetry.instrumentation.llm.extraction.paths import copy_fields, fields, get_path
from opentelemetry.instrumentation.llm.schema.records import Request, Response, Usage

REQUEST = fields(Request, {"model": "model", "temperature": "warmth"})
REPLY = fields(Response, {"response_model": "model", "response_id": "id"})
USAGE = fields(Usage, {"input_tokens": "tokens.in", "output_tokens": "tokens.out"})


def request(arguments: Arguments) -> Request:
    asked = Request()
    copy_fields(asked, arguments.named, REQUEST)
    return asked


def reply(answer: Any) -> Response:
    said = Response()
    absorb(said, answer)
    return said


def absorb(draft: Response, chunk: Any) -> None:
    copy_fields(draft, chunk, REPLY)
    copy_fields(draft.usage, chunk, USAGE)
    if (why := get_path(chunk, ("why",))) is not None:
        draft.finish_reasons = aligned([why])


def identify(client: Any, arguments: Arguments) -> Destination:
    return Destination("acme", client.host, 443)


acme = Dialect("acme", request, reply, absorb)
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
