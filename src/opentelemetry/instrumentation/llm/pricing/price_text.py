"""Read a price file, and reject pipes, huge files, deep nesting and long numbers."""

from __future__ import annotations

import json
import os
import re
import stat

HIGHEST = 10**9
"""Highest valid price in dollars; a larger sum would exceed the range of metrics."""

_DEEPEST = 64
_LARGEST = 64 * 2**20
_LONGEST_SHOWN = 80
_PARTS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]|-?\d[\d.eE+-]*', re.DOTALL)


class PriceFileError(ValueError):
    """An invalid price file, with the line or key of the error."""


def shown(value: object) -> str:
    """Return ``value`` for an error message, shortened if it is long."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - an integer of thousands of digits, or nesting without end
        return f"this {type(value).__name__}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def read(path: str | os.PathLike[str], name: str) -> str:
    """Return the text of a regular file; ``PriceFileError`` if it is invalid."""
    try:
        content = _content(path, name)
        text = content.decode(json.detect_encoding(content))
    except OSError as error:
        raise PriceFileError(f"cannot read the price file {name!r}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PriceFileError(f"{name}: not JSON: {error}") from error
    except ValueError as error:  # a path with a NUL
        raise error if isinstance(error, PriceFileError) else PriceFileError(f"cannot read the price file {name!r}: {error}") from None
    _check(text, name)
    return text


def _content(path: str | os.PathLike[str], name: str) -> bytes:
    # Do not block: opening a pipe blocks until another process writes to it.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise PriceFileError(f"cannot read the price file {name!r}: not a regular file")
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise PriceFileError(f"{name}: larger than {_LARGEST // 2**20} MB")
    return content


def _check(text: str, name: str) -> None:
    """Raise ``PriceFileError`` for nesting and numbers that are too large."""
    depth = 0
    for part in _PARTS.finditer(text):
        first = part[0][0]
        depth += (first in "[{") - (first in "]}")
        if depth > _DEEPEST:
            raise PriceFileError(f"{name}: {_line(text, part.start())}: nested more than {_DEEPEST} deep")
        if first in "-0123456789" and _is_too_large(part[0]):
            raise PriceFileError(
                f"{name}: {_line(text, part.start())}: {shown(part[0])} is not allowed; a price is at most {HIGHEST:,} dollars"
            )


def _is_too_large(number: str) -> bool:
    try:
        return not abs(float(number)) <= HIGHEST
    except ValueError:  # not a number: json reports the place
        return len(number) > _LONGEST_SHOWN


def _line(text: str, position: int) -> str:
    return f"line {text.count(chr(10), 0, position) + 1}"
