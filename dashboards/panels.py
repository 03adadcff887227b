"""The Grafana dashboard: a table of panels, converted into JSON."""

from __future__ import annotations

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


STATS = (
    Panel("Calls per second", "reqps", "Started chats and embeddings.", {
        "calls": f"{q.rate(_CHAT)} + {or_zero(q.rate('ex_llm.embedding.requests.total'))}",
    }),
    Panel("Failed chats", "percentunit", "Share of chats that ended with an exception.", {
        "failed": f"{or_zero(q.rate('ex_llm.chat.errors.total'))} / {q.rate(_CHAT)}",
    }, worse_from=0.05),
    Panel("Duration, 95th percentile", "ms", "Of chats; streams are measured to their end.", {"p95": q.quantile(0.95, _DURATION)}),
    Panel("Cost today", "currencyUSD", "Cost of calls since midnight, in US dollars.", {
        "cost": f"{_cost_today} / 100",
    }, since="now/d"),
    Panel("Budget used today", "percentunit", "Cost since midnight divided by the variable Budget (US dollars per day).", {
        "spent": f"{_cost_today} / 100 / $budget",
    }, since="now/d", worse_from=1.0),
    Panel("Calls without a price", "short", "Calls whose cost is unknown. Sums of costs do not include them.", {
        "unpriced": or_zero(q.increase("ex_llm.telemetry.unpriced_calls.total", window="$__range")),
    }, worse_from=1),
)  # fmt: skip

GRAPHS = (
    Panel("Chats by model", "reqps", "Started chats per second.", {"{{provider}} {{model}}": q.rate(_CHAT, "provider", "model")}),
    Panel("Failed chats by kind", "reqps", "Chats per second that ended with an exception.", {
        "{{kind}}": q.rate("ex_llm.chat.errors.total", "kind"),
    }),
    Panel("Duration of chats", "ms", "Duration of chats. Streams are measured to their end.", {
        f"p{share * 100:.0f}": q.quantile(share, _DURATION) for share in (0.5, 0.95, 0.99)
    }),
    Panel("Time to the first chunk", "ms", "From the start of a streamed call to the first chunk that the application read.", {
        f"p{share * 100:.0f}": q.quantile(share, _FIRST) for share in (0.5, 0.95, 0.99)
    }),
    Panel("Tokens per second", "short", "Input includes cached tokens; output includes reasoning.", {
        "input": q.rate(_INPUT), "of which cached": q.rate(_CACHED),
        "output": q.rate("ex_llm.tokens.output.total"), "of which reasoning": q.rate("ex_llm.tokens.reasoning.total"),
    }),
    Panel("Cost per hour by model", "currencyUSD", "In US dollars, at the current rate.", {
        "{{provider}} {{model}}": f"{q.rate(_COST, 'provider', 'model')} * 36",
    }),
    Panel("Attempts, retries and refusals", "reqps", "HTTP attempts of calls.", {
        "response {{status_class}}": q.rate("ex_llm.provider.requests.total", "status_class"),
        "retries": q.rate("ex_llm.provider.retries.total"),
        "rate limited": or_zero(q.rate("ex_llm.provider.rate_limits.total")),
        "no response": or_zero(q.rate("ex_llm.provider.errors.total")),
    }),
    Panel("Remaining rate limits", "percentunit", "Remaining amount that providers report, divided by the highest remaining amount in the time range.", {
        "{{provider}} {{kind}}": f"min by (provider, kind) ({q.series(_LEFT)} / max_over_time({q.series(_LEFT)}[$__range]))",
    }),
    Panel("Cache hits", "percentunit", "Responses found in a response cache, and input tokens that the provider read from its cache.", {
        "responses in {{cache}}": f"{or_zero(_hits, _misses)} / ({or_zero(_hits, _misses)} + {or_zero(_misses, _hits)})",
        "tokens cached by the provider": f"{or_zero(q.rate(_CACHED))} / {q.rate(_INPUT)}",
    }),
    Panel("Costs over a threshold or budget", "short", "Number of crossings, by the name of the threshold or budget.", {
        "{{scope}}": q.increase("ex_llm.cost.threshold_exceeded.total", "scope"),
    }),
    Panel("Savings per hour", "currencyUSD", "Cost that cached tokens and cached responses saved, in US dollars.", {
        "cached tokens": f"{or_zero(q.rate('ex_llm.cost.saved.cents.total'))} * 36",
        "cached responses": f"{or_zero(q.rate('ex_llm.cache.saved.cents.total'))} * 36",
    }),
    Panel("Instrumentation problems", "short", "Errors of handlers and of the instrumentation; calls without a price; functions that an SDK lacks.", {
        "failed handlers": or_zero(q.increase("ex_llm.telemetry.handler_failures.total")),
        "failed steps of the instrumentation": or_zero(q.increase("ex_llm.telemetry.extraction_errors.total")),
        "calls without a price": or_zero(q.increase("ex_llm.telemetry.unpriced_calls.total")),
        "missing functions": or_zero(q.newest("sum", "ex_llm.telemetry.missing_targets")),
    }),
)  # fmt: skip


def dashboard() -> dict[str, Any]:
    """Return the dashboard in Grafana's JSON model."""
    stats = [_panel(panel, "stat", _place(number, 6, STAT_HEIGHT, 0)) for number, panel in enumerate(STATS)]
    graphs = [_panel(panel, "timeseries", _place(number, 3, GRAPH_HEIGHT, STAT_HEIGHT)) for number, panel in enumerate(GRAPHS)]
    return {
        "uid": "ex-llm-overview",
        "title": "LLM calls",
        "description": "Generated by dashboards/generate.py from the metrics of opentelemetry-instrumentation-llm.",
        "tags": ["llm", "opentelemetry"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "templating": {"list": _variables()},
        "annotations": {"list": []},
        "panels": [{"id": number, **panel} for number, panel in enumerate(stats + graphs, 1)],
    }


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


def _variables() -> list[dict[str, Any]]:
    values = Queries("5m").series(_CHAT)
    return [
        {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
        *(
            {
                "name": label, "label": label.capitalize(), "type": "query", "datasource": _SOURCE,
                "query": f"label_values({values}, {label})", "refresh": 2,
                "multi": True, "includeAll": True, "allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]},
            }
            for label in ("provider", "model")
        ),
        {
            "name": "budget", "label": "Budget (US dollars per day)", "type": "textbox", "query": "10",
            "current": {"text": "10", "value": "10"},
        },
    ]  # fmt: skip
