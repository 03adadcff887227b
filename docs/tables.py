"""Write the tables of the documentation from the tables of the package: ``python docs/tables.py`` (``--check`` only compares)."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from opentelemetry.instrumentation.llm import EVENTS, frameworks, metrics
from opentelemetry.instrumentation.llm.metrics import Metric
from opentelemetry.instrumentation.llm.metrics.gen_ai import GEN_AI, LEGACY
from opentelemetry.instrumentation.llm.providers import ALL
from opentelemetry.instrumentation.llm.settings import Settings
from opentelemetry.instrumentation.llm.steps.outcomes import CONTROL_FLOW

HERE = Path(__file__).parent
MADE = "<!-- Made from the tables of the package by docs/tables.py; change those. -->\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def events() -> str:
    """Return the page of events."""
    rows = ([f"`{e.name}`", _code(e.measurements), _code(e.metadata), e.description] for e in EVENTS.values())
    return (
        "# Events\n\n"
        + MADE
        + "\nMeasurements are numbers: `duration`, `since_last` and `time_to_first_chunk` in nanoseconds, `system_time` in nanoseconds "
        "since the epoch, `cost` and `threshold` in cents. Metadata is a mapping; a key whose value is not known is absent. `stop` and "
        "`exception` carry what `start` did. Request parameters (`temperature`, `max_tokens` ...) are metadata under their own names.\n\n"
        + table(("event", "measurements", "metadata", "when"), rows)
    )


def _metric_rows(chosen: Iterable[Metric]) -> Iterable[list[str]]:
    return ([f"`{m.name}`", m.kind, m.unit, _code(m.tags), m.description] for m in chosen)


def metrics_page() -> str:
    """Return the page of metrics."""
    head = ("metric", "kind", "unit", "tags", "what")
    return (
        f"# Metrics\n\n{MADE}\n## Ours\n\n{table(head, _metric_rows(metrics()))}\n## Of the GenAI semantic conventions\n\n"
        f"{table(head, _metric_rows(GEN_AI))}\n## By their names of conventions 1.37 (setting `legacy_metrics`)\n\n{table(head, _metric_rows(LEGACY))}"
    )


def providers() -> str:
    """Return the page of providers."""
    rows = (
        [
            p.name,
            f"`{p.requires}`",
            ", ".join(dict.fromkeys(point.operation for point in p.points)),
            ", ".join(dict.fromkeys(point.operation for point in p.points if point.dialect.streams)),
            str(len({point.route or point.target for point in p.points})),
        ]
        for p in ALL
    )
    return (
        f"# Providers\n\n{MADE}\n{table(('SDK', 'versions', 'operations', 'of which streamed', 'points'), rows)}\nBoth ends of `versions` are tried: "
        "`tox -e sdk-groq-oldest` and `tox -e sdk-groq-newest`, and so for every SDK, make one real call of each point. Where a point is\n"
        "younger than its SDK's oldest release, `tests/census/releases.py` says since when it is there.\n\n"
        "A framework that asks through these SDKs needs nothing of its own: instructor and Pydantic AI, which `tox -e frameworks` tries,\n"
        "make one inference a request, and so many more as they ask again because an answer was not valid.\n"
    )


def frameworks_page() -> str:
    """Return the page of agent frameworks."""
    rows = (
        [
            f.name,
            f"`{f.requires}`",
            ", ".join(dict.fromkeys(step.operation for step in (*f.steps, *f.pairs))),
            str(len(f.steps) + len(f.pairs)),
            "yes" if any(step.result is not None for step in (*f.steps, *f.pairs)) else "",
            "yes" if any(step.content is not None or step.output is not None for step in f.steps) else "",
        ]
        for f in frameworks.everyone()
    )
    outcomes = ([f"`{name}`", outcome] for name, outcome in CONTROL_FLOW.items())
    return (
        f"# Agent frameworks\n\n{MADE}\n"
        + table(("framework", "versions", "operations", "functions", "reads errors in results", "contents"), rows)
        + "\nBoth ends of `versions` are tried by one contract: `tox -e framework-langgraph-oldest`, `tox -e framework-langgraph-newest`, and so\n"
        "for every framework (`langchain` is proved with `langgraph`; `mcp_1` is the first generation of mcp). A whole run is one trace. An agent's\n"
        "usage and cost are those of its own inferences; those of an agent below it count there. `disabled_frameworks` leaves some out.\n\n"
        "A function that ends by one of these exceptions did not fail; the exception goes on unchanged, and `outcome` states what it means:\n\n"
        + table(("exception", "outcome"), outcomes)
        + "\nAgents of your own are marked by hand:\n\n```python\nfrom opentelemetry.instrumentation.llm import with_agent, with_tool\n\n\n"
        '@with_tool("get_weather")\ndef get_weather(city: str) -> str:\n    return f"sunny in {city}"\n\n\n'
        'with with_agent("planner", conversation_id="c-1") as run:\n    run.output = get_weather("Recife")\n```\n'
    )


def settings() -> str:
    """Return the page of settings."""
    rows = (
        [f"`{f.name}`", f"`{f.metadata['env']}`" if f.metadata["env"] else "", f"`{f.default!r}`", f.metadata["says"]]
        for f in fields(Settings)
    )
    return (
        f"# Settings\n\n{MADE}\nA keyword of `LLMInstrumentor().instrument()` wins over its variable, which wins over the default.\n\n"
        + table(("keyword", "variable", "default", "what"), rows)
        + "\n`tracer_provider`, `meter_provider` and `logger_provider` are keywords too, where the global ones are not wanted.\n"
    )


PAGES = {
    "events.md": events,
    "frameworks.md": frameworks_page,
    "metrics.md": metrics_page,
    "providers.md": providers,
    "settings.md": settings,
}


def main(check: bool) -> int:
    """Write or compare every page; return how many differ."""
    stale = [name for name, page in PAGES.items() if not (HERE / name).exists() or (HERE / name).read_text() != page()]
    for name in stale:
        if check:
            print(f"docs/{name} is not what the tables say; run python docs/tables.py")
        else:
            (HERE / name).write_text(PAGES[name]())
    return len(stale) if check else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
