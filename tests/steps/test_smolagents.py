"""Test smolagents where its code runs in a thread of its own."""

from __future__ import annotations

import pytest

from conftest import Seen
from opentelemetry.instrumentation.llm import with_agent

pytestmark = pytest.mark.filterwarnings("ignore")  # of the framework


def test_a_tool_that_code_calls_belongs_to_its_agent() -> None:
    smolagents = pytest.importorskip("smolagents")
    executor_module = pytest.importorskip("smolagents.local_python_executor")
    seen = Seen()
    try:
        seen.instrument()

        @smolagents.tool  # type: ignore[untyped-decorator]
        def get_weather(city: str) -> str:
            """Return the weather of a city.

            Args:
                city: The city.
            """
            return f"sunny in {city}"

        executor = executor_module.LocalPythonExecutor([])
        executor.send_tools({"get_weather": get_weather})
        with with_agent("coder"):
            assert executor("get_weather(city='Recife')").output == "sunny in Recife"
        tool, agent = seen.spans()
        assert (tool.name, tool.parent.span_id) == ("execute_tool get_weather", agent.context.span_id)
    finally:
        seen.close()
