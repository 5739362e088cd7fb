"""JSON calls about buckets."""

from __future__ import annotations

from typing import Any

from tui.local.storage.acl import (
    BUCKET_ROLES,
    OBJECT_ROLES,
    bindings_with,
    bucket_entries,
    checked_entries,
    predefined,
    refuse_public,
    refuse_uniform,
)
from tui.local.storage.bucket_settings import check_location
from tui.local.storage.buckets import checked_bindings
from tui.local.storage.calls import Call, Reply, Route
from tui.local.storage.errors import invalid, required
from tui.local.storage.listing import PAGE, position_of, token_of
from tui.local.storage.resources import bucket_resource
from tui.local.storage.rows import BucketRow, Conditions, flag, integer


def page_size(call: Call, name: str = "maxResults") -> int:
    """`maxResults`, between 1 and the service's page."""
    asked = integer(call.query, name)
    return PAGE if asked is None else max(1, min(asked, PAGE))


def _project(call: Call) -> str:
    """The project that the query names, by its id.

    Raises:
        StorageError: 400 for none, and for another than this server's.
    """
    project = call.query.get("project") or ""
    if not project:
        raise required("project")
    own = call.links.project
    if own and project not in {own, call.links.project_number}:
        raise invalid(f"Unknown project id: {project}")
    return own or project


def _list(call: Call) -> Reply:
    project = _project(call)
    call.access.require("storage.buckets.list")
    limit = page_size(call)
    token = call.query.get("pageToken")
    rows = call.store.buckets.list_page(
        project,
        prefix=call.query.get("prefix", ""),
        after=position_of(token) if token else ("", 0),
        limit=limit + 1,
        soft_deleted=flag(call.query, "softDeleted"),
    )
    body: dict[str, Any] = {"kind": "storage#buckets"}
    if len(rows) > limit:
        body["nextPageToken"] = token_of((rows[limit - 1].name, rows[limit - 1].generation))
    full = call.full()
    items = [bucket_resource(row, call.links, full=full) for row in rows[:limit]]
    return Reply(200, body | ({"items": items} if items else {}))


def _insert(call: Call) -> Reply:
    project = _project(call)
    call.access.require("storage.buckets.create")
    call.access.rules.check_new(check_location(call.body), call.body.get("encryption"))
    more = {}
    if flag(call.query, "enableObjectRetention"):
        call.access.require("storage.buckets.enableObjectRetention")
        more["objectRetention"] = {"mode": "Enabled"}
    with call.store.database.writing():
        row = call.store.buckets.insert(project, call.body, more)
        if _lists_asked(call):
            row = call.store.buckets.change(
                row.name, {}, Conditions(), edit=lambda row: _with_lists(call, row, new=True), bump=False
            )
    return _reply(call, row)


def _lists_asked(call: Call) -> bool:
    return any(call.body.get(key) is not None for key in ("acl", "defaultObjectAcl")) or any(
        call.query.get(key) for key in ("predefinedAcl", "predefinedDefaultObjectAcl")
    )


def _with_lists(call: Call, row: BucketRow, *, new: bool = False) -> BucketRow:
    """`row` with the access control lists that the call's body and parameters ask for."""
    if not _lists_asked(call):
        return row
    number = call.links.project_number
    given, name = call.body.get("acl"), call.query.get("predefinedAcl")
    entries = None
    if name:
        entries = predefined(name, f"project-owners-{number}", None, number)
    elif given is not None:
        entries = checked_entries(given, BUCKET_ROLES)
    if row.uniform:
        if entries or call.body.get("defaultObjectAcl") or call.query.get("predefinedDefaultObjectAcl"):
            refuse_uniform(row, "set bucket")
        return row
    if not new:
        call.access.require("storage.buckets.setIamPolicy", row)
    if entries is not None:
        refuse_public(row, entries)
        row = row._replace(policy={**row.policy, "bindings": bindings_with(row, entries)})
    given, name = call.body.get("defaultObjectAcl"), call.query.get("predefinedDefaultObjectAcl")
    if name:
        entries = predefined(name, "", bucket_entries(row, number), number)
    elif given is not None:
        entries = checked_entries(given, OBJECT_ROLES)
    else:
        return row
    refuse_public(row, entries)
    return row._replace(config={**row.config, "defaultObjectAcl": entries})


