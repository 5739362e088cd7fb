"""What is known of a row, label and value: what its listing says, and what a read of it adds."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from tui.domain.storage import Bucket, GcsUri, Holds, ObjectDetail, ObjectInfo, Past
from tui.domain.storagelist.classes import bucket_match, class_about, class_days
from tui.domain.text import duration, printable, size
from tui.panes.storage_cells import Counted, undo_span
from tui.panes.storage_table import Row

KIB = 1024
"""Bytes from which a size is rounded when it is shown."""
LONGEST = 2_000
"""Characters shown of one value: custom metadata may have 8 KiB."""

Facts = list[tuple[str, str]]


def row_facts(row: Row, counted: Counted | None, region: str) -> Facts:
    """What is known of a row without asking anything."""
    if row.bucket is not None:
        facts = _bucket_facts(row.bucket, region)
    elif row.item is not None:
        facts = _object_facts(row.item)
    else:
        facts = [("path", str(row.uri))]
    if counted is not None:
        facts.insert(0, ("holds", _counted(counted)))
    return _clean(facts)


def detail_facts(detail: ObjectDetail) -> Facts:
    """What `objects.get` adds to that."""
    raw = detail.raw
    facts = [
        ("created", _with_zone(_time(raw.get("timeCreated")))),
        ("billed until", _least(raw, detail.info)),
        ("generation", str(raw.get("generation", ""))),
        ("metageneration", str(raw.get("metageneration", ""))),
        ("crc32c", str(raw.get("crc32c", ""))),
        (
            "md5",
            str(raw.get("md5Hash", "")) or "none: put together from parts, or own key",
        ),
        ("parts", str(raw.get("componentCount", ""))),
        ("cache", str(raw.get("cacheControl", ""))),
        ("shown as", str(raw.get("contentDisposition", ""))),
        ("language", str(raw.get("contentLanguage", ""))),
        ("custom time", _with_zone(_time(raw.get("customTime")))),
        ("key", str(raw.get("kmsKeyName", ""))),
        ("own key", str((raw.get("customerEncryption") or {}).get("keySha256", ""))),
    ]
    metadata = raw.get("metadata")
    if isinstance(metadata, Mapping):
        facts += [(f"· {name}", str(value)) for name, value in sorted(metadata.items())]
    return _clean(facts)


def _object_facts(item: ObjectInfo) -> Facts:
    kind = " ".join(part for part in (item.content_type, item.content_encoding) if part)
    return [
        *_past_facts(item.past),
        ("size", size(item.size) + (f" ({item.size:,} bytes)" if item.size >= KIB else "")),
        ("type", kind or "not given"),
        ("updated", _with_zone(item.updated)),
        ("class", _class(item.storage_class)),
        *_hold_facts(item.holds),
    ]


def _past_facts(past: Past | None) -> Facts:
    if past is None:
        return []
    if past.deleted_at is not None:
        return [("deleted", _with_zone(past.deleted_at)), ("goes for good", _until(past.gone_at))]
    return [("replaced", f"{_with_zone(past.replaced_at)}: an earlier generation, kept by versioning")]


def _hold_facts(holds: Holds | None) -> Facts:
    if holds is None:
        return []
    kinds = [("a temporary", holds.temporary), ("an event-based", holds.event_based)]
    facts = [("held", f"by {kind} hold: no delete, no replacement") for kind, is_on in kinds if is_on]
    if holds.retained_until is not None:
        facts.append(("retained", f"until {_with_zone(holds.retained_until)}: no delete before"))
    return facts


def _bucket_facts(item: Bucket, region: str) -> Facts:
    location = item.location.lower() + (f" ({item.location_type})" if item.location_type else "")
    facts = [("deleted", _with_zone(item.deleted_at)), ("goes for good", _until(item.gone_at))]
    if item.deleted_at is not None:
        facts.append(("restore", "brings the bucket back; then its objects can be restored too"))
    facts += [
        ("location", location),
        ("for your jobs", bucket_match(item, region).about),
        ("class", _class(item.storage_class)),
        ("created", _with_zone(item.created)),
        ("versions", "earlier versions are kept" if item.versioning else "only the newest is kept"),
        ("deletes", _undo_about(item)),
    ]
    if item.retention_seconds:
        lock = ", locked for good" if item.retention_locked else ""
        facts.append(
            ("retention", f"nothing younger than {duration(item.retention_seconds)} can be deleted{lock}")
        )
    if item.requester_pays:
        facts.append(("requester pays", "who reads it pays for it"))
    if item.hierarchical:
        facts.append(("folders", "real ones (hierarchical namespace)"))
    return [*facts, ("key", item.kms_key)]


def _undo_about(item: Bucket) -> str:
    """Whether a delete there can be undone, and by what."""
    span = undo_span(item)
    if not item.versioning:
        return f"can be undone for {span}" if span else "cannot be undone (soft delete is off)"
    then = f"can come back for {span}" if span else "is gone for good (soft delete is off)"
    return f"can be undone: a deleted object stays as an earlier version; deleted too, that {then}"


def _class(name: str) -> str:
    about = class_about(name)
    return f"{name.lower()}: {about}" if about else name.lower()


def _least(raw: Mapping[str, Any], info: ObjectInfo) -> str:
    """When the least time that a class is billed for is over, if that is still to come."""
    since = _time(raw.get("timeStorageClassUpdated")) or _time(raw.get("timeCreated"))
    days = class_days(info.storage_class)
    if since is None or not days:
        return ""
    end = since + timedelta(days=days)
    return f"{_with_zone(end)} at least, even if deleted" if end > datetime.now(UTC) else ""


def _counted(counted: Counted) -> str:
    amount = counted.amount
    words = f"{amount.count:,} object{'' if amount.count == 1 else 's'}, {size(amount.bytes)}"
    if counted.state == "counting":
        return f"{words} so far · counting, c stops"
    return f"{words} · {counted.state}" if counted.state else words


def counted_words(uri: GcsUri, counted: Counted) -> str:
    """The running total of one place, for the line below."""
    return f"{printable(str(uri))}: {_counted(counted)}"


def _until(moment: datetime | None) -> str:
    if moment is None:
        return ""
    left = (moment - datetime.now(UTC)).total_seconds()
    return f"{_with_zone(moment)}, in {duration(left)}" if left > 0 else _with_zone(moment)


def _with_zone(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z") if moment is not None else ""


def _time(text: object) -> datetime | None:
    with suppress(ValueError, TypeError):
        found = datetime.fromisoformat(str(text))
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def _clean(facts: Facts) -> Facts:
    return [(printable(name), printable(value[:LONGEST])) for name, value in facts if value]
