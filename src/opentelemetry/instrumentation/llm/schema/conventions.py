"""Facts of the GenAI semantic conventions. Generated: do not edit.

``python -m semconv.generate`` in ``tests`` writes this file from the model of the conventions and prints the difference.
"""

from __future__ import annotations

from collections.abc import Mapping

VERSION, COMMIT = "0.1.0", "6fd0d763a092db245a54104fc1124031eb3c51d2"
"""The release, and the commit of the model that it was generated from."""
SCHEMA_URL = "https://opentelemetry.io/schemas/gen-ai/0.1.0"
CHANGES: tuple[str, ...] = (
    "seen: an exception event of inferences",
    "seen: an exception event of tools",
    "inferred: an exception event of embeddings",
    "inferred: an exception event of agents and workflows",
    "inferred: an exception event of retrievals",
    "seen: duration and input tokens of embeddings have metrics of their own",
    "seen: workflows are internal agents, gen_ai.workflow.name is gen_ai.agent.name (#571)",
    "seen: gen_ai.request.top_k is a whole number (#217)",
    "seen: no gen_ai.agent.id on internal agents (#242)",
    "inferred: the schema URL, by the pattern gen-ai/X.Y.Z",
)  # fmt: skip
"""Changes since that commit: seen in the release, or inferred."""
EVENTS: Mapping[str, int] = {
    "gen_ai.client.inference.operation.details": 5,
    "gen_ai.evaluation.result": 9,
    "gen_ai.client.operation.exception": 13,
    "gen_ai.client.inference.exception": 13,
    "gen_ai.execute_tool.exception": 13,
    "gen_ai.client.embeddings.exception": 13,
    "gen_ai.invoke_agent.exception": 13,
    "gen_ai.retrieval.exception": 13,
}  # fmt: skip
"""Events and their severity numbers."""
UNITS: Mapping[str, str] = {
    "gen_ai.client.operation.duration": "s",
    "gen_ai.client.inference.duration": "s",
    "gen_ai.client.inference.time_to_first_chunk": "s",
    "gen_ai.client.inference.time_per_output_chunk": "s",
    "gen_ai.server.request.duration": "s",
    "gen_ai.server.time_per_output_token": "s",
    "gen_ai.server.time_to_first_token": "s",
    "gen_ai.invoke_agent.duration": "s",
    "gen_ai.invoke_agent.inference_calls": "{inference_call}",
    "gen_ai.invoke_agent.tool_calls": "{tool_call}",
    "gen_ai.execute_tool.duration": "s",
    "gen_ai.client.inference.usage.input_tokens": "{token}",
    "gen_ai.client.inference.usage.output_tokens": "{token}",
    "gen_ai.client.inference.usage.cache_read.input_tokens": "{token}",
    "gen_ai.client.inference.usage.cache_write.input_tokens": "{token}",
    "gen_ai.client.inference.usage.reasoning.output_tokens": "{token}",
    "gen_ai.client.inference.operation.input_tokens": "{token}",
    "gen_ai.client.inference.operation.output_tokens": "{token}",
    "mcp.client.operation.duration": "s",
    "mcp.server.operation.duration": "s",
    "mcp.client.session.duration": "s",
    "mcp.server.session.duration": "s",
    "gen_ai.client.embeddings.duration": "s",
    "gen_ai.client.embeddings.operation.input_tokens": "{token}",
}  # fmt: skip
"""Metrics and their units."""
_EDGES_1 = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_EDGES_2 = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5)
_EDGES_3 = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_EDGES_4 = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6)
_EDGES_5 = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
_EDGES_6 = (1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0, 67108864.0)
_EDGES_7 = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
BUCKETS: Mapping[str, tuple[float, ...]] = {
    "gen_ai.client.operation.duration": _EDGES_1,
    "gen_ai.client.inference.duration": _EDGES_1,
    "gen_ai.client.inference.time_to_first_chunk": _EDGES_1,
    "gen_ai.client.inference.time_per_output_chunk": _EDGES_1,
    "gen_ai.server.request.duration": _EDGES_1,
    "gen_ai.server.time_per_output_token": _EDGES_2,
    "gen_ai.server.time_to_first_token": _EDGES_3,
    "gen_ai.invoke_agent.duration": _EDGES_4,
    "gen_ai.invoke_agent.inference_calls": _EDGES_5,
    "gen_ai.invoke_agent.tool_calls": _EDGES_5,
    "gen_ai.execute_tool.duration": _EDGES_1,
    "gen_ai.client.inference.operation.input_tokens": _EDGES_6,
    "gen_ai.client.inference.operation.output_tokens": _EDGES_6,
    "mcp.client.operation.duration": _EDGES_7,
    "mcp.server.operation.duration": _EDGES_7,
    "mcp.client.session.duration": _EDGES_7,
    "mcp.server.session.duration": _EDGES_7,
    "gen_ai.client.embeddings.duration": _EDGES_1,
    "gen_ai.client.embeddings.operation.input_tokens": _EDGES_6,
}
"""Histograms and their boundaries."""
