"""Every function of an SDK that sends requests is instrumented or in a list.

The lists give a reason for each function that is not instrumented.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import calls
from census import SDKS, Inspected, bedrock
from contract.driving import MODES, run
from harness.source.surface import Asking, asking, functions_of, listed, offers, read, sources, unaccounted
from opentelemetry.instrumentation.llm import providers
from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED
from opentelemetry.instrumentation.llm.providers.bedrock import BEDROCK

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
]
INSTALLED = [sdk for sdk in SDKS if calls.installed(sdk.package)]
SERVICES = ("bedrock", "sagemaker-runtime")


@pytest.fixture(scope="module")
def surfaces() -> dict[str, list[Asking]]:
    """Read each SDK once."""
    return {}


def _of(surfaces: dict[str, list[Asking]], sdk: Inspected) -> list[Asking]:
    if sdk.list not in surfaces:
        surfaces[sdk.list] = sdk.reading(sdk.package)
    return surfaces[sdk.list]


@pytest.mark.parametrize("sdk", INSTALLED, ids=lambda sdk: sdk.list)
def test_what_asks_the_network_is_watched_or_listed(sdk: Inspected, surfaces: Any) -> None:
    functions = _of(surfaces, sdk)
    assert functions
    assert unaccounted(functions, sdk.tables, sdk.reasons) == []


def _exhausted(result: Any) -> Any:
    return list(result) if hasattr(result, "__iter__") else result


@pytest.mark.parametrize("sdk", INSTALLED, ids=lambda sdk: sdk.list)
def test_the_reading_sees_every_request_that_a_sample_sends(sdk: Inspected, surfaces: Any, stand_in: Any) -> None:
    """Every function that sends a request of a sample was found in the source.

    Requests of threads that outlive the call are not visible to the profile function.
    """
    places: dict[str, list[range]] = {}
    for function in _of(surfaces, sdk):
        if not (listed(function.id, sdk.reasons) or "").endswith(
            ("_base_client:*", "basesdk:BaseSDK.do_request", "http_client:*", "_api_client:*")
        ):
            places.setdefault(function.file, []).append(function.lines)
    blind = []
    for sample in (p for p in calls.read() if p.provider in sdk.providers and not (p.name.startswith("post:") or p.only_plain)):
        for mode in MODES:
            seen: set[tuple[str, int]] = set()
            note = lambda frame, event, _, seen=seen: seen.add((frame.f_code.co_filename, frame.f_lineno))  # noqa: E731
            threading.setprofile(note)
            sys.setprofile(note)
            try:
                run(sample, mode, stand_in.url, *((_exhausted,) if mode == "sync" else ()))
            except pytest.skip.Exception:
                continue
            finally:
                sys.setprofile(None)
                threading.setprofile(None)  # type: ignore[arg-type]
            if stand_in.journal and not any(line in lines for file, line in tuple(seen) for lines in places.get(file, ())):
                blind.append(f"{sample.id} {mode}")
            stand_in.clear()
    assert blind == []


@pytest.mark.parametrize("sdk", INSTALLED, ids=lambda sdk: sdk.list)
def test_every_reason_is_about_something(sdk: Inspected) -> None:
    """Every listed function exists in the newest release."""
    names = {name for module, path in sources(sdk.package) for name in functions_of(module, path.read_text(encoding="utf-8"))}
    assert _about_nothing(sdk.reasons, names) == []


def _about_nothing(reasons: Iterable[str], names: Iterable[str]) -> list[str]:
    return [key for key in reasons if not any(listed(name, {key: ""}) for name in names)]


@pytest.mark.skipif(importlib.util.find_spec("botocore") is None, reason="botocore is not installed")
@pytest.mark.parametrize("provider", ["bedrock"])
def test_what_amazons_clients_ask_is_watched_or_listed(provider: str) -> None:
    from botocore import xform_name
    from botocore.session import get_session

    session = get_session()
    names = [name for name in session.get_available_services() if name.startswith(SERVICES)]
    assert "bedrock-runtime" in names
    routes = [point.route.removeprefix("POST /") for point in BEDROCK.points if point.route]
    left = [
        f"{service}:{xform_name(operation)}"
        for service in names
        for operation in session.get_service_model(service).operation_names
        if not (service == "bedrock-runtime" and any(route.partition("/")[0] == operation for route in routes))
    ]
    assert [name for name in left if listed(name, bedrock.NOT_WATCHED) is None] == []


def test_every_distribution_with_unobserved_calls_is_in_a_table() -> None:
    """The functions are checked above, because the lists contain this table."""
    known = {table.distribution for table in providers.ALL}
    assert set(UNOBSERVED) <= known and all(reasons for reasons in UNOBSERVED.values())
    listed_here = {pattern for sdk in SDKS for pattern in sdk.reasons} | set(bedrock.NOT_WATCHED)
    assert {pattern for reasons in UNOBSERVED.values() for pattern in reasons} <= listed_here


PLANTED = """
class Thoughts(SyncAPIResource):
    def think(self, about: str) -> Thought:
        return self._post("/thoughts", body={"about": about}, cast_to=Thought)

    def say(self) -> None:
        return self._post("/chat/completions", body={}, cast_to=None)

    def both(self) -> None:
        path = "/chat/completions" if self.old else f"/thoughts/{self.id}"
        return self._post("/chat/completions" if self.old else f"/thoughts/{self.id}", cast_to=None)

    def elsewhere(self) -> None:
        with httpx.Client() as http_client:
            http_client.post("https://elsewhere.example/thoughts")

    def line(self) -> None:
        from websockets.sync.client import connect

        return connect("wss://elsewhere.example")

    def later(self) -> object:
        return Manager(partial(self._post, "/thoughts", body={}))

    def remotely(self) -> Thought:
        return self._stub.GetThought(self._make_request())

    @classmethod
    def call(cls, model: str) -> Thought:
        return super().call(model=model, task="thoughts")

    def nothing(self) -> object:
        return self.headers.get("a") or self.client.get("setting")
