"""The bytes of objects, one file each under a random id: no name from outside ever becomes a path."""

from __future__ import annotations

import base64
import hashlib
import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import google_crc32c

CHUNK = 1 << 20
"""Bytes read or hashed at a time."""


class Stage:
    """A file that is being written; `BlobFiles.keep` makes it a blob."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO = path.open("ab+")
        self._crc = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.size = 0
        self._file.seek(0)
        while chunk := self._file.read(CHUNK):
            self._count(chunk)

    def _count(self, data: bytes) -> None:
        self._crc = google_crc32c.extend(self._crc, data)
        self._md5.update(data)
        self.size += len(data)

    def write(self, data: bytes) -> None:
        """Append `data` and count it into the checksums."""
        self._file.write(data)
        self._count(data)

    def flush(self) -> None:
        """Give what was written to the system: from here on it survives the death of this process."""
        self._file.flush()

    def close(self, *, sync: bool = False) -> None:
        """Close the file, after bringing it to disk if `sync`."""
        if not self._file.closed:
            self._file.flush()
            if sync:
                os.fsync(self._file.fileno())
            self._file.close()

    def discard(self) -> None:
        """Remove the file."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    @property
    def crc32c(self) -> str:
        """Base64 of the big-endian CRC32C so far."""
        return base64.b64encode(self._crc.to_bytes(4, "big")).decode()

    @property
    def md5(self) -> str:
        """Base64 of the MD5 so far."""
        return base64.b64encode(self._md5.digest()).decode()


class BlobFiles:
    """Two folders: `staging` for what is being received, `blobs` for what objects consist of."""

    def __init__(self, folder: Path) -> None:
        self._staging = folder / "staging"
        self._blobs = folder / "blobs"
        for path in (self._staging, self._blobs):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def stage(self, id_: str | None = None) -> Stage:
        """A new file to write to, or the one begun under `id_` (an id of our own making)."""
        return Stage(self._staging / (id_ or uuid.uuid4().hex))

    def staged(self, id_: str) -> list[Path]:
        """The files begun under `id_` and its parts (`ID.1`, `ID.2`, …)."""
        return [path for path in self._staging.glob(f"{id_}*") if path.name.partition(".")[0] == id_]

    def keep(self, stage: Stage) -> str:
        """Bring a staged file to disk and make it a blob; its id."""
        stage.close(sync=True)
        blob = uuid.uuid4().hex
        target = self.path(blob)
        target.parent.mkdir(exist_ok=True, mode=0o700)
        os.utime(stage.path)  # new from here on, or `Contents.sweep` might take it for an old stray
        stage.path.replace(target)
        return blob

    def path(self, blob: str) -> Path:
        """Where a blob's bytes are."""
        return self._blobs / blob[:2] / blob

    def folders(self) -> list[Path]:
        """The folders that blobs are in, named as the ids begin."""
        return sorted(self._blobs.iterdir())

    def remove(self, blobs: Iterable[str]) -> None:
        """Delete blobs that no object names any more."""
        for blob in blobs:
            self.path(blob).unlink(missing_ok=True)

    def sweep(self, keep: Iterable[str]) -> None:
        """Remove staged files of uploads that did not end, except those under the ids of `keep`."""
        known = set(keep)
        for path in self._staging.iterdir():
            if path.name.partition(".")[0] not in known:
                path.unlink(missing_ok=True)
