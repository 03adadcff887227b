"""Test cloud credentials: a renewal inside a call is reported by class name.

A renewal outside a call is not reported.
"""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from opentelemetry.instrumentation.llm import context
from opentelemetry.instrumentation.llm.calls.declaration import Destination
from opentelemetry.instrumentation.llm.testing import capture_events


class Waiting:
    """A running call that waits; its identity does not matter here."""

    ended = asked_to_stream = streaming = False
    ref = 1
    response = sends = reported_cents = None
    identity = Destination("somebody")

    @property
    def outermost(self) -> Waiting:
        return self

    def event_identity(self) -> dict[str, Any]:
        return {"provider": "somebody", "ref": 1}

    def attempt_begins(self) -> tuple[int, None]:
        return 1, None

    def attempt_ended(self, refused: bool, status: int | None = None, unanswered: str | None = None) -> None:
        return None


@pytest.fixture
def waiting(seen: Any) -> Iterator[None]:
    entered = context.enter_call(Waiting())
    yield
    context.leave(entered)


def _google() -> Any:
    credentials = pytest.importorskip("google.oauth2.credentials")

    class Response:
        status = 200
        data = json.dumps({"access_token": "secret-token", "expires_in": 3600}).encode()
        headers: ClassVar[dict[str, str]] = {}

    made = credentials.Credentials(None, refresh_token="r", token_uri="https://token.invalid", client_id="i", client_secret="s")
    return lambda: made.refresh(lambda **_: Response())


def _botocore() -> Any:
    credentials = pytest.importorskip("botocore.credentials")
    soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)).isoformat()
    late = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)).isoformat()
    fresh = {"access_key": "secret-token", "secret_key": "secret-token", "token": "secret-token", "expiry_time": late}
    made = credentials.RefreshableCredentials.create_from_metadata({**fresh, "expiry_time": soon}, lambda: fresh, "test")
    return made.get_frozen_credentials


def _azure() -> Any:
    identity = pytest.importorskip("azure.identity")
    made = identity.ClientAssertionCredential("tenant", "client", lambda: "secret-token", disable_instance_discovery=True)

    def fetch() -> None:
        with pytest.raises(Exception, match=r".") as refused:
            made.get_token("scope/.default")
        assert refused

    return fetch


CREDENTIALS = {"Credentials": _google, "RefreshableCredentials": _botocore, "ClientAssertionCredential": _azure}


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_renewal_in_a_call_reports_the_class_once_and_no_value(name: str, waiting: None) -> None:
    fetch = CREDENTIALS[name]()
    with capture_events("ex_llm.provider.auth.*") as emitted:
        fetch()
    assert [e.metadata["credential"] for e in emitted] == [name]
    assert emitted[0].metadata["provider"] == "somebody" and "secret" not in repr(emitted)


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_renewal_outside_a_call_is_not_reported(name: str, seen: Any) -> None:
    fetch = CREDENTIALS[name]()
    with capture_events() as emitted:
        fetch()
    assert emitted == []


def test_a_request_to_a_token_server_is_not_an_attempt(waiting: None, stand_in: Any) -> None:
    credentials = pytest.importorskip("google.oauth2.credentials")
    transport = pytest.importorskip("google.auth.transport.requests")
    made = credentials.Credentials(None, refresh_token="r", token_uri=f"{stand_in.url}/token", client_id="i", client_secret="s")
    token_request = transport.Request()
    with capture_events("ex_llm.*") as emitted, contextlib.closing(token_request.session):
        with pytest.raises(Exception, match=r"."):
            made.refresh(token_request)
        token_request.session.post(f"{stand_in.url}/v1/chat/completions", json={})
    assert [e.name.removeprefix("ex_llm.provider.") for e in emitted] == ["auth.refresh", "request.start", "request.stop"]
    assert len(stand_in.journal) >= 2, "the token server was asked, and so was the provider"
