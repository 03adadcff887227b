"""Test that the matrix marks nothing as passed that did not run."""

from __future__ import annotations

from typing import Any

import pytest

from harness.report.matrix import Key, Matrix, Observer, Page, Result, Row
from opentelemetry.instrumentation.llm.calls.running import ActiveCall
from opentelemetry.instrumentation.llm.providers.groq import GROQ

CHAT, OTHER = (Row("groq", point) for point in GROQ.points[:2])
SEEN = Key("groq", "groq-chat", "sync")
PASSED, FAILED = Result("passed"), Result("failed")


def matrix(*results: tuple[str, Key, Result]) -> Matrix:
    made = Matrix()
    made.saw(CHAT, SEEN)
    for result in results:
        made.add(*result)
    return made


@pytest.mark.parametrize("about", [SEEN, Key("groq", "groq-chat"), Key("groq")])
def test_a_test_counts_for_its_own_points(about: Key) -> None:
    assert matrix(("exits", about, PASSED), ("exits", about, PASSED)).cell(CHAT, "exits") == ("2", "")


@pytest.mark.parametrize("about", [Key("groq", "groq-chat", "async"), Key("groq", "groq-speech", "sync"), Key("xai")])
def test_a_test_of_another_subject_does_not_count(about: Key) -> None:
    assert matrix(("exits", about, PASSED)).cell(CHAT, "exits")[0] == "HOLE"


def test_one_failure_is_a_failure() -> None:
    assert matrix(("exits", SEEN, PASSED), ("exits", SEEN, FAILED)).cell(CHAT, "exits") == ("FAIL", "1 of 2 failed")


def test_a_skipped_test_shows_its_reason() -> None:
    reported = matrix(("exits", SEEN, Result("skipped", "it has no streams")))
    assert reported.cell(CHAT, "exits") == ("n/a", "it has no streams")
    page = Page(reported, [CHAT], ["exits"])
    assert page.holes == [] and "1: it has no streams" in list(page.lines())


def test_a_point_that_never_begins_a_call_is_a_gap() -> None:
    page = Page(matrix(("exits", Key("groq"), PASSED)), [CHAT, OTHER], ["exits"])
    assert page.holes == [f"groq {OTHER.title} / exits: no sample makes it begin a call"]


def test_points_are_those_that_begin_a_call(seen: Any, stand_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import openai

    from opentelemetry.instrumentation.llm.providers.openai import OPENAI

    observer = Observer([OPENAI, GROQ])
    monkeypatch.setattr(ActiveCall, "enter", observer.around(ActiveCall.enter))
    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="k", max_retries=0) as client:
        client.embeddings.create(model="text-embedding-3-small", input="a")
    (row,) = observer.begun
    assert (row.provider, row.point.route, row.point.operation) == ("openai", "POST /embeddings", "embeddings")
    assert "SyncAPIClient" in row.title
