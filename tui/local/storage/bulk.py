"""Many small objects at once, for practice and for tests of scale."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

import google_crc32c

from tui.local.storage.errors import no_bucket
from tui.local.storage.metadata import checked_metadata
from tui.local.storage.names import check_object
from tui.local.storage.objects import NO_CONDITIONS, ObjectStore
from tui.local.storage.rows import BucketRow, ObjectRow
from tui.local.storage.schema import COLUMNS, time_text

BATCH = 5_000
"""Objects in one transaction."""

LARGE = 16_384
"""Bytes beyond which an object is a file."""


class Seed(NamedTuple):
    """One object to make."""

    name: str
    data: bytes
    body: Mapping[str, Any] = {}
    """Its metadata, as in an object resource: `contentType`, `metadata`, …"""
    created: float | None = None
    """Seconds since the epoch; now if None."""


class _Content(NamedTuple):
    """Bytes that are stored, under the columns' names."""

    size: int
    crc32c: str
    md5: str
    blob: str


def put_many(store: ObjectStore, bucket: BucketRow, seeds: Iterable[Seed]) -> int:
    """Make every seed the live object of its name, as `ObjectStore.put` would; how many there were.

    5,000 objects make one transaction, and small ones are stored in the database (equal bytes once a
    batch), so that 200,000 take seconds. What is acknowledged survives the death of the process. It blocks:
    call it in a thread. `seeds` may be a generator.

    Raises:
        StorageError: 400 for a bad name or metadata, 404 when the bucket is gone; the objects of the
            batches before stay.
    """
    count = 0
    rest = iter(seeds)
    while batch := list(islice(rest, BATCH)):
        _put_batch(store, bucket, batch)
        count += len(batch)
    return count


def _put_batch(store: ObjectStore, bucket: BucketRow, batch: list[Seed]) -> None:
    contents: dict[bytes, _Content] = {}
    small: list[tuple[str, bytes]] = []
    rows = []
    for seed in batch:
        digest = hashlib.md5(seed.data, usedforsecurity=False).digest()
        if digest not in contents:
            contents[digest] = _stored(store, seed.data, digest, small)
        rows.append(_row(store, bucket, seed)._replace(**contents[digest]._asdict()))
    with store.database.writing() as connection:
        if not connection.execute(
            "SELECT 1 FROM buckets WHERE id = ? AND soft_deleted = ''", (bucket.id,)
        ).fetchone():
            raise no_bucket()
        store.contents.add_small(small)
        _insert(store, bucket, rows)


def _stored(store: ObjectStore, data: bytes, digest: bytes, small: list[tuple[str, bytes]]) -> _Content:
    """A place for `data`: a file, or a row that is added to `small`."""
    if len(data) > LARGE:
        stage = store.stage()
        stage.write(data)
        blob = store.files.keep(stage)
    else:
        blob = store.contents.new_small()
        small.append((blob, data))
    crc = google_crc32c.value(data).to_bytes(4, "big")
    return _Content(len(data), base64.b64encode(crc).decode(), base64.b64encode(digest).decode(), blob)


def _row(store: ObjectStore, bucket: BucketRow, seed: Seed) -> ObjectRow:
    row = store.new_row(bucket, check_object(seed.name), checked_metadata(seed.body))
    if seed.created is None:
        return row
    when = time_text(seed.created)
    return row._replace(created=when, updated=when)


def _insert(store: ObjectStore, bucket: BucketRow, rows: list[ObjectRow]) -> None:
    """Write a batch of rows; those whose name has a live object already one by one."""
    marks = ", ".join("?" * (len(ObjectRow._fields) + 1))
    seen: set[str] = set()
    again, fresh = [], []
    for row in rows:
        if row.name in seen or bucket.hierarchical or store.find(bucket, row.name):
            again.append(row)
        else:
            seen.add(row.name)
            fresh.append((bucket.id, *row._replace(generation=store.database.generation())))
    with store.database.writing() as connection:
        connection.executemany(f"INSERT INTO objects (bucket, {COLUMNS}) VALUES ({marks})", fresh)  # noqa: S608
        for row in again:
            store.insert_row(bucket, row, NO_CONDITIONS)


def numbered(prefix: str, count: int, data: bytes = b"") -> Iterator[Seed]:
    """`count` objects `PREFIX000000`, `PREFIX000001`, … in folders of a thousand."""
    for number in range(count):
        yield Seed(f"{prefix}{number // 1000:04d}/{number:07d}", data)
