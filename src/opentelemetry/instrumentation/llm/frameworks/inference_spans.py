"""Replace inference spans of agent frameworks if the SDK below is instrumented.

Google ADK, Strands and Microsoft's Agent Framework make spans of inferences, agents and tools. Only inference spans
are replaced, by a span that records nothing and has the identity of its parent, so that our span is a child of the
agent's. Metrics, sums and logs of the frameworks stay, and so do all spans where no instrumented SDK is below.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from functools import partial
from typing import Any

import wrapt

from .. import context
from ..extraction.arguments import by_name
from ..guard import guarded
from ..wrapper import Patch, Wrapper

IsInstrumented = Callable[[str], bool]
"""Return whether the package of a module has patch points."""


_Proxy: Any = wrapt.ObjectProxy
_quiet: ContextVar[bool] = ContextVar("ex_llm_no_inference_span", default=False)
"""Whether the next span belongs to an inference that is recorded here."""


def _driven(driver: Callable[..., Any]) -> Callable[[IsInstrumented, Any], Any]:
    return lambda is_instrumented, original: Wrapper(original, partial(driver, is_instrumented))


def _uses_instrumented(is_instrumented: IsInstrumented, modules: Mapping[str, tuple[str, ...]], model: Any) -> bool:
    """Return whether a model class, or one of its bases, uses an instrumented SDK."""
    below = (modules.get(kind.__module__, ()) for kind in type(model).__mro__)
    return any(is_instrumented(module) for several in below for module in several)


# Google ADK

_ADK_MODELS = {
    "google.adk.models.google_llm": ("google.genai",),
    "google.adk.models.anthropic_llm": ("anthropic",),
    "google.adk.models.lite_llm": ("litellm",),
}


class _QuietBlock:
    """Enter a context manager while no inference span is made."""

    def __init__(self, block: Any) -> None:
        self._block = block

    def __enter__(self) -> Any:
        token = _quiet.set(True)
        try:
            return self._block.__enter__()
        finally:
            _quiet.reset(token)

    def __exit__(self, *error: Any) -> Any:
        return self._block.__exit__(*error)

    async def __aenter__(self) -> Any:
        token = _quiet.set(True)
        try:
            return await self._block.__aenter__()
        finally:
            _quiet.reset(token)

    async def __aexit__(self, *error: Any) -> Any:
        return await self._block.__aexit__(*error)


class _AdkTracer(_Proxy):  # type: ignore[misc]
    """The tracer of ADK, which makes no span while an inference is ours."""

    def start_as_current_span(self, *args: Any, **kwargs: Any) -> AbstractContextManager[Any]:
        """Return ADK's span, or a span without records where the current span stays."""
        if _quiet.get():
            return nullcontext(context.silent_span())
        block: AbstractContextManager[Any] = self.__wrapped__.start_as_current_span(*args, **kwargs)
        return block


