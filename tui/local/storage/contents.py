"""What objects consist of: files, or for many small ones at once rows of the metadata's own database."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Iterable
from typing import BinaryIO

from tui.local.storage.blobs import BlobFiles
from tui.local.storage.schema import Database

SMALL = "s."
"""How the ids of contents in the database begin; those of files are hexadecimal."""


class Contents:
    """Bytes under ids that only rows of objects name; several rows may name the same."""

    def __init__(self, files: BlobFiles, database: Database) -> None:
        self.files = files
        self._database = database

    def add_small(self, contents: Iterable[tuple[str, bytes]]) -> None:
        """Store bytes under ids of `new_small`, in the transaction that the caller has open."""
        with self._database.reading() as connection:
            connection.executemany("INSERT INTO small (blob, data) VALUES (?, ?)", contents)

    @staticmethod
    def new_small() -> str:
        """An id for bytes in the database."""
        return SMALL + uuid.uuid4().hex

    def open(self, blob: str) -> BinaryIO:
        """A file to read; what it gives stays the same whatever is removed meanwhile.

        Raises:
            FileNotFoundError: it is gone.
        """
        if not blob.startswith(SMALL):
            return self.files.path(blob).open("rb")
        with self._database.reading() as connection:
            found = connection.execute("SELECT data FROM small WHERE blob = ?", (blob,)).fetchone()
        if not found:
            raise FileNotFoundError(blob)
        return io.BytesIO(found[0])

    def exists(self, blob: str) -> bool:
        """Whether it is there."""
        if not blob.startswith(SMALL):
            return self.files.path(blob).exists()
        with self._database.reading() as connection:
            found = connection.execute("SELECT 1 FROM small WHERE blob = ?", (blob,)).fetchone()
        return found is not None

    def remove_unused(self, blobs: Iterable[str]) -> None:
        """Remove those among `blobs` that no generation of any object names, after the open transaction."""
        found = set(blobs)
        if found:
            self._database.then(lambda: self._remove_unused(found))

    def _remove_unused(self, blobs: set[str]) -> None:
        with self._database.writing() as connection:
            unused = [
                blob
                for blob in blobs
                if not connection.execute("SELECT 1 FROM objects WHERE blob = ?", (blob,)).fetchone()
            ]
            small = [(blob,) for blob in unused if blob.startswith(SMALL)]
            connection.executemany("DELETE FROM small WHERE blob = ?", small)
            self.files.remove(blob for blob in unused if not blob.startswith(SMALL))

    def sweep(self, before_ns: int) -> int:
        """Remove files, last written before `before_ns`, that nothing names; how many.

        They are left by a process that died between writing a file and naming it.
        """
        count = 0
        for folder in self.files.folders():
            with self._database.reading() as connection:
                known = {
                    blob
                    for (blob,) in connection.execute(
                        "SELECT blob FROM objects WHERE blob >= ? AND blob < ?",
                        (folder.name, folder.name + "g"),
                    )
                }
            with os.scandir(folder) as entries:
                strays = [
                    entry.name
                    for entry in entries
                    if entry.name not in known and entry.stat().st_mtime_ns < before_ns
                ]
            self.remove_unused(strays)
            count += len(strays)
        return count
