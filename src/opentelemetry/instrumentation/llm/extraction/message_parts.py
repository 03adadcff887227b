"""Message parts in the shapes of the semantic conventions' JSON schemas.

Large data is never copied: images, audio and documents are recorded by media type, size and digest.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import mimetypes
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ..schema.bounds import short
from ..schema.records import Blob

Part = dict[str, Any]
Message = dict[str, Any]
LONGEST_STREAM = 1_000_000
"""Maximum number of characters that are kept of one streamed message."""


def text_part(text: str) -> Part:
    """Return a text part.

    >>> text_part("hello")
    {'type': 'text', 'content': 'hello'}
    """
    return {"type": "text", "content": text}


def reasoning_part(text: str) -> Part:
    """Return a reasoning part."""
    return {"type": "reasoning", "content": text}


def tool_call_part(name: str | None, call_id: str | None, arguments: object) -> Part:
    """Return a tool call part; arguments in JSON text are parsed."""
    part: Part = {"type": "tool_call", "name": short(name or "")}
    if call_id is not None:
        part["id"] = short(call_id)
    if arguments is not None:
        part["arguments"] = decoded(arguments)
    return part


def tool_response_part(call_id: str | None, response: object) -> Part:
    """Return a tool response part."""
    part: Part = {"type": "tool_call_response", "response": response}
    if call_id is not None:
        part["id"] = short(call_id)
    return part


def blob_part(modality: str, mime_type: str | None, data: str | bytes | bytearray) -> Part:
    """Return the digest of the bytes of a file, given as bytes or as base64 text.

    ``size`` and ``sha256`` describe the bytes, whichever form the request has. Text that is not base64 is taken as it is.
    This is not a ``blob`` part of the schema, which would contain the bytes.
    """
    raw = data if isinstance(data, bytes) else bytes(data) if isinstance(data, bytearray) else _bytes_of(data)
    part = Blob({"type": "blob_digest", "modality": modality, "size": len(raw), "sha256": hashlib.sha256(raw).hexdigest()})
    if mime_type:
        part["mime_type"] = short(mime_type)
    part.data = bytes(data) if isinstance(data, bytearray) else data
    return part


def _bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), b"-_" if "-" in text or "_" in text else None, validate=True)
    except (binascii.Error, ValueError):
        return text.encode("utf-8", "replace")


def file_data(modality: str, data: object, mime_type: str | None = None, name: str | None = None) -> Part:
    """Return the part of a file given as bytes, base64 text or a data URL.

    Without a media type, it is guessed from the name of the file.
    """
    mime_type = mime_type or (mimetypes.guess_type(name)[0] if name else None)
    if isinstance(data, str) and data.startswith("data:"):
        part = uri_part(modality, data)
    else:
        part = blob_part(modality, mime_type, data if isinstance(data, (str, bytes, bytearray)) else b"")
    if name:
        part["name"] = short(name)
    return part


_SCHEME = 16
"""Maximum length of a URL scheme; a longer prefix is not a URL."""


def uri_part(modality: str, uri: str) -> Part:
    """Return a reference to a URI, without query and credentials.

    A data URL or base64 text is recorded by its digest.

    >>> uri_part("image", "https://user:secret@example.com/a.png?signature=secret")
    {'type': 'uri', 'modality': 'image', 'uri': 'https://example.com/a.png'}
    """
    if uri.startswith("data:"):
        head, _, data = uri.partition(",")
        return blob_part(modality, head[5:].partition(";")[0] or None, data)
    if "://" not in uri[:_SCHEME]:
        return blob_part(modality, None, uri)
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    return {"type": "uri", "modality": modality, "uri": urlunsplit((parts.scheme, host, parts.path, "", ""))}


def file_part(modality: str, file_id: str) -> Part:
    """Return a reference to a file that the provider stores."""
    return {"type": "file", "modality": modality, "file_id": file_id}


def message(role: str, parts: list[Part], name: str | None = None) -> Message:
    """Return one message."""
    return {"role": role, "parts": parts} if name is None else {"role": role, "parts": parts, "name": name}


def decoded(value: object) -> Any:
    """Return the object in a JSON text, or the value itself."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


LONGEST_FILE = 16_000_000
"""Maximum number of base64 characters of a streamed file that are kept."""


class Pieces:
    """Join the pieces of a stream: parts by key, in order of their first piece."""

    __slots__ = ("_file", "_kept", "_order", "_size")

    def __init__(self) -> None:
        self._order: dict[Any, tuple[Part, list[str]]] = {}
        self._file: tuple[str, list[str]] | None = None
        self._kept = self._size = 0

    def add(self, key: object, part: Part, piece: str | None) -> None:
        """Add a piece to the part of ``key``; ``part`` supplies the fields not yet set."""
        begun, pieces = self._order.setdefault(key, (part, []))
        for name, value in part.items():
            if value and not begun.get(name):
                begun[name] = value
        if piece and self._kept < LONGEST_STREAM:
            pieces.append(piece)
            self._kept += len(piece)

    def add_whole(self, part: Part) -> None:
        """Add a part that the stream contains as a whole."""
        self._order[len(self._order), part["type"]] = part, []

    def add_file(self, modality: str, piece: str | None) -> None:
        """Add the next piece of a file in base64 text."""
        if piece and self._size < LONGEST_FILE:
            self._file = self._file or (modality, [])
            self._file[1].append(piece)
            self._size += len(piece)

    def parts(self) -> list[Part]:
        """Return the complete parts, without empty ones."""
        made = [_joined(part, "".join(pieces)) for part, pieces in self._order.values()]
        if self._file is not None:
            modality, pieces = self._file
            made.append(blob_part(modality, None, b"".join(map(_bytes_of, pieces))))
        return [part for part in made if part.get("content") != "" or part["type"] not in ("text", "reasoning")]


def _joined(part: Part, text: str) -> Part:
    if part["type"] == "tool_call":
        return {**part, "arguments": decoded(text)} if text else part
    return {**part, "content": text} if part["type"] in ("text", "reasoning") else part
