"""New objects out of stored ones: copies, moves, compositions, what comes back from soft deletion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.local.storage.blobs import CHUNK
from tui.local.storage.errors import invalid, no_object
from tui.local.storage.metadata import SERVERS, Metadata, checked_metadata, completed_extra, patched
from tui.local.storage.names import check_object
from tui.local.storage.objects import ObjectStore, Placed
from tui.local.storage.rows import LIVE, BucketRow, Conditions, ObjectRow, extra_of

COMPOSED = range(1, 33)
"""How many objects one compose takes."""

KEEPING = {"storageClass", "acl", "name", "bucket"}
"""What the body of a copy may say without taking the place of the source's metadata."""

NOT_COPIED = {*SERVERS, "retention", "temporaryHold", "eventBasedHold"}
"""Metadata that belongs to the source alone."""


def copy(
    store: ObjectStore,
    source: ObjectRow,
    target: Placed,
    *,
    body: Mapping[str, Any] | None = None,
    acl: str = "",
    key: Mapping[str, str] | None = None,
) -> ObjectRow:
    """A new object with the bytes of `source`, and its metadata unless `body` says otherwise.

    Args:
        store: where both are.
        source: what to copy.
        target: where to.
        body: the new object's metadata; only a storage class leaves the rest as in the source.
        acl: the new object's list, as stored.
        key: the customer's encryption key of the new object, as its resource shows it.

    Raises:
        StorageError: 400, 403, 412.
    """
    bucket = target.bucket
    check_object(target.name)
    now = store.database.now()
    row = source._replace(
        state=LIVE, name=target.name, metageneration=1, created=now, updated=now, ended="", hard_delete=""
    )
    storage_class = checked_metadata(body or {}).storage_class or bucket.config["storageClass"]
    if body and not body.keys() <= KEEPING:
        new = patched(bucket, source._replace(extra=""), body, now, replace=True)
        row = row._replace(content_type=new.content_type, content_encoding=new.content_encoding)
        metadata = Metadata(extra=new.extra)
    else:
        plain = {name: value for name, value in extra_of(source).items() if name not in NOT_COPIED}
        metadata = Metadata().with_server(**plain)
    sealed = metadata.with_server(customerEncryption=key).extra
    extra = completed_extra(bucket, sealed, now, source=source.extra)
    row = row._replace(extra=extra, storage_class=storage_class, acl=acl)
    return store.insert_row(bucket, row, target.conditions)


def move(store: ObjectStore, bucket: BucketRow, source: ObjectRow, target: Placed) -> ObjectRow:
    """Give an object another name in its bucket, in one step; its bytes, times and metadata stay.

    Raises:
        StorageError: 400, 403, 404, 412.
    """
    check_object(target.name)
    if source.name == target.name:
        raise invalid("The source and the destination of a move are the same object.")
    with store.database.writing():
        row = source._replace(name=target.name, metageneration=1, updated=store.database.now())
        row = store.insert_row(bucket, row, target.conditions)
        store.delete(bucket, source.name, conditions=Conditions(generation=source.generation))
    return row


def restore(
    store: ObjectStore, source: ObjectRow, target: Placed, *, keep_acl: bool = False, acl: str = ""
) -> ObjectRow:
    """A live copy of a soft-deleted generation, which itself stays until its retention is over.

    Raises:
        StorageError: 403, 412.
    """
    now = store.database.now()
    row = source._replace(state=LIVE, metageneration=1, created=now, updated=now, ended="", hard_delete="")
    row = row._replace(acl=source.acl if keep_acl else acl)
    return store.insert_row(target.bucket, row, target.conditions)


def compose(store: ObjectStore, target: Placed, sources: list[ObjectRow], metadata: Metadata) -> ObjectRow:
    """One object with the bytes of all `sources`, in order.

    Raises:
        StorageError: 400, 403, 412.
    """
    if len(sources) not in COMPOSED:
        raise invalid("The number of source components provided must be between 1 and 32.")
    if len({row.storage_class for row in sources}) > 1 and not metadata.storage_class:
        metadata = metadata._replace(storage_class=target.bucket.config["storageClass"])
    stage = store.stage()
    try:
        for source in sources:
            with store.contents.open(source.blob) as file:
                while chunk := file.read(CHUNK):
                    stage.write(chunk)
    except FileNotFoundError:
        stage.discard()
        raise no_object(target.bucket.name, source.name) from None
    except BaseException:
        stage.discard()
        raise
    # gcloud carries the first component's checksums over to the destination: they are not the result's.
    plain = metadata._replace(crc32c="", md5="")
    if not plain.content_type:
        plain = plain._replace(content_type=sources[0].content_type)
    count = sum(source.components or 1 for source in sources)
    return store.put(target.bucket, target.name, stage, plain, target.conditions, components=count)
