"""The doctor names the cause in broken set-ups, from outside and from inside, and never stops at what an SDK does."""

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

ROOT = Path(__file__).parent.parent
TO_THE_CONSOLE = {"OTEL_TRACES_EXPORTER": "console", "OTEL_METRICS_EXPORTER": "console", "OTEL_LOGS_EXPORTER": "console"}
MESSAGES = [{"role": "user", "content": "hello"}]
needs_distro = pytest.mark.skipif("opentelemetry-distro" not in everything_installed(), reason="needs opentelemetry-distro")


class Told:
    """What a run of the doctor in a process of its own has told."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        assert done.stderr == "", done.stderr
        self.status, self.text = done.returncode, done.stdout
        self.json: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith("{") else {}

    def causes(self) -> list[str]:
        return [finding["cause"] for finding in self.json["findings"]]

    def sdk(self, name: str = "openai") -> dict[str, Any]:
        return next(sdk for sdk in self.json["sdks"] if sdk["name"] == name)


def doctor(*arguments: str, first: Path | None = None, python: tuple[str, ...] = (), **environment: str) -> Told:
    """Run the doctor; what lies in ``first`` is found before everything else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    paths = [*([str(first)] if first else []), str(ROOT / "src")]
    command = [sys.executable, *python, "-m", "opentelemetry.instrumentation.llm", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env={**kept, "PYTHONPATH": os.pathsep.join(paths), **environment}
    )
    return Told(done)


def installed(
    place: Path, name: str, version: str, requires: tuple[str, ...] = (), entry_points: str = "", code: str | None = None
) -> Path:
    """Put a distribution where Python finds it; with ``code`` also its package."""
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
    """Lay out everything that is installed here, but for some distributions, to be used with ``python -S``."""
    hidden = set()
    for name in names:
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:
            continue
        hidden |= {file.parts[0] for file in files if file.parts[0].endswith(".dist-info") or file.parts[1:] == ("__init__.py",)}
    for path in dict.fromkeys((sysconfig.get_paths()["purelib"], sysconfig.get_paths()["platlib"])):
        for entry in Path(path).iterdir():
            # A backport of what the standard library has would come before it here.
            if entry.name not in hidden and entry.suffix != ".pth" and entry.stem not in sys.stdlib_module_names:
                (place / entry.name).symlink_to(entry)
    return place


@needs_distro
def test_all_is_well() -> None:
    told = doctor("--json", "openai", **TO_THE_CONSOLE)
    assert (told.status, told.json["healthy"], told.causes()) == (0, True, [])
    assert [sdk["name"] for sdk in told.json["sdks"]] == ["openai"]
    assert told.sdk()["state"] == "watched" and {"chat", "embeddings"} <= set(told.sdk()["operations"])
    assert "openai._base_client:AsyncAPIClient.request" in told.sdk()["patched"]
    assert told.json["what_to_do"] == "nothing; no problem was found"


def test_no_sdk(tmp_path: Path) -> None:
    told = doctor(first=without(tmp_path, set(by_distribution())), python=("-S",), **TO_THE_CONSOLE)
    assert told.status == 1
    assert "no_sdk" in told.text and "none of the supported SDKs is installed" in told.text
    assert told.text.splitlines()[-1].startswith("What to do: install the SDK that the program uses, such as pip install 'openai >=")


def test_an_sdk_that_is_too_old(tmp_path: Path) -> None:
    told = doctor("openai", first=installed(tmp_path, "openai", "0.28.1", code=""), **TO_THE_CONSOLE)
    assert told.status == 1
    assert "openai 0.28.1 is too old: openai >= 1.26 is required" in told.text
    assert told.text.splitlines()[-1] == "What to do: pip install --upgrade 'openai >= 1.26'"


@needs_distro
def test_no_exporter(tmp_path: Path) -> None:
    place = installed(tmp_path, "openai", "9.9", code="")
    nowhere = dict.fromkeys(TO_THE_CONSOLE, "none")
    told = doctor("--json", "openai", first=place, **nowhere)
    assert told.status == 1 and "no_exporter" in told.causes()
    assert all(signal["exporters"] == [] for signal in told.json["signals"])
    finding = next(f for f in told.json["findings"] if f["cause"] == "no_exporter")
    assert "OTEL_TRACES_EXPORTER" in finding["do"]


