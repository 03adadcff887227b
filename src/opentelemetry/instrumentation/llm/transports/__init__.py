"""What happens underneath a call: one HTTP client a file, as a table of its sending functions and how to read them.

While an LLM call runs in this context, each of its HTTP attempts is told, the SDK's own retries included. Where no call
runs, an attempt costs one look into the context. Names of HTTP clients are targets only; none is imported.
"""

from __future__ import annotations

from .aiohttp import AIOHTTP
from .attempt import Transport
from .botocore import AIOBOTOCORE, BOTOCORE
from .grpc import GRPC, RpcPatch
from .httpx import HTTPX, HTTPX2
from .urllib3 import URLLIB3

ALL: tuple[Transport | RpcPatch, ...] = (HTTPX, HTTPX2, URLLIB3, AIOHTTP, BOTOCORE, AIOBOTOCORE, GRPC)
