"""Apply the changes of release v0.1.0 to the model of an earlier commit.

The files of the release could not be read. Its changelog and the first part of its pages could. Each change below is
`SEEN` there, or `INFERRED` from the pattern of the others; nothing else of the package depends on v0.1.0. When the files
can be read, empty `CHANGES`, run `generate.py` on them, and read the difference that it prints.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final, NamedTuple

Json = dict[str, Any]
SEEN, INFERRED = "seen", "inferred"
VERSION: Final = "0.1.0"
SCHEMA_URL: Final = "https://opentelemetry.io/schemas/gen-ai/0.1.0"
_OTHERS = "gen_ai.client.operation.exception"
_AGENT, _WORKFLOW = "gen_ai.invoke_agent.internal", "gen_ai.invoke_workflow.internal"


class Change(NamedTuple):
    """One change: how it is known, what it is, and the function that applies it."""

    state: str
    summary: str
    apply: Callable[[Json], None]


def _exception_event(name: str) -> Callable[[Json], None]:
    def apply(registry: Json) -> None:
        registry["events"][name] = copy.deepcopy(registry["events"][_OTHERS])

    return apply


def _embeddings_metrics(registry: Json) -> None:
    metrics = registry["metrics"]
    duration = copy.deepcopy(metrics["gen_ai.client.operation.duration"])
    metrics["gen_ai.client.embeddings.duration"] = duration
    tokens = copy.deepcopy(metrics["gen_ai.client.inference.operation.input_tokens"])
    tokens["attributes"] = {
        name: need for name, need in duration["attributes"].items() if name in tokens["attributes"] or name == "error.type"
    }
    metrics["gen_ai.client.embeddings.operation.input_tokens"] = tokens
    registry["spans"]["gen_ai.embeddings.client"]["duration"] = "gen_ai.client.embeddings.duration"


def _workflows_are_agents(registry: Json) -> None:
    workflow = registry["spans"].pop(_WORKFLOW)
    registry["spans"][_AGENT]["also_names"] = [*registry["spans"][_AGENT].get("also_names", ()), *workflow.get("also_names", ())]
    registry["metrics"].pop("gen_ai.invoke_workflow.duration")
    registry["spans"][_AGENT]["names"] = ["{gen_ai.operation.name} {gen_ai.agent.name}", "{gen_ai.operation.name}"]
    registry["spans"][_AGENT]["operations"] = ["invoke_agent", "invoke_workflow"]
    registry["deprecated_metrics"]["gen_ai.invoke_workflow.duration"] = "now gen_ai.invoke_agent.duration"
    registry["attributes"]["gen_ai.workflow.name"]["deprecated"] = "now gen_ai.agent.name"
    duration = registry["metrics"]["gen_ai.invoke_agent.duration"]["attributes"]
    duration.setdefault("gen_ai.operation.name", {"level": "required"})


def _top_k_is_a_whole_number(registry: Json) -> None:
    registry["attributes"]["gen_ai.request.top_k"]["type"] = "int"


def _no_id_of_internal_agents(registry: Json) -> None:
    registry["spans"][_AGENT]["attributes"].pop("gen_ai.agent.id", None)


def _schema_url(registry: Json) -> None:
    registry["source"] = {**registry["source"], "release": {"version": VERSION, "schema_url": SCHEMA_URL}}


CHANGES: Final = (
    Change(SEEN, "an exception event of inferences", _exception_event("gen_ai.client.inference.exception")),
    Change(SEEN, "an exception event of tools", _exception_event("gen_ai.execute_tool.exception")),
    Change(INFERRED, "an exception event of embeddings", _exception_event("gen_ai.client.embeddings.exception")),
    Change(INFERRED, "an exception event of agents and workflows", _exception_event("gen_ai.invoke_agent.exception")),
    Change(INFERRED, "an exception event of retrievals", _exception_event("gen_ai.retrieval.exception")),
    Change(SEEN, "duration and input tokens of embeddings have metrics of their own", _embeddings_metrics),
    Change(SEEN, "workflows are internal agents, gen_ai.workflow.name is gen_ai.agent.name (#571)", _workflows_are_agents),
    Change(SEEN, "gen_ai.request.top_k is a whole number (#217)", _top_k_is_a_whole_number),
    Change(SEEN, "no gen_ai.agent.id on internal agents (#242)", _no_id_of_internal_agents),
    Change(INFERRED, "the schema URL, by the pattern gen-ai/X.Y.Z", _schema_url),
)


def apply(registry: Json) -> Json:
    """Apply every change to a registry and return it."""
    for change in CHANGES:
        change.apply(registry)
    registry["source"]["release"]["changes"] = [f"{change.state}: {change.summary}" for change in CHANGES]
    return registry
