"""Files of JSON, one line a step, that tell the truth after a kill or on a full disk."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any


def line_of(value: object) -> bytes:
    """A value as one line."""
    return f"{json.dumps(value, separators=(',', ':'))}\n".encode("ascii")


def append(descriptor: int, data: bytes, *, sync: bool) -> None:
    """Write all of `data` at the end of a file, or nothing of it; with `sync` it is on disk then.

    Raises:
        OSError: it could not be written.
    """
    begin = os.lseek(descriptor, 0, os.SEEK_END)
    try:
        while data:
            data = data[os.write(descriptor, data) :]
        if sync:
            os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, begin)
        raise


def values_of(lines: Iterable[bytes]) -> Iterator[Any]:
    """The lines that can be read: one that a crash cut off says nothing."""
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            continue
