"""Run the cells of a green library in a process that it has patched.

``python greenlets.py gevent URL`` prints the cells as JSON. A greenlet begins with an empty context, so spawned
functions are carried; patched threads propagate as threads do.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
import warnings

library, url = sys.argv[1:]
warnings.filterwarnings("ignore", module=library)
if library == "gevent":
    importlib.import_module("gevent.monkey").patch_all()
else:
    sys.modules["trio"] = None  # type: ignore[assignment] # where it is installed HTTP clients import it, and it cannot be patched
    importlib.import_module("eventlet").monkey_patch()

from collections.abc import Iterator  # noqa: E402 - nothing may be imported before the patch
from contextlib import contextmanager  # noqa: E402
from typing import Any  # noqa: E402

from integration.across import asking, mechanisms  # noqa: E402
from opentelemetry.instrumentation.llm import carry  # noqa: E402
from opentelemetry.instrumentation.llm.workers import watch_worker  # noqa: E402


@contextmanager
def gevent_spawn() -> Iterator[mechanisms.Run]:
    import gevent

    yield lambda function: gevent.spawn(carry(function)).get()


@contextmanager
def gevent_pool() -> Iterator[mechanisms.Run]:
    from gevent.pool import Pool

    yield lambda function: Pool(2).apply(carry(function))


@contextmanager
def eventlet_spawn() -> Iterator[mechanisms.Run]:
    import eventlet

    yield lambda function: eventlet.spawn(carry(function)).wait()


@contextmanager
def eventlet_pool() -> Iterator[mechanisms.Run]:
    from eventlet import GreenPool

    pool = GreenPool(2)
    yield lambda function: pool.spawn(carry(function)).wait()


WAYS: dict[str, Any] = {
    "gevent": {"spawn": gevent_spawn, "Pool": gevent_pool},
    "eventlet": {"spawn": eventlet_spawn, "GreenPool": eventlet_pool},
}
PATCHED = {"Thread": mechanisms.thread, "Timer": mechanisms.timer, "ThreadPoolExecutor": mechanisms.pool_submit}

if __name__ == "__main__":
    watch_worker(asking.set_up)
    cells = {}
    for name, opened in {**WAYS[library], **PATCHED}.items():
        try:
            with opened() as run:
                cells[f"{library} {name}"] = asking.observe(run, url, asking.ask, asking.look, f"session of {name}")
        except Exception:
            traceback.print_exc()
    print(json.dumps(cells))
