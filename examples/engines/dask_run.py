"""Run on Dask: submit carried functions.

A plugin sets up each worker, and sends its telemetry at its end.

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
            futures = client.map(carry(answer), PROMPTS, pure=False)
            print("\n".join(client.gather(futures)))


if __name__ == "__main__":
    main()
