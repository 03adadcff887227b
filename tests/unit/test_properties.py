"""Test that every record can be encoded and is bounded, for every dialect.

Generated bodies, headers, arguments and errors; ``tox -e properties`` tries as many examples as ``LLM_EXAMPLES`` names.
"""

from __future__ import annotations

import json
import logging
import os
import random
import re
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from prometheus_client import generate_latest

from conftest import Seen
from harness.faults.documents import Anything, Refused, headers
from opentelemetry.instrumentation.llm import LLMInstrumentor, PrometheusReporter, StatsdReporter, context, metrics, providers
from opentelemetry.instrumentation.llm.calls.declaration import Destination, PatchPoint, Sdk
from opentelemetry.instrumentation.llm.calls.wrap import reads_by_name
from opentelemetry.instrumentation.llm.schema.bounds import LARGEST_INTEGER
from opentelemetry.instrumentation.llm.schema.semconv import CONTENT
from opentelemetry.instrumentation.llm.transports.attempt import Answered, Attempt, Sent

EXAMPLES = int(os.environ.get("LLM_EXAMPLES", "2"))
LIMIT, LONGEST = 3000, 256
DIALECTS = sorted({(point.dialect.name, point.operation): point for provider in providers.ALL for point in provider.points}.items())
VALUES = st.one_of(
    st.integers(), st.integers(-(2**80), 2**80), st.floats(), st.booleans(), st.none(), st.binary(max_size=20),
    st.text(st.characters(exclude_categories=()), max_size=40), st.text(st.characters(exclude_categories=()), max_size=3).map(lambda text: text * 300),
)  # fmt: skip
HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
WAYS = ("whole", "streamed", "refused")


class _Sdk:
    """An SDK with one function for each dialect.

    Each function returns, streams or raises the value that the test has set.
    """

    def __init__(self) -> None:
        self.module = ModuleType("anything_sdk")
        self.result: Any = None
        self.attempt: Callable[[], None] = lambda: None
        client = type("Client", (), {f"call_{place}": self._function() for place in range(len(DIALECTS))})
        self.module.Client = client  # type: ignore[attr-defined]
        client.__module__ = "anything_sdk"

    def _function(self) -> Callable[..., Any]:
        def call(client: Any, **arguments: Any) -> Any:
            self.attempt()
            if isinstance(self.result, BaseException):
                raise self.result
            return (chunk for chunk in self.result) if isinstance(self.result, tuple) else self.result

        return call

    def provider(self) -> Sdk:
        points = tuple(PatchPoint(f"anything_sdk:Client.call_{n}", key[1], point.dialect) for n, (key, point) in enumerate(DIALECTS))
        return Sdk(
            "anything", "anything-sdk", points, reads_by_name(()), lambda client, arguments: Destination("anything", "h\ud800" * 200, 443)
        )


class World:
    """An instrumented process with the encoder of every exporter."""

    def __init__(self, contents: str, patch: pytest.MonkeyPatch) -> None:
        self.sdk = _Sdk()
        patch.setitem(sys.modules, "anything_sdk", self.sdk.module)
        patch.setattr(providers, "others", lambda: (self.sdk.provider(),))
        self.seen = Seen()
        self.seen.instrument(capture_message_content=contents, max_content_bytes=LIMIT, tool_definitions="full", emit_event=True)
        self.page = PrometheusReporter(metrics(), port=0)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(5)
        self.statsd = StatsdReporter(metrics(), host="127.0.0.1", port=self.socket.getsockname()[1])

    def call(self, place: int, way: str, arguments: Anything, made: Callable[[], Anything], sent: dict[str, str]) -> None:
        document = made()
        self.sdk.result = Refused(document) if way == "refused" else (document, made(), made()) if way == "streamed" else document
        self.sdk.attempt = lambda: Attempt(context.running_call(), Sent("POST", "https://h/"), urlsplit("https://h/")).on_response(
            Answered(429, sent)
        )
        with suppress(Refused):
            result = getattr(self.sdk.module.Client(), f"call_{place}")(**arguments)
            if way == "streamed":
                list(result)

    def lines(self) -> Iterator[str]:
        self.statsd.flush()
        self.socket.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                yield from self.socket.recv(65_536).decode("utf-8").splitlines()

    def close(self) -> None:
        self.statsd.close()
        self.page.close()
        self.socket.close()
        LLMInstrumentor().uninstrument()
        self.seen.close()


