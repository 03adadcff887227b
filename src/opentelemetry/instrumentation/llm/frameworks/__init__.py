"""List the instrumented agent frameworks and MCP: one module with a table each.

The table of a framework is read when the framework is imported.
"""

from __future__ import annotations

import importlib
from typing import NamedTuple

from ..steps.tables import Framework


class LazyFramework(NamedTuple):
    """A framework before its table is read.

    ``import_triggers`` are modules that every user of it imports early.
    """

    name: str
    table: str
    import_triggers: tuple[str, ...]

    def load(self) -> Framework:
        """Read the table."""
        module, _, name = self.table.partition(":")
        framework: Framework = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        return framework


KNOWN: tuple[LazyFramework, ...] = (
    LazyFramework("agno", "agno:AGNO", ("agno",)),
    LazyFramework("anthropic", "sdk_tools:ANTHROPIC", ("anthropic",)),
    LazyFramework("autogen", "autogen:AUTOGEN", ("autogen_core.tools", "autogen_agentchat.base")),
    LazyFramework("claude_agent", "claude_agent:CLAUDE_AGENT", ("claude_agent_sdk.types",)),
    LazyFramework("crewai", "crewai:CREWAI", ("crewai",)),
    LazyFramework("google_adk", "google_adk:GOOGLE_ADK", ("google.adk.agents.base_agent",)),
    LazyFramework("google_genai", "sdk_tools:GOOGLE_GENAI", ("google.genai",)),
    LazyFramework("langchain", "langchain:LANGCHAIN", ("langchain_core",)),
    LazyFramework("langgraph", "langgraph:LANGGRAPH", ("langchain", "langchain_core", "langgraph.pregel")),
    LazyFramework("llama_index", "llama_index:LLAMA_INDEX", ("llama_index.core",)),
    LazyFramework("llama_workflows", "llama_workflows:LLAMA_WORKFLOWS", ("workflows",)),
    LazyFramework("mcp", "mcp:MCP", ("mcp.types", "mcp_types")),
    LazyFramework("openai", "sdk_tools:OPENAI", ("openai",)),
    LazyFramework("openai_agents", "openai_agents:OPENAI_AGENTS", ("agents.tracing.spans",)),
    LazyFramework("pydantic_ai", "pydantic_ai:PYDANTIC_AI", ("pydantic_ai",)),
    LazyFramework("smolagents", "smolagents:SMOLAGENTS", ("smolagents.agents",)),
    LazyFramework("strands", "strands:STRANDS", ("strands.types", "strands.agent.agent")),
)


def everyone() -> tuple[Framework, ...]:
    """Return every table, for those who print or test them."""
    return tuple(known.load() for known in KNOWN)