def _adk_inference(
    is_instrumented: IsInstrumented, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    block = wrapped(*args, **kwargs)
    return _QuietBlock(block) if guarded(_adk_is_ours, is_instrumented, args, kwargs) else block


def _adk_is_ours(is_instrumented: IsInstrumented, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    invocation = args[1] if len(args) > 1 else kwargs["invocation_context"]
    return _uses_instrumented(is_instrumented, _ADK_MODELS, getattr(invocation.agent, "canonical_model", None))


# Strands

_STRANDS_MODELS = {
    f"strands.models.{name}": modules
    for name, modules in {
        "anthropic": ("anthropic",),
        "bedrock": ("botocore",),
        "gemini": ("google.genai",),
        "litellm": ("litellm",),
        "mistral": ("mistralai", "mistralai.client"),
        "ollama": ("ollama",),
        "openai": ("openai",),
        "openai_responses": ("openai",),
        "writer": ("writerai",),
    }.items()
}


class _StrandsTracer(_Proxy):  # type: ignore[misc]
    """The tracer of Strands, without spans of models."""

    def start_model_invoke_span(self, *args: Any, **kwargs: Any) -> Any:
        """Return a span that records nothing and can be ended."""
        return context.silent_span()


def _strands_model(is_instrumented: IsInstrumented, original: Any) -> Any:
    names = list(inspect.signature(original).parameters)

    def given(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
        named = by_name(names, args, kwargs)
        if "tracer" not in named or not _uses_instrumented(is_instrumented, _STRANDS_MODELS, named["agent"].model):
            return args, kwargs
        return (), {**named, "tracer": _StrandsTracer(named["tracer"])}

    def driver(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        args, kwargs = guarded(given, args, kwargs, default=(args, kwargs))
        return wrapped(*args, **kwargs)

    return Wrapper(original, driver)


# Microsoft Agent Framework


class _Ours(dict[str, Any]):
    """Attributes of an inference span that we record; its type identifies it."""


def _asks_ours(is_instrumented: IsInstrumented, client: Any) -> bool:
    return any(is_instrumented(type(value).__module__) for value in list(vars(client).values()))


def _framework_chat(
    is_instrumented: IsInstrumented, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    token = _quiet.set(bool(guarded(_asks_ours, is_instrumented, instance)))
    try:
        return wrapped(*args, **kwargs)
    finally:
        _quiet.reset(token)


async def _framework_embeddings(
    is_instrumented: IsInstrumented, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    token = _quiet.set(bool(guarded(_asks_ours, is_instrumented, instance)))
    try:
        return await wrapped(*args, **kwargs)
    finally:
        _quiet.reset(token)


def _framework_attributes(
    is_instrumented: IsInstrumented, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    attributes = wrapped(*args, **kwargs)
    if not _quiet.get():
        return attributes
    # Only once: the client below makes its own spans.
    _quiet.set(False)
    return _Ours(attributes)


def _span_of(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    attributes = kwargs["attributes"] if "attributes" in kwargs else args[0] if args else None
    return context.silent_span() if isinstance(attributes, _Ours) else None


def _framework_block(
    is_instrumented: IsInstrumented, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    silent = guarded(_span_of, args, kwargs)
    return wrapped(*args, **kwargs) if silent is None else nullcontext(silent)


def _framework_span(
    is_instrumented: IsInstrumented, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    silent = guarded(_span_of, args, kwargs)
    return wrapped(*args, **kwargs) if silent is None else silent


_ADK, _STRANDS, _FRAMEWORK = "google-adk", "strands-agents", "agent-framework-core"
_TRACING, _LOOP, _OBSERVABILITY = "google.adk.telemetry.tracing", "strands.event_loop.event_loop", "agent_framework.observability"
_WRAPPERS: tuple[tuple[str, str, Callable[[IsInstrumented, Any], Any]], ...] = (
    (_ADK, f"{_TRACING}:tracer", lambda is_instrumented, original: _AdkTracer(original)),
    (_ADK, f"{_TRACING}:use_inference_span", _driven(_adk_inference)),
    (_ADK, f"{_TRACING}:use_generate_content_span", _driven(_adk_inference)),
    (_STRANDS, f"{_LOOP}:_handle_model_execution", _strands_model),
    (_STRANDS, f"{_LOOP}:_make_invoke_model_terminal", _strands_model),
    (_FRAMEWORK, f"{_OBSERVABILITY}:ChatTelemetryLayer.get_response", _driven(_framework_chat)),
    (_FRAMEWORK, f"{_OBSERVABILITY}:EmbeddingTelemetryLayer.get_embeddings", _driven(_framework_embeddings)),
    (_FRAMEWORK, f"{_OBSERVABILITY}:_get_span_attributes", _driven(_framework_attributes)),
    (_FRAMEWORK, f"{_OBSERVABILITY}:_get_span", _driven(_framework_block)),
    (_FRAMEWORK, f"{_OBSERVABILITY}:_start_streaming_span", _driven(_framework_span)),
)


def patches(is_instrumented: IsInstrumented) -> tuple[Patch, ...]:
    """Return the patches; they replace spans only if the SDK below is instrumented."""
    return tuple(Patch(distribution, target, partial(wrap, is_instrumented)) for distribution, target, wrap in _WRAPPERS)
