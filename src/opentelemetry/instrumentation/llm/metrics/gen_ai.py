"""The metrics of the GenAI semantic conventions.

The OpenTelemetry reporter records them in addition to the ``ex_llm`` metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..schema import semconv as a
from ..schema.conventions import BUCKETS, UNITS
from ..schema.events import OPERATIONS
from .ex_llm import Metric, Parts, Sample, distribution, total

SECONDS = BUCKETS["gen_ai.client.inference.duration"]
TOKENS = BUCKETS["gen_ai.client.inference.operation.input_tokens"]
_WHO = {
    a.OPERATION_NAME: "operation",
    a.PROVIDER_NAME: "provider",
    a.REQUEST_MODEL: "model",
    a.RESPONSE_MODEL: "response_model",
    a.SERVER_ADDRESS: "server_address",
    a.SERVER_PORT: "server_port",
}
_OPENAI = {a.SERVICE_TIER: "service_tier", a.SYSTEM_FINGERPRINT: "system_fingerprint"}
_FAMILIES = sorted({o.family for o in OPERATIONS.values()})
_INFERENCE = ("ex_llm.chat.stop", "ex_llm.chat.exception")
_EMBEDDINGS = ("ex_llm.embedding.stop", "ex_llm.embedding.exception")
_OTHERS = tuple(
    f"ex_llm.{family}.{phase}"
    for family in _FAMILIES
    if family not in ("chat", "embedding", "tool", "workflow", "mcp.request")
    for phase in ("stop", "exception")
)
_MODALITIES = ("text", "image", "audio")


def _openai_only(tags: dict[str, Any]) -> dict[str, Any]:
    # The openai.* tags are for the provider openai only. Other providers with the same response format must not have them.
    return tags if tags.get(a.PROVIDER_NAME) == "openai" else {**tags, **{tag: None for tag in _OPENAI if tag in tags}}


def _since_last(measurements: Mapping[str, Any], metadata: Mapping[str, object]) -> Iterable[Sample]:
    return () if not measurements.get("index") else ((measurements["since_last"] / 1e9, {}),)


def _duration(name: str, events: tuple[str, ...], description: str) -> Metric:
    tags = {**_WHO, **_OPENAI, a.ERROR_TYPE: "error_type"}
    return distribution(name, events, "duration", description, tags, "s", buckets=SECONDS, scale=1e-9, refine=_openai_only)


def _usage(name: str, key: str, part: str, description: str) -> Metric:
    tags = {**_WHO, **_OPENAI, a.TOKEN_MODALITY: "modality"}
    parts = Parts(a.TOKEN_MODALITY, {modality: part.format(modality) for modality in _MODALITIES}, key)
    return total(f"gen_ai.client.inference.usage.{name}", _INFERENCE, parts, description, tags, "{token}", whole=True, refine=_openai_only)


def _per_operation(name: str, key: str, description: str) -> Metric:
    tags = {**_WHO, **_OPENAI}
    return distribution(
        f"gen_ai.client.inference.operation.{name}", _INFERENCE, key, description, tags, "{token}",
        buckets=TOKENS, whole=True, refine=_openai_only,
    )  # fmt: skip


def _in_process(key: str, scale: float) -> Callable[[Mapping[str, Any], Mapping[str, Any]], Iterable[Sample]]:
    """Read a measurement of agents and tools in this process.

    It is skipped if the framework records the metric itself.
    """

    def take(measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterable[Sample]:
        value = measurements.get(key)
        if value is not None and metadata.get("in_process") and not metadata.get("native_metrics"):
            yield value * scale, {}

    return take


def _of_side(side: str) -> Callable[[Mapping[str, Any], Mapping[str, Any]], Iterable[Sample]]:
    def take(measurements: Mapping[str, Any], metadata: Mapping[str, object]) -> Iterable[Sample]:
        if metadata.get("side") == side:
            yield measurements["duration"] / 1e9, {}

    return take


def _remote(measurements: Mapping[str, Any], metadata: Mapping[str, object]) -> Iterable[Sample]:
    """Read a duration, but not that of an agent in this process."""
    if not (metadata.get("in_process") and metadata.get("operation") == "invoke_agent"):
        yield measurements["duration"] / 1e9, {}


_AGENT = {a.AGENT_NAME: "agent_name"}
_WORKFLOW = "gen_ai.workflow.name"
_RUN = {a.OPERATION_NAME: "operation", a.AGENT_NAME: "agent_name", _WORKFLOW: "workflow_name", a.ERROR_TYPE: "error_type"}
_ENDS = ("stop", "exception")
_AGENTS = tuple(f"ex_llm.agent.{end}" for end in _ENDS)
_MCP_NAMES = ("method", "tool_name", "prompt_name", "protocol_version", "transport", "status", "error_type")
_MCP = {a.MCP[name]: name for name in _MCP_NAMES}
_MCP_SESSION = {a.MCP[name]: name for name in ("protocol_version", "transport", "error_type")}


def _named_agent(tags: dict[str, Any]) -> dict[str, Any]:
    """Name a workflow as an agent, which it is in the conventions since v0.1.0."""
    workflow, known = tags.get(_WORKFLOW), {key: value for key, value in tags.items() if key != _WORKFLOW}
    return known if workflow is None else {**known, a.AGENT_NAME: workflow}


def _step(name: str, events: tuple[str, ...], key: object, description: str, tags: Mapping[str, str], **more: object) -> Metric:
    return distribution(name, events, key, description, tags, UNITS[name], buckets=BUCKETS[name], **more)


STEPS: tuple[Metric, ...] = (
    _step(
        "gen_ai.invoke_agent.duration", tuple(f"ex_llm.{f}.{end}" for f in ("agent", "workflow") for end in _ENDS),
        _in_process("duration", 1e-9), "Duration of one run of an agent or a workflow in this process.", _RUN, refine=_named_agent,
    ),
    _step(
        "gen_ai.invoke_agent.inference_calls", _AGENTS, _in_process("inference_calls", 1), "Number of model calls in one run of an agent.",
        _AGENT, whole=True,
    ),
    _step(
        "gen_ai.invoke_agent.tool_calls", _AGENTS, _in_process("tool_calls", 1), "Number of tool executions in one run of an agent.",
        _AGENT, whole=True,
    ),
    _step(
        "gen_ai.execute_tool.duration", tuple(f"ex_llm.tool.{end}" for end in _ENDS), _in_process("duration", 1e-9),
        "Duration of one tool execution.",
        {a.TOOL_NAME: "tool_name", a.TOOL_TYPE: "tool_type", a.AGENT_NAME: "agent_name", a.ERROR_TYPE: "error_type"},
    ),
    *(
        _step(
            f"mcp.{side}.operation.duration", tuple(f"ex_llm.mcp.request.{end}" for end in _ENDS), _of_side(side),
            f"Duration of an MCP request, as observed by the {side}.", _MCP,
        )
        for side in ("client", "server")
    ),
    *(
        _step(
            f"mcp.{side}.session.duration", ("ex_llm.mcp.session.stop",), _of_side(side), f"Duration of an MCP session, as observed by the {side}.",
            _MCP_SESSION,
        )
        for side in ("client", "server")
    ),
)  # fmt: skip
"""The metrics of agents, tools and MCP in the conventions."""

_EACH_GAP = distribution(
    "gen_ai.client.inference.time_per_output_chunk", "ex_llm.stream.chunk", _since_last,
    "Time between two successive chunks of a streamed response.", _WHO, "s", buckets=SECONDS,
)  # fmt: skip
"""Handling every chunk costs more than the rest of a stream. This is used only if
the SDK cannot accept aggregated values.
"""

_DETAILED: tuple[Metric, ...] = (
    _duration("gen_ai.client.inference.duration", _INFERENCE, "Duration of one model call (inference)."),
    _duration("gen_ai.client.embeddings.duration", _EMBEDDINGS, "Duration of one embedding call."),
    _duration("gen_ai.client.operation.duration", _OTHERS, "Duration of one operation that is neither an inference nor an embedding call.")
    ._replace(measurement=_remote, scale=1.0),
    distribution(
        "gen_ai.client.inference.time_to_first_chunk", _INFERENCE, "time_to_first_chunk",
        "Time from the start of the call to the first chunk of a streamed response.", _WHO, "s", buckets=SECONDS, scale=1e-9,
    ),
    _EACH_GAP._replace(events=dict.fromkeys(("ex_llm.stream.stop", "ex_llm.stream.exception"), 1.0), measurement="gaps", scale=1e-9, singly=_EACH_GAP),
    _usage("input_tokens", "input_tokens", "input_{}_tokens", "Number of input tokens, including cached tokens."),
    _usage("output_tokens", "output_tokens", "output_{}_tokens", "Number of output tokens, including reasoning tokens."),
    _usage("cache_read.input_tokens", "cache_read_tokens", "cache_read_{}_tokens", "Number of input tokens that the provider read from its cache."),
    _usage("cache_write.input_tokens", "cache_write_tokens", "cache_write_{}_tokens", "Number of input tokens that the provider wrote to its cache."),
    _usage("reasoning.output_tokens", "reasoning_tokens", "reasoning_{}_tokens", "Number of output tokens that were used for reasoning."),
    _per_operation("input_tokens", "input_tokens", "Number of input tokens of one operation."),
    _per_operation("output_tokens", "output_tokens", "Number of output tokens of one operation."),
    distribution(
        "gen_ai.client.embeddings.operation.input_tokens", ("ex_llm.embedding.stop",), "input_tokens", "Number of input tokens of one embedding call.",
        _WHO, "{token}", buckets=TOKENS, whole=True,
    ),
    *STEPS,
)  # fmt: skip
_DETAILS = frozenset({a.RESPONSE_MODEL, a.SYSTEM_FINGERPRINT})
"""Tags that change with each release of a model, so that they make new series."""


def _lean(metric: Metric) -> Metric:
    tags = {tag: key for tag, key in metric.tags.items() if tag not in _DETAILS}
    return metric._replace(tags=tags, singly=None if metric.singly is None else _lean(metric.singly))


GEN_AI: tuple[Metric, ...] = tuple(_lean(metric) for metric in _DETAILED)
"""The metrics of the conventions, with their newest names."""


_TOKENS_BY_TYPE = Parts("gen_ai.token.type", {"input": "input_tokens", "output": "output_tokens"})
_NO_AGENTS = tuple(event for event in _OTHERS if event not in _AGENTS)

_DETAILED_LEGACY: tuple[Metric, ...] = (
    _duration("gen_ai.client.operation.duration", _INFERENCE + _EMBEDDINGS + _NO_AGENTS, "Duration of one operation."),
    distribution(
        "gen_ai.client.token.usage", (*_INFERENCE, "ex_llm.embedding.stop"), _TOKENS_BY_TYPE, "Number of input or output tokens of one operation.",
        {**_WHO, "gen_ai.token.type": "token_type"}, "{token}", buckets=TOKENS, whole=True,
    ),
)  # fmt: skip
LEGACY: tuple[Metric, ...] = tuple(_lean(metric) for metric in _DETAILED_LEGACY)
"""The metric names of conventions 1.37, for dashboards that still use them."""


def conventions(legacy: bool, details: bool = False) -> list[Metric]:
    """Return the metrics of the conventions.

    With ``legacy``, the names of conventions 1.37 replace newer metrics of the same name and are added to the others.
    With ``details``, they have the tags of the response model and of the system fingerprint too.
    """
    newest, old = (_DETAILED, _DETAILED_LEGACY) if details else (GEN_AI, LEGACY)
    replaced = {metric.name for metric in old} if legacy else set()
    return [metric for metric in newest if metric.name not in replaced] + (list(old) if legacy else [])
