"""Test costs of usage in parts, tiers, totals and request counts.

Each has the right price, or a reason why the cost is not known.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from opentelemetry.instrumentation.llm.dialects import Arguments
from opentelemetry.instrumentation.llm.dialects.anthropic.messages import messages
from opentelemetry.instrumentation.llm.dialects.bedrock.converse import converse
from opentelemetry.instrumentation.llm.dialects.google.gemini import generate_content
from opentelemetry.instrumentation.llm.dialects.openai.chat_completions import chat_completions
from opentelemetry.instrumentation.llm.dialects.openai.usage import usage as openai_usage
from opentelemetry.instrumentation.llm.pricing import Unpriced, price
from opentelemetry.instrumentation.llm.schema.records import Cost, Response, Usage
from opentelemetry.instrumentation.llm.testing import capture_events

MESSAGES = [{"role": "user", "content": "x"}]
Answer = Callable[[str, Any], Any]


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """Return a function that serves responses over loopback: JSON, events or bytes."""
    servers = []

    def start(result: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: Any) -> None:
                pass

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("content-length") or 0))
                made = result(self.path, json.loads(raw) if raw[:1] == b"{" else raw)
                made, headers = made if isinstance(made, tuple) else (made, {})
                kind, out = "application/json", made
                if isinstance(made, list):
                    kind = "text/event-stream"
                    out = "".join(f"event: {one.get('type', 'message')}\ndata: {json.dumps(one)}\n\n" for one in made).encode()
                elif not isinstance(made, bytes):
                    out = json.dumps(made).encode()
                self.send_response(200)
                for name, value in {"content-type": kind, "content-length": str(len(out)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(out)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def _message(usage: dict[str, Any], model: str = "claude-sonnet-4-6") -> dict[str, Any]:
    return {
        "id": "m", "type": "message", "role": "assistant", "model": model, "content": [], "stop_reason": "end_turn", "usage": usage,
    }  # fmt: skip


def _iteration(kind: str, given: int, made: int, **more: Any) -> dict[str, Any]:
    none = {"cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    return {"type": kind, "input_tokens": given, "output_tokens": made, **none, **more}


OWN = _iteration("message", 1000, 200)
TOP = {"input_tokens": 1000, "output_tokens": 200}
ITERATIONS: dict[str, tuple[list[dict[str, Any]], dict[str, Any], int, int, dict[str | None, tuple[int, int]] | None]] = {
    # Rows: iterations, top level, input, output, parts by model.
    "message alone": ([OWN], TOP, 1000, 200, None),
    "compaction": ([_iteration("compaction", 180_000, 3500), OWN], TOP, 181_000, 3700, {None: (181_000, 3700)}),
    "compaction read from a cache": (
        [_iteration("compaction", 1000, 100) | {"cache_read_input_tokens": 5000}, OWN], TOP, 7000, 300, {None: (7000, 300)},
    ),
    "advisor": (
        [OWN, _iteration("advisor_message", 50_000, 2000, model="claude-opus-5")],
        TOP, 51_000, 2200, {None: (1000, 200), "claude-opus-5": (50_000, 2000)},
    ),
    "advisor twice and compaction": (
        [_iteration("compaction", 10, 1), OWN, *[_iteration("advisor_message", 5, 2, model="claude-opus-5")] * 2],
        TOP, 1020, 205, {None: (1010, 201), "claude-opus-5": (10, 4)},
    ),
    "kind that nobody knows, beside": ([OWN, _iteration("planner", 7, 3)], TOP, 1007, 203, {None: (1007, 203)}),
    "kind that nobody knows, in the sum": ([OWN, _iteration("planner", 7, 3)], {"input_tokens": 1007, "output_tokens": 203}, 1007, 203, None),
    "fallback of another model": (
        [_iteration("message", 400, 50, model="claude-opus-5"), _iteration("fallback_message", 600, 150, model="claude-sonnet-4-6")],
        TOP, 1000, 200, {"claude-opus-5": (400, 50), "claude-sonnet-4-6": (600, 150)},
    ),
    "fallback that is billed alone": (
        [_iteration("message", 400, 0, model="claude-opus-5"), _iteration("fallback_message", 1000, 200, model="claude-sonnet-4-6")],
        TOP, 1000, 200, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ITERATIONS)
@pytest.mark.parametrize("streamed", [False, True])
def test_iterations_of_anthropic_are_summed_by_model(case: str, streamed: bool) -> None:
    made, top, given, came, by_model = ITERATIONS[case]
    usage = {**top, "iterations": made}
    if streamed:
        read = Response()
        messages.absorb(read, {"type": "message_start", "message": _message({"input_tokens": 1000, "output_tokens": 1})})
        messages.absorb(read, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage})
        messages.finish(read)
    else:
        read = messages.response(_message(usage))
    assert (read.usage.input_tokens, read.usage.output_tokens) == (given, came)
    found: dict[str | None, tuple[int, int]] = {}
    for part in read.parts or ():
        before = found.get(part.model, (0, 0))
        found[part.model] = (before[0] + (part.usage.input_tokens or 0), before[1] + (part.usage.output_tokens or 0))
    assert (found or None) == by_model


@pytest.mark.parametrize("client", ["Anthropic", "AnthropicBedrock", "AnthropicVertex"])
def test_each_iteration_is_priced_at_its_own_model(client: str, watch: Any, serve: Any) -> None:
    anthropic = pytest.importorskip("anthropic")
    usage = {**TOP, "iterations": [OWN, _iteration("advisor_message", 50_000, 2000, model="claude-opus-5")]}
    base = serve(lambda path, body: _message(usage))
    seen = watch()
    how: dict[str, dict[str, Any]] = {
        "Anthropic": {"api_key": "k"},
        "AnthropicBedrock": {"aws_access_key": "a", "aws_secret_key": "b", "aws_region": "us-east-1"},
        "AnthropicVertex": {"access_token": "t", "region": "global", "project_id": "p"},
    }
    if client == "AnthropicBedrock":
        pytest.importorskip("boto3")
    try:
        made = getattr(anthropic, client)(base_url=base, max_retries=0, **how[client])
        made.beta.messages.create(model="claude-sonnet-4-6", max_tokens=9, messages=MESSAGES)
    except ImportError as missing:
        pytest.skip(str(missing))
    attributes = seen.span().attributes
    assert attributes["gen_ai.usage.input_tokens"] == 51_000
    expected = (1000 * 3 + 200 * 15 + 50_000 * 5 + 2000 * 25) / 1e4
    # Bedrock and Vertex charge 10 % more in a region that is not global.
    regional = 1.1 if client == "AnthropicBedrock" else 1
    assert attributes["ex_llm.cost.cents"] == pytest.approx(expected * regional)


def test_an_iteration_without_a_price_makes_the_cost_unknown(watch: Any, serve: Any) -> None:
    anthropic = pytest.importorskip("anthropic")
    usage = {**TOP, "iterations": [OWN, _iteration("advisor_message", 50, 20, model="nobody-knows")]}
    seen, base = watch(), serve(lambda path, body: _message(usage))
    anthropic.Anthropic(api_key="k", base_url=base).messages.create(model="claude-sonnet-4-6", max_tokens=9, messages=MESSAGES)
    assert seen.span().attributes["ex_llm.cost.unknown_reason"] == "unknown_model"
    assert "ex_llm.cost.cents" not in seen.span().attributes


@pytest.mark.parametrize(
    ("provider", "model", "how", "factor"),
    [
        ("gcp.gemini", "gemini-3.5-flash", {"service_tier": "flex"}, 0.5),
        ("gcp.vertex_ai", "gemini-2.5-flash", {"service_tier": "priority"}, 1.8),
        ("gcp.gemini", "gemini-3.5-flash", {"service_tier": "STANDARD"}, 1),
        ("aws.bedrock", "us.amazon.nova-pro-v1:0", {"service_tier": "flex"}, 0.5),
        ("aws.bedrock", "amazon.nova-pro-v1:0", {"service_tier": "priority"}, 1.75),
        ("aws.bedrock", "amazon.nova-pro-v1:0", {"batch": True}, 0.5),
        ("aws.bedrock", "amazon.nova-pro-v1:0", {"context": {"latency": "optimized"}}, "unpriced_latency"),
        ("aws.bedrock", "amazon.nova-pro-v1:0", {"service_tier": "reserved"}, "unpriced_tier"),
        ("anthropic", "claude-opus-4-8", {"context": {"inference_geo": "us"}}, 1.1),
        ("anthropic", "claude-opus-4-8", {"context": {"inference_geo": "us", "speed": "fast"}}, 2.2),
        ("anthropic", "claude-opus-4-8", {"context": {"inference_geo": "eu"}}, "unpriced_region"),
        ("anthropic", "claude-opus-4-8", {"service_tier": "priority"}, "unpriced_tier"),
        ("openai", "gpt-4o", {"service_tier": "scale"}, "unpriced_tier"),
        ("openai", "gpt-4o", {"service_tier": "default"}, 1),
        ("azure.ai.openai", "gpt-4o", {"service_tier": "priority"}, "unpriced_tier"),
        ("groq", "llama-3.3-70b-versatile", {"service_tier": "on_demand"}, 1),
        ("groq", "llama-3.3-70b-versatile", {"service_tier": "flex"}, 1),
        ("groq", "llama-3.3-70b-versatile", {"service_tier": "performance"}, "unpriced_tier"),
        ("x_ai", "grok-4", {"service_tier": "priority"}, "unpriced_tier"),
        ("gcp.vertex_ai", "gemini-2.5-flash", {"service_tier": "provisioned"}, "unpriced_tier"),
    ],
)
def test_a_condition_has_its_own_price_or_none(provider: str, model: str, how: dict[str, Any], factor: float | str) -> None:
    used = Usage(input_tokens=1000, output_tokens=500)
    standard, found = price(provider, model, used), price(provider, model, used, **how)
    assert isinstance(standard, Cost)
    if isinstance(factor, str):
        assert found == Unpriced(factor)
    else:
        assert isinstance(found, Cost) and found.total == pytest.approx(standard.total * factor)


def test_tokens_of_tools_are_input_of_gemini() -> None:
    used = generate_content.response(
        {
            "usageMetadata": {
                "promptTokenCount": 10,
                "toolUsePromptTokenCount": 1000,
                "candidatesTokenCount": 5,
                "thoughtsTokenCount": 7,
                "totalTokenCount": 1022,
                "toolUsePromptTokensDetails": [{"modality": "TEXT", "tokenCount": 1000}],
            }
        }
    ).usage
    assert (used.input_tokens, used.output_tokens, used.total_tokens, used.tool_use_tokens) == (1010, 12, 1022, 1000)


def test_output_of_gemini_live_has_its_modalities() -> None:
    used = generate_content.response(
        {
            "usageMetadata": {
                "promptTokenCount": 10,
                "responseTokenCount": 40,
                "totalTokenCount": 50,
                "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 30}, {"modality": "TEXT", "tokenCount": 10}],
            }
        }
    ).usage
    assert (used.output_tokens, used.output_audio_tokens, used.output_text_tokens) == (40, 30, 10)


@pytest.mark.parametrize(
    ("model", "grounding", "cents"),
    [
        ("gemini-2.5-flash", {"groundingChunks": [{"maps": {"placeId": "p"}}, {"maps": {}}]}, 2.5),
        ("gemini-3.5-flash", {"googleMapsWidgetContextToken": "t"}, 1.4),
        ("gemini-2.5-flash", {"groundingChunks": [{"web": {"uri": "u"}}]}, 0),
    ],
)
def test_grounding_in_maps_is_priced(model: str, grounding: dict[str, Any], cents: float) -> None:
    result = {
        "candidates": [{"groundingMetadata": grounding}],
        "modelVersion": model,
        "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 5},
    }
    found, plain = price("gcp.gemini", model, generate_content.response(result).usage), price("gcp.gemini", model, Usage(input_tokens=5))
    assert isinstance(found, Cost) and isinstance(plain, Cost)
    assert found.total - plain.total == pytest.approx(cents)


@pytest.mark.parametrize(("url", "body"), [("/v1", {"model": "prod-chat"}), ("/openai/deployments/prod-chat", {})])
def test_a_deployment_in_the_address_is_the_model(url: str, body: dict[str, Any], watch: Any, serve: Any) -> None:
    openai = pytest.importorskip("openai")
    result = {"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-4o", "choices": []}
    seen, base = watch(), serve(lambda path, body: result)
    openai.OpenAI(api_key="k", base_url=base + url).post("/chat/completions", body={**body, "messages": MESSAGES}, cast_to=object)
    assert seen.span().attributes["gen_ai.request.model"] == "prod-chat"


def test_characters_of_speech_are_counted_in_the_request(watch: Any, serve: Any) -> None:
    openai = pytest.importorskip("openai")
    seen, base = watch(), serve(lambda path, body: (b"\0" * 99, {"content-type": "audio/mpeg"}))
    client = openai.OpenAI(api_key="k", base_url=base)
    client.audio.speech.create(model="tts-1", voice="alloy", input="é" * 1000).read()
    with client.audio.speech.with_streaming_response.create(model="tts-1-hd", voice="alloy", input="x" * 1000) as stream:
        stream.read()
    client.audio.speech.create(model="gpt-4o-mini-tts", voice="alloy", input="x").read()
    plain, streamed, by_tokens = (span.attributes for span in seen.spans())
    assert plain["ex_llm.cost.cents"] == pytest.approx(1.5) and plain["ex_llm.usage.characters"] == 1000
    assert streamed["ex_llm.cost.cents"] == pytest.approx(3.0)
    assert by_tokens["ex_llm.cost.unknown_reason"] == "usage_not_priced"


def test_a_speech_request_is_read_without_its_text() -> None:
    from opentelemetry.instrumentation.llm.dialects.openai.media import speech

    requested = speech.request(Arguments({"model": "tts-1", "input": "secret"}))
    assert requested.billed == Usage(characters=6) and "secret" not in repr(requested)


def test_services_without_a_price_make_the_cost_partial() -> None:
    found = price("openai", "gpt-4o", Usage(input_tokens=10, output_tokens=5, social_searches=2, web_searches=1))
    assert isinstance(found, Cost) and found.partial == ["social_searches"]
    plain = price("openai", "gpt-4o", Usage(input_tokens=10, social_searches=0))
    assert isinstance(plain, Cost) and plain.partial is None


def _chat(usage: Any = None, choice: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    recorded = {"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-4o", **more}
    recorded["choices"] = [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "x"}, **(choice or {})}]
    return recorded if usage is None else {**recorded, "usage": usage}


COUNTED = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}


@pytest.mark.parametrize(
    "result",
    [
        _chat(COUNTED),
        _chat(choice={"usage": COUNTED}),
        _chat(choice={"message": {"content": "x", "usage": COUNTED}}),
        _chat(usage_info=COUNTED),
        _chat(meta={"usage": {"promptTokens": 1000, "completionTokens": 100, "totalTokens": 1100}}),
        _chat(**{"amazon-bedrock-invocationMetrics": {"inputTokenCount": 1000, "outputTokenCount": 100}}),
        _chat(x_groq={"usage": COUNTED}),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_usage_is_found_in_every_place_that_hosts_use(result: dict[str, Any], streamed: bool) -> None:
    if streamed:
        read = Response()
        chat_completions.absorb(read, {"id": "c", "model": "gpt-4o", "choices": [{"index": 0, "delta": {"content": "x"}}]})
        chat_completions.absorb(read, result)
        chat_completions.finish(read)
    else:
        read = chat_completions.response(result)
    assert (read.usage.input_tokens, read.usage.output_tokens) == (1000, 100)


def _response(*output: dict[str, Any], usage: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    used = usage or {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}
    return {
        "id": "r",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": "gpt-5",
        "output": list(output),
        "usage": used,
        **more,
    }


def _image_tool(made: int, searches: int = 0) -> dict[str, Any]:
    requested = 50 if made else 0
    image = {"input_tokens": requested, "output_tokens": made, "total_tokens": requested + made}
    image["input_tokens_details"] = {"image_tokens": 0, "text_tokens": requested}  # type: ignore[assignment]
    image["output_tokens_details"] = {"image_tokens": made, "text_tokens": 0}  # type: ignore[assignment]
    return {"image_gen": image, "web_search": {"num_requests": searches}}


SEARCH = {"type": "web_search_call", "id": "w", "status": "completed", "action": {"type": "search", "query": "q"}}
RUN = {"type": "code_interpreter_call", "id": "i", "status": "completed", "container_id": "cntr_1", "code": "1", "outputs": []}
STANDARD = (1000 * 1.25 + 100 * 10) / 1e4


@pytest.mark.parametrize(
    ("result", "cents"),
    [
        (_response(), STANDARD),
        (_response(SEARCH, SEARCH), STANDARD + 2),
        (_response(SEARCH, SEARCH, tool_usage=_image_tool(0, searches=3)), STANDARD + 3),
        (_response(SEARCH, SEARCH, tool_usage=_image_tool(0, searches=0)), STANDARD),
        (_response(tool_usage=_image_tool(4160)), STANDARD + 4160 * 40 / 1e4 + 50 * 5 / 1e4),
        (
            _response(tool_usage=_image_tool(4160), tools=[{"type": "image_generation", "model": "gpt-image-1-mini"}]),
            STANDARD + (4160 * 8 + 50 * 2) / 1e4,
        ),
        (_response(tool_usage=_image_tool(4160), tools=[{"type": "image_generation", "model": "gpt-image-unheard-of"}]), "unknown_model"),
        (_response(background_options={"completion_window": "8h"}), "unpriced_window"),
        (_response(usage={"input_tokens": 1000, "output_tokens": 100, "total_tokens": 9100}), "inconsistent_usage"),
        (_response(RUN, RUN), STANDARD + 3),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_tools_of_a_response_have_their_price(result: Any, cents: float | str, streamed: bool, watch: Any, serve: Any) -> None:
    openai = pytest.importorskip("openai")
    events = [{"type": "response.created", "response": {**result, "status": "in_progress", "usage": None}, "sequence_number": 0}]
    events.append({"type": "response.completed", "response": result, "sequence_number": 1})
    seen, base = watch(), serve(lambda path, body: events if streamed else result)
    made = openai.OpenAI(api_key="k", base_url=base).responses.create(model="gpt-5", input="x", stream=streamed)
    if streamed:
        list(made)
    attributes = seen.span().attributes
    if isinstance(cents, str):
        assert attributes["ex_llm.cost.unknown_reason"] == cents and "ex_llm.cost.cents" not in attributes
    else:
        assert attributes["ex_llm.cost.cents"] == pytest.approx(cents)
        assert "ex_llm.cost.partial" not in attributes


def test_a_container_is_billed_once_in_a_process(watch: Any, serve: Any) -> None:
    openai = pytest.importorskip("openai")
    seen, base = watch(), serve(lambda path, body: _response(RUN, {**RUN, "container_id": f"cntr_{len(body['input'])}"}))
    client = openai.OpenAI(api_key="k", base_url=base)
    for requested in ("xx", "xx", "xxx"):
        client.responses.create(model="gpt-5", input=requested)
    assert [span.attributes.get("ex_llm.usage.code_sessions") for span in seen.spans()] == [2, None, 1]


@pytest.mark.parametrize(
    ("details", "cents"),
    [
        ({"cached_tokens": 0, "cache_write_tokens": 90_000}, 112.5),
        (
            {
                "cached_tokens": 0,
                "cache_write_tokens": 90_000,
                "cache_write_tokens_details": {"ttl_12h_tokens": 90_000, "ttl_30m_tokens": 0},
            },
            225,
        ),
        ({"cached_tokens": 0, "cache_write_tokens": 90_000, "cache_write_tokens_details": {"ttl_12h_tokens": 45_000}}, 168.75),
    ],
)
def test_long_lived_cache_writes_have_their_price(details: dict[str, Any], cents: float) -> None:
    used = openai_usage({"input_tokens": 90_000, "output_tokens": 0, "total_tokens": 90_000, "input_tokens_details": details})
    found = price("openai", "gpt-6-astra", used)
    assert isinstance(found, Cost) and found.total == pytest.approx(cents)


@pytest.mark.parametrize("field", ["cache_write_1h_tokens", "cache_write_12h_tokens"])
def test_a_cache_lifetime_without_a_price_has_no_cost(field: str) -> None:
    used = Usage(input_tokens=100, cache_write_tokens=50, **{field: 50})
    assert price("openai", "gpt-4o", used) == Unpriced("unpriced_cache_lifetime")


def test_cached_audio_is_counted_separately() -> None:
    details = {"text_tokens": 60, "audio_tokens": 40, "cached_tokens": 30, "cached_tokens_details": {"text_tokens": 20, "audio_tokens": 10}}
    used = openai_usage({"input_tokens": 100, "output_tokens": 0, "total_tokens": 100, "input_token_details": details})
    assert (used.cache_read_tokens, used.cache_read_text_tokens, used.cache_read_audio_tokens) == (30, 20, 10)
    assert isinstance(price("openai", "gpt-realtime", used), Cost)


def test_a_groq_system_is_priced_by_the_models_that_it_called(watch: Any, serve: Any) -> None:
    groq = pytest.importorskip("groq")
    answers = {
        "whole": [{"model": "openai/gpt-oss-120b", "usage": {"prompt_tokens": 600, "completion_tokens": 60, "total_tokens": 660}},
                  {"model": "openai/gpt-oss-20b", "usage": {"prompt_tokens": 400, "completion_tokens": 40, "total_tokens": 440}}],
        "short": [{"model": "openai/gpt-oss-120b", "usage": {"prompt_tokens": 600, "completion_tokens": 60, "total_tokens": 660}}],
    }  # fmt: skip
    seen = watch()
    base = serve(lambda path, body: {**_chat(COUNTED), "model": "groq/compound", "usage_breakdown": {"models": answers[body["user"]]}})
    client = groq.Groq(api_key="k", base_url=base)
    for case in answers:
        client.chat.completions.create(model="groq/compound", messages=MESSAGES, user=case)
    expected = [price("groq", "openai/gpt-oss-120b", Usage(input_tokens=600, output_tokens=60)),
                price("groq", "openai/gpt-oss-20b", Usage(input_tokens=400, output_tokens=40))]  # fmt: skip
    whole, short = (span.attributes for span in seen.spans())
    assert whole["ex_llm.cost.cents"] == pytest.approx(sum(one.total for one in expected if isinstance(one, Cost)))
    assert short["ex_llm.cost.unknown_reason"] == "unknown_model"


@pytest.mark.parametrize("bad", [-1, 2**60, "many", [1], {"n": 1}, True, 1.5, float("inf")])
def test_an_impossible_count_has_a_reason_in_every_dialect(bad: Any) -> None:
    read = [
        openai_usage({"prompt_tokens": bad, "completion_tokens": 5, "total_tokens": 10}),
        messages.response(_message({"input_tokens": bad, "output_tokens": 5})).usage,
        generate_content.response({"usageMetadata": {"promptTokenCount": bad, "candidatesTokenCount": 5}}).usage,
        converse.response({"usage": {"inputTokens": 5, "outputTokens": bad}}).usage,
    ]
    models = [
        ("openai", "gpt-4o"),
        ("anthropic", "claude-opus-4-8"),
        ("gcp.gemini", "gemini-2.5-flash"),
        ("aws.bedrock", "amazon.nova-pro-v1:0"),
    ]
    assert [price(*who, used) for who, used in zip(models, read, strict=True)] == [Unpriced("invalid_usage")] * 4


STRANGERS = ["llm.example.com", "my-gateway.internal", "10.0.0.7", "litellm", "evil-api.openai.com.example.org"]
KNOWN_HOSTS = {
    "api.openai.com": "openai", "eu.api.openai.com": "openai", "127.0.0.1": "openai", "localhost": "openai",
    "api.hunyuan.cloud.tencent.com": "hunyuan", "api.upstage.ai": "upstage", "api.reka.ai": "reka", "inference.do-ai.run": "digitalocean",
    "api.stepfun.com": "stepfun", "api.siliconflow.com": "siliconflow", "api.inceptionlabs.ai": "inception", "api.novita.ai": "novita",
    "api.jina.ai": "jina_ai", "api.nscale.com": "nscale", "api.scaleway.ai": "scaleway", "x.ai.cloud.ovh.net": "ovhcloud",
    "api.exa.ai": "exa", "api.parallel.ai": "parallel", "r.openai.azure.com": "azure.ai.openai",
}  # fmt: skip


@pytest.mark.parametrize(("host", "provider"), [*KNOWN_HOSTS.items(), *((host, "unknown_provider") for host in STRANGERS)])
def test_an_unknown_host_is_not_openai(host: str, provider: str, watch: Any) -> None:
    openai, httpx = pytest.importorskip("openai"), pytest.importorskip("httpx")
    seen = watch(host_providers={"named.example.com": "openai"})
    client = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, json=_chat(COUNTED))))
    for requested in (host, "named.example.com"):
        made = openai.OpenAI(api_key="k", base_url=f"https://{requested}/v1", http_client=client)
        made.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    stranger, named = (span.attributes for span in seen.spans())
    assert stranger["gen_ai.provider.name"] == provider
    assert ("ex_llm.cost.cents" in stranger) == (provider in ("openai", "azure.ai.openai"))
    if provider == "unknown_provider":
        assert stranger["ex_llm.cost.unknown_reason"] == "unknown_provider"
    assert named["gen_ai.provider.name"] == "openai" and named["ex_llm.cost.cents"] == pytest.approx(0.35)


@pytest.mark.parametrize(
    ("result", "headers", "cents"),
    [
        (_chat(COUNTED), {"x-litellm-response-cost": "0.0125"}, 1.25),
        (_chat(COUNTED), {"x-litellm-response-cost": "0.0"}, 0.35),
        (_chat(COUNTED), {"x-litellm-response-cost": "None"}, 0.35),
        (_chat({**COUNTED, "cost": 0.02}), {"x-litellm-response-cost": "0.0125"}, 2.0),
        (_chat({**COUNTED, "cost_usd_total": 0.000125}), {}, 0.0125),
        (_chat({**COUNTED, "cost": "0.03"}), {}, 3.0),
        (_chat(COUNTED, {"message": {"content": "x", "provider_metadata": {"gateway": {"cost": "0.0045"}}}}), {}, 0.45),
    ],
)
def test_the_cost_that_a_gateway_reports_wins(result: Any, headers: dict[str, str], cents: float, watch: Any, serve: Any) -> None:
    openai = pytest.importorskip("openai")
    seen, base = watch(), serve(lambda path, body: (result, headers))
    with capture_events("ex_llm.cost.calculated") as events:
        openai.OpenAI(api_key="k", base_url=base).chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert seen.span().attributes["ex_llm.cost.cents"] == pytest.approx(cents)
    assert events[0].metadata["source"] == ("genai-prices" if cents == 0.35 else "provider")


ACCOUNT = "123456789012"
PROFILE = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/abc"


@pytest.mark.parametrize(
    ("model", "shown", "priced"),
    [
        (f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/us.amazon.nova-pro-v1:0", "us.amazon.nova-pro-v1:0", True),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0", True),
        (PROFILE, "application-inference-profile/abc", True),
        (f"arn:aws-us-gov:bedrock:us-gov-west-1:{ACCOUNT}:provisioned-model/xyz", "provisioned-model/xyz", False),
    ],
)
def test_a_model_name_contains_no_account(model: str, shown: str, priced: bool, watch: Any, serve: Any) -> None:
    boto3 = pytest.importorskip("boto3")
    seen = watch(model_names={PROFILE: "amazon.nova-pro-v1:0"})
    result = {
        "output": {"message": {"role": "assistant", "content": [{"text": "x"}]}}, "stopReason": "end_turn", "metrics": {"latencyMs": 1},
        "usage": {"inputTokens": 1000, "outputTokens": 500, "totalTokens": 1500},
        "trace": {"promptRouter": {"invokedModelId": model}} if "inference-profile/us" in model else {},
    }  # fmt: skip
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    client = boto3.client("bedrock-runtime", endpoint_url=serve(lambda path, body: result), **keys)
    client.converse(
        modelId=model,
        messages=[{"role": "user", "content": [{"text": "x"}]}],
        guardrailConfig={"guardrailIdentifier": f"arn:aws:bedrock:us-east-1:{ACCOUNT}:guardrail/g1", "guardrailVersion": "1"},
    )
    client.close()
    attributes = seen.span().attributes
    assert attributes["gen_ai.request.model"] == shown and attributes["aws.bedrock.guardrail.id"] == "g1"
    assert ("ex_llm.cost.cents" in attributes) == priced
    assert ACCOUNT not in repr(attributes) and ACCOUNT not in seen.span().name
    assert ACCOUNT not in repr(seen.metrics())


def test_a_container_of_anthropic_makes_the_cost_partial(watch: Any, serve: Any) -> None:
    anthropic = pytest.importorskip("anthropic")
    result = {**_message({"input_tokens": 10, "output_tokens": 5}), "container": {"id": "c1", "expires_at": "2026-12-01T00:00:00Z"}}
    seen, base = watch(), serve(lambda path, body: result)
    client = anthropic.Anthropic(api_key="k", base_url=base)
    for _ in range(2):
        client.beta.messages.create(model="claude-sonnet-4-6", max_tokens=9, messages=MESSAGES)
    first, second = (span.attributes for span in seen.spans())
    assert first["ex_llm.cost.partial"] == ("code_sessions",) and "ex_llm.cost.partial" not in second


def test_searches_of_a_groq_system_make_the_cost_partial() -> None:
    models = [{"model": "openai/gpt-oss-120b", "usage": COUNTED}]
    message = {"content": "x", "executed_tools": [{"type": "search", "index": 0, "arguments": "{}"}]}
    read = chat_completions.response(_chat(COUNTED, {"message": message}, usage_breakdown={"models": models}))
    found = price("groq", "openai/gpt-oss-120b", read.parts[0].usage) if read.parts else None
    assert isinstance(found, Cost) and found.partial == ["web_searches"]


@pytest.mark.parametrize(
    ("path", "body", "operation"),
    [
        ("/embeddings", {"input": "x"}, "embeddings"),
        ("/images/generations", {"prompt": "x"}, "image_generation"),
        ("/audio/speech", {"input": "x", "voice": "alloy"}, "speech"),
        ("/completions", {"prompt": "x"}, "text_completion"),
    ],
)
def test_a_deployment_in_the_address_is_the_model_of_all_calls(path: str, body: Any, operation: str, watch: Any, serve: Any) -> None:
    openai = pytest.importorskip("openai")
    seen, base = watch(), serve(lambda path, body: {"data": [], "choices": []})
    client = openai.AzureOpenAI(api_key="k", api_version="2024-10-21", azure_endpoint=base, azure_deployment="my%20own")
    client.post(path, body=body, cast_to=object)
    assert seen.span().name == f"{operation} my own"


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("sdk", ["groq", "litellm"])
def test_speech_of_other_sdks_is_priced_by_characters(sdk: str, watch: Any, serve: Any) -> None:
    module = pytest.importorskip(sdk)
    seen, base = watch(), serve(lambda path, body: (b"\0" * 99, {"content-type": "audio/wav"}))
    if sdk == "groq":
        client = module.Groq(api_key="k", base_url=base)
        client.audio.speech.create(model="canopylabs/orpheus-v1-english", voice="x", input="x" * 1000).read()
        cents = 2.2
    else:
        module.speech(model="openai/tts-1", voice="alloy", input="x" * 1000, api_base=base, api_key="k")
        cents = 1.5
    assert seen.span().attributes["ex_llm.cost.cents"] == pytest.approx(cents)


@pytest.mark.parametrize("sdk", ["xai", "openai"])
def test_xai_tools_are_priced_if_it_reports_no_cost(sdk: str) -> None:
    if sdk == "xai":
        pytest.importorskip("xai_sdk")
        from xai_sdk.proto import chat_pb2, usage_pb2

        from opentelemetry.instrumentation.llm.dialects.xai import chat

        counts = usage_pb2.SamplingUsage(
            prompt_tokens=1000, completion_tokens=100, total_tokens=1100, server_side_tools_used=[1, 1, 2, 3, 7]
        )
        used = chat.response(chat_pb2.GetChatCompletionResponse(id="r", model="grok-4", usage=counts)).usage
    else:
        details = {"web_search_calls": 2, "x_search_calls": 1, "code_interpreter_calls": 1, "file_search_calls": 0, "mcp_calls": 1}
        used = openai_usage({"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100, "server_side_tool_usage_details": details})
    found, plain = price("x_ai", "grok-4", used), price("x_ai", "grok-4", Usage(input_tokens=1000, output_tokens=100))
    assert isinstance(found, Cost) and isinstance(plain, Cost) and found.partial is None
    assert found.total - plain.total == pytest.approx(4 * 0.5)
