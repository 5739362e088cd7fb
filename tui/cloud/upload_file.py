"""The file of an upload: whether it stays what it was, whether it arrived, and its content type."""

from __future__ import annotations

import base64
import contextlib
import mimetypes
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tui.domain.errors import CloudError, ErrorKind

PACKED_TYPES = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
"""Content types of what `mimetypes` calls encodings: the file is stored as it is, packed."""


def content_type(name: str) -> str:
    """The type of a file by its name."""
    kind, encoding = mimetypes.guess_type(name)
    if encoding:
        return PACKED_TYPES.get(encoding, "application/octet-stream")
    return kind or "application/octet-stream"


def is_unchanged(path: Path, before: os.stat_result) -> bool:
    """Whether a file is what it was before: not written, not replaced, not removed.

    Raises:
        OSError: that cannot be told.
    """
    with contextlib.suppress(FileNotFoundError):
        return _identity(path.stat()) == _identity(before)
    return False


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def changed(path: str | Path, *, replaced: bool = False) -> CloudError:
    """The error for a file that changed; `replaced` says that what was sent has replaced another object."""
    left = "; what was sent, perhaps an earlier state of it, has replaced what lay there" if replaced else ""
    return CloudError(
        "The file changed while it was uploaded",
        f"{path}{left}",
        hint="Try again when nothing writes it",
        kind=ErrorKind.LOCAL,
    )


def check_sum(raw: Mapping[str, Any], checksum: Any) -> None:  # noqa: ANN401 (untyped)
    """Refuse an object that is not what was sent.

    Raises:
        CloudError: its checksum is another one.
    """
    sent = encoded(checksum)
    if raw.get("crc32c", sent) != sent:
        raise CloudError(
            "The upload arrived damaged",
            f"{raw.get('name')}: crc32c {raw['crc32c']} instead of {sent}",
            hint="Delete it and try again",
            kind=ErrorKind.LOCAL,
            retryable=True,
        )


def encoded(checksum: Any) -> str:  # noqa: ANN401 (untyped)
    """A google_crc32c checksum as the service writes it."""
    return base64.b64encode(checksum.digest()).decode("ascii")
