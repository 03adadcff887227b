"""List the HTTP clients whose attempts are recorded: one module for each.

While an LLM call runs in this context, each of its HTTP attempts is recorded, retries of the SDK included. Without a
running call, an attempt costs one look-up in the context. HTTP clients are named as targets only; none is imported.
"""

from __future__ import annotations

from ..wrapper import Patch
from . import credentials, grpc
from .aiohttp import AIOHTTP
from .botocore import AIOBOTOCORE, BOTOCORE
from .httpx import HTTPX, HTTPX2
from .urllib3 import URLLIB3

PATCHES: tuple[Patch, ...] = (
    *(patch for transport in (HTTPX, HTTPX2, URLLIB3, AIOHTTP, BOTOCORE, AIOBOTOCORE) for patch in transport.patches),
    *grpc.PATCHES,
    *credentials.PATCHES,
)