def _reply(call: Call, row: BucketRow, *, full: bool = False) -> Reply:
    return Reply(200, bucket_resource(row, call.links, full=call.full(default=full or _lists_asked(call))))


def _get(call: Call) -> Reply:
    if flag(call.query, "softDeleted"):
        call.access.require("storage.buckets.get")
        generation = integer(call.query, "generation")
        if generation is None:
            raise required("generation")
        return _reply(call, call.store.buckets.get_deleted(call.path["bucket"], generation))
    row = call.bucket("storage.buckets.get")
    Conditions.of(call.query).check(row.generation, row.metageneration, reading=True)
    call.check_etag(row.metageneration)
    return _reply(call, row)


def _change(call: Call, *, replace: bool) -> Reply:
    found = call.bucket("storage.buckets.update")
    row = call.store.buckets.change(
        found.name,
        call.body,
        Conditions.of(call.query),
        replace=replace,
        edit=lambda row: _with_lists(call, row),
    )
    return _reply(call, row, full=True)


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


def _lock(call: Call) -> Reply:
    found = call.bucket("storage.buckets.update")
    conditions = Conditions.of(call.query)
    if conditions.metageneration is None:
        raise required("ifMetagenerationMatch")
    return _reply(call, call.store.buckets.lock_retention(found.name, conditions))


def _policy(call: Call, row: BucketRow) -> Reply:
    version = integer(call.query, "optionsRequestedPolicyVersion") or 1
    if version not in {1, 3}:
        raise invalid("Requested policy version must be 1 or 3.", location="optionsRequestedPolicyVersion")
    head = {"kind": "storage#policy", "resourceId": f"projects/_/buckets/{row.name}"}
    return Reply(200, {**head, **row.policy})


def _get_policy(call: Call) -> Reply:
    return _policy(call, call.bucket("storage.buckets.getIamPolicy"))


def _set_policy(call: Call) -> Reply:
    row = call.bucket("storage.buckets.setIamPolicy")
    bindings = checked_bindings(call.body.get("bindings") or [])
    call.access.rules.check_members(member for binding in bindings for member in binding["members"])
    return _policy(call, call.store.buckets.set_policy(row.name, call.body, Conditions.of(call.query)))


def _test_permissions(call: Call) -> Reply:
    row = call.bucket()
    held = [name for name in call.many.get("permissions", []) if call.access.holds(name, row)]
    body: dict[str, Any] = {"kind": "storage#testIamPermissionsResponse"}
    return Reply(200, body | ({"permissions": held} if held else {}))


def _layout(call: Call) -> Reply:
    row = call.bucket()
    call.require("storage.objects.list", row, call.query.get("prefix", ""))
    resource = bucket_resource(row, call.links)
    body = {
        "kind": "storage#storageLayout",
        "bucket": row.name,
        "location": resource["location"],
        "locationType": resource["locationType"],
        "hierarchicalNamespace": {"enabled": row.hierarchical},
    }
    if "customPlacementConfig" in resource:
        body["customPlacementConfig"] = resource["customPlacementConfig"]
    return Reply(200, body)


ROUTES = (
    Route("storage.buckets.list", "GET", "/b", _list),
    Route("storage.buckets.insert", "POST", "/b", _insert),
    Route("storage.buckets.get", "GET", "/b/{bucket}", _get),
    Route("storage.buckets.patch", "PATCH", "/b/{bucket}", _patch),
    Route("storage.buckets.update", "PUT", "/b/{bucket}", _update),
    Route("storage.buckets.delete", "DELETE", "/b/{bucket}", _delete),
    Route("storage.buckets.restore", "POST", "/b/{bucket}/restore", _restore),
    Route("storage.buckets.lockRetentionPolicy", "POST", "/b/{bucket}/lockRetentionPolicy", _lock),
    Route("storage.buckets.getIamPolicy", "GET", "/b/{bucket}/iam", _get_policy),
    Route("storage.buckets.setIamPolicy", "PUT", "/b/{bucket}/iam", _set_policy),
    Route("storage.buckets.testIamPermissions", "GET", "/b/{bucket}/iam/testPermissions", _test_permissions),
    Route("storage.buckets.getStorageLayout", "GET", "/b/{bucket}/storageLayout", _layout),
)
