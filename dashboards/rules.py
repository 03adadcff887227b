"""Recording rules and alerts for Prometheus, as tables converted into YAML."""

from __future__ import annotations

import json
from typing import NamedTuple

from queries import Queries, or_zero

BUDGET_CENTS_PER_DAY = 1000
_CHAT, _ERRORS, _COST = "ex_llm.chat.requests.total", "ex_llm.chat.errors.total", "ex_llm.cost.cents.total"
_DURATION, _FIRST = "ex_llm.chat.duration.milliseconds", "ex_llm.stream.time_to_first_chunk.milliseconds"
_LEFT = "ex_llm.provider.rate_limit.remaining"
_WHO = ("provider", "model")

_TOOLS, _TOOL_ERRORS, _TOOL = "ex_llm.tool.calls.total", "ex_llm.tool.errors.total", "tool_name"
_RUNS, _AGENT_CALLS = "ex_llm.agent.runs.total", "ex_llm.agent.inferences.total"
RUNAWAY_CALLS = 25
"""Model calls in one run of an agent, above which the run is probably a loop."""

q = Queries("5m")


def _grown(name: str) -> str:
    return q.increase(name, "agent_name", window="15m")


class Alert(NamedTuple):
    """One alert: condition, duration of the condition, severity, summary, and remedy."""

    name: str
    when: str
    lasting: str
    severity: str
    summary: str
    do: str


RECORDED: dict[str, str] = {
    "ex_llm:budget_cents_per_day": f"vector({BUDGET_CENTS_PER_DAY})",
    "provider_model:ex_llm_chat_requests:rate5m": q.rate(_CHAT, *_WHO),
    "provider_model:ex_llm_chat_errors:ratio_rate5m": f"{or_zero(q.rate(_ERRORS, *_WHO), q.rate(_CHAT, *_WHO))} / {q.rate(_CHAT, *_WHO)}",
    **{
        f"provider_model:ex_llm_chat_duration_milliseconds:p{share * 100:.0f}_5m": q.quantile(share, _DURATION, *_WHO)
        for share in (0.5, 0.95, 0.99)
    },
    "provider_model:ex_llm_stream_time_to_first_chunk_milliseconds:p95_5m": q.quantile(0.95, _FIRST, *_WHO),
    "provider_model:ex_llm_tokens_input:rate5m": q.rate("ex_llm.tokens.input.total", *_WHO),
    "provider_model:ex_llm_tokens_output:rate5m": q.rate("ex_llm.tokens.output.total", *_WHO),
    "provider_model:ex_llm_cost_cents:increase1h": q.increase(_COST, *_WHO, window="1h"),
    "ex_llm:cost_cents:increase1h": q.increase(_COST, window="1h"),
    "ex_llm:cost_cents:increase1d": q.increase(_COST, window="1d"),
    "provider_model:ex_llm_provider_retries:rate5m": q.rate("ex_llm.provider.retries.total", *_WHO),
    "provider_model:ex_llm_provider_rate_limits:rate5m": q.rate("ex_llm.provider.rate_limits.total", *_WHO),
    "tool:ex_llm_tool_errors:ratio_rate5m": f"{or_zero(q.rate(_TOOL_ERRORS, _TOOL), q.rate(_TOOLS, _TOOL))} / {q.rate(_TOOLS, _TOOL)}",
    "agent:ex_llm_agent_inferences:per_run15m": f"{_grown(_AGENT_CALLS)} / {_grown(_RUNS)}",
}
"""Recorded series by name; change ``ex_llm:budget_cents_per_day`` to your budget."""


def _recorded(name: str) -> str:
    RECORDED[name]  # raises for an unknown name
    return name


_RATIO, _REQUESTS = _recorded("provider_model:ex_llm_chat_errors:ratio_rate5m"), _recorded("provider_model:ex_llm_chat_requests:rate5m")
_BUDGET, _HOUR, _DAY = (_recorded(f"ex_llm:{name}") for name in ("budget_cents_per_day", "cost_cents:increase1h", "cost_cents:increase1d"))
_P95 = _recorded("provider_model:ex_llm_chat_duration_milliseconds:p95_5m")
_FIRST_P95 = _recorded("provider_model:ex_llm_stream_time_to_first_chunk_milliseconds:p95_5m")
_REFUSED = _recorded("provider_model:ex_llm_provider_rate_limits:rate5m")
_by_kind = ("provider", "model", "kind")
_OF = "{{ $labels.model }} of {{ $labels.provider }}"

