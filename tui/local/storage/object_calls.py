"""JSON calls about objects; bytes go through `uploads` and `media`."""

from __future__ import annotations

from typing import Any

from tui.local.storage.bucket_calls import page_size
from tui.local.storage.calls import Call, Reply, Route
from tui.local.storage.errors import invalid, no_object, required
from tui.local.storage.fields import Mask
from tui.local.storage.listing import ListQuery
from tui.local.storage.metadata import checked_metadata
from tui.local.storage.names import check_object, glob_pattern
from tui.local.storage.resources import Json, object_resource
from tui.local.storage.rows import BucketRow, Conditions, ObjectRow, flag, integer


def _items_mask(mask: Mask | None) -> Mask | None:
    """What `fields` wants of each item; None for everything."""
    if not mask or "*" in mask:
        return None
    return mask.get("items") or None


def _list(call: Call) -> Reply:
    bucket = call.bucket("storage.objects.list")
    query = call.query
    glob = query.get("matchGlob")
    versions, soft_deleted = flag(query, "versions"), flag(query, "softDeleted")
    if versions and soft_deleted:
        raise invalid("Versions and softDeleted cannot be set at the same time.", location="softDeleted")
    page = call.store.list_page(
        bucket,
        ListQuery(
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            start=query.get("startOffset", ""),
            end=query.get("endOffset", ""),
            versions=versions,
            soft_deleted=soft_deleted,
            trailing=flag(query, "includeTrailingDelimiter"),
            glob=glob_pattern(glob) if glob else None,
            limit=page_size(call),
            token=query.get("pageToken", ""),
        ),
    )
    mask = _items_mask(call.mask())
    body: Json = {"kind": "storage#objects"}
    if page.token:
        body["nextPageToken"] = page.token
    if page.prefixes:
        body["prefixes"] = page.prefixes
    if page.rows:
        body["items"] = [object_resource(row, bucket.name, call.links, mask) for row in page.rows]
    return Reply(200, body)


def _reply(call: Call, bucket: BucketRow, row: ObjectRow) -> Reply:
    return Reply(200, object_resource(row, bucket.name, call.links))


def _get(call: Call) -> Reply:
    bucket = call.bucket("storage.objects.get")
    soft_deleted, generation = flag(call.query, "softDeleted"), integer(call.query, "generation")
    if soft_deleted and generation is None:
        raise required("generation")
    row = call.store.get(
        bucket,
        call.path["object"],
        generation,
        conditions=Conditions.of(call.query),
        soft_deleted=soft_deleted,
    )
    return _reply(call, bucket, row)


def _change(call: Call, *, replace: bool) -> Reply:
    bucket = call.bucket("storage.objects.update")
    row = call.store.patch(
        bucket,
        call.path["object"],
        call.body,
        generation=integer(call.query, "generation"),
        conditions=Conditions.of(call.query),
        replace=replace,
    )
    return _reply(call, bucket, row)


def _patch(call: Call) -> Reply:
    return _change(call, replace=False)


def _update(call: Call) -> Reply:
    return _change(call, replace=True)


def _delete(call: Call) -> Reply:
    bucket = call.bucket("storage.objects.delete")
    call.store.delete(
        bucket, call.path["object"], integer(call.query, "generation"), Conditions.of(call.query)
    )
    return Reply(204)


def may_write(call: Call, bucket: BucketRow, name: str) -> None:
    """Refuse unless the caller may create `name`, and replace it if it exists (FACTS 9.8).

    Raises:
        StorageError: 403.
    """
    call.access.require("storage.objects.create", bucket)
    if call.store.find(bucket, name):
        call.access.require("storage.objects.delete", bucket)


def _restore(call: Call) -> Reply:
    bucket = call.bucket("storage.objects.restore")
    generation = integer(call.query, "generation")
    if generation is None:
        raise required("generation")
    name = call.path["object"]
    may_write(call, bucket, name)
    return _reply(call, bucket, call.store.restore(bucket, name, generation, Conditions.of(call.query)))


def _source(call: Call, bucket: BucketRow, name: str) -> ObjectRow:
    """The source of a copy, as the query's `sourceGeneration` and `ifSource…` want it."""
    return call.store.get(
        bucket,
        name,
        integer(call.query, "sourceGeneration"),
        conditions=Conditions.of(call.query, "ifSource"),
    )


