"""The overview for Grafana: rows of panels as a table, turned into the JSON that Grafana imports."""

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
    """One panel: its title, unit, what it tells, and its queries by legend. ``since`` is a range of its own."""

    title: str
    unit: str
    says: str
    queries: dict[str, str]
    since: str | None = None
    worse_from: float | None = None


STATS = (
    Panel("Calls a second", "reqps", "Chats and embeddings begun.", {
        "calls": f"{q.rate(_CHAT)} + {or_zero(q.rate('ex_llm.embedding.requests.total'))}",
    }),
    Panel("Chats that fail", "percentunit", "Share of chats that ended with an exception.", {
        "failed": f"{or_zero(q.rate('ex_llm.chat.errors.total'))} / {q.rate(_CHAT)}",
    }, worse_from=0.05),
    Panel("95 % of chats within", "ms", "Streams to their end.", {"p95": q.quantile(0.95, _DURATION)}),
    Panel("Cost today", "currencyUSD", "What calls have cost since midnight, in US dollars.", {
        "cost": f"{_cost_today} / 100",
    }, since="now/d"),
    Panel("Of today's budget", "percentunit", "Cost since midnight over the variable budget (US dollars a day).", {
        "spent": f"{_cost_today} / 100 / $budget",
    }, since="now/d", worse_from=1.0),
    Panel("Calls without a price", "short", "Calls whose cost is not known: they are in no sum of costs.", {
        "unpriced": or_zero(q.increase("ex_llm.telemetry.unpriced_calls.total", window="$__range")),
    }, worse_from=1),
)  # fmt: skip

GRAPHS = (
    Panel("Chats by model", "reqps", "Chats begun a second.", {"{{provider}} {{model}}": q.rate(_CHAT, "provider", "model")}),
    Panel("Failed chats by kind", "reqps", "Chats that ended with an exception, a second.", {
        "{{kind}}": q.rate("ex_llm.chat.errors.total", "kind"),
    }),
    Panel("Duration of chats", "ms", "How long chats take, streams to their end.", {
        f"p{share * 100:.0f}": q.quantile(share, _DURATION) for share in (0.5, 0.95, 0.99)
    }),
    Panel("Time to the first chunk", "ms", "From a streamed call to the first chunk that the application took.", {
        f"p{share * 100:.0f}": q.quantile(share, _FIRST) for share in (0.5, 0.95, 0.99)
    }),
    Panel("Tokens a second", "short", "Input includes cached tokens, output includes reasoning.", {
        "input": q.rate(_INPUT), "of which cached": q.rate(_CACHED),
        "output": q.rate("ex_llm.tokens.output.total"), "of which reasoning": q.rate("ex_llm.tokens.reasoning.total"),
    }),
    Panel("Cost an hour by model", "currencyUSD", "In US dollars, at the pace of the moment.", {
        "{{provider}} {{model}}": f"{q.rate(_COST, 'provider', 'model')} * 36",
    }),
    Panel("Attempts, retries and refusals", "reqps", "HTTP attempts underneath the calls.", {
        "answered {{status_class}}": q.rate("ex_llm.provider.requests.total", "status_class"),
        "retries": q.rate("ex_llm.provider.retries.total"),
        "refused for the rate": or_zero(q.rate("ex_llm.provider.rate_limits.total")),
        "without an answer": or_zero(q.rate("ex_llm.provider.errors.total")),
    }),
    Panel("Left of the providers' rates", "percentunit", "What providers say is left, over the most that was left in this time.", {
        "{{provider}} {{kind}}": f"min by (provider, kind) ({q.series(_LEFT)} / max_over_time({q.series(_LEFT)}[$__range]))",
    }),
    Panel("Hits of caches", "percentunit", "Answers found in a response cache, and input tokens that the provider had cached.", {
        "answers in {{cache}}": f"{or_zero(_hits, _misses)} / ({or_zero(_hits, _misses)} + {or_zero(_misses, _hits)})",
        "tokens at the provider": f"{or_zero(q.rate(_CACHED))} / {q.rate(_INPUT)}",
    }),
    Panel("Costs over a threshold or budget", "short", "How often, by the threshold's or the budget's name.", {
        "{{scope}}": q.increase("ex_llm.cost.threshold_exceeded.total", "scope"),
    }),
    Panel("Saved an hour", "currencyUSD", "What cached tokens and cached answers saved, in US dollars.", {
        "cached tokens": f"{or_zero(q.rate('ex_llm.cost.saved.cents.total'))} * 36",
        "cached answers": f"{or_zero(q.rate('ex_llm.cache.saved.cents.total'))} * 36",
    }),
    Panel("The instrumentation itself", "short", "Faults of handlers and of ours; calls without a price; functions that an SDK lacks.", {
        "handlers that raised": or_zero(q.increase("ex_llm.telemetry.handler_failures.total")),
        "steps of ours that failed": or_zero(q.increase("ex_llm.telemetry.extraction_errors.total")),
        "calls without a price": or_zero(q.increase("ex_llm.telemetry.unpriced_calls.total")),
        "missing functions": or_zero(q.newest("sum", "ex_llm.telemetry.missing_targets")),
    }),
)  # fmt: skip


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana's model of it."""
    stats = [_panel(panel, "stat", _place(number, 6, STAT_HEIGHT, 0)) for number, panel in enumerate(STATS)]
    graphs = [_panel(panel, "timeseries", _place(number, 3, GRAPH_HEIGHT, STAT_HEIGHT)) for number, panel in enumerate(GRAPHS)]
    return {
        "uid": "ex-llm-overview",
        "title": "LLM calls",
        "description": "Made by dashboards/generate.py from the metrics of opentelemetry-instrumentation-llm.",
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
        "description": panel.says,
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
            "name": "budget", "label": "Budget (US dollars a day)", "type": "textbox", "query": "10",
            "current": {"text": "10", "value": "10"},
        },
    ]  # fmt: skip
