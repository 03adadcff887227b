"""Provide the exceptions of botocore, and silence its spans of Bedrock calls."""

from __future__ import annotations

import asyncio
import http.client
import sys
from typing import Any

from ..guard import guarded
from ..wrapper import Patch

_TIMEOUTS = (TimeoutError, asyncio.TimeoutError)


def botocore_error(error: BaseException) -> BaseException:
    """Return the exception of botocore if the file below fails with ``error``."""
    theirs: Any = sys.modules.get("botocore.exceptions")
    if isinstance(error, _TIMEOUTS):
        made = theirs.ReadTimeoutError(endpoint_url=None, error=error)
    elif isinstance(error, (OSError, http.client.HTTPException)) or _is_disconnection(error):
        made = theirs.ResponseStreamingError(error=error)
    else:
        return error
    raised: BaseException = made.with_traceback(error.__traceback__)
    return raised


def _is_disconnection(error: BaseException) -> bool:
    return any(kind.__name__ == "ClientConnectionError" for kind in type(error).__mro__)


def other_services_only(services: frozenset[str], operations: frozenset[str]) -> Patch:
    """Let the instrumentation of botocore skip the operations that are recorded here."""

    def is_recorded(extension: Any) -> bool:
        call = extension._call_context
        return call.service in services and call.operation in operations

    def wrap(original: Any) -> Any:
        def should_trace_service_call(extension: Any) -> Any:
            return False if guarded(is_recorded, extension) else original(extension)

        return should_trace_service_call

    module = "opentelemetry.instrumentation.botocore.extensions.types"
    return Patch("botocore", f"{module}:_AwsSdkExtension.should_trace_service_call", wrap)
