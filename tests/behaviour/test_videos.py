"""Test that a generated video is counted once, by its seconds."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from harness.servers.loopback import serving
from opentelemetry.instrumentation.llm.testing import capture_events

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")


@pytest.mark.parametrize(
    ("model", "size", "cents"), [("sora-2", "720x1280", 80), ("sora-2-pro", "1280x720", 240), ("sora-2-pro", "1024x1792", 400)]
)
def test_finished_video_counts_once_by_its_seconds(model: str, size: str, cents: float, seen: Any) -> None:
    polls: list[str] = []

    def respond(method: str, path: str, body: Any) -> Any:
        polls.append(path)
        status = "completed" if len(polls) > 2 else "queued"
        return {
            "id": "v1",
            "object": "video",
            "model": model,
            "seconds": "8",
            "size": size,
            "status": status,
            "created_at": 1,
            "progress": 0,
        }

    with serving(respond) as url, openai.OpenAI(api_key="k", base_url=url) as client, capture_events("ex_llm.cost.*") as emitted:
        client.videos.create(model=model, prompt="x", seconds="8")
        for _ in range(3):
            client.videos.retrieve("v1")
    assert [(e.name, e.measurements.get("cost")) for e in emitted] == [("ex_llm.cost.calculated", pytest.approx(cents))]


def test_video_of_an_unlisted_size_has_a_reason(seen: Any) -> None:
    polls: list[str] = []

    def respond(method: str, path: str, body: Any) -> Any:
        polls.append(path)
        status = "completed" if len(polls) > 1 else "queued"
        return {"id": "v1", "object": "video", "model": "sora-2", "seconds": "8", "size": "4000x4000", "status": status, "created_at": 1}

    with serving(respond) as url, openai.OpenAI(api_key="k", base_url=url) as client, capture_events("ex_llm.cost.*") as emitted:
        client.videos.create(model="sora-2", prompt="x")
        client.videos.retrieve("v1")
    assert [e.metadata.get("reason") for e in emitted] == ["unpriced_size"]
