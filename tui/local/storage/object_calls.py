"""JSON calls about objects; bytes go through `uploads` and `media`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.local.storage.acl import (
    OBJECT_ROLES,
    Acl,
    bucket_entries,
    checked_entries,
    new_object_acl,
    packed,
    predefined,
    refuse_public,
    refuse_uniform,
)
from tui.local.storage.acl import object_acl as acl_of
from tui.local.storage.bucket_calls import page_size
from tui.local.storage.calls import Call, Found, Reply, Route
from tui.local.storage.copying import compose, copy, move, restore
from tui.local.storage.encryption import check_key
from tui.local.storage.errors import invalid, no_object, required
from tui.local.storage.globs import Glob
from tui.local.storage.listing import ListQuery, context_filter
from tui.local.storage.metadata import Metadata, checked_metadata, patched
from tui.local.storage.names import check_object
from tui.local.storage.objects import Placed
from tui.local.storage.resources import Json, object_resource, restore_token
from tui.local.storage.rows import BucketRow, Conditions, ObjectRow, flag, integer
from tui.local.storage.tokens import packed as packed_token
from tui.local.storage.tokens import unpacked
from tui.local.wire.field_masks import Mask

MEGABYTE = 1 << 20


def _items_mask(mask: Mask | None) -> Mask | None:
    """What `fields` wants of each item; None for everything."""
    if not mask or "*" in mask:
        return None
    return mask.get("items") or None


def _list_query(call: Call) -> ListQuery:
    query = call.query
    glob = query.get("matchGlob")
    versions, soft_deleted = flag(query, "versions"), flag(query, "softDeleted")
    if versions and soft_deleted:
        raise invalid("Versions and softDeleted cannot be set at the same time.", location="softDeleted")
    delimiter = query.get("delimiter", "")
    folders = flag(query, "includeFoldersAsPrefixes")
    if folders and delimiter != "/":
        raise invalid(
            "includeFoldersAsPrefixes needs the delimiter '/'.", location="includeFoldersAsPrefixes"
        )
    return ListQuery(
        prefix=query.get("prefix", ""),
        delimiter=delimiter,
        start=query.get("startOffset", ""),
        end=query.get("endOffset", ""),
        versions=versions,
        soft_deleted=soft_deleted,
        trailing=flag(query, "includeTrailingDelimiter"),
        glob=Glob(glob) if glob else None,
        wanted=context_filter(query["filter"]) if query.get("filter") else None,
        folders=folders and not soft_deleted,
        limit=page_size(call),
        token=query.get("pageToken", ""),
    )


def _list(call: Call) -> Reply:
    bucket = call.bucket()
    call.require("storage.objects.list", bucket, call.query.get("prefix", ""))
    page = call.store.list_page(bucket, _list_query(call))
    mask, full = _items_mask(call.mask()), call.full()
    body: Json = {"kind": "storage#objects"}
    if page.token:
        body["nextPageToken"] = page.token
    if page.prefixes:
        body["prefixes"] = page.prefixes
    if page.rows:
        body["items"] = [object_resource(row, bucket, call.links, mask, full=full) for row in page.rows]
    return Reply(200, body)


def _reply(call: Call, bucket: BucketRow, row: ObjectRow, *, full: bool = False) -> Reply:
    resource = object_resource(
        row, bucket, call.links, full=call.full(default=full), keyed=call.key is not None
    )
    return Reply(200, resource)


def _get(call: Call) -> Reply:
    if not flag(call.query, "softDeleted"):
        bucket, row = call.object("storage.objects.get")
        Conditions.of(call.query).check(row.generation, row.metageneration, reading=True)
        call.check_etag(row.generation, row.metageneration)
        return _reply(call, bucket, row)
    generation = integer(call.query, "generation")
    if generation is None:
        raise required("generation")
    bucket = call.bucket()
    call.require("storage.objects.get", bucket, call.path["object"])
    return _reply(call, bucket, _soft_deleted(call, bucket, generation, Conditions.of(call.query)))


def _soft_deleted(call: Call, bucket: BucketRow, generation: int, conditions: Conditions) -> ObjectRow:
    name = call.path["object"]
    row = call.store.get(bucket, name, generation, conditions=conditions, soft_deleted=True)
    token = call.query.get("restoreToken")
    if token and token != restore_token(bucket, row):
        raise no_object(bucket.name, name)
    return row


def _new_acl(call: Call, bucket: BucketRow, row: ObjectRow) -> str:
    """The list of `row` as the body or `predefinedAcl` wants it."""
    number = call.links.project_number
    name, given = call.query.get("predefinedAcl"), call.body.get("acl")
    if not name and given is None:
        return row.acl
    if bucket.uniform:
        if name or given:
            refuse_uniform(bucket, "set")
        return row.acl
    call.require("storage.objects.setIamPolicy", bucket, row.name, row)
    owner = acl_of(row, number).owner
    if name:
        entries = predefined(name, owner, bucket_entries(bucket, number), number)
    else:
        entries = checked_entries(given, OBJECT_ROLES) | ({owner: "OWNER"} if owner else {})
    refuse_public(bucket, entries)
    return packed(Acl(owner, entries))


def _change(call: Call, *, replace: bool) -> Reply:
    bucket, found = call.object("storage.objects.update")
    override = flag(call.query, "overrideUnlockedRetention")
    if "retention" in call.body:
        call.require("storage.objects.setRetention", bucket, found.name, found)
    if override:
        call.require("storage.objects.overrideUnlockedRetention", bucket, found.name, found)
    now = call.store.database.now()

    def edit(row: ObjectRow) -> ObjectRow:
        new = patched(bucket, row, call.body, now, replace=replace, override=override)
        return new._replace(acl=_new_acl(call, bucket, row))

    row = call.store.change(
        bucket,
        found.name,
        edit,
        generation=integer(call.query, "generation"),
        conditions=Conditions.of(call.query),
    )
    return _reply(call, bucket, row, full=True)


def _patch(call: Call) -> Reply:
    return _change(call, replace=False)


def _update(call: Call) -> Reply:
    return _change(call, replace=True)


def _delete(call: Call) -> Reply:
    bucket, name = call.bucket(), call.path["object"]
    call.require("storage.objects.delete", bucket, name)
    call.store.delete(bucket, name, integer(call.query, "generation"), Conditions.of(call.query))
    return Reply(204)


def may_write(call: Call, bucket: BucketRow, name: str) -> None:
    """Refuse unless the caller may create `name`, and replace it if it exists (FACTS 9.8).

    Raises:
        StorageError: 403.
    """
    call.require("storage.objects.create", bucket, name)
    if call.store.find(bucket, name):
        call.require("storage.objects.delete", bucket, name)


def new_metadata(
    call: Call, bucket: BucketRow, body: Mapping[str, Any], query: Mapping[str, str] | None = None
) -> Metadata:
    """What an upload's `body` and parameters say of the new object.

    Raises:
        StorageError: 400, 412.
    """
    query = call.query if query is None else query
    kms = query.get("kmsKeyName") or body.get("kmsKeyName")
    return (
        checked_metadata(body)
        ._replace(acl=_acl_for(call, bucket, body, query.get("predefinedAcl")))
        .with_server(customerEncryption=call.key, kmsKeyName=kms if isinstance(kms, str) else "")
    )


def _acl_for(call: Call, bucket: BucketRow, body: Mapping[str, Any], name: str | None) -> str:
    return new_object_acl(bucket, call.owner, body, name, call.links.project_number)


def _restore(call: Call) -> Reply:
    bucket = call.bucket()
    generation = integer(call.query, "generation")
    if generation is None:
        raise required("generation")
    name = call.path["object"]
    call.require("storage.objects.restore", bucket, name)
    may_write(call, bucket, name)
    row = restore(
        call.store,
        _soft_deleted(call, bucket, generation, Conditions()),
        Placed(bucket, name, Conditions.of(call.query)),
        keep_acl=flag(call.query, "copySourceAcl"),
        acl=_acl_for(call, bucket, {}, None),
    )
    return _reply(call, bucket, row)


def _source(call: Call) -> Found:
    """The source of a copy, as `sourceGeneration` and `ifSource…` want it."""
    bucket, name = call.bucket(key="sourceBucket"), call.path["sourceObject"]
    row = call.store.find(bucket, name, integer(call.query, "sourceGeneration"))
    call.require("storage.objects.get", bucket, name, row)
    if row is None:
        raise no_object(bucket.name, name)
    Conditions.of(call.query, "ifSource").check(row.generation, row.metageneration)
    check_key(row, call.source_key)
    return Found(bucket, row)


def _copied(call: Call, source: ObjectRow) -> tuple[BucketRow, ObjectRow]:
    bucket, name = call.bucket(), check_object(call.path["object"])
    may_write(call, bucket, name)
    row = copy(
        call.store,
        source,
        Placed(bucket, name, Conditions.of(call.query)),
        body=call.body,
        acl=_acl_for(call, bucket, call.body, call.query.get("destinationPredefinedAcl")),
        key=call.key,
    )
    return bucket, row


def _copy(call: Call) -> Reply:
    return _reply(call, *_copied(call, _source(call).row))


def _rewrite(call: Call) -> Reply:
    source = _source(call).row
    at = _rewritten(call, source)
    body: Json = {
        "kind": "storage#rewriteResponse",
        "totalBytesRewritten": str(at),
        "objectSize": str(source.size),
        "done": at == source.size,
    }
    if at < source.size:
        return Reply(200, body | {"rewriteToken": packed_token(str(source.generation), at)})
    bucket, row = _copied(call, source)
    full = call.full(default="acl" in call.body)
    resource = object_resource(row, bucket, call.links, full=full, keyed=call.key is not None)
    return Reply(200, body | {"resource": resource})


def _rewritten(call: Call, source: ObjectRow) -> int:
    """How many bytes are through after this call of a rewrite, by its token and its limit."""
    limit = integer(call.query, "maxBytesRewrittenPerCall")
    if limit is not None and (limit < MEGABYTE or limit % MEGABYTE):
        raise invalid(
            "maxBytesRewrittenPerCall must be a multiple of 1 MiB.", location="maxBytesRewrittenPerCall"
        )
    at, token = 0, call.query.get("rewriteToken")
    if token:
        generation, at = unpacked(token, "rewriteToken")
        if generation != str(source.generation) or not 0 < at < source.size:
            raise invalid("Invalid rewrite token.", location="rewriteToken")
    return source.size if limit is None else min(source.size, at + limit)


def _move(call: Call) -> Reply:
    bucket, name = call.bucket(), call.path["object"]
    row = call.store.find(bucket, name, integer(call.query, "sourceGeneration"))
    call.require("storage.objects.get", bucket, name, row)
    if row is None:
        raise no_object(bucket.name, name)
    Conditions.of(call.query, "ifSource").check(row.generation, row.metageneration)
    call.require("storage.objects.delete", bucket, name)
    target = check_object(call.path["target"])
    may_write(call, bucket, target)
    return _reply(
        call, bucket, move(call.store, bucket, row, Placed(bucket, target, Conditions.of(call.query)))
    )


def _component(call: Call, bucket: BucketRow, part: Any) -> ObjectRow:  # noqa: ANN401  # JSON from outside
    """One of the objects that a compose names."""
    if not isinstance(part, dict) or not isinstance(part.get("name"), str):
        raise required("sourceObjects.name")
    wanted = part.get("generation")
    if wanted is not None and not (str(wanted).isascii() and str(wanted).isdecimal()):
        raise invalid(f"Invalid generation: {wanted}", location="sourceObjects.generation")
    number = integer({"generation": str(wanted)}, "generation") if wanted else None
    row = call.store.get(bucket, part["name"], number)
    preconditions = part.get("objectPreconditions")
    if isinstance(preconditions, dict) and preconditions.get("ifGenerationMatch") is not None:
        expected = {"ifGenerationMatch": str(preconditions["ifGenerationMatch"])}
        Conditions.of(expected).check(row.generation, row.metageneration)
    check_key(row, call.key)
    return row


def _compose(call: Call) -> Reply:
    bucket, name = call.bucket(), check_object(call.path["object"])
    may_write(call, bucket, name)
    parts = call.body.get("sourceObjects")
    if not isinstance(parts, list):
        raise required("sourceObjects")
    destination = call.body.get("destination") or {}
    if not isinstance(destination, dict):
        raise invalid("Invalid value for: destination is not valid", location="destination")
    sources = [_component(call, bucket, part) for part in parts]
    for source in sources:
        call.require("storage.objects.get", bucket, source.name, source)
    query = {**call.query, "predefinedAcl": call.query.get("destinationPredefinedAcl", "")}
    metadata = new_metadata(call, bucket, destination, query)
    row = compose(call.store, Placed(bucket, name, Conditions.of(call.query)), sources, metadata)
    if call.body.get("deleteSourceObjects") is True:
        for source in {source.name: source for source in sources if source.name != name}.values():
            call.require("storage.objects.delete", bucket, source.name)
            call.store.delete(bucket, source.name, conditions=Conditions(generation=source.generation))
    return _reply(call, bucket, row)


_FROM, _TO = "/b/{sourceBucket}/o/{sourceObject}", "/b/{bucket}/o/{object}"

ROUTES = (
    Route("storage.objects.list", "GET", "/b/{bucket}/o", _list),
    Route("storage.objects.get", "GET", "/b/{bucket}/o/{object}", _get),
    Route("storage.objects.patch", "PATCH", "/b/{bucket}/o/{object}", _patch),
    Route("storage.objects.update", "PUT", "/b/{bucket}/o/{object}", _update),
    Route("storage.objects.delete", "DELETE", "/b/{bucket}/o/{object}", _delete),
    Route("storage.objects.restore", "POST", "/b/{bucket}/o/{object}/restore", _restore),
    Route("storage.objects.compose", "POST", "/b/{bucket}/o/{object}/compose", _compose),
    Route("storage.objects.move", "POST", "/b/{bucket}/o/{object}/moveTo/o/{target}", _move),
    Route("storage.objects.copy", "POST", f"{_FROM}/copyTo{_TO}", _copy),
    Route("storage.objects.rewrite", "POST", f"{_FROM}/rewriteTo{_TO}", _rewrite),
)
