"""Rows as the API's JSON resources."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

from tui.local.storage.buckets import location_type
from tui.local.storage.fields import Mask
from tui.local.storage.rows import NONCURRENT, SOFT_DELETED, BucketRow, ObjectRow

Json = dict[str, Any]


class Links:
    """Addresses in answers: those under which the caller reached the server."""

    def __init__(self, base: str, project_number: str) -> None:
        self.base = base
        self.project_number = project_number

    def bucket(self, name: str) -> str:
        """`selfLink` of a bucket."""
        return f"{self.base}/storage/v1/b/{quote(name, safe='')}"

    def object(self, bucket: str, name: str) -> str:
        """`selfLink` of an object."""
        return f"{self.base}/storage/v1/b/{bucket}/o/{quote(name, safe='')}"

    def media(self, bucket: str, name: str, generation: int) -> str:
        """`mediaLink` of an object's generation."""
        path = f"{bucket}/o/{quote(name, safe='')}"
        return f"{self.base}/download/storage/v1/b/{path}?generation={generation}&alt=media"


def etag_of(*numbers: int) -> str:
    """An etag: base64 that changes with the numbers."""
    return base64.b64encode("/".join(map(str, numbers)).encode()).decode()


def bucket_resource(row: BucketRow, links: Links) -> Json:
    """A `storage#bucket`."""
    location = row.config["location"]
    resource: Json = {
        "kind": "storage#bucket",
        "id": row.name,
        "name": row.name,
        "selfLink": links.bucket(row.name),
        "projectNumber": links.project_number,
        "generation": str(row.generation),
        "metageneration": str(row.metageneration),
        "locationType": location_type(location),
        "timeCreated": row.created,
        "updated": row.updated,
        "etag": etag_of(row.metageneration),
        **row.config,
    }
    if row.soft_deleted:
        resource |= {"softDeleteTime": row.soft_deleted, "hardDeleteTime": row.hard_delete}
    return resource


def object_resource(row: ObjectRow, bucket: str, links: Links, mask: Mask | None = None) -> Json:
    """A `storage#object`; with a `mask`, what is dear to make is made only if wanted."""
    resource: Json = {
        "kind": "storage#object",
        "id": f"{bucket}/{row.name}/{row.generation}",
        "name": row.name,
        "bucket": bucket,
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
    if not mask or "selfLink" in mask or "mediaLink" in mask or "etag" in mask:
        resource["selfLink"] = links.object(bucket, row.name)
        resource["mediaLink"] = links.media(bucket, row.name, row.generation)
        resource["etag"] = etag_of(row.generation, row.metageneration)
    if row.content_type:
        resource["contentType"] = row.content_type
    if row.content_encoding:
        resource["contentEncoding"] = row.content_encoding
    if row.md5:
        resource["md5Hash"] = row.md5
    if row.components:
        resource["componentCount"] = row.components
    if row.state == NONCURRENT:
        resource["timeDeleted"] = row.ended
    elif row.state == SOFT_DELETED:
        resource |= {"softDeleteTime": row.ended, "hardDeleteTime": row.hard_delete}
    if row.extra:
        resource |= json.loads(row.extra)
    return resource
