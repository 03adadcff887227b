"""Celery without code for tracing: opentelemetry-instrumentation-celery.

The automatic configuration of the environment loads it.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, signals
from work import PROMPTS, answer, set_up

from opentelemetry.instrumentation.llm import with_attributes, with_span
from opentelemetry.instrumentation.llm.workers import flush

app = Celery("official", broker=os.environ["CELERY_REDIS"], backend=os.environ["CELERY_REDIS"])
app.conf.broker_connection_retry_on_startup = True
ask = app.task(answer, name="ask")


@signals.worker_process_init.connect
def begin(**_: Any) -> None:
    set_up()


@signals.worker_process_shutdown.connect
def end(**_: Any) -> None:
    flush()


if __name__ == "__main__":
    set_up()
    with with_span("driver"), with_attributes(session_id="celery"):
        sent = [ask.delay(prompt) for prompt in PROMPTS]
        print("\n".join(result.get(timeout=60) for result in sent))