def _copied(call: Call) -> tuple[BucketRow, ObjectRow]:
    source_bucket = call.bucket("storage.objects.get", key="sourceBucket")
    bucket = call.bucket(key="bucket")
    name = check_object(call.path["object"])
    may_write(call, bucket, name)
    row = call.store.copy(
        _source(call, source_bucket, call.path["sourceObject"]),
        bucket,
        name,
        body=call.body,
        conditions=Conditions.of(call.query),
    )
    return bucket, row


def _copy(call: Call) -> Reply:
    return _reply(call, *_copied(call))


def _rewrite(call: Call) -> Reply:
    bucket, row = _copied(call)
    return Reply(
        200,
        {
            "kind": "storage#rewriteResponse",
            "totalBytesRewritten": str(row.size),
            "objectSize": str(row.size),
            "done": True,
            "resource": object_resource(row, bucket.name, call.links),
        },
    )


def _move(call: Call) -> Reply:
    bucket = call.bucket("storage.objects.get", "storage.objects.delete")
    name = check_object(call.path["target"])
    may_write(call, bucket, name)
    source = _source(call, bucket, call.path["object"])
    row = call.store.copy(source, bucket, name, conditions=Conditions.of(call.query))
    call.store.delete(bucket, source.name, conditions=Conditions(generation=source.generation))
    return _reply(call, bucket, row)


def _component(call: Call, bucket: BucketRow, part: Any) -> ObjectRow:  # noqa: ANN401  # JSON from outside
    """One of the objects that a compose names."""
    if not isinstance(part, dict) or not isinstance(part.get("name"), str):
        raise required("sourceObjects.name")
    wanted = part.get("generation")
    if wanted is not None and not str(wanted).isdecimal():
        raise invalid(f"Invalid generation: {wanted}", location="sourceObjects.generation")
    row = call.store.get(bucket, part["name"], int(wanted) if wanted else None)
    preconditions = part.get("objectPreconditions")
    if isinstance(preconditions, dict) and preconditions.get("ifGenerationMatch") is not None:
        expected = {"ifGenerationMatch": str(preconditions["ifGenerationMatch"])}
        Conditions.of(expected).check(row.generation, row.metageneration)
    return row


def _compose(call: Call) -> Reply:
    bucket = call.bucket("storage.objects.create", "storage.objects.get")
    name = check_object(call.path["object"])
    may_write(call, bucket, name)
    parts = call.body.get("sourceObjects")
    if not isinstance(parts, list):
        raise required("sourceObjects")
    destination = call.body.get("destination") or {}
    if not isinstance(destination, dict):
        raise invalid("Invalid value for: destination is not valid", location="destination")
    sources = [_component(call, bucket, part) for part in parts]
    row = call.store.compose(bucket, name, sources, checked_metadata(destination), Conditions.of(call.query))
    return _reply(call, bucket, row)


def _test_permissions(call: Call) -> Reply:
    bucket = call.bucket()
    if not call.store.find(bucket, call.path["object"]):
        raise no_object(bucket.name, call.path["object"])
    held = [name for name in call.many.get("permissions", []) if call.access.holds(name, bucket)]
    body: Json = {"kind": "storage#testIamPermissionsResponse"}
    return Reply(200, body | ({"permissions": held} if held else {}))


_FROM, _TO = "/b/{sourceBucket}/o/{sourceObject}", "/b/{bucket}/o/{object}"

ROUTES = (
    Route("GET", "/b/{bucket}/o", _list),
    Route("GET", "/b/{bucket}/o/{object}", _get),
    Route("PATCH", "/b/{bucket}/o/{object}", _patch),
    Route("PUT", "/b/{bucket}/o/{object}", _update),
    Route("DELETE", "/b/{bucket}/o/{object}", _delete),
    Route("POST", "/b/{bucket}/o/{object}/restore", _restore),
    Route("POST", "/b/{bucket}/o/{object}/compose", _compose),
    Route("POST", "/b/{bucket}/o/{object}/moveTo/o/{target}", _move),
    Route("POST", f"{_FROM}/copyTo{_TO}", _copy),
    Route("POST", f"{_FROM}/rewriteTo{_TO}", _rewrite),
    Route("GET", "/b/{bucket}/o/{object}/iam/testPermissions", _test_permissions),
)
