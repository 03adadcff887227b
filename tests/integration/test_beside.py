"""Test that a call is recorded once beside another instrumentation.

Also after a reload or a new import of the SDK. Small stand-ins patch the SDK as the other packages do; ``tox -e beside``
runs the real packages.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import wrapt

from opentelemetry.instrumentation.llm import LLMInstrumentor

OURS = "opentelemetry.instrumentation.llm"
MESSAGES: Any = [{"role": "user", "content": "say three words"}]


def _by_wrapt(original: Any) -> Any:
    """Wrap the present function of the base class, as OpenInference does."""

    def wrapper(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        return wrapped(*args, **kwargs)

    wrapper.__module__ = "openinference.instrumentation.openai._request"
    return wrapt.FunctionWrapper(original, wrapper)


def _by_closure(original: Any) -> Any:
    def request(self: Any, *args: Any, **kwargs: Any) -> Any:
        return original(self, *args, **kwargs)

    return request


def _by_wraps(original: Any) -> Any:
    return functools.wraps(original)(_by_closure(original))


@pytest.fixture(params=[_by_wrapt, _by_closure, _by_wraps, lambda original: original], ids=["wrapt", "closure", "wraps", "same"])
def other(request: pytest.FixtureRequest) -> Iterator[Callable[[], None]]:
    """Patch ``OpenAI.request`` as another instrumentation does."""
    import openai

    def patch() -> None:
        openai.OpenAI.request = request.param(openai.OpenAI.request)  # type: ignore[method-assign]

    yield patch
    if "request" in vars(openai.OpenAI):
        del openai.OpenAI.request


def _chat(url: str, kind: Any = None, stream: bool = False) -> None:
    import openai

    with (kind or openai.OpenAI)(base_url=f"{url}/v1", api_key="k", max_retries=0) as client:
        response = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=stream)
        if stream:
            list(response)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("order", ["other first", "ours first"])
def test_one_span_if_another_package_wraps_a_subclass(order: str, stream: bool, other: Any, watch: Any, stand_in: Any) -> None:
    if order == "other first":
        other()
    seen = watch()
    if order == "ours first":
        other()
    _chat(stand_in.url, stream=stream)
    assert len(seen.spans()) == 1
    assert seen.total("ex_llm.chat.requests.total") == 1


def test_one_span_if_two_classes_are_wrapped(other: Any, watch: Any, stand_in: Any) -> None:
    import openai

    other()
    nested = type("Nested", (openai.OpenAI,), {"request": _by_wraps(openai.OpenAI.request)})
    calling_super = type("CallingSuper", (openai.OpenAI,), {"request": lambda self, *a, **k: super(calling_super, self).request(*a, **k)})
    seen = watch()
    for kind in (nested, calling_super):
        seen.clear()
        _chat(stand_in.url, kind)
        assert len(seen.spans()) == 1


def test_uninstrument_restores_a_function_put_on_a_subclass(other: Any, watch: Any) -> None:
    import openai

    other()
    before = vars(openai.OpenAI)["request"]
    watch()
    assert vars(openai.OpenAI)["request"] is not before
    LLMInstrumentor().uninstrument()
    assert vars(openai.OpenAI)["request"] is before


@pytest.fixture
def own_openai() -> Iterator[None]:
    """Restore the openai modules that the test replaces."""

    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "openai"}
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "openai"]:
        del sys.modules[name]
    sys.modules.update(kept)


def test_sdk_that_is_imported_again_is_instrumented(own_openai: None, watch: Any, stand_in: Any) -> None:
    import openai as before

    seen = watch()
    for _ in range(2):
        for name in [name for name in sys.modules if name.partition(".")[0] == "openai"]:
            del sys.modules[name]
        after = importlib.import_module("openai")
        assert after is not before
        seen.clear()
        _chat(stand_in.url, after.OpenAI)
        assert len(seen.spans()) == 1
    LLMInstrumentor().uninstrument()
    seen.clear()
    _chat(stand_in.url, after.OpenAI)
    assert seen.spans() == []
    assert not isinstance(vars(after._base_client.SyncAPIClient)["request"], wrapt.FunctionWrapper)


def test_reloaded_sdk_module_is_instrumented(watch: Any, stand_in: Any) -> None:
    import openai._base_client as module

    seen = watch()
    kept = dict(vars(module))
    try:
        importlib.reload(module)
        assert isinstance(vars(module.SyncAPIClient)["request"], wrapt.FunctionWrapper)
        _chat(stand_in.url)
        assert len(seen.spans()) == 1
    finally:
        vars(module).update(kept)
    assert module.__spec__ is not None and type(module.__spec__.loader) is type(sys.modules["openai"].__spec__.loader)  # type: ignore[union-attr]