ALERTS = (
    Alert(
        "LLMErrorRateHigh", f"{_RATIO} > 0.05", "10m", "critical",
        f"{{{{ $value | humanizePercentage }}}} of chats with {_OF} fail",
        "See the panel Failed chats by kind, and the spans with status ERROR.",
    ),
    Alert(
        "LLMLatencyHigh", f"{_P95} > 30000", "15m", "warning",
        f"1 of 20 chats with {_OF} takes longer than {{{{ $value | humanize }}}} ms",
        "Compare with the duration of HTTP attempts: retries and waits are included.",
    ),
    Alert(
        "LLMTimeToFirstChunkHigh", f"{_FIRST_P95} > 10000", "15m", "warning",
        f"1 of 20 streams of {_OF} starts after {{{{ $value | humanize }}}} ms",
        "Possible causes: long prompts, a slow provider, or retries before the stream.",
    ),
    Alert(
        "LLMBudgetBurn", f"{_HOUR} * 24 > on() {_BUDGET}", "15m", "warning",
        "At the rate of the last hour, a day costs {{ $value | humanize }} cents, more than the budget",
        "See the panel Cost per hour by model; the budget is the rule ex_llm:budget_cents_per_day.",
    ),
    Alert(
        "LLMBudgetExceeded", f"{_DAY} > on() {_BUDGET}", "0m", "critical",
        "The last 24 hours cost {{ $value | humanize }} cents, more than the budget",
        "See the panel Cost per hour by model; the budget is the rule ex_llm:budget_cents_per_day.",
    ),
    Alert(
        "LLMRateLimitNearlyExhausted",
        f"{q.newest('min', _LEFT, *_by_kind)} < 0.05 * max by ({', '.join(_by_kind)}) (max_over_time({q.series(_LEFT)}[6h]))",
        "5m", "warning",
        f"{{{{ $value }}}} {{{{ $labels.kind }}}} remain of the rate limit for {_OF}, less than 5 % of the highest value in 6 hours",
        "Spread the calls, or ask the provider for a higher rate.",
    ),
    Alert(
        "LLMRateLimited", f"{_REFUSED} > 0", "10m", "warning",
        f"{_OF} has refused calls because of a rate limit for 10 minutes",
        "Spread the calls, or ask the provider for a higher rate.",
    ),
    Alert(
        "LLMToolErrors", f"{_recorded('tool:ex_llm_tool_errors:ratio_rate5m')} > 0.2", "10m", "warning",
        "{{ $value | humanizePercentage }} of the executions of the tool {{ $labels.tool_name }} fail",
        "See the panel Failed tool executions, and the spans execute_tool with status ERROR.",
    ),
    Alert(
        "LLMRunawayAgent", f"{_recorded('agent:ex_llm_agent_inferences:per_run15m')} > {RUNAWAY_CALLS}", "0m", "warning",
        "The agent {{ $labels.agent_name }} makes {{ $value | humanize }} model calls in a run",
        "Limit the number of turns of the agent; see the panel Model calls in a run.",
    ),
    Alert(
        "LLMSilence", f"{q.increase(_CHAT, window='15m')} == 0 and {q.increase(_CHAT, window='6h')} > 0", "5m", "warning",
        "No chat has started for 15 minutes; there were chats in the last 6 hours",
        "Check whether the application is idle or blocked.",
    ),
    Alert(
        "LLMMetricsAbsent", f"absent({q.series(_CHAT)})", "15m", "warning",
        "No program serves metrics of LLM calls",
        "Check that the program runs and is scraped. On its machine, python -m opentelemetry.instrumentation.llm lists problems.",
    ),
    Alert(
        "LLMTelemetryFaults",
        f"{or_zero(q.increase('ex_llm.telemetry.handler_failures.total', window='15m'))}"
        f" + {or_zero(q.increase('ex_llm.telemetry.extraction_errors.total', window='15m'))} > 0", "0m", "warning",
        "Handlers or steps of the instrumentation have failed",
        "Set the logger opentelemetry.instrumentation.llm to DEBUG; calls are not affected.",
    ),
    Alert(
        "LLMUnpricedCalls", f"{q.increase('ex_llm.telemetry.unpriced_calls.total', *_WHO, 'reason', window='1h')} > 0", "0m", "info",
        f"Calls of {_OF} have no cost ({{{{ $labels.reason }}}}); sums of costs are too low",
        "Set your own prices with OTEL_INSTRUMENTATION_LLM_PRICES.",
    ),
)  # fmt: skip


def recording() -> str:
    """Return the file of recording rules."""
    rules = [f"      - record: {name}\n{_expression(query)}" for name, query in RECORDED.items()]
    return _file("ex_llm_recording", "Change the number of ex_llm:budget_cents_per_day to your budget.", rules)


def alerting() -> str:
    """Return the file of alerts, which needs the recording rules."""
    remark = "Load prometheus-rules.yml too: the alerts use its recorded series."
    return _file("ex_llm_alerts", remark, [_alert(alert) for alert in ALERTS])


def _alert(alert: Alert) -> str:
    lines = [
        f"      - alert: {alert.name}",
        _expression(alert.when).rstrip("\n"),
        f"        for: {alert.lasting}",
        f"        labels:\n          severity: {alert.severity}",
        f"        annotations:\n          summary: {json.dumps(alert.summary)}\n          description: {json.dumps(alert.do)}",
    ]
    return "\n".join(lines) + "\n"


def _expression(query: str) -> str:
    return f"        expr: >-\n          {query}\n"


def _file(group: str, remark: str, rules: list[str]) -> str:
    return f"# Generated by dashboards/generate.py. {remark}\ngroups:\n  - name: {group}\n    rules:\n" + "".join(rules)