"""


def test_a_new_function_of_a_new_release_is_found() -> None:
    groq = next(sdk for sdk in SDKS if sdk.list == "groq")
    functions = read("groq.resources.thoughts", PLANTED)
    assert [function.name.partition(".")[2] for function in functions] == [
        "think",
        "say",
        "both",
        "elsewhere",
        "line",
        "later",
        "remotely",
        "call",
    ]
    assert [line.partition(" ")[0].rpartition(".")[2] for line in unaccounted(functions, groq.tables, groq.reasons)] == [
        "think", "both", "elsewhere", "line", "later", "remotely", "call",
    ]  # fmt: skip


OFFERED = """
@client
async def athink(about: str) -> Thought: ...

@other.client()
def muse(about: str) -> Thought: ...

def think(about: str) -> Thought: ...

def _cleared() -> None: ...
"""


def test_a_new_function_that_is_only_offered_is_found() -> None:
    litellm = next(sdk for sdk in SDKS if sdk.list == "litellm")
    assert unaccounted(offers("litellm.thoughts.main", OFFERED), litellm.tables, litellm.reasons) == [
        f"litellm.thoughts.main:{name} asks its provider" for name in ("athink", "muse", "think")
    ]
    assert [function.name for function in offers("litellm.thoughts.handler", OFFERED)] == ["athink"]


def test_a_reason_for_what_is_gone_is_found() -> None:
    names = set(functions_of("groq.resources.thoughts", PLANTED))
    there, gone = "groq.resources.thoughts:Thoughts.think", "groq.resources.thoughts:Thoughts.forget"
    assert _about_nothing([there, gone], names) == [gone]


def test_a_new_module_of_an_installed_sdk_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sdk_of_tomorrow" / "resources").mkdir(parents=True)
    (tmp_path / "sdk_of_tomorrow" / "__init__.py").write_text("raise AssertionError('it was imported')")
    (tmp_path / "sdk_of_tomorrow" / "resources" / "thoughts.py").write_text(PLANTED)
    monkeypatch.syspath_prepend(str(tmp_path))
    groq = next(sdk for sdk in SDKS if sdk.list == "groq")
    left = unaccounted(asking("sdk_of_tomorrow"), groq.tables, groq.reasons)
    assert "sdk_of_tomorrow.resources.thoughts:Thoughts.think asks post /thoughts" in left


def test_a_table_that_loses_a_route_fails(surfaces: Any) -> None:
    openai = next(sdk for sdk in SDKS if sdk.list == "openai")
    from dataclasses import replace

    without = [replace(table, points=tuple(p for p in table.points if p.route != "POST /embeddings")) for table in openai.tables]
    left = unaccounted(_of(surfaces, openai), without, openai.reasons)
    assert {line.partition(" ")[0].rpartition(":")[2] for line in left} == {"Embeddings.create", "AsyncEmbeddings.create"}
