"""Run on Ray: carry functions, or let Ray's tracing hook carry the context.

    python ray_run.py
    python ray_run.py hook

Ray kills its workers, so each task sends its telemetry before it ends: ``in_worker``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import ray
from work import PROMPTS, answer, set_up

from opentelemetry.instrumentation.llm import carry, with_attributes, with_span
from opentelemetry.instrumentation.llm.workers import in_worker


@ray.remote
def run(function: Callable[[str], str], prompt: str) -> str:
    """Run a carried function."""
    return function(prompt)


@ray.remote
def ask(prompt: str) -> str:
    """Call the model in a task."""
    return in_worker(answer)(prompt)


@ray.remote
class Asking:
    """Call the model in an actor."""

    async def ask(self, prompt: str) -> str:
        return in_worker(answer)(prompt)


def main(hook: bool) -> None:
    set_up()
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", _tracing_startup_hook="work:set_up" if hook else None)
    with with_span("driver"), with_attributes(session_id="ray"):
        if hook:
            actor = Asking.remote()
            sent = [ask.remote(prompt) for prompt in PROMPTS[:4]] + [actor.ask.remote(prompt) for prompt in PROMPTS[4:]]
        else:
            carried = carry(in_worker(answer, set_up))
            sent = [run.remote(carried, prompt) for prompt in PROMPTS]
        print("\n".join(ray.get(sent)))
    ray.shutdown()


if __name__ == "__main__":
    main(hook="hook" in sys.argv[1:])
