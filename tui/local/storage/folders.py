"""Folders of buckets with a hierarchical namespace, and managed folders of all others."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, NamedTuple

from tui.local.storage.errors import StorageError, invalid
from tui.local.storage.names import NAME_BYTES, successor
from tui.local.storage.rows import LIVE, SOFT_DELETED, BucketRow, Conditions
from tui.local.storage.schema import Database

FIELDS = "managed, name, metageneration, created, updated, policy"


class FolderRow(NamedTuple):
    """One folder, in the order of `FIELDS`."""

    managed: int
    """1 for a managed folder."""
    name: str
    """With the slash at its end."""
    metageneration: int
    created: str
    updated: str
    policy: str
    """A managed folder's IAM policy as JSON; empty for none."""


def check_folder(name: object, *, location: str = "name") -> str:
    """`name` with a slash at its end, if a folder may be called so.

    Raises:
        StorageError: 400.
    """
    try:
        size = len(name.encode()) if isinstance(name, str) else 0
    except UnicodeEncodeError:
        size = 0
    if not isinstance(name, str) or not 0 < size <= NAME_BYTES or set(name) & set("\r\n\0"):
        raise invalid("Invalid folder name.", location=location)
    whole = name if name.endswith("/") else f"{name}/"
    if any(part in {"", ".", ".."} for part in whole[:-1].split("/")):
        raise invalid("Invalid folder name.", location=location)
    return whole


def no_folder() -> StorageError:
    """404: there is no such folder."""
    return StorageError(404, "notFound", "The specified folder does not exist.")


def parents(name: str) -> list[str]:
    """The folders that a name lies in, from the outside in: `a/`, `a/b/` for `a/b/c` and `a/b/c/`."""
    parts = name.rstrip("/").split("/")[:-1]
    return ["/".join(parts[:count]) + "/" for count in range(1, len(parts) + 1)]