def test_watched_twice_by_another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requires = ("opentelemetry-api ~= 1.12", "openai >= 1.26.0; extra == 'instruments'")
    entry = "[opentelemetry_instrumentor]\nopenai = somewhere.else:OpenAIInstrumentor\n"
    place = installed(tmp_path, "opentelemetry-instrumentation-openai-v2", "2.4b0", requires, entry)
    told = doctor("openai", first=place, **TO_THE_CONSOLE)
    assert told.status == 1
    assert (
        "openai is instrumented twice: opentelemetry-instrumentation-openai-v2 2.4b0 is loaded by opentelemetry-instrument too" in told.text
    )
    assert "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=openai" in told.text.splitlines()[-1]
    assert "OTEL_INSTRUMENTATION_LLM_DISABLED_PROVIDERS=openai" in told.text.splitlines()[-1]
    monkeypatch.syspath_prepend(place)
    monkeypatch.setenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "openai")
    assert [(n.sdk, n.off) for n in report().facts.neighbours] == [("openai", True)] and "instrumented_twice" not in causes(report())


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("OTEL_SDK_DISABLED", "true", "OTEL_SDK_DISABLED=true disables the OpenTelemetry SDK"),
        ("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "redis, llm", "prevents opentelemetry-instrument from loading this instrumentation"),
        ("OTEL_INSTRUMENTATION_LLM_DISABLED_PROVIDERS", "openai", "because of OTEL_INSTRUMENTATION_LLM_DISABLED_PROVIDERS"),
    ],
)
def test_disabled_by_the_environment(variable: str, value: str, says: str, tmp_path: Path) -> None:
    told = doctor("openai", first=installed(tmp_path, "openai", "9.9", code=""), **{**TO_THE_CONSOLE, variable: value})
    assert "disabled_by_environment" in told.text and says in told.text
    assert variable in told.text.splitlines()[-1]
    assert told.status == 1


@pytest.mark.parametrize(
    ("code", "state", "says"),
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
def test_whatever_an_sdk_does_at_its_import(code: str, state: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(installed(tmp_path, "openai", "9.9", code=code))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), str(ROOT / "src"))))
    (sdk,) = probed(Settings(), 1 if "slow" in state else 60, ["openai"])
    assert (sdk.version, sdk.state) == ("9.9", state)
    assert says in " ".join(sdk.errors)
    assert [f.cause for f in Report(facts(sdks=(sdk,))).findings] == [f"sdk_{state.replace(' ', '_')}"]


def test_a_setting_is_told_with_its_origin_and_one_that_nobody_reads_too(tmp_path: Path) -> None:
    variables = {
        "OTEL_INSTRUMENTATION_LLM_NATIVE_TELEMETRY": "keep",
        "OTEL_INSTRUMENTATION_LLM_MAX_CONTENT_BYTES": "many",
        "OTEL_INSTRUMENTATION_LLM_NATIV_TELEMETRY": "keep",
    }
    told = doctor("--json", "openai", first=installed(tmp_path, "openai", "9.9", code=""), **TO_THE_CONSOLE, **variables)
    origins = {s["name"]: (s["value"], s["origin"]) for s in told.json["settings"]}
    assert origins["native_telemetry"] == ("'keep'", "OTEL_INSTRUMENTATION_LLM_NATIVE_TELEMETRY")
    assert origins["max_content_bytes"] == ("65536", "default")
    says = [f["says"] for f in told.json["findings"] if f["cause"] == "setting_ignored"]
    assert any("MAX_CONTENT_BYTES='many' is not allowed" in line for line in says)
    assert any("NATIV_TELEMETRY is set, but not used" in line for line in says)


