"""Test the removal of credentials from texts.

Every known form is removed; identifiers of code, SQL and ordinary words are unchanged.
"""

from __future__ import annotations

import base64
import doctest
import random
import string
import sysconfig
import time
import urllib.parse
from pathlib import Path
from typing import Any

import pytest

from opentelemetry.instrumentation.llm.calls import secrets
from opentelemetry.instrumentation.llm.handlers import redaction
from opentelemetry.instrumentation.llm.handlers.content import shown
from opentelemetry.instrumentation.llm.handlers.redaction import FORMS, FORMS_IN_ERRORS, without_credentials, without_credentials_in_error
from opentelemetry.instrumentation.llm.schema.records import Content
from opentelemetry.instrumentation.llm.settings import Settings

_ANY = random.Random(14)
_ALNUM = string.ascii_letters + string.digits


def _some(length: int, alphabet: str = _ALNUM) -> str:
    """Return a random text with a digit.

    With letters of both cases, if the alphabet has them.
    """
    while True:
        made = "".join(_ANY.choices(alphabet, k=length))
        if all(
            set(kind) & set(made) for kind in (string.digits, string.ascii_lowercase, string.ascii_uppercase) if set(kind) <= set(alphabet)
        ):
            return made


def _hex(length: int) -> str:
    return _some(length, "0123456789abcdef")


SECRET = {
    "openai": f"sk-{_some(48)}", "openai project": f"sk-proj-{_some(74, _ALNUM + '-_')}", "openai service": f"sk-svcacct-{_some(60)}",
    "openai session": f"sess-{_some(40)}", "masked": "sk-proj-********************wxyz", "anthropic": f"sk-ant-api03-{_some(93, _ALNUM + '-_')}",
    "openrouter": f"sk-or-v1-{_hex(64)}", "deepseek": f"sk-{_hex(32)}", "langsmith": f"lsv2_pt_{_hex(32)}_{_hex(10)}", "groq": f"gsk_{_some(52)}",
    "xai": f"xai-{_some(80)}", "cerebras": f"csk-{_some(48, string.ascii_lowercase + string.digits)}", "perplexity": f"pplx-{_some(48)}",
    "replicate": f"r8_{_some(37)}", "hugging face": f"hf_{_some(34)}", "fireworks": f"fw_{_some(24)}", "nvidia": f"nvapi-{_some(64, _ALNUM + '-_')}",
    "together": f"tgp_v1_{_some(43, _ALNUM + '-_')}", "voyage": f"pa-{_some(43, _ALNUM + '-_')}", "databricks": f"dapi{_hex(32)}-2",
    "bedrock": f"ABSK{base64.b64encode(_some(60).encode()).decode()}", "google": f"AIza{_some(35, _ALNUM + '-_')}", "google token": f"ya29.{_some(120)}",
    "google refresh": f"1//0{_some(60, _ALNUM + '-_')}", "google client": f"GOCSPX-{_some(28)}", "google new": f"AQ.{_some(50)}",
    "aws id": "AKIAIOSFODNN7EXAMPLE", "aws session id": "ASIAIOSFODNN7EXAMPLE", "jwt": f"eyJhbGciOiJIUzI1NiJ9.{_some(40)}.{_some(43)}",
    "github": f"ghp_{_some(36)}", "github app": f"ghs_{_some(36)}", "github fine": f"github_pat_{_some(22)}_{_some(59)}",
    "gitlab": f"glpat-{_some(20)}", "slack": f"xoxb-{_some(12, string.digits)}-{_some(24)}", "stripe": f"sk_live_{_some(24)}",
    "stripe public": f"pk_test_{_some(24)}", "mailgun": f"key-{_hex(32)}", "npm": f"npm_{_some(36)}", "pypi": f"pypi-{_some(90)}",
    "sendgrid": f"SG.{_some(22)}.{_some(43)}", "vault": f"hvs.{_some(90)}",
}  # fmt: skip
"""Keys and tokens that are recognised by their own form."""
WITH = {
    "bearer": ("Authorization: Bearer {}", _some(40)), "basic": ("Authorization: Basic {}", base64.b64encode(b"me:pass").decode()),
    "header": ("{{'x-api-key': '{}'}}", _hex(32)), "authorization": ("authorization={}", _some(32)), "cookie": ("cookie: {}", _some(32)),
    "aws secret": ("aws_secret_access_key = {}", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), "ibm": ("apikey={}", _some(44, _ALNUM + "-_")),
    "azure": ("subscription key: {}", _hex(32)), "azure new": ("API_KEY={}", _some(84)), "mistral": ("MISTRAL_API_KEY={}", _some(32)),
    "cohere": ("the token {} is not valid", _some(40)), "azure storage": ("AccountKey={};", base64.b64encode(_some(64).encode()).decode()),
    "azure sas": ("https://a.blob.core.windows.net/c?sv=2024-01-01&sig={}", urllib.parse.quote(base64.b64encode(_some(32).encode()), safe="")),
    "aws signed": ("https://b.s3.amazonaws.com/k?X-Amz-Date=20260101T000000Z&X-Amz-Signature={}", _hex(64)),
    "query": ("GET https://h/v1/models?key={}", _some(39)), "http": ("http://{}@proxy:3128", "user:password"), "redis": ("redis://{}@cache:6379/0", ":hunter2"),
    "postgres": ("postgresql+psycopg://{}@db/prod", "me:p%40ss"), "user alone": ("https://{}@git.example.com/r.git", _some(40)),
    "private key": ("{}", f"-----BEGIN RSA PRIVATE KEY-----\n{_some(64)}\n{_some(64)}\n-----END RSA PRIVATE KEY-----"),
    "private key cut": ("{}", f"-----BEGIN PRIVATE KEY-----\\n{_some(64)}\\n{_some(10)}"),
}  # fmt: skip
"""Secrets that are recognised by the text before them."""
IN_ERRORS = {
    "password": ("password='{}'", "hunter2"), "password in json": ('{{"password": "{}"}}', "hunter2"), "short key": ("key: {}", "ab12cd34"),
    "short query": ("http://h/?api-key={}", "ab12cd34"),
}  # fmt: skip
WORDS = [
    "key-takeaways", "pk_customer_orders", "bearer certificates", "sk-learn-compatible", "hf_hub_download", "rk_settings_by_region",
    "fw_version_info_2_0_1", "pa-rental-agreement-2024", "api_response_time_ms", "npm_config_registry", "basic authentication", "Basic understanding",
    "Bearer authentication", "the key is: everything", "token = tokenizer.encode(text)", "secret ingredient: cinnamon", "api-key: required",
    "password=getpass.getpass()", "the password: required", "SELECT token_count AS tokens FROM usage WHERE key = 'customer_segment'",
    "key_20240101 BIGINT REFERENCES pk_orders_2024 (order_id)", "pplx-70b-online", "eyJ is how tokens begin", "AKIA and ASIA", "sk-SK",
    "git clone ssh://git@github.com/o/r.git", "https://example.com:443/users/@me", "https://example.com/?id=15&page=2", "skip-connections",
    "task-1234567890", "key-value-store-for-2024-and-later", "co_author_of_the_paper_2024", "sha256_hexdigest_of_the_secret_key",
]  # fmt: skip


