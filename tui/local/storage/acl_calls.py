"""JSON calls about access control lists, and about the IAM policy of an object, another face of its list."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from tui.local.storage.acl import (
    BUCKET_ROLES,
    OBJECT_ROLES,
    Acl,
    Entries,
    bindings_with,
    bucket_entries,
    checked_entity,
    checked_role,
    default_entries,
    entity_of_member,
    member_of_entity,
    object_acl,
    packed,
    refuse_public,
    refuse_uniform,
)
from tui.local.storage.buckets import checked_bindings
from tui.local.storage.calls import Call, Reply, Route
from tui.local.storage.errors import StorageError, invalid, no_object
from tui.local.storage.resources import (
    Json,
    bucket_acl_resources,
    default_acl_resources,
    etag_of,
    object_acl_resources,
)
from tui.local.storage.rows import BucketRow, Conditions, ObjectRow, integer

OBJECT_IAM = {"OWNER": "roles/storage.legacyObjectOwner", "READER": "roles/storage.legacyObjectReader"}

Edit = Callable[[Entries], Entries]


class Kind(NamedTuple):
    """One of the three lists: a bucket's, the default of its objects, an object's."""

    name: str
    """As the discovery document names its calls."""
    path: str
    list_kind: str
    read: Callable[[Call], list[Json]]
    """The entries, after the caller's rights were looked at."""
    write: Callable[[Call, Edit], list[Json]]
    """The entries after a change."""
    roles: frozenset[str]


def _bucket(call: Call, permission: str, what: str) -> BucketRow:
    bucket = call.bucket(permission)
    refuse_uniform(bucket, what)
    return bucket


def _edited(bucket: BucketRow, edit: Edit, entries: Entries) -> Entries:
    """`entries` after a change that `bucket` allows."""
    new = edit(entries)
    refuse_public(bucket, new)
    return new


def _changed(call: Call, bucket: BucketRow, change: Callable[[BucketRow], BucketRow]) -> BucketRow:
    return call.store.buckets.change(bucket.name, {}, Conditions(), edit=change)


def _read_bucket(call: Call) -> list[Json]:
    bucket = _bucket(call, "storage.buckets.getIamPolicy", "get bucket")
    return bucket_acl_resources(bucket, call.links)


def _write_bucket(call: Call, edit: Edit) -> list[Json]:
    found = _bucket(call, "storage.buckets.setIamPolicy", "set bucket")

    def change(row: BucketRow) -> BucketRow:
        entries = _edited(row, edit, bucket_entries(row, call.links.project_number))
        return row._replace(policy={**row.policy, "bindings": bindings_with(row, entries)})

    return bucket_acl_resources(_changed(call, found, change), call.links)


def _read_default(call: Call) -> list[Json]:
    bucket = _bucket(call, "storage.buckets.getIamPolicy", "get")
    return default_acl_resources(bucket, call.links)


def _write_default(call: Call, edit: Edit) -> list[Json]:
    found = _bucket(call, "storage.buckets.update", "set")

    def change(row: BucketRow) -> BucketRow:
        entries = _edited(row, edit, default_entries(row, call.links.project_number))
        return row._replace(config={**row.config, "defaultObjectAcl": entries})

    return default_acl_resources(_changed(call, found, change), call.links)


def _read_object(call: Call) -> list[Json]:
    bucket, row = call.object("storage.objects.getIamPolicy")
    refuse_uniform(bucket, "get")
    return object_acl_resources(row, bucket, call.links)


def _write_object(call: Call, edit: Edit) -> list[Json]:
    bucket, found = call.object("storage.objects.setIamPolicy")
    refuse_uniform(bucket, "set")

    def change(row: ObjectRow) -> ObjectRow:
        owner, entries = object_acl(row, call.links.project_number)
        return row._replace(acl=packed(Acl(owner, _edited(bucket, edit, entries))))

    generation = integer(call.query, "generation")
    row = call.store.change(
        bucket, found.name, change, generation=generation, conditions=Conditions.of(call.query)
    )
    return object_acl_resources(row, bucket, call.links)


KINDS = (
    Kind(
        "bucketAccessControls",
        "/b/{bucket}/acl",
        "storage#bucketAccessControls",
        _read_bucket,
        _write_bucket,
        frozenset(BUCKET_ROLES),
    ),
    Kind(
        "defaultObjectAccessControls",
        "/b/{bucket}/defaultObjectAcl",
        "storage#objectAccessControls",
        _read_default,
        _write_default,
        OBJECT_ROLES,
    ),
    Kind(
        "objectAccessControls",
        "/b/{bucket}/o/{object}/acl",
        "storage#objectAccessControls",
        _read_object,
        _write_object,
        OBJECT_ROLES,
    ),
)


