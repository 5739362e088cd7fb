"""JSON calls about buckets."""

from __future__ import annotations

from typing import Any

from tui.local.storage.calls import Call, Reply, Route
from tui.local.storage.errors import StorageError, required
from tui.local.storage.listing import PAGE, position_of, token_of
from tui.local.storage.resources import bucket_resource
from tui.local.storage.rows import BucketRow, Conditions, flag, integer


def page_size(call: Call) -> int:
    """`maxResults`, between 1 and the service's page."""
    asked = integer(call.query, "maxResults")
    return PAGE if asked is None else max(1, min(asked, PAGE))


def _list(call: Call) -> Reply:
    project = call.query.get("project") or ""
    if not project:
        raise required("project")
    call.access.require("storage.buckets.list")
    limit = page_size(call)
    token = call.query.get("pageToken")
    rows = call.store.buckets.list_page(
        project,
        prefix=call.query.get("prefix", ""),
        after=position_of(token)[0] if token else "",
        limit=limit + 1,
        soft_deleted=flag(call.query, "softDeleted"),
    )
    body: dict[str, Any] = {"kind": "storage#buckets"}
    if len(rows) > limit:
        body["nextPageToken"] = token_of((rows[limit - 1].name, 0))
    items = [bucket_resource(row, call.links) for row in rows[:limit]]
    return Reply(200, body | ({"items": items} if items else {}))


def _insert(call: Call) -> Reply:
    project = call.query.get("project") or ""
    if not project:
        raise required("project")
    call.access.require("storage.buckets.create")
    return _reply(call, call.store.buckets.insert(project, call.body))


def _reply(call: Call, row: BucketRow) -> Reply:
    return Reply(200, bucket_resource(row, call.links))


def _get(call: Call) -> Reply:
    if flag(call.query, "softDeleted"):
        call.access.require("storage.buckets.get")
        return _reply(
            call, call.store.buckets.get_deleted(call.path["bucket"], integer(call.query, "generation") or 0)
        )
    row = call.bucket("storage.buckets.get")
    Conditions.of(call.query).check(row.generation, row.metageneration, reading=True)
    return _reply(call, row)


def _change(call: Call, *, replace: bool) -> Reply:
    row = call.bucket("storage.buckets.update")
    conditions = Conditions.of(call.query)
    return _reply(call, call.store.buckets.change(row.name, call.body, conditions, replace=replace))


def _patch(call: Call) -> Reply:
    return _change(call, replace=False)


def _update(call: Call) -> Reply:
    return _change(call, replace=True)


def _delete(call: Call) -> Reply:
    row = call.bucket("storage.buckets.delete")
    call.store.buckets.delete(row.name, Conditions.of(call.query))
    return Reply(204)


def _restore(call: Call) -> Reply:
    generation = integer(call.query, "generation")
    if generation is None:
        raise required("generation")
    call.access.require("storage.buckets.restore")
    return _reply(call, call.store.buckets.restore(call.path["bucket"], generation))


def _policy(row: BucketRow) -> Reply:
    head = {"kind": "storage#policy", "resourceId": f"projects/_/buckets/{row.name}"}
    return Reply(200, {**head, **row.policy})


def _get_policy(call: Call) -> Reply:
    return _policy(call.bucket("storage.buckets.getIamPolicy"))


def _set_policy(call: Call) -> Reply:
    row = call.bucket("storage.buckets.setIamPolicy")
    return _policy(call.store.buckets.set_policy(row.name, call.body))


def _test_permissions(call: Call) -> Reply:
    row = call.bucket()
    held = [name for name in call.many.get("permissions", []) if call.access.holds(name, row)]
    body: dict[str, Any] = {"kind": "storage#testIamPermissionsResponse"}
    return Reply(200, body | ({"permissions": held} if held else {}))


def _layout(call: Call) -> Reply:
    row = call.bucket("storage.objects.list")
    resource = bucket_resource(row, call.links)
    return Reply(
        200,
        {
            "kind": "storage#storageLayout",
            "bucket": row.name,
            "location": resource["location"],
            "locationType": resource["locationType"],
            "hierarchicalNamespace": {"enabled": False},
        },
    )


def _no_managed_folders(call: Call) -> Reply:
    call.bucket("storage.objects.list")
    return Reply(200, {"kind": "storage#managedFolders"})


def _no_folders(call: Call) -> Reply:
    call.bucket("storage.objects.list")
    raise StorageError(409, "conflict", "The bucket does not support hierarchical namespace.")


ROUTES = (
    Route("GET", "/b", _list),
    Route("POST", "/b", _insert),
    Route("GET", "/b/{bucket}", _get),
    Route("PATCH", "/b/{bucket}", _patch),
    Route("PUT", "/b/{bucket}", _update),
    Route("DELETE", "/b/{bucket}", _delete),
    Route("POST", "/b/{bucket}/restore", _restore),
    Route("GET", "/b/{bucket}/iam", _get_policy),
    Route("PUT", "/b/{bucket}/iam", _set_policy),
    Route("GET", "/b/{bucket}/iam/testPermissions", _test_permissions),
    Route("GET", "/b/{bucket}/storageLayout", _layout),
    Route("GET", "/b/{bucket}/managedFolders", _no_managed_folders),
    Route("GET", "/b/{bucket}/folders", _no_folders),
)
