"""smolagents: runs of agents, and tools.

The tool ``final_answer`` of the framework is not a tool of the application: its value is the output of the agent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from .. import context
from ..guard import guarded
from ..schema.records import Content
from ..steps.contents import output_message, plain
from ..steps.tables import Facts, Framework, Step

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]
_called: WeakKeyDictionary[Any, list[tuple[str, str, int]]] = WeakKeyDictionary()
"""The tool calls of an agent's last response: name, id, identity of arguments."""


def _agent(agent: Any, args: Args, kwargs: Kwargs) -> Facts:
    return Facts(agent.name, description=agent.description)


def _output(result: Any) -> Content:
    return Content(output_messages=output_message(getattr(result, "output", result)))


def _tool(tool: Any, args: Args, kwargs: Kwargs) -> Facts | None:
    return None if type(tool).__name__ == "FinalAnswerTool" else Facts(tool.name, description=tool.description)


def _tool_content(tool: Any, args: Args, kwargs: Kwargs) -> Content:
    given = {key: value for key, value in kwargs.items() if key != "sanitize_inputs_outputs"}
    return Content(tool_arguments=plain({"args": args, **given} if args else given))


def _tool_output(result: Any) -> Content:
    return Content(tool_result=plain(result))


def _call(agent: Any, args: Args, kwargs: Kwargs) -> Facts | None:
    name, given = _named(args, kwargs)
    called: Any = agent.tools.get(name) or agent.managed_agents.get(name)
    if type(called).__name__ == "FinalAnswerTool":
        return None
    # The tool is called inside this function, which alone knows the arguments: both are one run.
    return Facts(name, description=getattr(called, "description", None), call_id=_call_id(agent, name, given), key=id(called))


def _call_content(agent: Any, args: Args, kwargs: Kwargs) -> Content:
    return Content(tool_arguments=plain(_named(args, kwargs)[1]))


def _named(args: Args, kwargs: Kwargs) -> tuple[str, Any]:
    named = {**dict(zip(("tool_name", "arguments"), args, strict=False)), **kwargs}
    return named["tool_name"], named["arguments"]


def _call_id(agent: Any, name: str, given: Any) -> str | None:
    calls = _called.get(agent, [])
    same_name = [call for call in calls if call[0] == name]
    found = next((call for call in same_name if call[2] == id(given)), same_name[0] if same_name else None)
    if found is None:
        return None
    calls.remove(found)
    return found[1]


def _responded(original: Any) -> Callable[..., Any]:
    def around(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        guarded(_remember, instance, args, kwargs)
        return wrapped(*args, **kwargs)

    return around


def _remember(agent: Any, args: Args, kwargs: Kwargs) -> None:
    message = args[0] if args else kwargs["chat_message"]
    _called[agent] = [(call.function.name, call.id, id(call.function.arguments)) for call in message.tool_calls]


def _timed(original: Any) -> Callable[..., Any]:
    def around(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        decorate, inside = wrapped(*args, **kwargs), guarded(context.here)
        return decorate if inside is None else lambda function: decorate(_in_context(function, inside))

    return around


def _in_context(function: Callable[..., Any], inside: context.Context) -> Callable[..., Any]:
    """Return ``function`` with its caller's context, for the thread that runs it."""

    def run(*args: Any, **kwargs: Any) -> Any:
        with context.current(inside):
            return function(*args, **kwargs)

    return run


SMOLAGENTS = Framework(
    "smolagents",
    "smolagents >= 1.24",
    (
        Step("smolagents.agents:MultiStepAgent.run", "invoke_agent", _agent, output=_output),
        Step("smolagents.agents:ToolCallingAgent.execute_tool_call", "execute_tool", _call, None, _call_content, _tool_output),
        Step("smolagents.tools:Tool.__call__", "execute_tool", _tool, None, _tool_content, _tool_output),
    ),
    patches=(
        ("smolagents.agents:ToolCallingAgent.process_tool_calls", _responded),
        ("smolagents.local_python_executor:timeout", _timed),
    ),
)
