"""Rows as the API's JSON resources."""

from __future__ import annotations

import base64
import uuid
from typing import Any
from urllib.parse import quote

from tui.local.storage.acl import bucket_entries, default_entries, object_acl
from tui.local.storage.bucket_settings import location_type
from tui.local.storage.folders import FolderRow
from tui.local.storage.holds import retained_until
from tui.local.storage.rows import NONCURRENT, SOFT_DELETED, BucketRow, ObjectRow, extra_of
from tui.local.wire.field_masks import Mask

Json = dict[str, Any]


class Links:
    """Addresses in answers: those under which the caller reached the server."""

    def __init__(self, base: str, project_number: str, project: str = "") -> None:
        self.base = base
        self.project_number = project_number
        self.project = project

    def bucket(self, name: str) -> str:
        """`selfLink` of a bucket."""
        return f"{self.base}/storage/v1/b/{quote(name, safe='')}"

    def object(self, bucket: str, name: str) -> str:
        """`selfLink` of an object."""
        return f"{self.base}/storage/v1/b/{bucket}/o/{quote(name, safe='')}"


def etag_of(*numbers: int) -> str:
    """An etag: base64 that changes with the numbers."""
    return base64.b64encode("/".join(map(str, numbers)).encode()).decode()


def entry_resource(entity: str, role: str, number: str, kind: str, links: Json) -> Json:
    """One entry of an access control list; `links` is what the list belongs to, with `id` and `selfLink`."""
    head, _, name = entity.partition("-")
    found: Json = {"kind": kind, "entity": entity, "role": role, "etag": etag_of(len(entity), len(role))}
    if head == "project":
        found["projectTeam"] = {"projectNumber": number, "team": name.partition("-")[0]}
    elif head == "domain":
        found["domain"] = name
    elif head in {"user", "group"} and "@" in name:
        found["email"] = name
    if links:
        found |= links
        found["id"] = f"{links['id']}/{entity}"
        found["selfLink"] = f"{links['selfLink']}/acl/{quote(entity, safe='')}"
    return found


def bucket_acl_resources(row: BucketRow, links: Links) -> list[Json]:
    """The `storage#bucketAccessControl`s of a bucket."""
    number = links.project_number
    place = {"bucket": row.name, "id": row.name, "selfLink": links.bucket(row.name)}
    return [
        entry_resource(entity, role, number, "storage#bucketAccessControl", place)
        for entity, role in bucket_entries(row, number).items()
    ]


def default_acl_resources(row: BucketRow, links: Links) -> list[Json]:
    """The `storage#objectAccessControl`s that new objects get."""
    number = links.project_number
    return [
        entry_resource(entity, role, number, "storage#objectAccessControl", {})
        for entity, role in default_entries(row, number).items()
    ]


def object_acl_resources(row: ObjectRow, bucket: BucketRow, links: Links) -> list[Json]:
    """The `storage#objectAccessControl`s of an object."""
    number = links.project_number
    place = {
        "bucket": bucket.name,
        "object": row.name,
        "generation": str(row.generation),
        "id": f"{bucket.name}/{row.name}/{row.generation}",
        "selfLink": links.object(bucket.name, row.name),
    }
    return [
        entry_resource(entity, role, number, "storage#objectAccessControl", place)
        for entity, role in object_acl(row, number).entries.items()
    ]


def bucket_resource(row: BucketRow, links: Links, *, full: bool = False) -> Json:
    """A `storage#bucket`, with access control lists only if `full`."""
    location = row.config["location"]
    regions = (row.config.get("customPlacementConfig") or {}).get("dataLocations")
    resource: Json = {
        "kind": "storage#bucket",
        "id": row.name,
        "name": row.name,
        "selfLink": links.bucket(row.name),
        "projectNumber": links.project_number,
        "generation": str(row.generation),
        "metageneration": str(row.metageneration),
        "locationType": "dual-region" if regions else location_type(location),
        "timeCreated": row.created,
        "updated": row.updated,
        "etag": etag_of(row.metageneration),
        **row.config,
    }
    resource.pop("defaultObjectAcl", None)
    if full and not row.uniform:
        resource["acl"] = bucket_acl_resources(row, links)
        resource["defaultObjectAcl"] = default_acl_resources(row, links)
        resource["owner"] = {"entity": f"project-owners-{links.project_number}"}
    if row.soft_deleted:
        resource |= {"softDeleteTime": row.soft_deleted, "hardDeleteTime": row.hard_delete}
    return resource


