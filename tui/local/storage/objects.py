"""The store: what the Cloud Storage JSON API does with objects, without HTTP.

Every method is synchronous, may be called from any thread, and raises `StorageError` for what the service
refuses.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from tui.local.storage.blobs import CHUNK, BlobFiles, Stage
from tui.local.storage.buckets import Buckets
from tui.local.storage.errors import StorageError, invalid, no_bucket, no_object
from tui.local.storage.listing import ListQuery, list_page
from tui.local.storage.metadata import Metadata, checked_metadata, patched
from tui.local.storage.names import check_object
from tui.local.storage.rows import LIVE, NONCURRENT, SOFT_DELETED, BucketRow, Conditions, ObjectRow, Page
from tui.local.storage.schema import COLUMNS, Database

COMPOSED = range(1, 33)
"""How many objects one compose takes."""

PURGE_EVERY = 3600.0
"""Seconds between two looks for soft-deleted objects whose time is over."""

UPLOAD_LIFE = 7 * 86_400
"""Seconds for which an unfinished resumable upload can be continued."""

NO_CONDITIONS = Conditions()


class ObjectStore:
    """All buckets and objects below one folder."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        """Open the store in `folder`, made if need be; `clock` gives seconds since the epoch."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.files = BlobFiles(folder)
        self.database = Database(folder / "storage.sqlite3", clock)
        self.buckets = Buckets(self.database)
        self._purged = 0.0
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

    def purge(self) -> None:
        """Remove soft-deleted objects whose retention is over, at most once an hour."""
        now = self.database.clock()
        if now - self._purged < PURGE_EVERY:
            return
        self._purged = now
        with self.database.writing() as connection:
            gone = connection.execute(
                "DELETE FROM objects WHERE state = 2 AND hard_delete <= ? RETURNING blob",
                (self.database.now(),),
            ).fetchall()
        self._remove_unused(blob for (blob,) in gone)

    def _remove_unused(self, blobs: Iterable[str]) -> None:
        """Delete the files among `blobs` that no generation of any object names."""
        with self.database.reading() as connection:
            self.files.remove(
                blob
                for blob in set(blobs)
                if not connection.execute("SELECT 1 FROM objects WHERE blob = ?", (blob,)).fetchone()
            )

    # Reading

    def path(self, row: ObjectRow) -> Path:
        """The file with the object's bytes as stored; to be read only."""
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
                return row, self.path(row).open("rb")
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
            self._check_conditions(bucket, name, conditions)
            row = self._new(bucket, name, metadata)._replace(
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
            return self._insert(bucket, row, conditions)
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

    def _check_conditions(self, bucket: BucketRow, name: str, conditions: Conditions) -> None:
        present = self.find(bucket, name)
        conditions.check(*(present.generation, present.metageneration) if present else (0, 0))

    def _new(self, bucket: BucketRow, name: str, metadata: Metadata) -> ObjectRow:
        """A row for a new live object, as yet without bytes."""
        now = self.database.now()
        storage_class = metadata.storage_class or bucket.config["storageClass"]
        return ObjectRow(
            LIVE, name, 0, 1, 0, "", "", "", metadata.content_type, metadata.content_encoding, storage_class,
            now, now, "", "", 0, metadata.extra,
        )  # fmt: skip

    def _insert(self, bucket: BucketRow, row: ObjectRow, conditions: Conditions) -> ObjectRow:
        """Write `row` as the live object under a new generation, ending the one it replaces."""
        with self.database.writing() as connection:
            if not connection.execute(
                "SELECT 1 FROM buckets WHERE id = ? AND soft_deleted = ''", (bucket.id,)
            ).fetchone():
                raise no_bucket()
            if not self.path(row).exists():  # the source of a copy that was deleted meanwhile
                raise no_object(bucket.name, row.name)
            present = self.find(bucket, row.name)
            conditions.check(*(present.generation, present.metageneration) if present else (0, 0))
            freed = self._end(bucket, present, keep=bucket.versioning) if present else []
            row = row._replace(generation=self.database.generation(present.generation if present else 0))
            marks = ", ".join("?" * (len(row) + 1))
            connection.execute(
                f"INSERT INTO objects (bucket, {COLUMNS}) VALUES ({marks})",  # noqa: S608
                (bucket.id, *row),
            )
        self._remove_unused(freed)
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
            StorageError: 404, or 412 by `conditions`.
        """
        with self.database.writing():
            row = self.find(bucket, name, generation)
            if row is None:
                raise no_object(bucket.name, name)
            conditions.check(row.generation, row.metageneration)
            freed = self._end(bucket, row, keep=bucket.versioning and generation is None)
        self._remove_unused(freed)
        self.purge()

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
        """Merge `body` into the object's metadata, or put it in its place; the bytes stay.

        Raises:
            StorageError: 404, 400, 412.
        """
        with self.database.writing() as connection:
            row = self.find(bucket, name, generation)
            if row is None:
                raise no_object(bucket.name, name)
            conditions.check(row.generation, row.metageneration)
            new = patched(row, body, replace=replace)._replace(
                metageneration=row.metageneration + 1, updated=self.database.now()
            )
            connection.execute(
                "UPDATE objects SET metageneration = ?, updated = ?, content_type = ?, content_encoding = ?, "
                "extra = ? WHERE bucket = ? AND state = ? AND name = ? AND generation = ?",
                (
                    new.metageneration,
                    new.updated,
                    new.content_type,
                    new.content_encoding,
                    new.extra,
                    *(bucket.id, row.state, row.name, row.generation),
                ),
            )
        return new

    def copy(
        self,
        source: ObjectRow,
        bucket: BucketRow,
        name: str,
        *,
        body: Mapping[str, Any] | None = None,
        conditions: Conditions = NO_CONDITIONS,
    ) -> ObjectRow:
        """A new object with the bytes of `source`, and its metadata unless `body` says otherwise.

        Raises:
            StorageError: 400, 412.
        """
        check_object(name)
        row = source
        storage_class = bucket.config["storageClass"]
        if body:
            row = patched(source, body, replace=not body.keys() <= {"storageClass"})
            storage_class = checked_metadata(body).storage_class or storage_class
        now = self.database.now()
        row = row._replace(
            state=LIVE, name=name, metageneration=1, created=now, updated=now, ended="", hard_delete=""
        )
        return self._insert(bucket, row._replace(storage_class=storage_class), conditions)

    def restore(
        self, bucket: BucketRow, name: str, generation: int, conditions: Conditions = NO_CONDITIONS
    ) -> ObjectRow:
        """A live copy of a soft-deleted generation, which itself stays until its retention is over.

        Raises:
            StorageError: 404, 412.
        """
        return self.copy(
            self.get(bucket, name, generation, soft_deleted=True), bucket, name, conditions=conditions
        )

    def compose(
        self,
        bucket: BucketRow,
        name: str,
        sources: list[ObjectRow],
        metadata: Metadata,
        conditions: Conditions = NO_CONDITIONS,
    ) -> ObjectRow:
        """One object with the bytes of all `sources`, in order.

        Raises:
            StorageError: 400, 412.
        """
        if len(sources) not in COMPOSED:
            raise invalid("The number of source components provided must be between 1 and 32.")
        stage = self.stage()
        try:
            for source in sources:
                with self.path(source).open("rb") as file:
                    while chunk := file.read(CHUNK):
                        stage.write(chunk)
        except FileNotFoundError:
            stage.discard()
            raise no_object(bucket.name, source.name) from None
        except BaseException:
            stage.discard()
            raise
        # gcloud carries the first component's checksums over to the destination: they are not the result's.
        plain = metadata._replace(crc32c="", md5="")
        if not plain.content_type:
            plain = plain._replace(content_type=sources[0].content_type)
        count = sum(source.components or 1 for source in sources)
        return self.put(bucket, name, stage, plain, conditions, components=count)


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


def extra_of(row: ObjectRow) -> dict[str, Any]:
    """The metadata without a column of its own."""
    found: dict[str, Any] = json.loads(row.extra) if row.extra else {}
    return found
