"""Agents and knowledge bases at AWS: usage from traces, and its cost."""

from __future__ import annotations

from typing import Any

import pytest

bedrock = pytest.importorskip("calls.bedrock", exc_type=ImportError)
pytest.importorskip("botocore", exc_type=ImportError)

_BY_POINT = {sample["point"]: sample for sample in bedrock.AT_AWS}


def _call(point: str, url: str, **changed: Any) -> list[Any]:
    sample = _BY_POINT[f"POST /{point}"]
    client = sample["client"](url)
    name, requested = {"InvokeAgent": ("invoke_agent", bedrock._AGENT), "InvokeInlineAgent": ("invoke_inline_agent", bedrock._INLINE)}[
        point
    ]
    return list(getattr(client, name)(**{**requested, **changed})["completion"])


@pytest.mark.parametrize("point", ["InvokeAgent", "InvokeInlineAgent"])
def test_an_agent_has_the_sum_of_the_model_calls_in_its_traces(point: str, seen: Any, stand_in: Any) -> None:
    assert len(_call(point, stand_in.url)) > 4
    known = seen.span().attributes
    assert known["gen_ai.operation.name"] == "invoke_agent"
    assert (known["gen_ai.usage.input_tokens"], known["gen_ai.usage.output_tokens"]) == (6, 6)
    assert known["ex_llm.cost.cents"] == pytest.approx(6 * 0.0003 + 6 * 0.0015)
    assert known["gen_ai.conversation.id"] == "session-1"


def test_an_agent_without_traces_reports_no_usage(seen: Any, stand_in: Any) -> None:
    _call("InvokeAgent", stand_in.url, enableTrace=False)
    known = seen.span().attributes
    assert known["gen_ai.agent.id"] == "AAAAAAAAAA"
    assert "gen_ai.usage.input_tokens" not in known and known["ex_llm.cost.unknown_reason"]


def test_a_retrieval_has_its_source_and_number_of_documents(seen: Any, stand_in: Any) -> None:
    client = _BY_POINT["POST /Retrieve"]["client"](stand_in.url)
    search = {"vectorSearchConfiguration": {"numberOfResults": 2}}
    client.retrieve(knowledgeBaseId="KBKBKBKBKB", retrievalQuery={"text": "secret"}, retrievalConfiguration=search)
    known = seen.span().attributes
    assert (known["gen_ai.data_source.id"], known["gen_ai.retrieval.top_k"], known["ex_llm.retrieval.documents"]) == ("KBKBKBKBKB", 2, 2)
    assert "secret" not in str(dict(known))
    assert seen.total("ex_llm.retrieval.requests.total") == 1


def test_a_generation_with_a_knowledge_base_names_model_and_source(seen: Any, stand_in: Any) -> None:
    client = _BY_POINT["POST /RetrieveAndGenerate"]["client"](stand_in.url)
    client.retrieve_and_generate(**bedrock._FROM_KB)
    known = seen.span().attributes
    assert known["gen_ai.request.model"] == "anthropic.claude-3-5-sonnet-20241022-v2:0"
    assert known["gen_ai.data_source.id"] == "KBKBKBKBKB"
    assert known["ex_llm.cost.unknown_reason"] == "no_usage"
