"""Import and instrument one SDK in a child process, and print the result as JSON.

``sdks`` runs this module.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from dataclasses import asdict, replace

from ..instrumentor import LLMInstrumentor
from ..settings import Settings
from .facts import SdkState
from .sdks import by_distribution, looked_at, modules_of

_ERRORS_KEPT = 5


def main(name: str) -> None:
    """Print the state of the SDK ``name``."""
    # Output that an SDK prints during its import must not mix with the result.
    result = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    LLMInstrumentor().instrument()
    errors = [error for module in modules_of(by_distribution()[name]) if (error := _imported(module))]
    state = asdict(_judged(looked_at(name, LLMInstrumentor().settings or Settings()), list(dict.fromkeys(errors))))
    os.write(result, json.dumps(state).encode() + b"\n")
    # Skip threads and exit handlers of the SDK.
    os._exit(0)


def _imported(module: str) -> str | None:
    """Import a module and return the error; a missing module is not an error."""
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as absent:
        return None if absent.name and f"{module}.".startswith(f"{absent.name}.") else _describe(absent)
    except BaseException as error:  # noqa: BLE001 - an SDK may do anything at its import; also end the process
        return _describe(error)
    return None


def _describe(error: BaseException) -> str:
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}".rstrip(": ")


def _judged(sdk: SdkState, errors: list[str]) -> SdkState:
    if not sdk.patched and sdk.state in ("not imported", "not watched"):
        return replace(sdk, state="import failed" if errors else "not watched", errors=tuple(errors[:_ERRORS_KEPT]))
    return sdk


if __name__ == "__main__":
    main(sys.argv[1])
