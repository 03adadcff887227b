"""Test that each program of ``examples/recipes`` runs and prints what it shows."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "examples" / "recipes"
SHOWN = {
    "streaming.py": ("first chunk", "closed_early"),
    "own_handler.py": ('"provider": "openai"', '"milliseconds": ', '"input_tokens": 5'),
    "budgets.py": ("ex_llm.cost.threshold_exceeded ada", "Your budget for today is used up.", "spent: 0.00"),
    "prometheus_metrics.py": ('ex_llm_chat_requests_total{model="gpt-4o-mini",provider="openai"} 1.0', "ex_llm_cost_cents"),
    "statsd_metrics.py": ("shop.ex_llm.cost", "gpt-4o-mini"),
    "threads_and_tasks.py": ("two threads", "two tasks"),
    "evaluation_events.py": ("support", "feedback recorded for chatcmpl-"),
    "redaction.py": ("My card is [card].",),
    "lambda_handler.py": ("lambda", "200"),
    "jupyter.py": ("traces: exported by LiveSpanExporter", "What to do:", "chat gpt-4o-mini"),
    "fastapi_sse.py": ("data: ", "chat gpt-4o-mini"),
    "langgraph_agent.py": ("invoke_agent forecaster", "chat gpt-4o-mini"),
    "openai_agents.py": ("invoke_agent forecaster", "chat gpt-4o-mini"),
    "mcp_client.py": ("It is sunny in Recife.", "ask a tool", "tools/call weather"),
}
NEEDS = {
    "prometheus_metrics.py": "prometheus_client", "fastapi_sse.py": "fastapi", "langgraph_agent.py": "langchain",
    "openai_agents.py": "agents", "mcp_client.py": "mcp",
}  # fmt: skip


def test_every_recipe_is_run() -> None:
    assert {path.name for path in RECIPES.glob("*.py")} == {*SHOWN, "mcp_server.py"}


@pytest.mark.parametrize("name", SHOWN)
def test_a_recipe_is_short_and_shows_its_subject(name: str, stand_in: Any) -> None:
    needed = NEEDS.get(name)
    if needed and importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    assert len((RECIPES / name).read_text().splitlines()) <= 40
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    environment = {**kept, "OPENAI_BASE_URL": f"{stand_in.url}/v1", "OPENAI_API_KEY": "none", "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, str(RECIPES / name)], capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    missing = [text for text in SHOWN[name] if text not in done.stdout + done.stderr]
    assert missing == [], done.stdout + done.stderr
