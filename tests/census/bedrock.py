"""Methods of Bedrock clients that send requests and are not instrumented."""

from __future__ import annotations

_RUNS = "an agent, a flow or a knowledge base that runs at AWS: its calls of models are made and billed there, and are not this process's"
_HELD = "keeps things at AWS and asks no model"

NOT_WATCHED = {
    "bedrock-runtime:start_async_invoke": "starts a job that leaves its result in a bucket; the answer counts nothing",
    "bedrock-runtime:get_async_invoke": "looks after such a job",
    "bedrock-runtime:list_async_invokes": "looks after such jobs",
    "bedrock-runtime:invoke_model_with_bidirectional_stream": "needs HTTP/2; botocore takes the method off its clients",
    "bedrock-agent-runtime:*": _RUNS,
    "bedrock-agentcore:*": _RUNS,
    "bedrock-agentcore-control:*": _HELD,
    "bedrock:create_model_invocation_job": "hands in a file of a bucket: no figure of it is in this process",
    "bedrock-data-automation*": _RUNS,
    "bedrock:*": _HELD,
    "bedrock-agent:*": _HELD,
    "sagemaker-runtime:*": "an endpoint of the user's own; nothing says what stands behind it",
}
"""By service and method, because the client classes are created at run time."""
