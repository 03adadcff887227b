"""Functions of sambanova that send requests and are not observed."""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

from .generated import below

NOT_WATCHED = {
    **below("sambanova"),
    **UNOBSERVED["sambanova"],
    "sambanova.resources.models:*": "lists models",
}
