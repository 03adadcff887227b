"""Instrument LangChain: tools and retrievers. For agents see ``langgraph``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..schema.records import Content
from ..steps.contents import documents, plain
from ..steps.tables import Facts, Framework, Result, Step
from ._trimming import trimming

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]


def _tool(tool: Any, args: Args, kwargs: Kwargs) -> Facts:
    return Facts(tool.name, description=tool.description, call_id=kwargs.get("tool_call_id"))


def _tool_content(tool: Any, args: Args, kwargs: Kwargs) -> Content:
    return Content(tool_arguments=plain(args[0] if args else kwargs.get("tool_input")))


def _tool_result(result: Any) -> Result:
    # ``handle_tool_error`` turns an exception into a message for the model.
    return Result(error_type="tool_error" if getattr(result, "status", None) == "error" else None)


def _tool_output(result: Any) -> Content:
    return Content(tool_result=plain(getattr(result, "content", result)))


def _retriever(retriever: Any, args: Args, kwargs: Kwargs) -> Facts:
    top_k = (getattr(retriever, "search_kwargs", None) or {}).get("k")
    return Facts(retriever.get_name(), top_k=top_k if isinstance(top_k, int) else None)


def _query(retriever: Any, args: Args, kwargs: Kwargs) -> Content:
    return Content(query=str(args[0] if args else kwargs.get("input")))


def _counted(result: Any) -> Result:
    return Result(documents=len(result))


def _documents(result: Any) -> Content:
    return Content(documents=documents(result))


_TOOL = (_tool, _tool_result, _tool_content, _tool_output)
_RETRIEVER = (_retriever, _counted, _query, _documents)

LANGCHAIN = Framework(
    "langchain",
    "langchain-core >= 1.0",
    (
        *(Step(f"langchain_core.tools.base:BaseTool.{name}", "execute_tool", *_TOOL) for name in ("run", "arun")),
        *(Step(f"langchain_core.retrievers:BaseRetriever.{name}", "retrieval", *_RETRIEVER) for name in ("invoke", "ainvoke")),
    ),
    patches=(("langchain_core.messages.utils:trim_messages", lambda original: trimming),),
)
