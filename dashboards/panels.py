"""The Grafana dashboards: tables of panels, converted into JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from queries import Queries, or_zero

WIDTH, STAT_HEIGHT, GRAPH_HEIGHT = 24, 4, 8
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_CHAT, _DURATION = "ex_llm.chat.requests.total", "ex_llm.chat.duration.milliseconds"
_FIRST, _COST = "ex_llm.stream.time_to_first_chunk.milliseconds", "ex_llm.cost.cents.total"
_LEFT = "ex_llm.provider.rate_limit.remaining"
_INPUT, _CACHED = "ex_llm.tokens.input.total", "ex_llm.tokens.cached.total"

_LOOKS: dict[str, dict[str, dict[str, Any]]] = {
    "stat": {
        "defaults": {},
        "options": {
            "reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "area", "justifyMode": "center", "textMode": "value",
        },
    },
    "timeseries": {
        "defaults": {"custom": {"lineWidth": 2, "fillOpacity": 8, "showPoints": "never", "spanNulls": 120_000}},
        "options": {
            "tooltip": {"mode": "multi", "sort": "desc"},
            "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]},
        },
    },
}  # fmt: skip

q = Queries("$__rate_interval", chosen=True)
_cost_today = q.increase(_COST, window="$__range")
_hits, _misses = q.rate("ex_llm.cache.hits.total", "cache"), q.rate("ex_llm.cache.misses.total", "cache")


class Panel(NamedTuple):
    """One panel: title, unit, description, and queries by legend.

    ``since`` overrides the time range.
    """

    title: str
    unit: str
    description: str
    queries: dict[str, str]
    since: str | None = None
    worse_from: float | None = None


class Row(NamedTuple):
    """Panels below one heading; ``stats`` are small panels with one number."""

    title: str
    graphs: tuple[Panel, ...] = ()
    stats: tuple[Panel, ...] = ()


class Dashboard(NamedTuple):
    """One dashboard: file, identifier, title, description and rows."""

    file: str
    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]


CALLS = Panel("Calls per second", "reqps", "Started chats, embeddings, image and audio calls.", {
    "calls": " + ".join([q.rate(_CHAT), *(or_zero(q.rate(f"ex_llm.{each}.requests.total")) for each in ("embedding", "image", "audio"))]),
})  # fmt: skip
FAILED = Panel("Failed chats", "percentunit", "Share of chats that ended with an exception.", {
    "failed": f"{or_zero(q.rate('ex_llm.chat.errors.total'))} / {q.rate(_CHAT)}",
}, worse_from=0.05)  # fmt: skip
P95 = Panel("Duration, 95th percentile", "ms", "Of chats; streams are measured to their end.", {"p95": q.quantile(0.95, _DURATION)})
COST_TODAY = Panel("Cost today", "currencyUSD", "Cost of calls since midnight, in US dollars.", {
    "cost": f"{_cost_today} / 100",
}, since="now/d")  # fmt: skip
BUDGET = Panel("Budget used today", "percentunit", "Cost since midnight divided by the variable Budget (US dollars per day).", {
    "spent": f"{_cost_today} / 100 / $budget",
}, since="now/d", worse_from=1.0)  # fmt: skip
UNPRICED = Panel("Calls without a price", "short", "Calls whose cost is unknown. Sums of costs do not include them.", {
    "unpriced": or_zero(q.increase("ex_llm.telemetry.unpriced_calls.total", window="$__range")),
}, worse_from=1)  # fmt: skip
CHATS = Panel("Chats by model", "reqps", "Started chats per second.", {"{{provider}} {{model}}": q.rate(_CHAT, "provider", "model")})
KINDS = Panel("Failed chats by kind", "reqps", "Chats per second that ended with an exception.", {
    "{{kind}}": q.rate("ex_llm.chat.errors.total", "kind"),
})  # fmt: skip
DURATION = Panel("Duration of chats", "ms", "Duration of chats. Streams are measured to their end.", {
    f"p{share * 100:.0f}": q.quantile(share, _DURATION) for share in (0.5, 0.95, 0.99)
})  # fmt: skip
FIRST = Panel("Time to the first chunk", "ms", "From the start of a streamed call to the first chunk that the application read.", {
    f"p{share * 100:.0f}": q.quantile(share, _FIRST) for share in (0.5, 0.95, 0.99)
})  # fmt: skip
TOKENS = Panel("Tokens per second", "short", "Input includes cached tokens; output includes reasoning.", {
    "input": q.rate(_INPUT), "of which cached": q.rate(_CACHED),
    "output": q.rate("ex_llm.tokens.output.total"), "of which reasoning": q.rate("ex_llm.tokens.reasoning.total"),
})  # fmt: skip
COST = Panel("Cost per hour by model", "currencyUSD", "In US dollars, at the current rate.", {
    "{{provider}} {{model}}": f"{q.rate(_COST, 'provider', 'model')} * 36",
})  # fmt: skip
ATTEMPTS = Panel("Attempts, retries and refusals", "reqps", "HTTP attempts of calls.", {
    "response {{status_class}}": q.rate("ex_llm.provider.requests.total", "status_class"),
    "retries": q.rate("ex_llm.provider.retries.total"),
    "rate limited": or_zero(q.rate("ex_llm.provider.rate_limits.total")),
    "no response": or_zero(q.rate("ex_llm.provider.errors.total")),
})  # fmt: skip
LIMITS = Panel("Remaining rate limits", "percentunit", "Remaining amount that providers report, divided by the highest remaining amount in the time range.", {
    "{{provider}} {{kind}}": f"min by (provider, kind) ({q.series(_LEFT)} / max_over_time({q.series(_LEFT)}[$__range]))",
})  # fmt: skip
HITS = Panel("Cache hits", "percentunit", "Responses found in a response cache, and input tokens that the provider read from its cache.", {
    "responses in {{cache}}": f"{or_zero(_hits, _misses)} / ({or_zero(_hits, _misses)} + {or_zero(_misses, _hits)})",
    "tokens cached by the provider": f"{or_zero(q.rate(_CACHED))} / {q.rate(_INPUT)}",
})  # fmt: skip
CROSSINGS = Panel("Costs over a threshold or budget", "short", "Number of crossings, by the name of the threshold or budget.", {
    "{{scope}}": q.increase("ex_llm.cost.threshold_exceeded.total", "scope"),
})  # fmt: skip
SAVINGS = Panel("Savings per hour", "currencyUSD", "Cost that cached tokens and cached responses saved, in US dollars.", {
    "cached tokens": f"{or_zero(q.rate('ex_llm.cost.saved.cents.total'))} * 36",
    "cached responses": f"{or_zero(q.rate('ex_llm.cache.saved.cents.total'))} * 36",
})  # fmt: skip
FAULTS = Panel("Instrumentation problems", "short", "Errors of handlers and of the instrumentation; calls without a price; functions that an SDK lacks.", {
    "failed handlers": or_zero(q.increase("ex_llm.telemetry.handler_failures.total")),
    "failed steps of the instrumentation": or_zero(q.increase("ex_llm.telemetry.extraction_errors.total")),
    "calls without a price": or_zero(q.increase("ex_llm.telemetry.unpriced_calls.total")),
    "missing functions": or_zero(q.newest("sum", "ex_llm.telemetry.missing_targets")),
})  # fmt: skip
AGENT_RUNS = Panel("Agent runs", "reqps", "Started runs of agents per second, by agent.", {
    "{{agent_name}}": q.rate("ex_llm.agent.runs.total", "agent_name"),
})  # fmt: skip
AGENT_INFERENCES = Panel("Model calls in a run", "short", "Model calls divided by runs. A growing number is the sign of an agent that does not stop.", {
    "{{agent_name}}": f"{q.rate('ex_llm.agent.inferences.total', 'agent_name')} / {q.rate('ex_llm.agent.runs.total', 'agent_name')}",
})  # fmt: skip
AGENT_COST = Panel("Cost of agents per hour", "currencyUSD", "Cost of the model calls of agents, in US dollars.", {
    "{{agent_name}}": f"{q.rate('ex_llm.agent.cost.cents.total', 'agent_name')} * 36",
})  # fmt: skip
AGENT_DURATION = Panel("Duration of agent runs", "ms", "Duration of one run.", {
    f"p{share * 100:.0f}": q.quantile(share, "ex_llm.agent.duration.milliseconds") for share in (0.5, 0.95)
})  # fmt: skip
AGENT_ERRORS = Panel("Failed agent runs", "reqps", "Runs per second that ended with an exception, by agent and kind.", {
    "{{agent_name}} {{kind}}": q.rate("ex_llm.agent.errors.total", "agent_name", "kind"),
})  # fmt: skip
TOOLS = Panel("Tool executions", "reqps", "Started executions per second, by tool.", {
    "{{tool_name}}": q.rate("ex_llm.tool.calls.total", "tool_name"),
})  # fmt: skip
TOOL_ERRORS = Panel("Failed tool executions", "reqps", "Executions per second that ended with an exception, by tool and kind.", {
    "{{tool_name}} {{kind}}": q.rate("ex_llm.tool.errors.total", "tool_name", "kind"),
})  # fmt: skip
RETRIEVALS = Panel("Retrieved documents", "short", "Documents in one retrieval, by data source.", {
    "{{data_source_id}}": f"{q.rate('ex_llm.retrieval.documents.total', 'data_source_id')} / "
                          f"{q.rate('ex_llm.retrieval.requests.total', 'data_source_id')}",
})  # fmt: skip
OTHER_COST = Panel("Cost per hour by provider", "currencyUSD", "In US dollars, at the current rate.", {
    "{{provider}}": f"{q.rate(_COST, 'provider')} * 36",
})  # fmt: skip
PER_CHAT = Panel("Cost of one chat", "currencyUSD", "Cost per hour divided by chats per hour, by model.", {
    "{{provider}} {{model}}": f"{q.rate(_COST, 'provider', 'model')} / 100 / {q.rate(_CHAT, 'provider', 'model')}",
})  # fmt: skip
REASONS = Panel("Calls without a price by reason", "short", "Add prices with OTEL_INSTRUMENTATION_LLM_PRICES.", {
    "{{provider}} {{model}} {{reason}}": q.increase("ex_llm.telemetry.unpriced_calls.total", "provider", "model", "reason"),
})  # fmt: skip
WAITS = Panel("Waits between attempts", "ms", "Time per second that calls waited before they tried again.", {
    "{{provider}}": q.rate("ex_llm.provider.retries.waited.milliseconds.total", "provider"),
})  # fmt: skip
ATTEMPT_DURATION = Panel("Duration of HTTP attempts", "ms", "Duration of single attempts, 95th percentile.", {
    "{{provider}}": q.quantile(0.95, "ex_llm.provider.request.duration.milliseconds", "provider"),
})  # fmt: skip
TOO_LONG = Panel("Prompts that were too long", "short", "Prompts that a provider rejected because of their length.", {
    "{{provider}} {{model}}": q.increase("ex_llm.context.window_exceeded.total", "provider", "model"),
})  # fmt: skip


def _family(name: str, title: str) -> tuple[Panel, ...]:
    requests, errors, duration = (f"ex_llm.{name}.{part}" for part in ("requests.total", "errors.total", "duration.milliseconds"))
    return (
        Panel(f"{title} by model", "reqps", "Started calls per second.", {"{{provider}} {{model}}": q.rate(requests, "provider", "model")}),
        Panel(f"Failed {title.lower()}", "reqps", "Calls per second that ended with an exception.", {"{{kind}}": q.rate(errors, "kind")}),
        Panel(f"Duration of {title.lower()}", "ms", "Duration of calls.", {
            f"p{share * 100:.0f}": q.quantile(share, duration) for share in (0.5, 0.95)
        }),
    )  # fmt: skip


DASHBOARDS = (
    Dashboard("grafana-overview.json", "ex-llm-overview", "LLM calls", "Calls, cost and agents.", (
        Row("Now", stats=(CALLS, FAILED, P95, COST_TODAY, BUDGET, UNPRICED)),
        Row("Chats", (CHATS, KINDS, DURATION, FIRST, TOKENS, COST)),
        Row("Agents and tools", (AGENT_RUNS, AGENT_INFERENCES, AGENT_COST, AGENT_DURATION, TOOLS, TOOL_ERRORS)),
        Row("Embeddings", _family("embedding", "Embeddings")),
        Row("Images", _family("image", "Image calls")),
        Row("Audio", _family("audio", "Audio calls")),
        Row("Provider and instrumentation", (ATTEMPTS, LIMITS, HITS, CROSSINGS, SAVINGS, FAULTS)),
    )),
    Dashboard("grafana-cost.json", "ex-llm-cost", "LLM cost", "What calls, models and agents cost.", (
        Row("Now", stats=(COST_TODAY, BUDGET, UNPRICED)),
        Row("Cost", (COST, OTHER_COST, PER_CHAT, AGENT_COST, TOKENS, CROSSINGS)),
        Row("Savings and gaps", (SAVINGS, HITS, REASONS)),
    )),
    Dashboard("grafana-reliability.json", "ex-llm-reliability", "LLM reliability", "Errors, retries, limits and latency.", (
        Row("Now", stats=(CALLS, FAILED, P95)),
        Row("Errors", (KINDS, AGENT_ERRORS, TOOL_ERRORS, TOO_LONG, ATTEMPTS, WAITS)),
        Row("Latency", (DURATION, FIRST, ATTEMPT_DURATION)),
        Row("Limits and instrumentation", (LIMITS, RETRIEVALS, FAULTS)),
    )),
)  # fmt: skip


def dashboard(about: Dashboard) -> dict[str, Any]:
    """Return a dashboard in Grafana's JSON model."""
    panels = list(_panels(about.rows))
    return {
        "uid": about.uid,
        "title": about.title,
        "description": f"{about.description} Generated by dashboards/generate.py from the metrics of opentelemetry-instrumentation-llm.",
        "tags": ["llm", "opentelemetry"],
        "links": [{**_LINK, "title": other.title, "url": f"/d/{other.uid}"} for other in DASHBOARDS if other is not about],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "templating": {"list": _variables()},
        "annotations": {"list": []},
        "panels": [{"id": number, **panel} for number, panel in enumerate(panels, 1)],
    }