def object_resource(
    row: ObjectRow,
    bucket: BucketRow,
    links: Links,
    mask: Mask | None = None,
    *,
    full: bool = False,
    keyed: bool = False,
) -> Json:
    """A `storage#object`, with its access control list only if `full`.

    With a `mask`, what is dear to make is made only if wanted. `keyed` shows the checksums of an object that
    a customer's key encrypts.
    """
    resource = _plain(row, bucket)
    if not mask or "selfLink" in mask or "mediaLink" in mask or "etag" in mask:
        path = f"storage/v1/b/{bucket.name}/o/{quote(row.name, safe='')}"
        resource["selfLink"] = f"{links.base}/{path}"
        resource["mediaLink"] = f"{links.base}/download/{path}?generation={row.generation}&alt=media"
        resource["etag"] = etag_of(row.generation, row.metageneration)
    _add_optional(resource, row)
    if row.state == NONCURRENT:
        resource["timeDeleted"] = row.ended
    elif row.state == SOFT_DELETED:
        resource |= {"softDeleteTime": row.ended, "hardDeleteTime": row.hard_delete}
        if bucket.hierarchical:
            resource["restoreToken"] = restore_token(bucket, row)
    if row.extra:
        resource |= _extra(row)
        if "customerEncryption" in resource and not keyed:
            resource = {key: value for key, value in resource.items() if key not in {"crc32c", "md5Hash"}}
    if bucket.kept_seconds or row.extra:
        until = retained_until(bucket, row)
        resource |= {"retentionExpirationTime": until} if until else {}
    if full and not bucket.uniform:
        owner = object_acl(row, links.project_number).owner or f"project-owners-{links.project_number}"
        resource |= {"acl": object_acl_resources(row, bucket, links), "owner": {"entity": owner}}
    return resource


def _plain(row: ObjectRow, bucket: BucketRow) -> Json:
    """What every object has."""
    return {
        "kind": "storage#object",
        "id": f"{bucket.name}/{row.name}/{row.generation}",
        "name": row.name,
        "bucket": bucket.name,
        "generation": str(row.generation),
        "metageneration": str(row.metageneration),
        "storageClass": row.storage_class,
        "size": str(row.size),
        "crc32c": row.crc32c,
        "timeCreated": row.created,
        "updated": row.updated,
        "timeStorageClassUpdated": row.created,
        "timeFinalized": row.created,
    }


def _add_optional(resource: Json, row: ObjectRow) -> None:
    """Fields that are there only with a value."""
    if row.content_type:
        resource["contentType"] = row.content_type
    if row.content_encoding:
        resource["contentEncoding"] = row.content_encoding
    if row.md5:
        resource["md5Hash"] = row.md5
    if row.components:
        resource["componentCount"] = row.components


def _extra(row: ObjectRow) -> Json:
    """The fields without a column of their own, as a resource shows them."""
    extra = extra_of(row)
    extra.pop("holdReleased", None)
    changed = extra.pop("classUpdated", None)
    if changed:
        extra["timeStorageClassUpdated"] = changed
    return extra


def restore_token(bucket: BucketRow, row: ObjectRow) -> str:
    """What tells soft-deleted objects of one name and generation apart in a bucket with folders."""
    seed = f"{bucket.id}/{row.name}/{row.generation}/{row.ended}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, seed))


def folder_resource(row: FolderRow, bucket: BucketRow, links: Links) -> Json:
    """A `storage#folder` or `storage#managedFolder`."""
    kind = "managedFolder" if row.managed else "folder"
    return {
        "kind": f"storage#{kind}",
        "id": f"{bucket.name}/{row.name}",
        "selfLink": f"{links.bucket(bucket.name)}/{kind}s/{quote(row.name, safe='')}",
        "name": row.name,
        "bucket": bucket.name,
        "metageneration": str(row.metageneration),
        "createTime": row.created,
        "updateTime": row.updated,
    }
