"""Apply and undo the instrumentation: settings, patches, handlers and reporters."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Collection
from functools import partial
from typing import Any

from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]
from opentelemetry.instrumentation.threading import ThreadingInstrumentor

from opentelemetry import _logs, metrics, trace

from . import bus, context, fork, frameworks, providers, transports
from .baggage import carried
from .caches import gptcache, langchain, litellm
from .calls.call import CallServices
from .calls.declaration import Sdk
from .calls.exclusion import Exclusion
from .calls.patches import Patches
from .calls.streams import finalize
from .costs.call_cost import Costs
from .frameworks import inference_spans
from .guard import guarded_later
from .handlers.logs import Logs
from .handlers.own_spans import contents_of
from .handlers.spans import Spans
from .listening import ListenerCheck
from .metrics import metrics as our_metrics
from .metrics.gen_ai import conventions
from .package import _instruments
from .reporters.aggregation import tagged
from .reporters.logger import attach_default_logger
from .reporters.otel import OtelReporter
from .schema import semconv
from .settings import Settings
from .steps import by_hand
from .steps.engine import StepServices
from .steps.place import place
from .transports.sockets import CLIENTS, Sockets
from .version import __version__
from .wrapper import Patch

_logger = logging.getLogger(__name__)
_SCOPE = "opentelemetry.instrumentation.llm"


class _Global:
    """Stand for the global meter provider, which may be set after ``instrument()``."""


# Instruments of a meter cannot be taken away again, so each provider of meters gets its reporter once and keeps it.
_reporters: weakref.WeakKeyDictionary[Any, OtelReporter] = weakref.WeakKeyDictionary()
_GLOBAL = _Global()
_lock = threading.RLock()


def _renew_lock() -> None:
    global _lock
    _lock = threading.RLock()


fork.in_child(_renew_lock)


class LLMInstrumentor(BaseInstrumentor):  # type: ignore[misc]
    """Instrument every LLM SDK and agent framework of this process.

    ``instrument()`` takes the fields of ``Settings`` as keywords, and ``tracer_provider``, ``meter_provider`` and
    ``logger_provider`` to replace the global providers. It imports no SDK. A second ``instrument()`` changes nothing;
    ``uninstrument()`` restores every original function. An invalid keyword raises ``ValueError``.
    """

    _patches = Patches()
    _attached: tuple[Any, ...] = ()
    _loaded = False
    _sockets: Sockets | None = None
    settings: Settings | None = None
    costs: Costs | None = None

    def instrumentation_dependencies(self) -> Collection[str]:
        """Return nothing: this instrumentation does without every SDK."""
        return _instruments

    def instrument(self, **keywords: Any) -> None:
        """Apply the instrumentation; see the class.

        Safe from any thread: the first caller applies it, the others wait.
        """
        with _lock:
            if self.is_instrumented_by_opentelemetry:
                # Code and command line may both ask; that is no mistake, and not worth the warning it would be.
                _logger.debug("instrument() was called again; nothing changes")
                return
            # OpenTelemetry's loader passes these keywords. It loads the instrumentation of threads itself, if it is wanted.
            self._loaded = "raise_exception_on_conflict" in keywords or "skip_dep_check" in keywords
            super().instrument(**keywords)

    def uninstrument(self, **keywords: Any) -> None:
        """Restore every original and end the spans of running calls.

        Safe from any thread.
        """
        with _lock:
            super().uninstrument(**keywords)

    def _instrument(self, **keywords: Any) -> None:
        given = {name: keywords.pop(name, None) for name in ("tracer_provider", "meter_provider", "logger_provider")}
        settings = self.settings = Settings.read(keywords)
        self.costs = Costs(settings, strict=keywords.get("prices") is not None)
        attached_before = bus.count_handlers()
        spans = _spans(given["tracer_provider"], given["logger_provider"], settings)
        # The reporter is attached first: its measurements at the end of a call belong to a span that is still open then.
        self._attached = (_reporter(given["meter_provider"], settings, spans), spans)
        spans.attach()
        context.use_tracer_provider(given["tracer_provider"])
        context.use_own_spans(
            context.OwnSpans(partial(guarded_later, carried, settings.span_baggage_keys, default={}), contents_of(settings))
        )
        listeners = ListenerCheck(any(given.values()), bus.count_handlers() - attached_before)
        self._patches.begin()
        services = _services(settings, self.costs, listeners)
        self._instrument_providers(settings, services)
        self._observe_sockets(settings, services)
        self._observe_frameworks(settings, listeners)
        for patch in (*transports.PATCHES, *litellm.PATCHES, *gptcache.PATCHES, *self._inference_spans(settings)):
            self._patches.place(patch)
        self._patches.when(langchain.MODULE, lambda module: langchain.install(module, self._patches.put))
        if settings.threading and not self._loaded and not (threads := ThreadingInstrumentor()).is_instrumented_by_opentelemetry:
            threads.instrument()
        if settings.log_level is not None:
            attach_default_logger(settings.log_level)

    def _inference_spans(self, settings: Settings) -> tuple[Patch, ...]:
        return inference_spans.patches(self._patches.is_instrumented) if settings.native_telemetry == "replace" else ()

    def _instrument_providers(self, settings: Settings, services: CallServices) -> None:
        def instrument(provider: Sdk | None) -> None:
            if provider is not None and provider.name not in settings.disabled_providers:
                self._patches.place_sdk(provider, services, replace_native=settings.native_telemetry == "replace")

        for known in providers.KNOWN:
            for module in known.import_triggers:
                self._patches.when(module, lambda _, known=known: instrument(providers.loaded(known)))  # type: ignore[misc]
        for provider in providers.others():
            instrument(provider)

    def _observe_sockets(self, settings: Settings, services: CallServices) -> None:
        self._sockets = Sockets(partial(providers.socket_apis, settings.disabled_providers), services, self._patches.switch)
        for client in CLIENTS:
            self._patches.when(client.module, partial(self._sockets.install, client, self._patches.put))

    def _observe_frameworks(self, settings: Settings, listeners: ListenerCheck) -> None:
        keys = tuple(dict.fromkeys((*settings.span_baggage_keys, *settings.metric_baggage_keys)))
        services = StepServices(settings.reads_contents, listeners, keys, settings.native_telemetry == "replace")
        by_hand.use(services)

        def observe(known: frameworks.LazyFramework) -> None:
            if known.name not in settings.disabled_frameworks and (framework := providers.loaded(known)) is not None:
                place(framework, self._patches, services)

        for known in frameworks.KNOWN:
            for module in known.import_triggers:
                self._patches.when(module, lambda _, known=known: observe(known))  # type: ignore[misc]

    def _uninstrument(self, **keywords: Any) -> None:
        by_hand.use(None)
        context.use_tracer_provider(None)
        context.use_own_spans(context.OwnSpans())
        self._patches.restore()
        finalize.end_open()
        if self._sockets is not None:
            self._sockets.close()
        for attached in self._attached:
            attached.close()
        self._attached = ()


def _reporter(meter_provider: Any, settings: Settings, spans: Spans) -> OtelReporter:
    key = _GLOBAL if meter_provider is None else meter_provider
    legacy = settings.legacy_metrics or "1.37" in settings.compatibility
    ours = our_metrics() if settings.metrics != "gen_ai" else []
    of_conventions = conventions(legacy, settings.metric_details) if settings.metrics != "ex_llm" else []
    wanted = tagged(ours + of_conventions, settings.metric_baggage_keys)
    reporter = _reporters.get(key)
    if reporter is None:
        meter = metrics.get_meter(_SCOPE, __version__, meter_provider, semconv.SCHEMA_URL)
        reporter = _reporters[key] = OtelReporter(wanted, meter)
    elif [(m.name, m.tags) for m in reporter.metrics] != [(m.name, m.tags) for m in wanted]:
        _logger.warning("the settings of metrics stay as they were: the instruments of a meter provider are made once")
    reporter.attach(spans.context_of)
    return reporter


def _services(settings: Settings, costs: Costs, listeners: ListenerCheck) -> CallServices:
    return CallServices(
        has_handlers=listeners,
        captures_content=settings.reads_contents,
        host_providers=settings.host_providers or {},
        cost_threshold_cents=settings.cost_threshold_cents,
        baggage_keys=tuple(dict.fromkeys((*settings.span_baggage_keys, *settings.metric_baggage_keys))),
        excluded=Exclusion(settings.excluded) if settings.excluded else None,
        http_spans=settings.http_spans,
        price=costs,
    )


def _spans(tracer_provider: Any, logger_provider: Any, settings: Settings) -> Spans:
    tracer = trace.get_tracer(_SCOPE, __version__, tracer_provider, semconv.SCHEMA_URL)
    logger = _logs.get_logger(_SCOPE, __version__, logger_provider, semconv.SCHEMA_URL)
    return Spans(tracer, Logs(logger), settings)