class Folders:
    """The table of folders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, bucket: BucketRow, name: str, *, managed: bool) -> FolderRow:
        """The folder of that name.

        Raises:
            StorageError: 404.
        """
        with self._database.reading() as connection:
            found = connection.execute(
                f"SELECT {FIELDS} FROM folders WHERE bucket = ? AND managed = ? AND name = ?",  # noqa: S608
                (bucket.id, managed, name),
            ).fetchone()
        if not found:
            raise no_folder()
        return FolderRow(*found)

    def list_page(
        self, bucket: BucketRow, prefix: str, after: str, limit: int, *, managed: bool
    ) -> list[FolderRow]:
        """Up to `limit` folders by name, below `prefix`, from after the name `after`."""
        end = successor(prefix) if prefix else None
        with self._database.reading() as connection:
            found = connection.execute(
                f"SELECT {FIELDS} FROM folders WHERE bucket = ? AND managed = ? AND name > ? "  # noqa: S608
                "AND name >= ? AND (? IS NULL OR name < ?) ORDER BY name LIMIT ?",
                (bucket.id, managed, after, prefix, end, end, limit),
            ).fetchall()
        return [FolderRow(*values) for values in found]

    def insert(self, bucket: BucketRow, name: str, *, managed: bool, recursive: bool = False) -> FolderRow:
        """Make a folder; with `recursive` also those above it.

        Raises:
            StorageError: 400 in a bucket of the wrong kind, 409 if it exists or its parent does not.
        """
        if managed and not bucket.uniform:
            raise invalid("Managed folders need uniform bucket-level access on the bucket.")
        if not managed and not bucket.hierarchical:
            raise StorageError(409, "conflict", "The bucket does not support hierarchical namespace.")
        with self._database.writing() as connection:
            if self._exists(connection, bucket, name, managed=managed):
                raise StorageError(409, "conflict", "The folder you tried to create already exists.")
            above = [] if managed else parents(name)
            if above and not recursive and not self._exists(connection, bucket, above[-1], managed=False):
                raise StorageError(409, "conflict", "The parent folder does not exist.")
            for folder in [*above, name]:
                self._insert(connection, bucket, folder, managed=managed)
            return self.get(bucket, name, managed=managed)

    def make_above(self, bucket: BucketRow, name: str) -> None:
        """Make the folders that an object's name lies in, as a bucket with a hierarchy does."""
        own = [name] if name.endswith("/") else []
        with self._database.writing() as connection:
            for folder in [*parents(name), *own]:
                self._insert(connection, bucket, folder, managed=False)

    def _exists(self, connection: sqlite3.Connection, bucket: BucketRow, name: str, *, managed: bool) -> bool:
        found = connection.execute(
            "SELECT 1 FROM folders WHERE bucket = ? AND managed = ? AND name = ?", (bucket.id, managed, name)
        ).fetchone()
        return found is not None

    def _insert(self, connection: sqlite3.Connection, bucket: BucketRow, name: str, *, managed: bool) -> None:
        now = self._database.now()
        connection.execute(
            "INSERT OR IGNORE INTO folders (bucket, managed, name, metageneration, created, updated) "
            "VALUES (?, ?, ?, 1, ?, ?)",
            (bucket.id, managed, name, now, now),
        )

    def delete(
        self,
        bucket: BucketRow,
        name: str,
        conditions: Conditions,
        *,
        managed: bool,
        allow_full: bool = False,
    ) -> None:
        """Remove a folder; one with something in it only if `allow_full`.

        Raises:
            StorageError: 404, 409, 412.
        """
        with self._database.writing() as connection:
            row = self.get(bucket, name, managed=managed)
            conditions.check(row.metageneration, row.metageneration)
            if not allow_full and self._full(connection, bucket, name, managed=managed):
                raise StorageError(409, "conflict", "The folder you tried to delete is not empty.")
            # A folder takes the managed folder of its name with it.
            connection.execute(
                "DELETE FROM folders WHERE bucket = ? AND managed >= ? AND name = ?",
                (bucket.id, managed, name),
            )

    def is_managed(self, bucket: BucketRow, name: str) -> bool:
        """Whether there is a managed folder of that name."""
        with self._database.reading() as connection:
            return self._exists(connection, bucket, name, managed=True)

    def _full(self, connection: sqlite3.Connection, bucket: BucketRow, name: str, *, managed: bool) -> bool:
        """Whether it holds objects or folders; of a managed folder only managed ones count."""
        end = successor(name)
        found = connection.execute(
            "SELECT 1 FROM objects WHERE bucket = ? AND state < ? AND name > ? AND name < ? UNION ALL "
            "SELECT 1 FROM folders WHERE bucket = ? AND name > ? AND name < ? AND managed >= ? LIMIT 1",
            (bucket.id, SOFT_DELETED, name, end, bucket.id, name, end, managed),
        ).fetchone()
        return found is not None

    def rename(self, bucket: BucketRow, source: str, target: str, conditions: Conditions) -> FolderRow:
        """Give a folder, and with it all that it holds, another name.

        Raises:
            StorageError: 404, 409 if the target exists or its parent does not, 412, 400 into itself.
        """
        with self._database.writing() as connection:
            row = self.get(bucket, source, managed=False)
            conditions.check(row.metageneration, row.metageneration)
            if target.startswith(source):
                raise invalid("A folder cannot be renamed into itself.")
            if self._exists(connection, bucket, target, managed=False):
                raise StorageError(409, "conflict", "The destination folder already exists.")
            above = parents(target)
            if above and not self._exists(connection, bucket, above[-1], managed=False):
                raise StorageError(409, "conflict", "The parent folder does not exist.")
            end, cut = successor(source), len(source) + 1
            connection.execute(
                "UPDATE objects SET name = ? || substr(name, ?) "
                "WHERE bucket = ? AND state = ? AND name >= ? AND name < ?",
                (target, cut, bucket.id, LIVE, source, end),
            )
            connection.execute(
                "UPDATE folders SET name = ? || substr(name, ?), updated = ? "
                "WHERE bucket = ? AND name >= ? AND name < ?",
                (target, cut, self._database.now(), bucket.id, source, end),
            )
            return self.get(bucket, target, managed=False)

    def policies(self, bucket: BucketRow, name: str) -> list[dict[str, Any]]:
        """The IAM policies of the managed folders that `name` lies in."""
        if not bucket.uniform:
            return []
        above = [*parents(name), *([name] if name.endswith("/") else [])]
        marks = ", ".join("?" * len(above))
        with self._database.reading() as connection:
            found = connection.execute(
                f"SELECT policy FROM folders WHERE bucket = ? AND managed = 1 AND policy <> '' "  # noqa: S608
                f"AND name IN ({marks})",
                (bucket.id, *above),
            ).fetchall()
        return [json.loads(text) for (text,) in found]

    def set_policy(self, bucket: BucketRow, name: str, policy: dict[str, Any]) -> None:
        """Write a managed folder's IAM policy.

        Raises:
            StorageError: 404.
        """
        with self._database.writing() as connection:
            self.get(bucket, name, managed=True)
            connection.execute(
                "UPDATE folders SET policy = ?, updated = ?, metageneration = metageneration + 1 "
                "WHERE bucket = ? AND managed = 1 AND name = ?",
                (json.dumps(policy), self._database.now(), bucket.id, name),
            )
