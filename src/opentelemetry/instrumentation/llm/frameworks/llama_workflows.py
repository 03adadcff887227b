"""Workflows of LlamaIndex that users define; for agents see ``llama_index``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..schema.records import Content
from ..steps.contents import output_message
from ..steps.tables import Facts, Framework, Step


def _workflow(flow: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Facts | None:
    kind = type(flow)
    # Agents are workflows too.
    if kind.__module__.startswith("llama_index.core."):
        return None
    return Facts(getattr(flow, "workflow_name", None) or kind.__name__)


def _output(handler: Any) -> Content | None:
    result = getattr(handler.get_stop_event(), "result", None)
    return None if result is None else Content(output_messages=output_message(result))


LLAMA_WORKFLOWS = Framework(
    "llama_workflows",
    "llama-index-workflows >= 2.0",
    (Step("workflows.workflow:Workflow.run", "invoke_workflow", _workflow, output=_output, task="_result_task"),),
)
