"""Test the findings of the doctor in broken set-ups.

From a process of its own and inside a program; an SDK that fails at import does not stop it.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
import wrapt

from opentelemetry.instrumentation.llm import LLMInstrumentor, attach, detach, execute
from opentelemetry.instrumentation.llm.__main__ import main
from opentelemetry.instrumentation.llm.doctor import Report, exporters, report
from opentelemetry.instrumentation.llm.doctor.conflicts import everything_installed
from opentelemetry.instrumentation.llm.doctor.facts import Facts, NativeState, OtherInstrumentation, SdkState, Setting, Signal
from opentelemetry.instrumentation.llm.doctor.sdks import by_distribution, probed
from opentelemetry.instrumentation.llm.guard import guarded
from opentelemetry.instrumentation.llm.providers import ALL
from opentelemetry.instrumentation.llm.settings import Settings

ROOT = Path(__file__).parents[2]
TO_THE_CONSOLE = {"OTEL_TRACES_EXPORTER": "console", "OTEL_METRICS_EXPORTER": "console", "OTEL_LOGS_EXPORTER": "console"}
MESSAGES = [{"role": "user", "content": "hello"}]
needs_distro = pytest.mark.skipif("opentelemetry-distro" not in everything_installed(), reason="needs opentelemetry-distro")


class DoctorReport:
    """The report of a doctor that ran in a process of its own."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        assert done.stderr == "", done.stderr
        self.status, self.text = done.returncode, done.stdout
        self.json: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith("{") else {}

    def causes(self) -> list[str]:
        return [finding["cause"] for finding in self.json["findings"]]

    def sdk(self, name: str = "openai") -> dict[str, Any]:
        return next(sdk for sdk in self.json["sdks"] if sdk["name"] == name)


