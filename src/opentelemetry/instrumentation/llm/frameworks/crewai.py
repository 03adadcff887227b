"""CrewAI: crews and flows as workflows, agents by their role, tools.

A streamed crew is started in a thread or task of its own by the same method; that run is the one that is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..extraction.paths import as_str, get_path
from ..schema.records import Content
from ..steps.contents import output_message, plain
from ..steps.tables import Facts, Framework, Result, Step

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]
_DEFAULT_NAME = "crew"


def _crew(crew: Any, args: Args, kwargs: Kwargs) -> Facts | None:
    return None if crew.stream else Facts(None if crew.name == _DEFAULT_NAME else crew.name)


def _flow(flow: Any, args: Args, kwargs: Kwargs) -> Facts | None:
    kind = type(flow)
    # CrewAI runs agents as flows of its own.
    inner = kind.__module__.startswith("crewai.") or getattr(flow, "stream", False)
    return None if inner else Facts(getattr(flow, "name", None) or kind.__name__)


def _agent(agent: Any, args: Args, kwargs: Kwargs) -> Facts:
    return Facts(" ".join(agent.role.split()), description=agent.goal)


def _output(result: Any) -> Content | None:
    text = getattr(result, "raw", result)
    return None if text is None else Content(output_messages=output_message(text))


def _call(instance: Any, args: Args, kwargs: Kwargs) -> Facts:
    """Read only the id of the call; the tool below makes the step, if it runs at all."""
    call = args[0] if args else kwargs.get("tool_call")
    return Facts(call_id=kwargs.get("call_id") or as_str(get_path(call, ("id",))), silent=True)


def _tool(tool: Any, args: Args, kwargs: Kwargs) -> Facts:
    # One key for all, because several objects stand for one tool and call each other.
    return Facts(tool.name, description=tool.description, key=_tool)


def _arguments(tool: Any, args: Args, kwargs: Kwargs) -> Content:
    return Content(tool_arguments=plain(args[0] if args else kwargs.get("input", kwargs)))


def _tool_output(result: Any) -> Content:
    return Content(tool_result=plain(result))


def _tool_result(result: Any) -> Result:
    return Result(error_type="tool_error" if type(result).__name__ == "ToolFailure" else None)


_CALLERS = (
    "agents.agent_executor:AgentExecutor._",
    "agents.crew_agent_executor:CrewAgentExecutor._",
    "agents.step_executor:",
    "experimental.agent_executor:AgentExecutor._",
)
"""Where releases call a tool with its id."""
_RUN = (_tool, _tool_result, _arguments, _tool_output)

CREWAI = Framework(
    "crewai",
    "crewai >= 1.15",
    (
        *(Step(f"crewai.crew:Crew.{name}", "invoke_workflow", _crew, output=_output) for name in ("kickoff", "akickoff")),
        *(Step(f"crewai.flow.runtime:Flow.{name}", "invoke_workflow", _flow, output=_output) for name in ("kickoff", "kickoff_async")),
        *(
            Step(f"crewai.agent.core:Agent.{name}", "invoke_agent", _agent, output=_output)
            for name in ("execute_task", "aexecute_task", "kickoff", "kickoff_async")
        ),
        *(Step(f"crewai.{target}execute_single_native_tool_call", "execute_tool", _call, optional=True) for target in _CALLERS),
        *(
            Step(f"crewai.tools.base_tool:{kind}.{name}", "execute_tool", *_RUN)
            for kind in ("BaseTool", "Tool")
            for name in ("run", "arun")
        ),
        *(Step(f"crewai.tools.structured_tool:CrewStructuredTool.{name}", "execute_tool", *_RUN) for name in ("invoke", "ainvoke")),
    ),
)