@pytest.fixture(scope="module", params=["no_content", "span_and_event"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        made = World(request.param, patch)
        yield made
        made.close()


def _strict(text: str) -> Any:
    def refuse(word: str) -> Any:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def _deepest(value: Any) -> int:
    assert not isinstance(value, int) or abs(value) <= LARGEST_INTEGER
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return 1 + max(map(_deepest, inner), default=0)


def _check_attributes(attributes: Any) -> None:
    for name, value in attributes.items():
        if name in CONTENT.values():
            assert len(value.encode() if isinstance(value, str) else repr(value)) <= LIMIT * 10
            assert _deepest(_strict(value) if isinstance(value, str) else value) <= 40
            assert not isinstance(value, str) or len(value.encode()) <= LIMIT
        elif isinstance(value, str):
            assert name.startswith("exception.") or (len(value) <= LONGEST and not HARMFUL.search(value)), name
        elif isinstance(value, (list, tuple)):
            assert len(value) <= 128 and all(len(one) <= LONGEST for one in value), name
        elif isinstance(value, int):
            assert abs(value) <= LARGEST_INTEGER, name


def _check(world: World) -> None:
    spans, logs = world.seen.spans(), world.seen.logs()
    assert len(spans) == 1
    for span in spans:
        assert len(span.name) <= LONGEST and not HARMFUL.search(span.name) and len(span.status.description or "") <= LIMIT
        _check_attributes(span.attributes)
        for event in span.events:
            _check_attributes(event.attributes)
    for log in logs:
        _check_attributes(log.log_record.attributes)
    assert len(encode_spans(spans).SerializeToString()) < 100_000
    assert len(encode_logs(logs).SerializeToString()) < 200_000


def _check_metrics(world: World) -> None:
    assert encode_metrics(world.seen.metrics_data()).SerializeToString()
    page = generate_latest(world.page._server._registry).decode("utf-8")
    assert all(len(line) < 8 * LONGEST * 4 for line in page.splitlines())
    for line in world.lines():
        assert line.count("|") in (1, 2) and not HARMFUL.search(line) and len(line) < 2000 and line.partition("|")[0].count(":") == 1


@pytest.mark.parametrize("place", range(len(DIALECTS)), ids=["-".join(key) for key, _ in DIALECTS])
def test_every_record_is_encodable_and_bounded(place: int, world: World, caplog: pytest.LogCaptureFixture) -> None:
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=EXAMPLES < 10, suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
    )  # fmt: skip
    @given(st.integers(0, 2**64), st.lists(VALUES, min_size=2, max_size=6), st.sampled_from(WAYS))
    def tried(seed: int, values: list[Any], way: str) -> None:
        chance = random.Random(seed)
        arguments = Anything(chance, values)
        for key in (
            "model",
            "messages",
            "contents",
            "input",
            "prompt",
            "config",
            "tools",
            "system",
            "stream",
            "n",
            "body",
            "stop",
            "seed",
            "temperature",
        ):
            arguments[key]
        world.seen.clear()
        world.call(place, way, arguments, lambda: Anything(chance, values), headers(chance, values))
        _check(world)

    with caplog.at_level(logging.WARNING, logger="opentelemetry"):
        tried()
        _check_metrics(world)
    assert [record.getMessage() for record in caplog.records if record.name.startswith("opentelemetry")] == []