def _no_entry() -> StorageError:
    return StorageError(404, "notFound", "The specified access control entry does not exist.")


def _one(entries: list[Json], entity: str) -> Reply:
    for entry in entries:
        if entry["entity"] == entity:
            return Reply(200, entry)
    raise _no_entry()


def _having(entries: Entries, entity: str) -> Entries:
    """`entries`, if `entity` is among them.

    Raises:
        StorageError: 404.
    """
    if entity not in entries:
        raise _no_entry()
    return entries


def _list(call: Call, *, kind: Kind) -> Reply:
    return Reply(200, {"kind": kind.list_kind, "items": kind.read(call)})


def _get(call: Call, *, kind: Kind) -> Reply:
    return _one(kind.read(call), call.path["entity"])


def _insert(call: Call, *, kind: Kind) -> Reply:
    entity = checked_entity(call.body.get("entity"))
    role = checked_role(call.body.get("role"), kind.roles)
    return _one(kind.write(call, lambda entries: entries | {entity: role}), entity)


def _change(call: Call, *, kind: Kind) -> Reply:
    entity = call.path["entity"]
    role = checked_role(call.body.get("role"), kind.roles)
    return _one(kind.write(call, lambda entries: _having(entries, entity) | {entity: role}), entity)


def _delete(call: Call, *, kind: Kind) -> Reply:
    entity = call.path["entity"]

    def edit(entries: Entries) -> Entries:
        return {key: role for key, role in _having(entries, entity).items() if key != entity}

    kind.write(call, edit)
    return Reply(204)


def _calls(kind: Kind) -> list[Route]:
    """The six calls of one list."""
    one, name = f"{kind.path}/{{entity}}", f"storage.{kind.name}"
    return [
        Route(f"{name}.list", "GET", kind.path, partial(_list, kind=kind)),
        Route(f"{name}.insert", "POST", kind.path, partial(_insert, kind=kind)),
        Route(f"{name}.get", "GET", one, partial(_get, kind=kind)),
        Route(f"{name}.patch", "PATCH", one, partial(_change, kind=kind)),
        Route(f"{name}.update", "PUT", one, partial(_change, kind=kind)),
        Route(f"{name}.delete", "DELETE", one, partial(_delete, kind=kind)),
    ]


# The policy of an object


def _policy_of(call: Call, bucket: BucketRow, row: ObjectRow) -> Reply:
    entries = object_acl(row, call.links.project_number).entries
    bindings = []
    for role, name in OBJECT_IAM.items():
        members = [
            member_of_entity(entity, bucket.project) for entity, held in entries.items() if held == role
        ]
        if members:
            bindings.append({"role": name, "members": members})
    body: dict[str, Any] = {
        "kind": "storage#policy",
        "resourceId": f"projects/_/buckets/{bucket.name}/objects/{row.name}",
        "version": 1,
        "etag": etag_of(row.metageneration),
        "bindings": bindings,
    }
    return Reply(200, body)


def _get_policy(call: Call) -> Reply:
    bucket, row = call.object("storage.objects.getIamPolicy")
    refuse_uniform(bucket, "get")
    return _policy_of(call, bucket, row)


def _set_policy(call: Call) -> Reply:
    roles = {name: role for role, name in OBJECT_IAM.items()}
    entries: Entries = {}
    for binding in sorted(checked_bindings(call.body.get("bindings") or []), key=lambda item: item["role"]):
        if binding["role"] not in roles:
            raise invalid(f"Role {binding['role']} is not supported for objects.", location="bindings")
        for member in binding["members"]:
            entity = checked_entity(entity_of_member(member, call.links.project_number))
            entries.setdefault(entity, roles[binding["role"]])
    _write_object(call, lambda _: entries)
    return _get_policy(call)


def _test_permissions(call: Call) -> Reply:
    bucket, name = call.bucket(), call.path["object"]
    row = call.store.find(bucket, name)
    if not row:
        raise no_object(bucket.name, name)
    held = []
    for permission in call.many.get("permissions", []):
        try:
            call.require(permission, bucket, name, row)
        except StorageError:
            continue
        held.append(permission)
    body: Json = {"kind": "storage#testIamPermissionsResponse"}
    return Reply(200, body | ({"permissions": held} if held else {}))


ROUTES = (
    *(route for kind in KINDS for route in _calls(kind)),
    Route("storage.objects.getIamPolicy", "GET", "/b/{bucket}/o/{object}/iam", _get_policy),
    Route("storage.objects.setIamPolicy", "PUT", "/b/{bucket}/o/{object}/iam", _set_policy),
    Route(
        "storage.objects.testIamPermissions",
        "GET",
        "/b/{bucket}/o/{object}/iam/testPermissions",
        _test_permissions,
    ),
)
