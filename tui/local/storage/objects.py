"""The store: what the Cloud Storage JSON API does with objects, without HTTP.

Every method is synchronous, may be called from any thread, and raises `StorageError` for what the service
refuses.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from tui.local.clock import now_seconds
from tui.local.storage.blobs import BlobFiles, Stage
from tui.local.storage.buckets import Buckets
from tui.local.storage.contents import Contents
from tui.local.storage.errors import StorageError, no_bucket, no_object
from tui.local.storage.folders import Folders
from tui.local.storage.holds import refuse_while_kept
from tui.local.storage.listing import ListQuery, list_page
from tui.local.storage.metadata import Metadata, checked_metadata, completed_extra, patched
from tui.local.storage.names import check_object
from tui.local.storage.rows import LIVE, NONCURRENT, SOFT_DELETED, BucketRow, Conditions, ObjectRow, Page
from tui.local.storage.schema import COLUMNS, Database

UPLOAD_LIFE = 7 * 86_400
"""Seconds for which an unfinished resumable upload can be continued."""

NO_CONDITIONS = Conditions()


class Placed(NamedTuple):
    """Where a new object goes, on which conditions."""

    bucket: BucketRow
    name: str
    conditions: Conditions = NO_CONDITIONS


class ObjectStore:
    """All buckets and objects below one folder."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = now_seconds) -> None:
        """Open the store in `folder`, made if need be; `clock` gives seconds since the epoch."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.opened_ns = time.time_ns()
        """When it was opened, by the clock that files are stamped with."""
        self.files = BlobFiles(folder)
        self.database = Database(folder / "storage.sqlite3", clock)
        self.contents = Contents(self.files, self.database)
        self.buckets = Buckets(self.database)
        self.folders = Folders(self.database)
        self._tidy_uploads()
        self.purge()

    def close(self) -> None:
        """Close the metadata file."""
        self.database.close()

    def _tidy_uploads(self) -> None:
        with self.database.writing() as connection:
            connection.execute("DELETE FROM uploads WHERE started < ?", (self.database.after(-UPLOAD_LIFE),))
            kept = [row[0] for row in connection.execute("SELECT id FROM uploads WHERE done = 0")]
        self.files.sweep(kept)

    def begin_upload(self, id_: str, bucket: BucketRow, name: str, record: Mapping[str, Any]) -> None:
        """Remember an upload that comes in several requests; `record` is what it was begun with."""
        with self.database.writing() as connection:
            connection.execute(
                "INSERT INTO uploads (id, bucket, name, started, request) VALUES (?, ?, ?, ?, ?)",
                (id_, bucket.name, name, self.database.now(), json.dumps(record)),
            )

    def forget_upload(self, id_: str) -> None:
        """End an upload without an object: its record and what it brought."""
        with self.database.writing() as connection:
            connection.execute("DELETE FROM uploads WHERE id = ?", (id_,))
        for path in self.files.staged(id_):
            path.unlink(missing_ok=True)

    def purge(self) -> None:
        """Remove soft-deleted objects and buckets whose retention is over."""
        with self.database.writing() as connection:
            now = self.database.now()
            gone = connection.execute(
                "DELETE FROM objects WHERE state = 2 AND hard_delete <= ? RETURNING blob", (now,)
            ).fetchall()
            old = "SELECT id FROM buckets WHERE soft_deleted <> '' AND hard_delete <= ?"
            gone += connection.execute(
                f"DELETE FROM objects WHERE bucket IN ({old}) RETURNING blob",  # noqa: S608
                (now,),
            ).fetchall()
            connection.execute("DELETE FROM buckets WHERE soft_deleted <> '' AND hard_delete <= ?", (now,))
        self.contents.remove_unused(blob for (blob,) in gone)

    # Reading

    def path(self, row: ObjectRow) -> Path:
        """The file with the object's bytes as stored, unless they are among the small ones of `contents`."""
        return self.files.path(row.blob)

    def find(
        self, bucket: BucketRow, name: str, generation: int | None = None, *, soft_deleted: bool = False
    ) -> ObjectRow | None:
        """The live object of that name, or the given generation whether live or not; None for none."""
        where, values = "state = 0", [bucket.id, name]
        if generation is not None:
            where = "state = 2 AND generation = ?" if soft_deleted else "state IN (0, 1) AND generation = ?"
            values.append(generation)
        with self.database.reading() as connection:
            found = connection.execute(
                f"SELECT {COLUMNS} FROM objects WHERE bucket = ? AND name = ? AND {where}",  # noqa: S608
                values,
            ).fetchone()
        row = ObjectRow._make(found) if found else None
        return None if row and row.state == SOFT_DELETED and row.hard_delete <= self.database.now() else row

    def get(
        self,
        bucket: BucketRow,
        name: str,
        generation: int | None = None,
        *,
        conditions: Conditions = NO_CONDITIONS,
        soft_deleted: bool = False,
    ) -> ObjectRow:
        """As `find`, refusing with 404 for none, and with 412 or 304 by `conditions`."""
        row = self.find(bucket, name, generation, soft_deleted=soft_deleted)
        if row is None:
            raise no_object(bucket.name, name)
        conditions.check(row.generation, row.metageneration, reading=True)
        return row

    def open(
        self, bucket: BucketRow, name: str, generation: int | None, conditions: Conditions
    ) -> tuple[ObjectRow, BinaryIO]:
        """As `get`, with the object's bytes: they stay readable whatever becomes of the object."""
        while True:
            row = self.get(bucket, name, generation, conditions=conditions)
            try:
                return row, self.contents.open(row.blob)
            except FileNotFoundError:
                if self.find(bucket, name, generation) == row:
                    raise
                # It was replaced between the two steps: look again.

    def list_page(self, bucket: BucketRow, query: ListQuery) -> Page:
        """One page of a listing."""
        with self.database.reading() as connection:
            return list_page(connection, bucket.id, query, self.database.now())

    # Writing

    def stage(self) -> Stage:
        """A file to write an upload's bytes to; hand it to `put` or discard it."""
        return self.files.stage()

    def put(
        self,
        bucket: BucketRow,
        name: str,
        stage: Stage,
        metadata: Metadata,
        conditions: Conditions = NO_CONDITIONS,
        *,
        components: int = 0,
    ) -> ObjectRow:
        """Make the staged bytes the live object `name`; on a refusal the stage is discarded.

        Raises:
            StorageError: 400 for a bad name or a checksum in `metadata` that is not the bytes', 412.
        """
        try:
            check_object(name)
            _check_sums(stage, metadata)
            self._check_replace(bucket, name, conditions)
            row = self.new_row(bucket, name, metadata)._replace(
                size=stage.size,
                crc32c=stage.crc32c,
                md5="" if components else stage.md5,
                blob=self.files.keep(stage),
                components=components,
            )
        except BaseException:
            stage.discard()
            raise
        try:
            return self.insert_row(bucket, row, conditions)
        except BaseException:
            self.files.remove([row.blob])
            raise

    def put_bytes(
        self,
        bucket: BucketRow,
        name: str,
        data: bytes,
        body: Mapping[str, Any] | None = None,
        conditions: Conditions = NO_CONDITIONS,
    ) -> ObjectRow:
        """`put` of `data` with the metadata `body` of an object resource."""
        metadata = checked_metadata(body or {})
        stage = self.stage()
        stage.write(data)
        return self.put(bucket, name, stage, metadata, conditions)

    def _check_replace(self, bucket: BucketRow, name: str, conditions: Conditions) -> ObjectRow | None:
        """The live object that `name` would replace, if it may."""
        present = self.find(bucket, name)
        conditions.check(*(present.generation, present.metageneration) if present else (0, 0))
        if present:
            refuse_while_kept(bucket, present, self.database.now())
        return present

    def new_row(self, bucket: BucketRow, name: str, metadata: Metadata) -> ObjectRow:
        """A row for a new live object, as yet without bytes."""
        now = self.database.now()
        storage_class = metadata.storage_class or bucket.config["storageClass"]
        return ObjectRow(
            LIVE, name, 0, 1, 0, "", "", "", metadata.content_type, metadata.content_encoding, storage_class,
            now, now, "", "", 0, completed_extra(bucket, metadata.extra, now), metadata.acl,
        )  # fmt: skip

    def insert_row(self, bucket: BucketRow, row: ObjectRow, conditions: Conditions) -> ObjectRow:
        """Write `row` as the live object under a new generation, ending the one it replaces."""
        with self.database.writing() as connection:
            if not connection.execute(
                "SELECT 1 FROM buckets WHERE id = ? AND soft_deleted = ''", (bucket.id,)
            ).fetchone():
                raise no_bucket()
            if not self.contents.exists(row.blob):  # the source of a copy that was deleted meanwhile
                raise no_object(bucket.name, row.name)
            present = self._check_replace(bucket, row.name, conditions)
            freed = self._end(bucket, present, keep=bucket.versioning) if present else []
            row = row._replace(generation=self.database.generation(present.generation if present else 0))
            marks = ", ".join("?" * (len(row) + 1))
            connection.execute(
                f"INSERT INTO objects (bucket, {COLUMNS}) VALUES ({marks})",  # noqa: S608
                (bucket.id, *row),
            )
            if bucket.hierarchical:
                self.folders.make_above(bucket, row.name)
        self.contents.remove_unused(freed)
        return row

    def _end(self, bucket: BucketRow, row: ObjectRow, *, keep: bool) -> list[str]:
        """In a transaction: make `row` noncurrent if `keep`, else soft-deleted or gone; the blobs freed."""
        with self.database.reading() as connection:
            key = (bucket.id, row.state, row.name, row.generation)
            where = "WHERE bucket = ? AND state = ? AND name = ? AND generation = ?"
            if keep or bucket.retention:
                state = NONCURRENT if keep else SOFT_DELETED
                until = "" if keep else self.database.after(bucket.retention)
                connection.execute(
                    f"UPDATE objects SET state = ?, ended = ?, hard_delete = ? {where}",  # noqa: S608
                    (state, self.database.now(), until, *key),
                )
                return []
            connection.execute(f"DELETE FROM objects {where}", key)  # noqa: S608
            return [row.blob]

    def delete(
        self,
        bucket: BucketRow,
        name: str,
        generation: int | None = None,
        conditions: Conditions = NO_CONDITIONS,
    ) -> None:
        """Delete the live object, or one generation for good (FACTS 9.2, 9.3).

        Raises:
            StorageError: 404, 403 while it must be kept, or 412 by `conditions`.
        """
        with self.database.writing():
            row = self.find(bucket, name, generation)
            if row is None:
                raise no_object(bucket.name, name)
            conditions.check(row.generation, row.metageneration)
            refuse_while_kept(bucket, row, self.database.now())
            freed = self._end(bucket, row, keep=bucket.versioning and generation is None)
        self.contents.remove_unused(freed)

    def change(
        self,
        bucket: BucketRow,
        name: str,
        edit: Callable[[ObjectRow], ObjectRow],
        *,
        generation: int | None = None,
        conditions: Conditions = NO_CONDITIONS,
    ) -> ObjectRow:
        """Change an object's metadata by `edit`; the bytes stay, the metageneration grows.

        Raises:
            StorageError: 404, 412, and what `edit` refuses.
        """
        with self.database.writing() as connection:
            row = self.find(bucket, name, generation)
            if row is None:
                raise no_object(bucket.name, name)
            conditions.check(row.generation, row.metageneration)
            new = edit(row)._replace(metageneration=row.metageneration + 1, updated=self.database.now())
            connection.execute(
                "UPDATE objects SET metageneration = ?, updated = ?, content_type = ?, content_encoding = ?, "
                "storage_class = ?, extra = ?, acl = ? "
                "WHERE bucket = ? AND state = ? AND name = ? AND generation = ?",
                (
                    *(new.metageneration, new.updated, new.content_type, new.content_encoding),
                    *(new.storage_class, new.extra, new.acl),
                    *(bucket.id, row.state, row.name, row.generation),
                ),
            )
        return new

    def patch(
        self,
        bucket: BucketRow,
        name: str,
        body: Mapping[str, Any],
        *,
        generation: int | None = None,
        conditions: Conditions = NO_CONDITIONS,
        replace: bool = False,
    ) -> ObjectRow:
        """Merge `body` into the object's metadata, or put it in its place.

        Raises:
            StorageError: 404, 400, 403, 412.
        """
        return self.change(
            bucket,
            name,
            lambda row: patched(bucket, row, body, self.database.now(), replace=replace),
            generation=generation,
            conditions=conditions,
        )


def _check_sums(stage: Stage, metadata: Metadata) -> None:
    """Refuse bytes whose checksum is not the one the caller gave."""
    for label, given, found in (
        ("CRC32C", metadata.crc32c, stage.crc32c),
        ("MD5 hash", metadata.md5, stage.md5),
    ):
        if given and given != found:
            raise StorageError(
                400, "invalid", f'Provided {label} "{given}" doesn\'t match calculated {label} "{found}".'
            )
