"""Test values that callers and providers write: bounded and encodable.

In every record, for every body, header and argument.
"""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

import pytest

import opentelemetry.instrumentation.llm as package
from opentelemetry.instrumentation.llm.extraction.paths import as_float, as_int, as_str, as_str_list, digits, integer
from opentelemetry.instrumentation.llm.schema import bounds
from opentelemetry.instrumentation.llm.schema.bounds import LARGEST, LONGEST, encodable, short
from opentelemetry.instrumentation.llm.transports import rate_limit_headers

HARMFUL = ["\x00", "\n", "\x1b[31m", "\x7f", "\x9b31m", "\u2028", "\u202e", "\u2066", "\u200f", "\ud800", "\udfff"]
NOT_COUNTS = [-1, 2**53, 2**63, 10**400, 1e300, float("nan"), float("inf"), -0.5, 1.5, True, "7", None, [1]]


@pytest.mark.parametrize("value", NOT_COUNTS, ids=repr)
def test_a_number_outside_the_range_of_counts_is_absent(value: Any) -> None:
    assert as_int(value) is None


@pytest.mark.parametrize("value", [0, 1, 2.0, LARGEST - 1])
def test_a_count_is_read_as_an_integer(value: Any) -> None:
    assert as_int(value) == value and type(as_int(value)) is int


def test_integers_of_requests_may_be_negative_within_64_bits() -> None:
    assert [integer(n) for n in (-1, 2**63 - 1, 5.0, 2**63, -(2**63), 10**400, True, "1")] == [-1, 2**63 - 1, 5, *[None] * 5]


def test_a_float_that_is_infinite_or_not_a_number_is_absent() -> None:
    assert [as_float(n) for n in (0.5, -2, float("nan"), float("inf"), 10**400, 1e300, True)] == [0.5, -2.0, *[None] * 5]


def test_digits_of_a_header_are_read_only_if_they_are_a_count() -> None:
    assert [digits(v) for v in ("17", "9" * 5000, "-1", "²", "", None, 3)] == [17, *[None] * 6]


@pytest.mark.parametrize("harmful", HARMFUL, ids=ascii)
def test_a_name_holds_no_control_character_mark_or_surrogate(harmful: str) -> None:
    for name in (as_str(f"gpt{harmful}4"), as_str("né" + harmful), short("m" * 250 + harmful)):
        assert name is not None
        assert "?" in name and harmful not in name
        name.encode("utf-8")


def test_a_name_has_at_most_256_characters() -> None:
    usual = "ft:gpt-4o-mini:équipe 模型 🙂"
    assert (as_str("m" * 1_000_000), as_str(usual), as_str("")) == ("m" * LONGEST, usual, None)


def test_lists_of_texts_are_bounded_and_keep_line_breaks() -> None:
    assert as_str_list(["\n\nHuman:", "\ud800", 3, "x" * 1000]) == ["\n\nHuman:", "?", "x" * LONGEST]
    assert len(as_str_list(["x"] * 100_000) or ()) == 128 and as_str_list("stop") == ["stop"]


def test_a_text_of_any_length_can_be_made_encodable() -> None:
    assert encodable("é\ud800\n" * 1000) == "é?\n" * 1000


def test_the_examples_in_the_module_of_bounds_hold() -> None:
    assert doctest.testmod(bounds) == doctest.TestResults(failed=0, attempted=3)


@pytest.mark.parametrize("value", ["1e300", "9" * 400, "0" * 600 + "5", "-1", "nan", "1" * 65_000, "1.5x" * 10_000])
def test_a_rate_limit_header_that_is_not_a_count_is_ignored(value: str) -> None:
    headers = {"x-ratelimit-remaining-requests": value, "x-ratelimit-reset-requests": value, "ratelimit": f"r={value}"}
    assert rate_limit_headers.remaining(headers) == {} and rate_limit_headers.retry_after({"retry-after": value}) == {}


def test_names_of_headers_are_remembered_only_if_short() -> None:
    rate_limit_headers._limit.cache_clear()
    rate_limit_headers.remaining({f"x-ratelimit-remaining-{n}-{'x' * 60_000}": "1" for n in range(5)})
    assert rate_limit_headers._limit.cache_info().currsize == 0


def test_every_cache_of_a_function_is_bounded() -> None:
    """Check that ``functools.cache`` is used for names of this package only.

    Values of callers and providers go through a cache with a size.
    """
    root = Path(package.__file__).parent
    unbounded = re.compile(r"@(?:functools\.)?cache\b|lru_cache\((?:maxsize=)?None")
    found = {str(file.relative_to(root)) for file in root.rglob("*.py") if unbounded.search(file.read_text("utf-8"))}
    assert found <= {"dialects/google/usage.py", "reporters/otel_spreads.py", "pricing/prices.py", "pricing/snapshot.py"}