def _panels(rows: tuple[Row, ...]) -> Iterator[dict[str, Any]]:
    top = 0
    for row in rows:
        yield {"type": "row", "title": row.title, "collapsed": False, "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": top}, "panels": []}
        top += 1
        for kind, panels, height in (("stat", row.stats, STAT_HEIGHT), ("timeseries", row.graphs, GRAPH_HEIGHT)):
            in_a_row = len(panels) if kind == "stat" else 3
            yield from (_panel(panel, kind, _place(number, in_a_row, height, top)) for number, panel in enumerate(panels))
            top += height * -(-len(panels) // max(in_a_row, 1))


def _place(number: int, in_a_row: int, height: int, top: int) -> dict[str, int]:
    row, column = divmod(number, in_a_row)
    width = WIDTH // in_a_row
    return {"h": height, "w": width, "x": column * width, "y": top + row * height}


def _panel(panel: Panel, kind: str, place: dict[str, int]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.worse_from is not None:
        steps.append({"color": "red", "value": panel.worse_from})
    shown: dict[str, Any] = {"unit": panel.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}}
    looks = _LOOKS[kind]
    made: dict[str, Any] = {
        "type": kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": shown | looks["defaults"], "overrides": []},
        "options": looks["options"],
        "targets": [_target(letter, legend, query) for letter, (legend, query) in zip("ABCDEF", panel.queries.items(), strict=False)],
    }
    return {**made, "timeFrom": panel.since} if panel.since else made


def _target(letter: str, legend: str, query: str) -> dict[str, Any]:
    return {"refId": letter, "datasource": _SOURCE, "expr": query, "legendFormat": legend, "editorMode": "code", "range": True}


_LINK = {
    "type": "link", "icon": "dashboard", "tooltip": "", "tags": [], "asDropdown": False, "targetBlank": False,
    "includeVars": True, "keepTime": True,
}  # fmt: skip
_LABELS = {"job": "Job", "service": "Service", "instance": "Instance", "provider": "Provider", "model": "Model"}


def _variables() -> list[dict[str, Any]]:
    values = Queries("5m").series(_CHAT)
    return [
        {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
        *(
            {
                "name": name, "label": label, "type": "query", "datasource": _SOURCE,
                "query": f"label_values({values}, {'service_name' if name == 'service' else name})", "refresh": 2,
                "multi": True, "includeAll": True, "allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]},
            }
            for name, label in _LABELS.items()
        ),
        {
            "name": "budget", "label": "Budget (US dollars per day)", "type": "textbox", "query": "10",
            "current": {"text": "10", "value": "10"},
        },
    ]  # fmt: skip