def _code() -> list[str]:
    """Return lines of the standard library's source without a user in a URL."""
    root = Path(sysconfig.get_paths()["stdlib"])
    files = [*root.glob("*.py"), *root.glob("email/*.py"), *root.glob("http/*.py"), *root.glob("asyncio/*.py"), *root.glob("urllib/*.py")]
    lines = [line for file in sorted(files) for line in file.read_text("utf-8", "replace").splitlines()]
    return [line for line in lines if not ("://" in line and ("@" in line or "?" in line))][:: max(1, len(lines) // 12_000)]


def _sql_and_prose() -> list[str]:
    any_of = random.Random(7)
    nouns = [
        "customer",
        "order",
        "key",
        "token",
        "secret",
        "session",
        "account",
        "bearer",
        "credential",
        "invoice",
        "region",
        "api_key",
        "password",
    ]
    tables = [f"{prefix}_{noun}_{any_of.choice(nouns)}" for prefix in ("pk", "sk", "fk", "hf", "key", "api", "co") for noun in nouns]
    sql = "SELECT {}, COUNT(*) AS token_count FROM {} WHERE {} = '{}' AND created_at > '2024-01-{:02d}' ORDER BY key_{}"
    prose = "The {} of a {} is what every {} bearer shows at the {}: a key-{} for {} guests, and no secret {}."
    lines = [sql.format(*any_of.choices(tables, k=4), any_of.randint(1, 28), any_of.randint(1, 99)) for _ in range(1000)]
    return lines + [prose.format(*any_of.choices(nouns, k=5), any_of.randint(2, 900), any_of.choice(nouns)) for _ in range(1000)]


def test_code_sql_and_prose_are_unchanged() -> None:
    lines = [*_code(), *_sql_and_prose(), *WORDS]
    assert len(lines) > 10_000
    assert [line for line in lines if without_credentials(line) != line] == []
    assert [line for line in lines if without_credentials_in_error(line) != line] == []


@pytest.mark.parametrize("form", SECRET)
def test_a_key_of_a_known_form_is_removed(form: str) -> None:
    secret = SECRET[form]
    for text in (f"before {secret} after", f"provided: {secret}.", f"'{secret}'", f"a={secret}&b=1", secret):
        for clean in (without_credentials(text), without_credentials_in_error(text)):
            assert secret not in clean and secret[-8:] not in clean and "[credential]" in clean


@pytest.mark.parametrize("form", WITH)
def test_a_secret_after_a_known_name_is_removed(form: str) -> None:
    text, secret = WITH[form]
    for clean in (without_credentials(text.format(secret)), without_credentials_in_error(text.format(secret))):
        assert secret not in clean and "[credential]" in clean


@pytest.mark.parametrize("form", IN_ERRORS)
def test_errors_are_searched_for_shorter_secrets(form: str) -> None:
    text, secret = IN_ERRORS[form]
    assert secret not in without_credentials_in_error(text.format(secret))


@pytest.mark.parametrize("module", [redaction, secrets])
def test_the_examples_in_the_modules_hold(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


_HEADS = [
    "eyJaaaaaaaaaa-", "eyJaaaaaaaaaa.", "sk-", "sk-a*", "sk_", "key-", "key_a", "pa-A1", "AKIA", "AIza", "ABSK", "dapi0", "ya29.", "1//0", "xoxb-",
    "gsk_", "ghp_", "github_pat_", "lsv2_pt_", "-----BEGIN PRIVATE KEY-----", "-----BEGIN A PRIVATE KEY-----\n-", "bearer ", "Bearer a1", "basic ",
    "basic QTpi", "://", "://a:", "://a@", "http://a", "sig=", "X-Amz-Signature=", "?a=", "&a1=", "key", "key: ", "api key ", "token = ", "secret_",
    "authorization:", "cookie ", "password=", "password: a1", "provided: ", "&api_key=", "a_b_key=", "data:image/png;base64,", "A1a", " ", "\n", "=", "-",
]  # fmt: skip


def test_every_pattern_starts_with_its_listed_prefix() -> None:
    words = [word for form in (*FORMS, *FORMS_IN_ERRORS) for word in form.words]
    heads = "|".join(head.lower() for head in _HEADS)
    assert [form for form in (*FORMS, *FORMS_IN_ERRORS) if not any(word in heads for word in form.words)] == [] and words


def _seconds(text: str) -> float:
    began = time.process_time()
    without_credentials_in_error(text)
    return time.process_time() - began


@pytest.mark.parametrize("head", _HEADS, ids=ascii)
def test_the_time_is_linear_in_the_length_of_the_text(head: str) -> None:
    text = head * (64_000 // len(head))
    few, many = (min(_seconds(text[:size]) for _ in range(3)) for size in (8_000, 64_000))
    assert many < 8 * 3 * few + 0.02 and many < 0.5


def test_the_time_depends_on_the_limit_and_not_on_the_content() -> None:
    settings = Settings(capture_message_content=("span",))
    messages = [{"role": "user", "parts": [{"type": "text", "content": "eyJaaaaaaaaaa-" * 700}]} for _ in range(1000)]
    large = [{"role": "user", "parts": [{"type": "text", "content": "sk-hello world, " * 700_000}]}]
    for content in (Content(input_messages=messages), Content(input_messages=large), Content(exception_message="key: " * 2_000_000)):
        began = time.process_time()
        assert shown(content, settings)
        assert time.process_time() - began < 0.2


class Header(tuple[Any, ...]):
    """A header pair, as HTTP clients store it."""


class Http:
    def __init__(self, headers: Any) -> None:
        self._headers = headers


class Client:
    """A client like those of SDKs.

    It has a key, a URL with userinfo and a query, nested headers, and a property that must not be read.
    """

    def __init__(self) -> None:
        self.api_key = "hello-there"
        self.base_url = "https://me:pass%20word@example.com/v1?tenant=blue-team"
        self.max_tokens = "not a secret"
        self._client = Http([(b"Authorization", b"authorization", b"Bearer opaque-value"), (b"Accept", b"accept", b"text/plain")])
        self._credentials = {"access_key": "access-key-id", "region": "us-east-1"}

    @property
    def token(self) -> str:
        raise AssertionError("a property of a client may fetch a new token")


def test_values_of_a_client_are_found_without_its_properties() -> None:
    client = Client()
    known = secrets.of(client, {"extra_headers": {"x-api-key": "of-this-call"}, "messages": [{"token": "of the application"}]})()
    assert known >= {"hello-there", "pass word", "blue-team", "opaque-value", "access-key-id", "of-this-call"}
    assert not known & {"not a secret", "text/plain", "us-east-1", "of the application"}


def test_the_collector_of_secrets_keeps_no_client_alive() -> None:
    client = Client()
    collect = secrets.of(client, {})
    del client
    assert collect() == set()


def test_known_values_are_removed_in_every_url_encoding() -> None:
    text = "no route to https://me:pass%20word@h, pass+word, pass word"
    assert secrets.without(text, {"pass word"}) == "no route to https://me:[credential]@h, [credential], [credential]"


@pytest.mark.parametrize("size", [100, 1000, 65_000, 65_536, 200_000])
def test_a_secret_at_the_cut_is_never_shown_in_part(size: int) -> None:
    secret = f"sk-proj-{_some(160)}"
    settings = Settings(capture_message_content=("span",), max_content_bytes=1000)
    for before in range(size - 200, size + 200, 7):
        text = "x" * 3 + " y" * (before // 2) + " " + secret + " z" * 2000
        (message,) = shown(Content(input_messages=[{"role": "user", "parts": [{"type": "text", "content": text}]}]), settings)[
            "gen_ai.input.messages"
        ]
        assert not any(secret[:length] in str(message) for length in (12, 40))
