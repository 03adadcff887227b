"""Observe steps above model calls: agents, tools, workflows, retrievals, MCP."""
