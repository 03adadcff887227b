"""Rules that the GenAI conventions state in prose only, as tables.

The YAML model lacks histogram boundaries, the operations of an inference, the kinds of a refinement and a few more;
the pages of the conventions have them. Only `generate.py` reads these tables; edit them when the pages change.
"""

from __future__ import annotations

from typing import Final

SOURCE: Final = {
    "genai": {
        "repository": "https://github.com/open-telemetry/semantic-conventions-genai",
        "commit": "6fd0d763a092db245a54104fc1124031eb3c51d2",
        "date": "2026-10-09",
        "schema_url": "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev",
    },
    "core": {
        "repository": "https://github.com/open-telemetry/semantic-conventions",
        "commit": "e10a930844c6951757a43b849d364f7d056ac32b",
        "tag": "v1.44.0",
        "schema_url": "https://opentelemetry.io/schemas/1.44.0",
    },
    "licence": "Apache-2.0, Copyright The OpenTelemetry Authors; see LICENSE-semconv",
}

INFERENCE: Final = "gen_ai.client.inference"
INFERENCE_OPERATIONS: Final = ("chat", "generate_content", "text_completion")

MCP_NAMES: Final = (
    "{mcp.method.name} {gen_ai.tool.name}",
    "{mcp.method.name} {gen_ai.prompt.name}",
    "{mcp.method.name}",
)

ALSO_ALLOWED_NAMES: Final = {
    # A workflow's name belongs into the span's name only if it is of low cardinality.
    "gen_ai.invoke_workflow.internal": ("invoke_workflow",),
    # With nothing but a skill's name, loading it and running one of its commands look alike.
    "gen_ai.execute_tool.load_skill.internal": ("execute_tool {gen_ai.tool.name}",),
    "mcp.client": ("{mcp.method.name} {mcp.resource.uri}",),
    "mcp.server": ("{mcp.method.name} {mcp.resource.uri}",),
}

# Read in this order: the first refinement of which an attribute is present is meant.
TOOL_REFINEMENTS: Final = {
    "gen_ai.execute_tool.command.internal": ("process.executable.name", "process.executable.path", "process.exit.code"),
    "gen_ai.execute_tool.read_skill_resource.internal": ("gen_ai.skill.resource.name",),
    "gen_ai.execute_tool.load_skill.internal": (
        "gen_ai.skill.name",
        "gen_ai.skill.description",
        "gen_ai.skill.source.uri",
    ),
}

# Literally "required" in the model, though most calls have no guardrail.
SOFTENED: Final = {("aws.bedrock.gen_ai.client.inference", "aws.bedrock.guardrail.id"): "If a guardrail is configured."}

# The official checker does not ask for these although the model recommends them without a condition.
OPTIONAL_RECOMMENDED: Final = (
    "gen_ai.request.frequency_penalty",
    "gen_ai.request.max_tokens",
    "gen_ai.request.presence_penalty",
    "gen_ai.request.stop_sequences",
    "gen_ai.request.temperature",
    "gen_ai.request.top_p",
    "gen_ai.tool.description",
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_write.input_tokens",
)

# Recommended for one provider or operation, yet known only if the caller's request has them.
CALLERS_CHOICE: Final = (
    "aws.bedrock.knowledge_base.id",
    "gen_ai.request.encoding_formats",
    "gen_ai.request.top_k",
    "gen_ai.retrieval.top_k",
)

_DETAILS: Final = "gen_ai.client.inference.operation.details"

# Replacements of deprecated names that the core model only marks as moved.
SUCCESSORS: Final = {
    "gen_ai.prompt": "gen_ai.input.messages",
    "gen_ai.completion": "gen_ai.output.messages",
    "gen_ai.usage.cache_creation.input_tokens": "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.token.type": "gen_ai.token.modality, and one metric for each direction",
    "gen_ai.client.token.usage": "gen_ai.client.inference.usage.* and gen_ai.client.inference.operation.*_tokens",
    "gen_ai.client.operation.time_to_first_chunk": "gen_ai.client.inference.time_to_first_chunk",
    "gen_ai.client.operation.time_per_output_chunk": "gen_ai.client.inference.time_per_output_chunk",
    "gen_ai.system.message": _DETAILS,
    "gen_ai.user.message": _DETAILS,
    "gen_ai.assistant.message": _DETAILS,
    "gen_ai.tool.message": _DETAILS,
    "gen_ai.choice": _DETAILS,
}

RENAMED_VALUES_OF: Final = {"gen_ai.system": "gen_ai.provider.name"}

OPERATION_DURATION: Final = "gen_ai.client.operation.duration"
DURATION_OF: Final = {
    INFERENCE: "gen_ai.client.inference.duration",
    "gen_ai.embeddings.client": OPERATION_DURATION,
    "gen_ai.retrieval.client": OPERATION_DURATION,
    "gen_ai.fetch_response.client": OPERATION_DURATION,
    "gen_ai.memory.client": OPERATION_DURATION,
    "gen_ai.create_agent.client": OPERATION_DURATION,
    "gen_ai.invoke_agent.client": OPERATION_DURATION,
    "gen_ai.invoke_agent.internal": "gen_ai.invoke_agent.duration",
    "gen_ai.execute_tool.internal": "gen_ai.execute_tool.duration",
    "gen_ai.invoke_workflow.internal": "gen_ai.invoke_workflow.duration",
    "mcp.client": "mcp.client.operation.duration",
    "mcp.server": "mcp.server.operation.duration",
}

_CALLS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS: Final = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)
_SESSIONS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)
_COUNTS: Final = (1, 2, 4, 8, 16, 32, 64, 128)
_PER_TOKEN: Final = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5)
_FIRST_TOKEN: Final = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_WORKFLOWS: Final = (1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200)
_AGENTS: Final = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6)

BOUNDARIES: Final = {
    "gen_ai.client.operation.duration": _CALLS,
    "gen_ai.client.inference.duration": _CALLS,
    "gen_ai.client.inference.time_to_first_chunk": _CALLS,
    "gen_ai.client.inference.time_per_output_chunk": _CALLS,
    "gen_ai.server.request.duration": _CALLS,
    "gen_ai.server.time_per_output_token": _PER_TOKEN,
    "gen_ai.server.time_to_first_token": _FIRST_TOKEN,
    "gen_ai.invoke_workflow.duration": _WORKFLOWS,
    "gen_ai.invoke_agent.duration": _AGENTS,
    "gen_ai.invoke_agent.inference_calls": _COUNTS,
    "gen_ai.invoke_agent.tool_calls": _COUNTS,
    "gen_ai.execute_tool.duration": _CALLS,
    "gen_ai.client.inference.operation.input_tokens": _TOKENS,
    "gen_ai.client.inference.operation.output_tokens": _TOKENS,
    "mcp.client.operation.duration": _SESSIONS,
    "mcp.server.operation.duration": _SESSIONS,
    "mcp.client.session.duration": _SESSIONS,
    "mcp.server.session.duration": _SESSIONS,
}
