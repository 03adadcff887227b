"""Replace inference spans of agent frameworks if the SDK below is instrumented.

Google ADK, Strands and Microsoft's Agent Framework make spans of inferences, agents and tools. Only inference spans
are replaced, by a span that records nothing and has the identity of its parent, so that our span is a child of the
agent's. Metrics, sums and logs of the frameworks stay, and so do all spans where no instrumented SDK is below.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from functools import partial
from typing import Any, NamedTuple

import wrapt

from .. import context
from ..guard import guarded
from ..wrapper import Wrapper

Watches = Callable[[str], bool]
"""Return whether something is instrumented of the package that a module is of."""


class Replacement(NamedTuple):
    """A function to replace: ``make`` returns the new function.

    Its arguments are the original and a check of which modules are instrumented.
    """

    distribution: str
    target: str
    make: Callable[[Watches, Any], Any]


_Proxy: Any = wrapt.ObjectProxy
_quiet: ContextVar[bool] = ContextVar("ex_llm_no_inference_span", default=False)
"""Whether the next span belongs to an inference that is recorded here."""


def _driven(driver: Callable[..., Any]) -> Callable[[Watches, Any], Any]:
    return lambda watches, original: Wrapper(original, partial(driver, watches))


def _is_instrumented(watches: Watches, modules: Mapping[str, tuple[str, ...]], model: Any) -> bool:
    """Return whether a model class, or one of its bases, uses an instrumented SDK."""
    below = (modules.get(kind.__module__, ()) for kind in type(model).__mro__)
    return any(watches(module) for several in below for module in several)


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


def _adk_inference(watches: Watches, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    block = wrapped(*args, **kwargs)
    return _QuietBlock(block) if guarded(_adk_is_ours, watches, args, kwargs) else block


def _adk_is_ours(watches: Watches, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    invocation = args[1] if len(args) > 1 else kwargs["invocation_context"]
    return _is_instrumented(watches, _ADK_MODELS, getattr(invocation.agent, "canonical_model", None))


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


def _strands_model(watches: Watches, original: Any) -> Any:
    names = list(inspect.signature(original).parameters)

    def given(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
        named = {**dict(zip(names, args, strict=False)), **kwargs}
        if "tracer" not in named or not _is_instrumented(watches, _STRANDS_MODELS, named["agent"].model):
            return args, kwargs
        return (), {**named, "tracer": _StrandsTracer(named["tracer"])}

    def driver(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        args, kwargs = guarded(given, args, kwargs, default=(args, kwargs))
        return wrapped(*args, **kwargs)

    return Wrapper(original, driver)


# Microsoft Agent Framework


class _Ours(dict[str, Any]):
    """Attributes of an inference span that we record; its type identifies it."""


def _asks_ours(watches: Watches, client: Any) -> bool:
    return any(watches(type(value).__module__) for value in list(vars(client).values()))


def _framework_chat(watches: Watches, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    token = _quiet.set(bool(guarded(_asks_ours, watches, instance)))
    try:
        return wrapped(*args, **kwargs)
    finally:
        _quiet.reset(token)


async def _framework_embeddings(
    watches: Watches, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    token = _quiet.set(bool(guarded(_asks_ours, watches, instance)))
    try:
        return await wrapped(*args, **kwargs)
    finally:
        _quiet.reset(token)


def _framework_attributes(
    watches: Watches, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
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


def _framework_block(watches: Watches, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    silent = guarded(_span_of, args, kwargs)
    return wrapped(*args, **kwargs) if silent is None else nullcontext(silent)


def _framework_span(watches: Watches, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    silent = guarded(_span_of, args, kwargs)
    return wrapped(*args, **kwargs) if silent is None else silent


_ADK, _STRANDS, _FRAMEWORK = "google-adk", "strands-agents", "agent-framework-core"
_TRACING, _LOOP, _OBSERVABILITY = "google.adk.telemetry.tracing", "strands.event_loop.event_loop", "agent_framework.observability"
REPLACEMENTS = (
    Replacement(_ADK, f"{_TRACING}:tracer", lambda watches, original: _AdkTracer(original)),
    Replacement(_ADK, f"{_TRACING}:use_inference_span", _driven(_adk_inference)),
    Replacement(_ADK, f"{_TRACING}:use_generate_content_span", _driven(_adk_inference)),
    Replacement(_STRANDS, f"{_LOOP}:_handle_model_execution", _strands_model),
    Replacement(_STRANDS, f"{_LOOP}:_make_invoke_model_terminal", _strands_model),
    Replacement(_FRAMEWORK, f"{_OBSERVABILITY}:ChatTelemetryLayer.get_response", _driven(_framework_chat)),
    Replacement(_FRAMEWORK, f"{_OBSERVABILITY}:EmbeddingTelemetryLayer.get_embeddings", _driven(_framework_embeddings)),
    Replacement(_FRAMEWORK, f"{_OBSERVABILITY}:_get_span_attributes", _driven(_framework_attributes)),
    Replacement(_FRAMEWORK, f"{_OBSERVABILITY}:_get_span", _driven(_framework_block)),
    Replacement(_FRAMEWORK, f"{_OBSERVABILITY}:_start_streaming_span", _driven(_framework_span)),
)


def replacements(watches: Watches) -> Iterator[tuple[str, str, Callable[[Any], Any]]]:
    """Yield distribution, target and maker of each patch, for ``Patches.place``."""
    for distribution, target, make in REPLACEMENTS:
        yield distribution, target, partial(make, watches)
