"""Dask: carried functions are submitted; a plugin sets up each worker and flushes at its end.

python dask_run.py
"""

from __future__ import annotations

from typing import Any

from dask.distributed import Client, LocalCluster, WorkerPlugin
from work import PROMPTS, answer, set_up

from opentelemetry.instrumentation.llm import carry, with_attributes, with_span
from opentelemetry.instrumentation.llm.workers import flush


class Watched(WorkerPlugin):
    """Instrument every worker, also workers that join later."""

    name = "watched"

    def setup(self, worker: Any) -> None:
        set_up()

    def teardown(self, worker: Any) -> None:
        flush()


def main() -> None:
    set_up()
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
        Client(cluster) as client,
    ):
        client.register_plugin(Watched())
        with with_span("driver"), with_attributes(session_id="dask"):
            asked = client.map(carry(answer), PROMPTS, pure=False)
            print("\n".join(client.gather(asked)))


if __name__ == "__main__":
    main()
