"""Runs of assistants that the program polls, and searches in vector stores."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from harness.servers.loopback import serving

openai = pytest.importorskip("openai", exc_type=ImportError)
_RUN = {
    "id": "run_1", "object": "thread.run", "created_at": 1, "assistant_id": "asst_1", "thread_id": "thread_1", "model": "gpt-4o",
    "instructions": "", "tools": [], "metadata": {}, "parallel_tool_calls": True,
}  # fmt: skip
_USAGE = {"prompt_tokens": 1000, "completion_tokens": 20, "total_tokens": 1020}


@pytest.fixture
def polled() -> Iterator[str]:
    """Serve a run that is finished at the second fetch, and at every later one."""
    fetches = iter(("in_progress", *("completed" for _ in range(9))))

    def respond(method: str, path: str, body: Any) -> Any:
        status = "queued" if method == "POST" else next(fetches)
        return {**_RUN, "status": status, "usage": _USAGE if status == "completed" else None}

    with serving(respond) as url:
        yield url


def test_the_usage_of_a_run_counts_once(polled: str, seen: Any) -> None:
    client = openai.OpenAI(api_key="k", base_url=f"{polled}/v1", max_retries=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        run = client.beta.threads.runs.create_and_poll(thread_id="thread_1", assistant_id="asst_1", poll_interval_ms=1)
        client.beta.threads.runs.retrieve("run_1", thread_id="thread_1")
    client.close()
    assert run.usage.total_tokens == 1020
    spans = seen.spans()
    agents = [span.attributes for span in spans if span.attributes["gen_ai.operation.name"] == "invoke_agent"]
    assert [(a["gen_ai.agent.id"], a["gen_ai.conversation.id"]) for a in agents] == [("asst_1", "thread_1")]
    assert seen.total("ex_llm.cost.cents.total") == pytest.approx(1000 * 0.00025 + 20 * 0.001)


def test_a_search_has_its_store_and_number_of_documents(seen: Any, stand_in: Any) -> None:
    with openai.OpenAI(api_key="k", base_url=f"{stand_in.url}/v1", max_retries=0) as client:
        client.vector_stores.search("vs_1", query="secret", max_num_results=3)
    known = seen.span().attributes
    assert (known["gen_ai.operation.name"], known["gen_ai.data_source.id"], known["gen_ai.retrieval.top_k"]) == ("retrieval", "vs_1", 3)
    assert known["ex_llm.retrieval.documents"] == 1
    assert "secret" not in str(dict(known))
