"""Objects that are stored gzipped (`contentEncoding: gzip`): their content, whole or its beginning."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from tui.domain.errors import CloudError, ErrorKind

MAGIC = b"\x1f\x8b"
"""How a gzip file begins; objects may be labelled gzip that are none."""

CHUNK = 1 << 20

_WINDOW = 31
"""zlib's number for gzip with its header."""


def inflate(data: bytes, limit: int) -> bytes:
    """At most `limit` bytes of the content of the beginning of a gzip file; `data` itself if it is none."""
    try:
        return zlib.decompressobj(_WINDOW).decompress(data, limit)
    except zlib.error:
        return data[:limit]


def unpacked(file: BinaryIO) -> Iterator[bytes]:
    """The content of a gzip file, which may consist of several parts.

    Raises:
        CloudError: it is damaged.
    """
    machine = zlib.decompressobj(_WINDOW)
    try:
        while data := file.read(CHUNK):
            while data:
                yield machine.decompress(data, CHUNK)
                data = machine.unconsumed_tail
                if machine.eof:
                    data = machine.unused_data
                    machine = zlib.decompressobj(_WINDOW)
        yield machine.flush()
    except zlib.error as error:
        raise CloudError("The object's gzip content is damaged", str(error), kind=ErrorKind.LOCAL) from error