def test_the_command_line_in_this_process(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    monkeypatch.setenv("OTEL_INSTRUMENTATION_LLM_DISABLED_PROVIDERS", ",".join(p.name for p in ALL))
    assert main(["--json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["cause"] == "disabled_by_environment"


# From inside a running program.


def causes(told: Report) -> list[str]:
    return [finding.cause for finding in told.findings]


def test_a_program_that_does_not_watch() -> None:
    told = report()
    assert told.findings[0].cause == "not_instrumented" and "instrument()" in told.what_to_do


def test_a_program_that_watches_and_exports(watch: Any) -> None:
    watch(max_content_bytes=10)
    told = report()
    assert told.facts.inside and told.facts.watching
    assert told.facts.providers_in_process["traces"] == "opentelemetry.sdk.trace.Tracer to InMemorySpanExporter"
    assert Setting("max_content_bytes", "10", "keyword") in told.facts.settings
    assert told.facts.handlers["ex_llm.spans"] > 5
    assert "no_exporter" not in causes(told)


def test_a_program_whose_spans_go_nowhere() -> None:
    LLMInstrumentor().instrument()
    try:
        told = report()
    finally:
        LLMInstrumentor().uninstrument()
    assert told.facts.providers_in_process["traces"] == "none"
    assert "no TracerProvider is set" in str(told) and "no_exporter" in causes(told)


def test_unpriced_models_and_errors_are_told(watch: Any, stand_in: Any) -> None:
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
    told = report()
    ((provider, model, reason),) = (unpriced.values() for unpriced in told.facts.unpriced)
    assert (provider, reason) == ("openai", "unknown_model") and model.startswith("a-model-without-a-price")
    assert any("bad" in step for step in told.facts.extraction_errors)
    assert told.facts.handler_failures["ex_llm.chat.start"] >= 1
    assert {"unpriced_models", "extraction_errors", "handler_failures"} <= set(causes(told))
    assert "secret" not in str(told) and "secret" not in json.dumps(told.as_json())


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


def test_a_wrapper_of_another_in_this_process_is_seen(watch: Any, wrapped_by_another: None) -> None:
    watch()
    told = report()
    finding = next(f for f in told.findings if f.cause == "instrumented_twice")
    assert "opentelemetry_instrumentation_openai has wrapped functions of it" in finding.description
    assert OtherInstrumentation("opentelemetry_instrumentation_openai", "", "openai", active=True) in told.facts.neighbours


def test_our_own_wrappers_are_nobody_elses(watch: Any) -> None:
    watch()
    assert not any(neighbour.active for neighbour in report().facts.neighbours)


# Facts that are not to be had on every machine.


def facts(**about: Any) -> Facts:
    """Return the facts of a healthy place, but for ``about``."""
    healthy: dict[str, Any] = {
        "versions": {"python": "3.13.0", "opentelemetry-instrumentation-llm": "1", "opentelemetry-sdk": "1.45"},
        "inside": False, "watching": False, "loadable": True,
        "sdks": (SdkState("openai", "openai >= 1.26", "3.0", "watched", ("openai",), ("chat",), patched=("openai:A.b",)),),
        "neighbours": (), "configurator": "opentelemetry-distro", "config_file": None,
        "signals": (Signal("traces", ("console",), "OTEL_TRACES_EXPORTER"),), "settings": (), "ignored": (), "disabled_by": {},
    }  # fmt: skip
    return Facts(**{**healthy, **about})


def test_a_healthy_place_has_no_finding() -> None:
    assert Report(facts()).findings == ()


OPENAI = facts().sdks[0]


@pytest.mark.parametrize(
    ("about", "cause", "problem"),
    [
        ({"versions": {**facts().versions, "opentelemetry-sdk": None}}, "no_opentelemetry_sdk", True),
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
def test_other_causes(about: dict[str, Any], cause: str, problem: bool) -> None:
    told = Report(facts(**about))
    assert [(f.cause, f.problem) for f in told.findings] == [(cause, problem)]
    assert told.healthy is not problem
    do = told.findings[0].do
    worth = do if problem else "nothing; no problem was found" if do.startswith("nothing") else f"no problem was found; optionally: {do}"
    assert str(told).splitlines()[-1] == f"What to do: {worth}"
    assert do in str(told).partition("\nFindings\n")[2]


def test_the_last_line_counts_what_is_to_be_done_after_it() -> None:
    told = Report(facts(loadable=False, configurator=None))
    assert causes(told) == ["not_loadable", "no_configurator"]
    assert told.what_to_do == f"{told.findings[0].do} (then 1 more, see Findings)"


class Narrow(io.StringIO):
    """A terminal of a few letters."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_colours_marks_and_folded_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    told = Report(facts(loadable=False))
    shown = told.for_stream(Narrow())
    assert "\x1b[32m✓\x1b[0m openai" in shown and "\x1b[31m✗\x1b[0m 1. not_loadable" in shown
    plain = re.sub(r"\x1b\[\d+m", "", shown)
    folded = plain.partition("Findings\n")[2].partition("\n\n")[0].splitlines()
    assert len(folded) > 2 and max(map(len, folded)) <= 60
    assert " ".join(" ".join(folded).split()) == " ".join(str(told).partition("Findings\n")[2].partition("\n\n")[0].split())
    assert told.for_stream(io.StringIO()) == str(told) and "\x1b" not in str(told)


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["openai", "opnai"])
    assert "unknown SDK: opnai; known SDKs: openai, " in capsys.readouterr().err


def test_problems_come_before_notes() -> None:
    told = Report(facts(sdks=(SdkState(**{**vars(OPENAI), "without": ("embeddings",)}),), configurator=None))
    assert causes(told) == ["no_configurator", "missing_targets"]


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
def test_exporters_are_read_as_opentelemetry_reads_them(
    environment: dict[str, str], exporter: str, missing: bool, endpoint: str | None
) -> None:
    found = everything_installed()
    if "opentelemetry-exporter-otlp" not in found and exporter == "otlp":
        pytest.skip("needs opentelemetry-exporter-otlp")
    traces = exporters.signals(found, environment)[0]
    assert (traces.exporters, traces.missing, traces.endpoint) == ((exporter,), (exporter,) if missing else (), endpoint)


def test_nothing_is_said_on_the_bus_by_looking(watch: Any) -> None:
    seen = watch()
    report()
    execute("ex_llm.cache.hit", {}, {"cache": "c"})
    assert seen.spans() == [] and seen.total("ex_llm.cache.hits.total") == 1


def test_no_secret_of_a_variable_is_repeated(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_LLM_HOST_PROVIDERS", "https://user:hunter2@host")
    monkeypatch.setenv("OTEL_INSTRUMENTATION_LLM_PRICES", "https://user:hunter2@host/prices.json")
    monkeypatch.setenv("OTEL_INSTRUMENTATION_LLM_MAX_CONTENT_BYTES", "hunter2")
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "hunter2")
    monkeypatch.setenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "redis://:hunter2@cache")
    told = report()
    assert "hunter2" not in str(told) + json.dumps(told.as_json()) + caplog.text
    assert "setting_ignored" in causes(told)
