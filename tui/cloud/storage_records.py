"""The JSON API's buckets and objects as the app knows them, and the fields that are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tui.domain.storage import Amount, Bucket, ContentSums, Holds, ObjectInfo, Past

BUCKET_FIELDS = (
    "name,location,locationType,storageClass,timeCreated,versioning,softDeletePolicy,encryption,generation,"
    "softDeleteTime,hardDeleteTime,retentionPolicy,billing,hierarchicalNamespace"
)
OBJECT_FIELDS = (
    "name,size,updated,generation,contentType,contentEncoding,crc32c,storageClass,"
    "temporaryHold,eventBasedHold,retentionExpirationTime"
)
PAST_FIELDS = "timeDeleted,softDeleteTime,hardDeleteTime,restoreToken"
LIST_FIELDS = f"items({OBJECT_FIELDS}),prefixes,nextPageToken"
PAST_LIST_FIELDS = f"items({OBJECT_FIELDS},{PAST_FIELDS}),prefixes,nextPageToken"
SUM_FIELDS = "items(name,size,timeDeleted,hardDeleteTime),nextPageToken"

Json = Mapping[str, Any]


def bucket_of(raw: Json) -> Bucket:
    """A bucket resource."""
    retention = _part(raw, "retentionPolicy")
    return Bucket(
        name=raw["name"],
        location=raw.get("location") or "",
        location_type=raw.get("locationType") or "",
        storage_class=raw.get("storageClass") or "",
        created=_time(raw.get("timeCreated")),
        versioning=bool(_part(raw, "versioning").get("enabled")),
        soft_delete_seconds=int(_part(raw, "softDeletePolicy").get("retentionDurationSeconds") or 0),
        kms_key=_part(raw, "encryption").get("defaultKmsKeyName") or "",
        generation=int(raw.get("generation") or 0),
        deleted_at=_time(raw.get("softDeleteTime")),
        gone_at=_time(raw.get("hardDeleteTime")),
        retention_seconds=int(retention.get("retentionPeriod") or 0),
        retention_locked=bool(retention.get("isLocked")),
        requester_pays=bool(_part(raw, "billing").get("requesterPays")),
        hierarchical=bool(_part(raw, "hierarchicalNamespace").get("enabled")),
    )


def object_of(bucket: str, raw: Json, now: datetime | None = None) -> ObjectInfo:
    """An object resource; `now` decides whether a retention period is over."""
    return ObjectInfo(
        bucket=bucket,
        name=raw["name"],
        size=int(raw.get("size") or 0),
        generation=int(raw.get("generation") or 0),
        updated=_time(raw.get("updated")),
        content_type=raw.get("contentType") or "",
        content_encoding=raw.get("contentEncoding") or "",
        storage_class=raw.get("storageClass") or "",
        crc32c=raw.get("crc32c") or "",
        holds=_holds(raw, now),
        past=_past(raw),
    )


def sums_of(raw: Json, *, soft_deleted: bool) -> ContentSums:
    """A page of objects, added up."""
    items: Sequence[Json] = raw.get("items") or ()
    token = raw.get("nextPageToken") or ""
    if soft_deleted:
        times = (_time(item.get("hardDeleteTime")) for item in items)
        until = max((moment for moment in times if moment is not None), default=None)
        return ContentSums(deleted=_amount(items), deleted_until=until, next_page_token=token)
    old = [item for item in items if item.get("timeDeleted")]
    live = [item for item in items if not item.get("timeDeleted")]
    return ContentSums(_amount(live), _amount(old), next_page_token=token)


def _holds(raw: Json, now: datetime | None) -> Holds | None:
    temporary, event = bool(raw.get("temporaryHold")), bool(raw.get("eventBasedHold"))
    until = _time(raw.get("retentionExpirationTime"))
    if until is not None and until <= (now or datetime.now(UTC)):
        until = None
    return Holds(temporary, event, until) if temporary or event or until else None


def _past(raw: Json) -> Past | None:
    replaced, deleted = raw.get("timeDeleted"), raw.get("softDeleteTime")
    if not replaced and not deleted:
        return None
    return Past(
        replaced_at=_time(replaced),
        deleted_at=_time(deleted),
        gone_at=_time(raw.get("hardDeleteTime")),
        restore_token=raw.get("restoreToken") or "",
    )


def _part(raw: Json, key: str) -> Json:
    return raw.get(key) or {}


def _amount(items: Sequence[Json]) -> Amount:
    return Amount(len(items), sum(int(item.get("size") or 0) for item in items))


def _time(text: str | None) -> datetime | None:
    """An RFC 3339 time; UTC where it names no zone."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
