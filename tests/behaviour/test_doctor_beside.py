"""Test the findings about other wrappers and missing tables.

The doctor names the package that keeps calls from being recorded once, and shows no secret.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import wrapt

from behaviour.test_doctor import causes, sound_facts
from opentelemetry.instrumentation.llm.doctor import Report, report
from opentelemetry.instrumentation.llm.doctor.conflicts import _gives_way, wrapping
from opentelemetry.instrumentation.llm.doctor.exporters import masked, without_secrets
from opentelemetry.instrumentation.llm.doctor.facts import NativeState, OtherInstrumentation, SdkState

SECRET = "hunter2-secret"


@pytest.fixture
def restored() -> Iterator[None]:
    import openai
    import openai._base_client

    base = openai._base_client.SyncAPIClient
    original = vars(base)["request"]
    yield
    base.request = original  # type: ignore[method-assign]
    if "request" in vars(openai.OpenAI):
        del openai.OpenAI.request


def _not_reached(found: Report) -> str:
    return next((finding.description for finding in found.findings if finding.cause == "not_reached"), "")


def test_restored_original_on_a_subclass_is_a_finding(restored: None, watch: Any) -> None:
    import openai

    before = vars(openai.OpenAI.__mro__[1])["request"]
    watch()
    assert _not_reached(report()) == ""
    openai.OpenAI.request = before  # type: ignore[method-assign]
    assert "openai" in _not_reached(report()) and "OpenAI.request (the function of openai._base_client)" in _not_reached(report())


def test_replaced_function_is_a_finding_with_its_module(restored: None, watch: Any) -> None:
    import openai._base_client

    def wrapper(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        return wrapped(*args, **kwargs)

    wrapper.__module__ = "openinference.instrumentation.openai._request"
    base = openai._base_client.SyncAPIClient
    original = vars(base)["request"]
    watch()
    around_ours = wrapt.FunctionWrapper(vars(base)["request"], wrapper)
    base.request = around_ours  # type: ignore[method-assign]
    assert _not_reached(report()) == ""
    base.request = wrapt.FunctionWrapper(original, wrapper)  # type: ignore[method-assign]
    assert "openai._base_client:SyncAPIClient.request (a wrapper of openinference.instrumentation.openai" in _not_reached(report())


def test_a_package_below_our_wrapper_is_found(restored: None, watch: Any) -> None:
    import openai._base_client

    def wrapper(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        return wrapped(*args, **kwargs)

    wrapper.__module__ = "openinference.instrumentation.openai._request"
    base = openai._base_client.SyncAPIClient
    base.request = wrapt.FunctionWrapper(vars(base)["request"], wrapper)  # type: ignore[method-assign]
    watch()
    assert "openinference_instrumentation_openai" in wrapping(["openai"])


def test_reload_without_a_hook_is_a_finding(restored: None, watch: Any) -> None:
    import openai._base_client as module

    watch()
    kept = module.SyncAPIClient
    try:
        module.SyncAPIClient = type("SyncAPIClient", (), {"request": lambda self: None})  # type: ignore[assignment,misc]
        assert "SyncAPIClient.request" in _not_reached(report())
    finally:
        module.SyncAPIClient = kept  # type: ignore[misc]


BEDROCK = SdkState(
    "botocore", "botocore >= 1.34", "1.44", "watched", ("bedrock",), ("chat",),
    native=(NativeState("opentelemetry.instrumentation.botocore.extensions.types:_AwsSdkExtension.x", "replaced by ours"),),
)  # fmt: skip


def test_package_with_suppressed_spans_is_not_a_problem() -> None:
    botocore = OtherInstrumentation("opentelemetry-instrumentation-botocore", "0.66b1", "botocore", ("botocore",))
    assert _gives_way(botocore, BEDROCK)
    assert not _gives_way(OtherInstrumentation("opentelemetry-instrumentation-boto", "1", "botocore"), BEDROCK)
    found = Report(sound_facts(sdks=(BEDROCK,), neighbours=(OtherInstrumentation(**{**vars(botocore), "gives_way": True}),)))
    assert causes(found) == ["gives_way"] and found.healthy
    doubled = Report(sound_facts(sdks=(BEDROCK,), neighbours=(botocore,)))
    assert causes(doubled) == ["instrumented_twice"] and "this also disables its other spans" in doubled.findings[0].do


def test_missing_tables_are_a_warning_and_a_finding() -> None:
    """Check a frozen application that was built without the hook.

    It contains no module that is imported by name.
    """
    code = """
import sys
sys.frozen = True
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("opentelemetry.instrumentation.llm.providers.") and "._" not in name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from opentelemetry.instrumentation.llm import LLMInstrumentor
from opentelemetry.instrumentation.llm.doctor import report
LLMInstrumentor().instrument()
import openai
print([(finding.cause, finding.description) for finding in report().findings if finding.cause == "tables_missing"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "a frozen application has only the modules" in done.stdout and "openai" in done.stdout
    assert done.stderr.count("calls of openai are not recorded: its table cannot be imported") == 1


def test_pyinstaller_finds_the_hook_of_the_package() -> None:
    (entry,) = [entry for entry in entry_points(group="pyinstaller40") if entry.value.startswith("opentelemetry.instrumentation.llm")]
    (directory,) = entry.load()()
    assert (Path(directory) / "hook-opentelemetry.instrumentation.llm.py").is_file()


VARIABLES = {
    "OTEL_INSTRUMENTATION_LLM_HOST_PROVIDERS": f"https://x:{SECRET}@host",
    "OTEL_INSTRUMENTATION_LLM_MODEL_NAMES": f"https://x:{SECRET}@host=gpt-4o",
    "OTEL_INSTRUMENTATION_LLM_COST_THRESHOLD_CENTS": SECRET,
    "OTEL_INSTRUMENTATION_LLM_PRICES": f"https://x:{SECRET}@host/prices.json?key={SECRET}",
    "OTEL_EXPORTER_OTLP_ENDPOINT": f"https://x:{SECRET}@[::1/v1?key={SECRET}",
    "OTEL_EXPORTER_OTLP_HEADERS": f"api-key={SECRET}",
    "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": f"https://x:{SECRET}@host",
    "OTEL_TRACES_EXPORTER": "otlp",
}


def test_doctor_shows_no_secret(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "opentelemetry.instrumentation.llm", "openai"]
    for more in ([], ["--json"]):
        done = subprocess.run([*command, *more], capture_output=True, text=True, timeout=120, env={**os.environ, **VARIABLES}, check=False)
        assert "Traceback" not in done.stderr and SECRET not in done.stdout + done.stderr
        assert "OTEL_INSTRUMENTATION_LLM_HOST_PROVIDERS" in done.stdout
    assert json.loads(done.stdout)["findings"]


@pytest.mark.parametrize(
    "url", [f"https://x:{SECRET}@host/a", f"redis://:{SECRET}@host", f"//x:{SECRET}@host", f"https://host/?k={SECRET}"]
)
def test_urls_are_shown_without_secrets(url: str) -> None:
    assert SECRET not in masked(repr({url: "a", "b": url})) + without_secrets(url)
