"""JSON calls about folders and managed folders."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from tui.local.storage.acl import refuse_public
from tui.local.storage.bucket_calls import page_size
from tui.local.storage.buckets import checked_bindings, etag_number
from tui.local.storage.calls import Call, Reply, Route
from tui.local.storage.errors import StorageError, condition_not_met
from tui.local.storage.folders import FolderRow, check_folder
from tui.local.storage.listing import position_of, token_of
from tui.local.storage.operations import finished
from tui.local.storage.resources import Json, folder_resource
from tui.local.storage.rows import BucketRow, Conditions, flag

KINDS = {False: "folder", True: "managedFolder"}


def _bucket(call: Call, permission: str, *, managed: bool, name: str = "") -> BucketRow:
    """The bucket, if it has such folders and the caller holds `permission` there."""
    bucket = call.bucket()
    call.require(permission, bucket, name)
    if not managed and not bucket.hierarchical:
        raise StorageError(409, "conflict", "The bucket does not support hierarchical namespace.")
    return bucket


def _listed(rows: list[FolderRow], query: Any) -> list[FolderRow]:  # noqa: ANN401  # a mapping of strings
    """Of `rows` those that `delimiter`, `startOffset` and `endOffset` leave."""
    prefix, delimiter, end = query.get("prefix", ""), query.get("delimiter", ""), query.get("endOffset", "")
    found = [row for row in rows if row.name >= query.get("startOffset", "") and (not end or row.name < end)]
    if not delimiter:
        return found
    return [row for row in found if delimiter not in row.name.removesuffix("/")[len(prefix) :]]


def _list(call: Call, *, managed: bool) -> Reply:
    kind, prefix = KINDS[managed], call.query.get("prefix", "")
    bucket = _bucket(call, f"storage.{kind}s.list", managed=managed, name=prefix)
    if managed and not bucket.uniform:
        # As gcloud's own code expects it.
        raise StorageError(412, "conditionNotMet", "The bucket has no uniform bucket-level access.")
    limit = page_size(call, "pageSize")
    after = position_of(call.query["pageToken"])[0] if call.query.get("pageToken") else ""
    rows = call.store.folders.list_page(bucket, prefix, after, limit + 1, managed=managed)
    body: Json = {"kind": f"storage#{kind}s"}
    if len(rows) > limit:
        body["nextPageToken"] = token_of((rows[limit - 1].name, 0))
    items = [folder_resource(row, bucket, call.links) for row in _listed(rows[:limit], call.query)]
    return Reply(200, body | ({"items": items} if items else {}))


def _insert(call: Call, *, managed: bool) -> Reply:
    name = check_folder(call.body.get("name"))
    bucket = _bucket(call, f"storage.{KINDS[managed]}s.create", managed=managed, name=name)
    recursive = flag(call.query, "recursive")
    row = call.store.folders.insert(bucket, name, managed=managed, recursive=recursive)
    return Reply(200, folder_resource(row, bucket, call.links))


def _get(call: Call, *, managed: bool) -> Reply:
    name = check_folder(call.path["folder"])
    bucket = _bucket(call, f"storage.{KINDS[managed]}s.get", managed=managed, name=name)
    row = call.store.folders.get(bucket, name, managed=managed)
    Conditions.of(call.query).check(row.metageneration, row.metageneration, reading=True)
    return Reply(200, folder_resource(row, bucket, call.links))


def _delete(call: Call, *, managed: bool) -> Reply:
    name = check_folder(call.path["folder"])
    bucket = _bucket(call, f"storage.{KINDS[managed]}s.delete", managed=managed, name=name)
    full = managed and flag(call.query, "allowNonEmpty")
    if full:
        call.require("storage.managedFolders.setIamPolicy", bucket, name)
    elif not managed and call.store.folders.is_managed(bucket, name):
        call.require("storage.managedFolders.delete", bucket, name)
    call.store.folders.delete(
        bucket,
        name,
        Conditions.of(call.query),
        managed=managed,
        allow_full=full,
    )
    return Reply(204)


def _calls(*, managed: bool) -> list[Route]:
    """The calls that both kinds of folder have."""
    kind = KINDS[managed]
    every, one = f"/b/{{bucket}}/{kind}s", f"/b/{{bucket}}/{kind}s/{{folder}}"
    return [
        Route(f"storage.{kind}s.list", "GET", every, partial(_list, managed=managed)),
        Route(f"storage.{kind}s.insert", "POST", every, partial(_insert, managed=managed)),
        Route(f"storage.{kind}s.get", "GET", one, partial(_get, managed=managed)),
        Route(f"storage.{kind}s.delete", "DELETE", one, partial(_delete, managed=managed)),
    ]


def _rename(call: Call) -> Reply:
    source, target = check_folder(call.path["folder"]), check_folder(call.path["target"])
    bucket = _bucket(call, "storage.folders.rename", managed=False, name=source)
    call.require("storage.folders.create", bucket, target)
    conditions = Conditions.of(call.query, "ifSource")
    row = call.store.folders.rename(bucket, source, target, conditions)
    about = {"sourceFolderId": source, "destinationFolderId": target}
    return Reply(
        200,
        finished(call, bucket.name, "RenameFolder", about, folder_resource(row, bucket, call.links)),
    )


def _policy(bucket: BucketRow, row: FolderRow) -> Reply:
    policy = json.loads(row.policy) if row.policy else {"version": 1, "etag": "CAE=", "bindings": []}
    head = {
        "kind": "storage#policy",
        "resourceId": f"projects/_/buckets/{bucket.name}/managedFolders/{row.name}",
    }
    return Reply(200, {**head, **policy})


def _managed(call: Call, permission: str) -> tuple[BucketRow, FolderRow]:
    name = check_folder(call.path["folder"])
    bucket = _bucket(call, permission, managed=True, name=name)
    return bucket, call.store.folders.get(bucket, name, managed=True)


def _get_policy(call: Call) -> Reply:
    return _policy(*_managed(call, "storage.managedFolders.getIamPolicy"))


def _set_policy(call: Call) -> Reply:
    bucket, row = _managed(call, "storage.managedFolders.setIamPolicy")
    before = json.loads(row.policy)["etag"] if row.policy else "CAE="
    if call.body.get("etag") not in {None, "", before}:
        raise condition_not_met()
    bindings = checked_bindings(call.body.get("bindings") or [])
    refuse_public(bucket, (member for binding in bindings for member in binding["members"]))
    etag = etag_number(call.store.database.generation())
    policy = {"version": call.body.get("version") or 1, "etag": etag, "bindings": bindings}
    call.store.folders.set_policy(bucket, row.name, policy)
    return _policy(bucket, call.store.folders.get(bucket, row.name, managed=True))


def _test_permissions(call: Call) -> Reply:
    bucket, name = call.bucket(), check_folder(call.path["folder"])
    policies = call.store.folders.policies(bucket, name)
    call.store.folders.get(bucket, name, managed=True)
    asked = call.many.get("permissions", [])
    held = [permission for permission in asked if call.access.holds(permission, bucket, policies)]
    body: Json = {"kind": "storage#testIamPermissionsResponse"}
    return Reply(200, body | ({"permissions": held} if held else {}))


_IAM = "/b/{bucket}/managedFolders/{folder}/iam"

ROUTES = (
    *_calls(managed=False),
    *_calls(managed=True),
    Route(
        "storage.folders.rename", "POST", "/b/{bucket}/folders/{folder}/renameTo/folders/{target}", _rename
    ),
    Route("storage.managedFolders.getIamPolicy", "GET", _IAM, _get_policy),
    Route("storage.managedFolders.setIamPolicy", "PUT", _IAM, _set_policy),
    Route("storage.managedFolders.testIamPermissions", "GET", f"{_IAM}/testPermissions", _test_permissions),
)