def doctor(*arguments: str, first: Path | None = None, python: tuple[str, ...] = (), **environment: str) -> DoctorReport:
    """Run the doctor; Python searches the folder ``first`` before all others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    paths = [*([str(first)] if first else []), str(ROOT / "src")]
    command = [sys.executable, *python, "-m", "opentelemetry.instrumentation.llm", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env={**kept, "PYTHONPATH": os.pathsep.join(paths), **environment}
    )
    return DoctorReport(done)


def installed(
    place: Path, name: str, version: str, requires: tuple[str, ...] = (), entry_points: str = "", code: str | None = None
) -> Path:
    """Install a distribution in a folder; with ``code`` also its package."""
    about = place / f"{name.replace('-', '_')}-{version}.dist-info"
    about.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", "Provides-Extra: instruments"]
    (about / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {line}" for line in requires), "", ""]))
    (about / "entry_points.txt").write_text(entry_points)
    if code is not None:
        (place / name).mkdir()
        (place / name / "__init__.py").write_text(code)
    return place


def without(place: Path, names: set[str]) -> Path:
    """Return a folder with all installed packages but some distributions.

    For use with ``python -S``.
    """
    hidden = set()
    for name in names:
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:
            continue
        hidden |= {file.parts[0] for file in files if file.parts[0].endswith(".dist-info") or file.parts[1:] == ("__init__.py",)}
    for path in dict.fromkeys((sysconfig.get_paths()["purelib"], sysconfig.get_paths()["platlib"])):
        for entry in Path(path).iterdir():
            # A backport of a standard-library module would shadow that module here.
            if entry.name not in hidden and entry.suffix != ".pth" and entry.stem not in sys.stdlib_module_names:
                (place / entry.name).symlink_to(entry)
    return place


@needs_distro
def test_a_sound_set_up_has_no_problem() -> None:
    result = doctor("--json", "openai", **TO_THE_CONSOLE)
    assert (result.status, result.json["healthy"], result.causes()) == (0, True, [])
    assert [sdk["name"] for sdk in result.json["sdks"]] == ["openai"]
    assert result.sdk()["state"] == "watched" and {"chat", "embeddings"} <= set(result.sdk()["operations"])
    assert "openai._base_client:AsyncAPIClient.request" in result.sdk()["patched"]
    assert result.json["what_to_do"] == "nothing; no problem was found"


@needs_distro
def test_billed_calls_that_are_not_recorded_are_listed() -> None:
    result = doctor("openai", **TO_THE_CONSOLE)
    assert result.status == 0
    section = result.text.partition("Billed calls that are not recorded\n")[2].partition("\n\n")[0]
    assert "openai" in section and "openai.resources.fine_tuning.*" in section
    assert "a training or evaluation job that the program polls" in section


def test_no_sdk_is_a_finding(tmp_path: Path) -> None:
    result = doctor(first=without(tmp_path, set(by_distribution())), python=("-S",), **TO_THE_CONSOLE)
    assert result.status == 1
    assert "no_sdk" in result.text and "supported SDKs is installed for this Python" in result.text
    assert result.text.splitlines()[-1].startswith("What to do: install the SDK that the program uses, such as pip install 'openai >=")


def test_an_sdk_below_the_supported_release_is_a_finding(tmp_path: Path) -> None:
    result = doctor("openai", first=installed(tmp_path, "openai", "0.28.1", code=""), **TO_THE_CONSOLE)
    assert result.status == 1
    assert "openai 0.28.1 is too old: openai >= 1.26 is required" in result.text
    assert result.text.splitlines()[-1] == "What to do: pip install --upgrade 'openai >= 1.26'"


@needs_distro
def test_no_exporter_is_a_finding(tmp_path: Path) -> None:
    place = installed(tmp_path, "openai", "9.9", code="")
    nowhere = dict.fromkeys(TO_THE_CONSOLE, "none")
    result = doctor("--json", "openai", first=place, **nowhere)
    assert result.status == 1 and "no_exporter" in result.causes()
    assert all(signal["exporters"] == [] for signal in result.json["signals"])
    finding = next(f for f in result.json["findings"] if f["cause"] == "no_exporter")
    assert "OTEL_TRACES_EXPORTER" in finding["do"]


def test_a_second_instrumentation_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requires = ("opentelemetry-api ~= 1.12", "openai >= 1.26.0; extra == 'instruments'")
    entry = "[opentelemetry_instrumentor]\nopenai = somewhere.else:OpenAIInstrumentor\n"
    place = installed(tmp_path, "opentelemetry-instrumentation-openai-v2", "2.4b0", requires, entry)
    result = doctor("openai", first=place, **TO_THE_CONSOLE)
    assert result.status == 1
    assert (
        "openai is instrumented twice: opentelemetry-instrumentation-openai-v2 2.4b0 is loaded by opentelemetry-instrument too"
        in result.text
    )
    assert "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=openai" in result.text.splitlines()[-1]
    assert "OTEL_INSTRUMENTATION_LLM_DISABLED_PROVIDERS=openai" in result.text.splitlines()[-1]
    monkeypatch.syspath_prepend(place)
    monkeypatch.setenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "openai")
    assert [(n.sdk, n.off) for n in report().facts.neighbours] == [("openai", True)] and "instrumented_twice" not in causes(report())


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("OTEL_SDK_DISABLED", "true", "OTEL_SDK_DISABLED=true disables the OpenTelemetry SDK"),
        ("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "redis, llm", "prevents opentelemetry-instrument from loading this instrumentation"),
        ("OTEL_INSTRUMENTATION_LLM_DISABLED_PROVIDERS", "openai", "because of OTEL_INSTRUMENTATION_LLM_DISABLED_PROVIDERS"),
    ],
)
def test_disabled_by_the_environment_is_a_finding(variable: str, value: str, message: str, tmp_path: Path) -> None:
    result = doctor("openai", first=installed(tmp_path, "openai", "9.9", code=""), **{**TO_THE_CONSOLE, variable: value})
    assert "disabled_by_environment" in result.text and message in result.text
    assert variable in result.text.splitlines()[-1]
    assert result.status == 1


@pytest.mark.parametrize(
    ("code", "state", "message"),
    [
        ("import time\ntime.sleep(600)", "import too slow", "not imported after 1 s"),
        ("raise RuntimeError('no such library\\nand more')", "import failed", "RuntimeError: no such library"),
        ("import a_library_that_is_not_there", "import failed", "No module named 'a_library_that_is_not_there'"),
        ("raise SystemExit(3)", "import failed", "SystemExit: 3"),
        ("import os\nos._exit(3)", "import failed", "the process ended with status 3"),
        ("print('hello', flush=True)\nimport os\nos.write(1, b'{}\\n')", "not watched", ""),
    ],
    ids=["slow", "raises", "incomplete", "leaves", "dies", "prints"],
)
def test_an_sdk_that_fails_at_import_does_not_stop_the_doctor(
    code: str, state: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(installed(tmp_path, "openai", "9.9", code=code))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), str(ROOT / "src"))))
    (sdk,) = probed(Settings(), 1 if "slow" in state else 60, ["openai"])
    assert (sdk.version, sdk.state) == ("9.9", state)
    assert message in " ".join(sdk.errors)
    assert [f.cause for f in Report(sound_facts(sdks=(sdk,))).findings] == [f"sdk_{state.replace(' ', '_')}"]


def test_settings_show_their_origin_and_unknown_ones_are_named(tmp_path: Path) -> None:
    variables = {
        "OTEL_INSTRUMENTATION_LLM_NATIVE_TELEMETRY": "keep",
        "OTEL_INSTRUMENTATION_LLM_MAX_CONTENT_BYTES": "many",
        "OTEL_INSTRUMENTATION_LLM_NATIV_TELEMETRY": "keep",
    }
    result = doctor("--json", "openai", first=installed(tmp_path, "openai", "9.9", code=""), **TO_THE_CONSOLE, **variables)
    origins = {s["name"]: (s["value"], s["origin"]) for s in result.json["settings"]}
    assert origins["native_telemetry"] == ("'keep'", "OTEL_INSTRUMENTATION_LLM_NATIVE_TELEMETRY")
    assert origins["max_content_bytes"] == ("65536", "default")
    message = [f["says"] for f in result.json["findings"] if f["cause"] == "setting_ignored"]
    assert any("MAX_CONTENT_BYTES='many' is not allowed" in line for line in message)
    assert any("NATIV_TELEMETRY is set, but not used" in line for line in message)


def test_the_command_line_runs_in_this_process(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    monkeypatch.setenv("OTEL_INSTRUMENTATION_LLM_DISABLED_PROVIDERS", ",".join(p.name for p in ALL))
    assert main(["--json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["cause"] == "disabled_by_environment"


# From inside a running program.


def causes(result: Report) -> list[str]:
    return [finding.cause for finding in result.findings]


def test_an_uninstrumented_program_is_a_finding() -> None:
    result = report()
    assert result.findings[0].cause == "not_instrumented" and "instrument()" in result.what_to_do


def test_an_instrumented_exporting_program_has_no_problem(watch: Any) -> None:
    watch(max_content_bytes=10)
    result = report()
    assert result.facts.inside and result.facts.watching
    assert result.facts.providers_in_process["traces"] == "opentelemetry.sdk.trace.Tracer to InMemorySpanExporter"
    assert Setting("max_content_bytes", "10", "keyword") in result.facts.settings
    assert result.facts.handlers["ex_llm.spans"] > 5
    assert "no_exporter" not in causes(result)


def test_a_program_without_an_exporter_is_a_finding() -> None:
    LLMInstrumentor().instrument()
    try:
        result = report()
    finally:
        LLMInstrumentor().uninstrument()
    assert result.facts.providers_in_process["traces"] == "none"
    assert "no TracerProvider is set" in str(result) and "no_exporter" in causes(result)


def test_unpriced_models_and_errors_are_reported(watch: Any, stand_in: Any) -> None:
    import openai

    watch()

    def bad(*_: Any) -> None:
        raise ValueError("secret")

    attach("bad-handler", "ex_llm.chat.start", bad)
    try:
        with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="sk-test", max_retries=0) as client:
            client.chat.completions.create(model="a-model-without-a-price", messages=MESSAGES)
    finally:
        detach("bad-handler")
    guarded(bad)
    result = report()
    ((provider, model, reason),) = (unpriced.values() for unpriced in result.facts.unpriced)
    assert (provider, reason) == ("openai", "unknown_model") and model.startswith("a-model-without-a-price")
    assert any("bad" in step for step in result.facts.extraction_errors)
    assert result.facts.handler_failures["ex_llm.chat.start"] >= 1
    assert {"unpriced_models", "extraction_errors", "handler_failures"} <= set(causes(result))
    assert "secret" not in str(result) and "secret" not in json.dumps(result.as_json())


@pytest.fixture
def wrapped_by_another() -> Iterator[None]:
    from openai.resources.chat.completions import Completions

    def wrapper(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        return wrapped(*args, **kwargs)

    wrapper.__module__ = "opentelemetry.instrumentation.openai_v2.patch"
    original = vars(Completions)["create"]
    Completions.create = wrapt.FunctionWrapper(original, wrapper)  # type: ignore[method-assign]
    yield
    Completions.create = original  # type: ignore[method-assign]


def test_a_foreign_wrapper_in_this_process_is_a_finding(watch: Any, wrapped_by_another: None) -> None:
    watch()
    result = report()
    finding = next(f for f in result.findings if f.cause == "instrumented_twice")
    assert "opentelemetry_instrumentation_openai has wrapped functions of it" in finding.description
    assert OtherInstrumentation("opentelemetry_instrumentation_openai", "", "openai", active=True) in result.facts.neighbours


def test_wrappers_of_this_package_are_not_foreign(watch: Any) -> None:
    watch()
    assert not any(neighbour.active for neighbour in report().facts.neighbours)


# Facts that are not available on every machine.


def sound_facts(**about: Any) -> Facts:
    """Return the facts of a sound set-up, changed by ``about``."""
    healthy: dict[str, Any] = {
        "versions": {"python": "3.13.0", "opentelemetry-instrumentation-llm": "1", "opentelemetry-sdk": "1.45"},
        "inside": False, "watching": False, "loadable": True,
        "sdks": (SdkState("openai", "openai >= 1.26", "3.0", "watched", ("openai",), ("chat",), patched=("openai:A.b",)),),
        "neighbours": (), "configurator": "opentelemetry-distro", "config_file": None,
        "signals": (Signal("traces", ("console",), "OTEL_TRACES_EXPORTER"),), "settings": (), "ignored": (), "disabled_by": {},
    }  # fmt: skip
    return Facts(**{**healthy, **about})


def test_sound_facts_have_no_finding() -> None:
    assert Report(sound_facts()).findings == ()


OPENAI = sound_facts().sdks[0]


@pytest.mark.parametrize(
    ("about", "cause", "problem"),
    [
        ({"versions": {**sound_facts().versions, "opentelemetry-sdk": None}}, "no_opentelemetry_sdk", True),
        ({"configurator": None}, "no_configurator", True),
        ({"loadable": False}, "not_loadable", True),
        ({"signals": (Signal("traces", ("otlp",), "x", ("otlp",)),)}, "exporter_not_installed", True),
        ({"inside": True, "watching": True, "providers_in_process": {"traces": "sdk.Tracer to nobody"}}, "no_exporter", True),
        ({"neighbours": (OtherInstrumentation("openlit", "1.45", ""),)}, "may_be_instrumented_twice", False),
        ({"sdks": (SdkState(**{**vars(OPENAI), "native": (NativeState("a:b", "kept beside ours"),)}),)}, "native_telemetry_kept", False),
        ({"sdks": (SdkState(**{**vars(OPENAI), "without": ("embeddings",)}),)}, "missing_targets", False),
        ({"sdks": (SdkState(**{**vars(OPENAI), "missing": ("openai:A.c",)}),)}, "missing_targets", False),
        ({"settings": (Setting("disabled_providers", "('opnai',)", "keyword"),)}, "setting_ignored", False),
    ],
)
def test_other_causes_are_found(about: dict[str, Any], cause: str, problem: bool) -> None:
    result = Report(sound_facts(**about))
    assert [(f.cause, f.problem) for f in result.findings] == [(cause, problem)]
    assert result.healthy is not problem
    do = result.findings[0].do
    worth = do if problem else "nothing; no problem was found" if do.startswith("nothing") else f"no problem was found; optionally: {do}"
    assert str(result).splitlines()[-1] == f"What to do: {worth}"
    assert do in str(result).partition("\nFindings\n")[2]


def test_the_last_line_counts_the_actions_to_take() -> None:
    result = Report(sound_facts(loadable=False, configurator=None))
    assert causes(result) == ["not_loadable", "no_configurator"]
    assert result.what_to_do == f"{result.findings[0].do} (then 1 more, see Findings)"


class Narrow(io.StringIO):
    """A terminal that can encode few characters."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_colours_marks_and_folded_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    result = Report(sound_facts(loadable=False))
    shown = result.for_stream(Narrow())
    assert "\x1b[32m✓\x1b[0m openai" in shown and "\x1b[31m✗\x1b[0m 1. not_loadable" in shown
    uncoloured = re.sub(r"\x1b\[\d+m", "", shown)
    folded = uncoloured.partition("Findings\n")[2].partition("\n\n")[0].splitlines()
    assert len(folded) > 2 and max(map(len, folded)) <= 60
    assert " ".join(" ".join(folded).split()) == " ".join(str(result).partition("Findings\n")[2].partition("\n\n")[0].split())
    assert result.for_stream(io.StringIO()) == str(result) and "\x1b" not in str(result)


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["openai", "opnai"])
    assert "unknown SDK: opnai; known SDKs: openai, " in capsys.readouterr().err


