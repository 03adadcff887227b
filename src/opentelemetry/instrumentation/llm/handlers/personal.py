"""Remove personal data of common forms from texts: a setting, off by default.

It finds e-mail addresses, phone numbers, IP addresses, IBANs, card numbers and US social security numbers. Names and
postal addresses have no form, and only a function of the application can find them.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_WORD = r"(?<![\w.])"


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _is_card(text: str) -> bool:
    """Return whether the digits pass the Luhn check that card numbers pass."""
    digits = [int(one) for one in _digits(text)]
    if not 13 <= len(digits) <= 19:
        return False
    doubled = [one * 2 - 9 * (one > 4) if place % 2 else one for place, one in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _is_iban(text: str) -> bool:
    """Return whether the check digits of an IBAN are right."""
    plain = text.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    moved = plain[4:] + plain[:4]
    return int("".join(str(int(one, 36)) for one in moved)) % 97 == 1


def _is_address(text: str) -> bool:
    return all(int(part) < 256 for part in text.split("."))


def _is_phone(text: str) -> bool:
    return 8 <= len(_digits(text)) <= 15


def _always(text: str) -> bool:
    return True


FORMS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("[email]", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"), _always),
    ("[iban]", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), _is_iban),
    ("[card]", re.compile(rf"{_WORD}\d(?:[ -]?\d){{12,18}}(?!\d)"), _is_card),
    ("[ssn]", re.compile(rf"{_WORD}\d{{3}}-\d{{2}}-\d{{4}}(?![\w-])"), _always),
    ("[ip]", re.compile(rf"{_WORD}\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?![\w.])"), _is_address),
    ("[phone]", re.compile(rf"{_WORD}\+\d{{1,3}}(?:[ .()\-/]{{0,2}}\d){{6,13}}(?!\d)"), _is_phone),
    ("[phone]", re.compile(rf"{_WORD}\(?\d{{3}}\)?[ .\-]\d{{3}}[ .\-]\d{{4}}(?![\w-])"), _always),
)
"""The word that replaces each form, its pattern, and the check of a match."""


def without_personal_data(text: str) -> str:
    """Return ``text`` without personal data of the known forms.

    >>> without_personal_data("write to ana@example.com or call +55 81 99999-0000; card 4111 1111 1111 1111, order 12345")
    'write to [email] or call [phone]; card [card], order 12345'
    """
    for word, pattern, is_one in FORMS:
        text = pattern.sub(lambda found: word if is_one(found[0]) else found[0], text)  # noqa: B023 - used at once
    return text
