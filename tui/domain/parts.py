"""What an unfinished download is called, so that it can be gone on with, or removed, after a new start."""

from __future__ import annotations

import hashlib
from pathlib import Path

RESUMED_FROM = 1 << 20
"""Bytes from which on what has arrived of an object is kept; smaller ones begin anew."""

ENDING = ".part"

UNPACKED = ".unpacked"
"""What the content of a gzipped part is called besides, while it is written."""

BUSY = "partBusy"
"""`CloudError.reason` of a download whose part another one is writing."""

_NAME_KEPT = 40
"""Characters of the final name that an unfinished file shows."""


def part_prefix(path: Path) -> str:
    """How the names of all unfinished files of `path` begin, whatever the generation."""
    digest = hashlib.sha256(path.name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f".{path.name[:_NAME_KEPT]}.{digest}."


def part_path(path: Path, generation: int) -> Path:
    """Where what has arrived of one generation waits, beside the file that it becomes."""
    return path.with_name(f"{part_prefix(path)}{generation}{ENDING}")


def unpacked_path(part: Path) -> Path:
    """Where the content of a gzipped part is written, before it gets its final name."""
    return part.with_name(f"{part.name.removesuffix(ENDING)}{UNPACKED}{ENDING}")
