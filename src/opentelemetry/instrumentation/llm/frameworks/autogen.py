"""AutoGen: runs of agents, of teams as workflows, and tools.

AutoGen makes the spans of agents and tools itself. They stay; this package adds events, metrics and the cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..schema.records import Content
from ..steps.contents import output_message, plain
from ..steps.reported import ReportedRun
from ..steps.run import hand_off
from ..steps.tables import Facts, Framework, Result, Step

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]


def _agent(agent: Any, args: Args, kwargs: Kwargs) -> Facts:
    return Facts(agent.name, description=agent.description, native=True)


def _member(container: Any, args: Args, kwargs: Kwargs) -> Facts | None:
    agent = container._agent
    # A team in a team is a workflow, which its own function encloses.
    return Facts(agent.name, description=agent.description, native=True, key=id(agent)) if hasattr(agent, "on_messages_stream") else None


def _team(team: Any, args: Args, kwargs: Kwargs) -> Facts:
    return Facts(getattr(team, "name", None))


def _output(result: Any) -> Content | None:
    messages = getattr(result, "messages", None)
    return Content(output_messages=output_message(messages[-1].to_text())) if messages else None


def _item(run: ReportedRun, item: Any) -> None:
    if type(item).__name__ == "TaskResult":
        run.result, run.output = Result(), _output(item)


def _tool(tool: Any, args: Args, kwargs: Kwargs) -> Facts:
    named = _named(args, kwargs)
    if type(tool).__name__ == "FunctionTool" and "handoff" in tool.name and (target := _target(tool)) is not None:
        hand_off("autogen", target)
    return Facts(tool.name, description=tool.description, call_id=named.get("call_id"), native=True, key=object())


def _target(tool: Any) -> str | None:
    target = getattr(getattr(tool._func, "__self__", None), "target", None)
    return target if isinstance(target, str) else None


def _named(args: Args, kwargs: Kwargs) -> dict[str, Any]:
    return {**dict(zip(("args", "cancellation_token", "call_id"), args, strict=False)), **kwargs}


def _arguments(tool: Any, args: Args, kwargs: Kwargs) -> Content:
    return Content(tool_arguments=plain(_named(args, kwargs)["args"]))


def _tool_output(result: Any) -> Content:
    return Content(tool_result=plain(result))


AUTOGEN = Framework(
    "autogen",
    "autogen-agentchat >= 0.7",
    (
        Step("autogen_agentchat.agents._base_chat_agent:BaseChatAgent.run", "invoke_agent", _agent, output=_output),
        Step("autogen_agentchat.agents._base_chat_agent:BaseChatAgent.run_stream", "invoke_agent", _agent, messages=_item),
        Step("autogen_agentchat.teams._group_chat._chat_agent_container:ChatAgentContainer.handle_request", "invoke_agent", _member),
        Step("autogen_agentchat.teams._group_chat._base_group_chat:BaseGroupChat.run_stream", "invoke_workflow", _team, messages=_item),
        Step("autogen_core.tools._base:BaseTool.run_json", "execute_tool", _tool, None, _arguments, _tool_output),
        Step("autogen_core.tools._base:BaseStreamTool.run_json_stream", "execute_tool", _tool, content=_arguments),
    ),
)
