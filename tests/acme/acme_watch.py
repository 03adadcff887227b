"""Watch the Acme SDK: what docs/add-a-provider.md builds, as a package of its own would hold it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.instrumentation.llm.calls.declaration import Identity, Point, Provider
from opentelemetry.instrumentation.llm.calls.wrap import reads_by_name
from opentelemetry.instrumentation.llm.dialects import Arguments, Dialect
from opentelemetry.instrumentation.llm.extraction.finish_reasons import aligned
from opentelemetry.instrumentation.llm.extraction.paths import dig, fields, fill
from opentelemetry.instrumentation.llm.schema.records import Reply, Request, Usage

REQUEST = fields(Request, {"model": "model", "temperature": "warmth"})
REPLY = fields(Reply, {"response_model": "model", "response_id": "id"})
USAGE = fields(Usage, {"input_tokens": "tokens.in", "output_tokens": "tokens.out"})


def request(arguments: Arguments) -> Request:
    asked = Request()
    fill(asked, arguments.named, REQUEST)
    return asked


def reply(answer: Any) -> Reply:
    said = Reply()
    absorb(said, answer)
    return said


def absorb(draft: Reply, chunk: Any) -> None:
    fill(draft, chunk, REPLY)
    fill(draft.usage, chunk, USAGE)
    if (why := dig(chunk, ("why",))) is not None:
        draft.finish_reasons = aligned([why])


def identify(client: Any, arguments: Arguments) -> Identity:
    return Identity("acme", client.host, 443)


acme = Dialect("acme", request, reply, absorb)
ask = reads_by_name(("model", "prompt"))


def read(client: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    return ask(client, args, kwargs)


ACME = Provider(
    name="acme",
    requires="acme-sdk >= 1.0",
    points=tuple(
        Point(f"acme_sdk:{client}.{method}", "chat", acme) for client in ("Client", "AsyncClient") for method in ("ask", "ask_streaming")
    ),
    read=read,
    identify=identify,
)
