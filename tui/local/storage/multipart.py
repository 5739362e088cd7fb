"""`multipart/related` uploads, read as they come: a JSON part, then the bytes.

Google's tools differ: some quote the boundary with single quotes, some end lines with a bare line feed.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import NamedTuple

from tui.local.storage.errors import StorageError, invalid

HEAD = 1 << 20
"""Bytes within which the second part must begin."""

BOUNDARY = re.compile(r"""boundary=(?:"([^"]+)"|'([^']+)'|([^;\s]+))""", re.IGNORECASE)
TYPE = re.compile(rb"content-type[ \t]*:[ \t]*([^\r\n]+)", re.IGNORECASE)


class Head(NamedTuple):
    """What comes before the bytes."""

    json: bytes
    content_type: str
    """Of the bytes; empty if the part does not tell."""
    rest: bytes
    """What was read of the bytes already."""
    end: bytes
    """The delimiter after the bytes, with the line end before it."""


def boundary_of(content_type: str) -> bytes:
    """The boundary of a multipart type.

    Raises:
        StorageError: 400 if there is none.
    """
    found = BOUNDARY.search(content_type)
    if not found:
        raise invalid("Missing multipart boundary.")
    return next(text for text in found.groups() if text).encode("latin-1", "replace")


async def read_head(chunks: AsyncIterator[bytes], boundary: bytes) -> Head:
    """Read up to where the bytes begin.

    Raises:
        StorageError: 400 for another form.
    """
    mark = re.escape(b"--" + boundary)
    start = re.compile(rb"\s*" + mark + rb"[ \t]*(\r?\n)(?:[^\r\n]+\r?\n)*\r?\n")
    middle = re.compile(rb"\r?\n" + mark + rb"[ \t]*\r?\n")
    lines = re.compile(rb"((?:[^\r\n]+\r?\n)*)\r?\n")
    data = b""
    async for chunk in chunks:
        data += chunk
        first = start.match(data)
        # Only the first delimiter counts: to try each as one takes the square of their number.
        second = middle.search(data, first.end() - 1) if first else None
        head = lines.match(data, second.end()) if second else None
        if first and second and head:
            kind = TYPE.search(head.group(1))
            text = kind.group(1).decode("latin-1").strip() if kind else ""
            json = data[first.end() : max(first.end(), second.start())]
            return Head(json, text, data[head.end() :], first.group(1) + b"--" + boundary + b"--")
        if len(data) > HEAD:
            break
    raise invalid("Malformed multipart body.")


async def read_bytes(head: Head, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The bytes up to the closing delimiter.

    Raises:
        StorageError: 400 if the body ends without one.
    """
    spare = len(head.end) + 64
    held = head.rest
    async for chunk in chunks:
        held += chunk
        if len(held) > spare:
            yield held[:-spare]
            held = held[-spare:]
    at = held.rfind(head.end)
    if at < 0 or held[at + len(head.end) :].strip():
        raise StorageError(400, "badContent", "Malformed multipart body.")
    yield held[:at]
