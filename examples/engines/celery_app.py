"""Run on Celery: a task class carries the context in message headers.

A signal sets up each worker.

celery -A celery_app worker --concurrency 2
python celery_app.py
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, Task, signals
from work import PROMPTS, answer, set_up

from opentelemetry import propagate
from opentelemetry.instrumentation.llm import with_attributes, with_context, with_span
from opentelemetry.instrumentation.llm.workers import flush

_HEADERS = ("traceparent", "tracestate", "baggage")


class Carried(Task):
    """Put the current context into the message, and run the task in this context."""

    def apply_async(self, args: Any = None, kwargs: Any = None, *more: Any, headers: Any = None, **options: Any) -> Any:
        headers = dict(headers or {})
        propagate.inject(headers)
        return super().apply_async(args, kwargs, *more, headers=headers, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        carrier = {name: value for name in _HEADERS if (value := self.request.get(name))}
        return with_context(propagate.extract(carrier), self.run, *args, **kwargs)


app = Celery("engines", broker=os.environ["CELERY_REDIS"], backend=os.environ["CELERY_REDIS"], task_cls=Carried)
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
