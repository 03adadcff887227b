"""Methods of Bedrock clients that send requests and are not observed."""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

_JOBS = "manages such jobs"
_MANAGED = "manages resources at AWS"

NOT_WATCHED = {
    **UNOBSERVED["botocore"],
    "bedrock-runtime:get_async_invoke": _JOBS,
    "bedrock-runtime:list_async_invokes": _JOBS,
    "bedrock-agent-runtime:*": _MANAGED,
    "bedrock-agentcore-control:*": _MANAGED,
    "bedrock:*": _MANAGED,
    "bedrock-agent:*": _MANAGED,
}
"""By service and method, because the client classes are created at run time."""