def test_problems_are_listed_before_notes() -> None:
    result = Report(sound_facts(sdks=(SdkState(**{**vars(OPENAI), "without": ("embeddings",)}),), configurator=None))
    assert causes(result) == ["no_configurator", "missing_targets"]


@pytest.mark.parametrize(
    ("environment", "exporter", "missing", "endpoint"),
    [
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "otlp", False, "http://localhost:4317"),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT": "https://u:key@c.example/x?k=key"},
            "otlp", False, "https://c.example/x",
        ),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"}, "otlp", True, None),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "zipkin", True, None),
        ({"OTEL_TRACES_EXPORTER": "llm_console"}, "llm_console", False, None),
    ],
)  # fmt: skip
def test_exporters_are_parsed_as_opentelemetry_parses_them(
    environment: dict[str, str], exporter: str, missing: bool, endpoint: str | None
) -> None:
    found = everything_installed()
    if "opentelemetry-exporter-otlp" not in found and exporter == "otlp":
        pytest.skip("needs opentelemetry-exporter-otlp")
    traces = exporters.signals(found, environment)[0]
    assert (traces.exporters, traces.missing, traces.endpoint) == ((exporter,), (exporter,) if missing else (), endpoint)


def test_the_doctor_emits_no_event(watch: Any) -> None:
    seen = watch()
    report()
    execute("ex_llm.cache.hit", {}, {"cache": "c"})
    assert seen.spans() == [] and seen.total("ex_llm.cache.hits.total") == 1


def test_no_secret_of_a_variable_is_shown(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_LLM_HOST_PROVIDERS", "https://user:hunter2@host")
    monkeypatch.setenv("OTEL_INSTRUMENTATION_LLM_PRICES", "https://user:hunter2@host/prices.json")
    monkeypatch.setenv("OTEL_INSTRUMENTATION_LLM_MAX_CONTENT_BYTES", "hunter2")
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "hunter2")
    monkeypatch.setenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "redis://:hunter2@cache")
    result = report()
    assert "hunter2" not in str(result) + json.dumps(result.as_json()) + caplog.text
    assert "setting_ignored" in causes(result)
