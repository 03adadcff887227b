"""LlamaIndex: agents and their workflows, tools, retrievers, query engines.

No function encloses the active time of an agent in a workflow of several: it lasts from its first step to a handoff. The
steps of the workflow run in tasks; those of an agent run inside its run (``_agent_step``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import context
from ..guard import guarded
from ..schema.records import Content
from ..steps.contents import documents, output_message, plain
from ..steps.run import hand_off, running
from ..steps.tables import Facts, Framework, Result, Step

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]
_AGENT = "active agent"


def _agent(agent: Any, args: Args, kwargs: Kwargs) -> Facts:
    return Facts(agent.name, description=agent.description)


def _agents(flow: Any, args: Args, kwargs: Kwargs) -> Facts:
    # A workflow of one agent is that agent's run.
    return Facts(silent=len(flow.agents) == 1)


def _event(args: Args, kwargs: Kwargs) -> Any:
    return kwargs["ev"] if "ev" in kwargs else args[1]


def _reported() -> Any:
    step = running()
    while step is not None and step.reported is None:
        step = step.owner if step.owner is not step else None
    return None if step is None else step.reported


def _agent_step(original: Any) -> Callable[..., Any]:
    """Run a step of a workflow inside the run of its agent.

    That run ends when another agent takes over.
    """

    async def around(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        inside = guarded(_inside, instance, args, kwargs)
        if inside is None:
            return await wrapped(*args, **kwargs)
        with context.current(inside):
            return await wrapped(*args, **kwargs)

    return around


def _inside(flow: Any, args: Args, kwargs: Kwargs) -> Any:
    reported, name = _reported(), _event(args, kwargs).current_agent_name
    if reported is None:
        return None
    if reported.name_of(_AGENT) != name:
        reported.end(_AGENT, Result())
        reported.begin(_AGENT, "invoke_agent", Facts(name, description=flow.agents[name].description))
    return reported.context_of(_AGENT)


def _tool(flow: Any, args: Args, kwargs: Kwargs) -> Facts:
    call, reported = _event(args, kwargs), _reported()
    inside = None if reported is None else reported.context_of(_AGENT)
    if call.tool_name == "handoff" and inside is not None:
        with context.current(inside):
            hand_off("llama_index", call.tool_kwargs.get("to_agent"))
    return Facts(call.tool_name, call_id=call.tool_id, key=_tool, inside=inside)


def _arguments(flow: Any, args: Args, kwargs: Kwargs) -> Content:
    return Content(tool_arguments=plain(_event(args, kwargs).tool_kwargs))


def _tool_result(event: Any) -> Result:
    return Result(error_type="tool_error" if event.tool_output.is_error else None)


def _tool_output(event: Any) -> Content:
    return Content(tool_result=plain(event.tool_output.content))


def _function(tool: Any, args: Args, kwargs: Kwargs) -> Facts:
    return Facts(tool.metadata.name, description=tool.metadata.description, key=_tool)


def _function_output(output: Any) -> Content:
    return Content(tool_result=plain(output.content))


def _retriever(retriever: Any, args: Args, kwargs: Kwargs) -> Facts:
    return Facts(type(retriever).__name__, top_k=getattr(retriever, "similarity_top_k", None))


def _query(instance: Any, args: Args, kwargs: Kwargs) -> Content:
    given = args[0] if args else kwargs.get("str_or_query_bundle")
    return Content(query=str(getattr(given, "query_str", given)))


def _text(response: Any) -> Content | None:
    return None if response is None else Content(output_messages=output_message(response))


def _output(handler: Any) -> Content | None:
    output = handler.get_stop_event()
    response = getattr(getattr(output, "result", output), "response", None)
    return _text(getattr(response, "content", None))


def _response(response: Any) -> Content | None:
    return _text(getattr(response, "response", None))


_FLOWS = "llama_index.core.agent.workflow"
_CALL = (_tool, _tool_result, _arguments, _tool_output)

LLAMA_INDEX = Framework(
    "llama_index",
    "llama-index-core >= 0.14",
    (
        Step(f"{_FLOWS}.multi_agent_workflow:AgentWorkflow.run", "invoke_workflow", _agents, output=_output, reports=True, task="_result_task"),
        Step(f"{_FLOWS}.base_agent:BaseWorkflowAgent.run", "invoke_agent", _agent, output=_output, task="_result_task"),
        Step(f"{_FLOWS}.multi_agent_workflow:AgentWorkflow.call_tool", "execute_tool", *_CALL),
        Step(f"{_FLOWS}.base_agent:BaseWorkflowAgent.call_tool", "execute_tool", *_CALL),
        *(
            Step(f"llama_index.core.tools.function_tool:FunctionTool.{name}", "execute_tool", _function, output=_function_output)
            for name in ("call", "acall")
        ),
        *(
            Step(
                f"llama_index.core.base.base_retriever:BaseRetriever.{name}", "retrieval", _retriever,
                lambda found: Result(documents=len(found)), _query, lambda found: Content(documents=documents(found)),
            )
            for name in ("retrieve", "aretrieve")
        ),
        *(
            Step(f"llama_index.core.base.base_query_engine:BaseQueryEngine.{name}", "invoke_workflow", lambda *call: Facts(), output=_response)
            for name in ("query", "aquery")
        ),
    ),
    patches=((f"{_FLOWS}.multi_agent_workflow:AgentWorkflow.run_agent_step", _agent_step),),
)  # fmt: skip
