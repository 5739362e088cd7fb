"""Long-running operations of a bucket, kept for good; ours are done by the time they are answered."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping

from tui.local.storage.acl import new_object_acl
from tui.local.storage.calls import Call, Reply, Route
from tui.local.storage.copying import restore
from tui.local.storage.errors import StorageError, invalid
from tui.local.storage.globs import Glob
from tui.local.storage.listing import PAGE, ListQuery
from tui.local.storage.objects import Placed
from tui.local.storage.resources import Json
from tui.local.storage.rows import BucketRow, Conditions, ObjectRow
from tui.local.storage.schema import text_seconds, time_text

GLOBS = 100
"""Most patterns of one bulk restore."""

TYPES = "type.googleapis.com/google.storage.control.v2"


def finished(call: Call, bucket: str, kind: str, about: Mapping[str, object], response: Json) -> Json:
    """Keep and return a `storage#operation` that is done; `kind` is such as `RenameFolder`."""
    id_ = uuid.uuid4().hex
    now = call.store.database.now()
    common = {"createTime": now, "updateTime": now, "endTime": now, "type": kind, "progressPercent": 100}
    body: Json = {
        "kind": "storage#operation",
        "name": f"projects/_/buckets/{bucket}/operations/{id_}",
        "selfLink": f"{call.links.bucket(bucket)}/operations/{id_}",
        "metadata": {"@type": f"{TYPES}.{kind}Metadata", "commonMetadata": common, **about},
        "done": True,
        "response": {"@type": f"{TYPES}.{kind}Response", **response},
    }
    with call.store.database.writing() as connection:
        connection.execute(
            "INSERT INTO operations (bucket, id, body) VALUES (?, ?, ?)", (bucket, id_, json.dumps(body))
        )
    return body


def _list(call: Call) -> Reply:
    bucket = call.bucket("storage.bucketOperations.list")
    with call.store.database.reading() as connection:
        found = connection.execute(
            "SELECT body FROM operations WHERE bucket = ? ORDER BY id", (bucket.name,)
        ).fetchall()
    body: Json = {"kind": "storage#operations"}
    return Reply(200, body | ({"operations": [json.loads(text) for (text,) in found]} if found else {}))


def _get(call: Call) -> Reply:
    bucket = call.bucket("storage.bucketOperations.get")
    with call.store.database.reading() as connection:
        found = connection.execute(
            "SELECT body FROM operations WHERE bucket = ? AND id = ?", (bucket.name, call.path["operation"])
        ).fetchone()
    if not found:
        raise StorageError(404, "notFound", "The specified operation does not exist.")
    return Reply(200, json.loads(found[0]))


def _cancel(call: Call) -> Reply:
    call.access.require("storage.bucketOperations.cancel", call.bucket())
    _get(call)
    return Reply(204)  # it is done already: cancelling then does nothing


def _bulk_restore(call: Call) -> Reply:
    bucket = call.bucket("storage.objects.restore", "storage.objects.create", "storage.objects.list")
    globs = call.body.get("matchGlobs") or []
    if not isinstance(globs, list) or len(globs) > GLOBS or not all(isinstance(glob, str) for glob in globs):
        raise invalid("Invalid value for: matchGlobs is not valid", location="matchGlobs")
    patterns = [Glob(glob) for glob in globs]
    after, before = _time(call, "softDeletedAfterTime"), _time(call, "softDeletedBeforeTime")
    created = _time(call, "createdAfterTime"), _time(call, "createdBeforeTime")
    if call.body.get("allowOverwrite"):
        call.access.require("storage.objects.delete", bucket)
    latest: dict[str, ObjectRow] = {}
    for row in _soft_deleted(call, bucket):
        if patterns and not any(pattern.fullmatch(row.name) for pattern in patterns):
            continue
        if _within(row.ended, after, before) and _within(row.created, *created):
            latest[row.name] = row
    count = sum(_restored(call, bucket, row) for row in latest.values())
    about = {key: value for key, value in call.body.items() if isinstance(value, str | bool | list)}
    return Reply(200, finished(call, bucket.name, "BulkRestoreObjects", about, {"count": str(count)}))


def _soft_deleted(call: Call, bucket: BucketRow) -> list[ObjectRow]:
    """All soft-deleted objects, those of one name from old to new."""
    rows: list[ObjectRow] = []
    token = ""
    while True:
        page = call.store.list_page(bucket, ListQuery(soft_deleted=True, limit=PAGE, token=token))
        rows += page.rows
        token = page.token
        if not token:
            return rows


def _restored(call: Call, bucket: BucketRow, row: ObjectRow) -> bool:
    """Restore one, unless something live would have to go that may not."""
    conditions = Conditions() if call.body.get("allowOverwrite") else Conditions(generation=0)
    try:
        restore(
            call.store,
            row,
            Placed(bucket, row.name, conditions),
            keep_acl=bool(call.body.get("copySourceAcl")),
            acl=new_object_acl(bucket, call.owner, {}, None, call.links.project_number),
        )
    except StorageError as error:
        if error.status not in {403, 412}:
            raise
        return False
    return True


def _time(call: Call, name: str) -> str:
    value = call.body.get(name)
    if value is None:
        return ""
    try:
        return time_text(text_seconds(value))
    except (ValueError, TypeError, OverflowError):
        raise invalid(f"Invalid value for: {name} is not valid", location=name) from None


def _within(text: str, after: str, before: str) -> bool:
    return (not after or text >= after) and (not before or text < before)


ROUTES = (
    Route("storage.objects.bulkRestore", "POST", "/b/{bucket}/o/bulkRestore", _bulk_restore),
    Route("storage.buckets.operations.list", "GET", "/b/{bucket}/operations", _list),
    Route("storage.buckets.operations.get", "GET", "/b/{bucket}/operations/{operation}", _get),
    Route("storage.buckets.operations.cancel", "POST", "/b/{bucket}/operations/{operation}/cancel", _cancel),
)
