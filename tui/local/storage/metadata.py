"""The writable part of an object resource."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from tui.local.storage.bucket_settings import CLASSES, merge
from tui.local.storage.errors import StorageError, invalid
from tui.local.storage.holds import checked_retention
from tui.local.storage.rows import BucketRow, ObjectRow, extra_of
from tui.local.storage.schema import text_seconds, time_text

EXTRA: dict[str, type] = {
    "cacheControl": str,
    "contentDisposition": str,
    "contentLanguage": str,
    "contexts": dict,
    "customTime": str,
    "eventBasedHold": bool,
    "metadata": dict,
    "retention": dict,
    "temporaryHold": bool,
}
"""Fields without a column of their own, with their JSON type."""

SERVERS = ("customerEncryption", "kmsKeyName", "holdReleased", "classUpdated")
"""What is kept beside them and no request writes directly."""

LIMIT = 8192
"""Bytes of keys and values that `metadata` may hold."""

CONTEXTS, CONTEXT_BYTES = 50, 256
"""How many contexts an object may have, and how long their keys and values may be."""


class Metadata(NamedTuple):
    """What an upload says about its object."""

    content_type: str = ""
    content_encoding: str = ""
    storage_class: str = ""
    crc32c: str = ""
    """The checksum that the bytes must have; empty for any."""
    md5: str = ""
    extra: str = ""
    """JSON of the fields in `EXTRA` and `SERVERS`, or an empty string."""
    acl: str = ""
    """JSON of `acl.Acl`, or an empty string."""

    def with_server(self, **fields: object) -> Metadata:
        """With fields of `SERVERS`, those that are not empty."""
        kept = {key: value for key, value in fields.items() if value}
        if not kept:
            return self
        return self._replace(extra=json.dumps({**(json.loads(self.extra) if self.extra else {}), **kept}))


def checked_metadata(body: Mapping[str, Any]) -> Metadata:
    """The writable fields of an object resource; the others are ignored, as the service does.

    Raises:
        StorageError: 400 for a value of the wrong type.
    """
    storage_class = _text(body, "storageClass")
    if storage_class and storage_class not in CLASSES:
        raise invalid("Invalid argument.", location="storageClass")
    return Metadata(
        _text(body, "contentType"),
        _text(body, "contentEncoding"),
        storage_class,
        _text(body, "crc32c"),
        _text(body, "md5Hash"),
        _packed(merge({}, {key: body[key] for key in EXTRA if body.get(key) is not None})),
    )


def completed_extra(bucket: BucketRow, text: str, now: str, *, source: str = "") -> str:
    """The `extra` of a new object: times of contexts, retention, the bucket's default hold and key.

    `source` is the `extra` of the object that it is a copy of.
    """
    key = (bucket.config.get("encryption") or {}).get("defaultKmsKeyName")
    if not key and not bucket.config.get("defaultEventBasedHold") and '"' not in text:
        return text
    extra: dict[str, Any] = json.loads(text) if text else {}
    if "contexts" in extra:
        extra["contexts"] = _contexts(extra["contexts"], json.loads(source or "{}").get("contexts", {}), now)
    if "retention" in extra:
        extra["retention"] = checked_retention(bucket, extra["retention"], {}, now, override=False)
    if bucket.config.get("defaultEventBasedHold"):
        extra.setdefault("eventBasedHold", True)
    if key and "customerEncryption" not in extra:
        extra.setdefault("kmsKeyName", f"{key}/cryptoKeyVersions/1")
    return json.dumps(extra) if extra else ""


def patched(
    bucket: BucketRow,
    row: ObjectRow,
    body: Mapping[str, Any],
    now: str,
    *,
    replace: bool,
    override: bool = False,
) -> ObjectRow:
    """`row` with its metadata merged with `body` (null removes), or replaced by it.

    `override` lets an unlocked retention shrink.

    Raises:
        StorageError: 400 for a wrong value, 403 for a retention that may not shrink.
    """
    old = extra_of(row)
    kept = {key: value for key, value in old.items() if key in SERVERS or not replace}
    new = merge(kept, {key: body[key] for key in EXTRA if key in body})
    _packed(new)
    _check_custom_time(old.get("customTime", ""), new.get("customTime", ""))
    if "contexts" in new:
        new["contexts"] = _contexts(new["contexts"], old.get("contexts", {}), now)
    if "retention" in old or "retention" in new:
        new["retention"] = checked_retention(
            bucket, new.get("retention", {}), old.get("retention", {}), now, override=override
        )
    if old.get("eventBasedHold") and not new.get("eventBasedHold"):
        new["holdReleased"] = now
    row = row._replace(extra=_packed({key: value for key, value in new.items() if value not in ({}, None)}))
    if replace or "contentType" in body:
        row = row._replace(content_type=_text(body, "contentType"))
    if replace or "contentEncoding" in body:
        row = row._replace(content_encoding=_text(body, "contentEncoding"))
    return row


def _check_custom_time(old: str, new: str) -> None:
    if old and (not new or text_seconds(new) < text_seconds(old)):
        raise invalid("Custom time cannot be removed or set to an earlier date-time.", location="customTime")


def _contexts(value: Mapping[str, Any], old: Mapping[str, Any], now: str) -> dict[str, Any]:
    """Contexts with their times; empty for none."""
    custom = value.get("custom") or {}
    before = old.get("custom") or {}
    if not isinstance(custom, dict) or len(custom) > CONTEXTS:
        raise _wrong("contexts")
    found = {}
    for key, payload in custom.items():
        text = payload.get("value") if isinstance(payload, dict) else None
        if not isinstance(text, str) or not _clean(key + text) or not key or not text:
            raise _wrong("contexts")
        if max(len(key.encode()), len(text.encode())) > CONTEXT_BYTES or set(key + text) & set("'\"\\/"):
            raise _wrong("contexts")
        was = before.get(key) or {}
        same = was.get("value") == text
        found[key] = {
            "value": text,
            "createTime": was.get("createTime", now),
            "updateTime": was.get("updateTime", now) if same else now,
        }
    return {"custom": found} if found else {}


def _wrong(key: str) -> StorageError:
    return invalid(f"Invalid value for: {key} is not valid", location=key)


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or not _clean(value):
        raise _wrong(key)
    return value


def _clean(value: str) -> bool:
    """Whether `value` can go into a header: no line ends, and text that UTF-8 can say."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return not any(char in value for char in "\r\n\0")


def _packed(extra: dict[str, Any]) -> str:
    """JSON of `extra`, checked; an empty string for nothing."""
    for key, value in extra.items():
        kind = EXTRA.get(key)
        if kind and (not isinstance(value, kind) or (isinstance(value, str) and not _clean(value))):
            raise _wrong(key)
    metadata = extra.get("metadata", {})
    if not all(isinstance(value, str) and _clean_text(key + value) for key, value in metadata.items()):
        raise _wrong("metadata")
    if sum(len((key + value).encode()) for key, value in metadata.items()) > LIMIT:
        raise invalid("The metadata for this object is too large.", location="metadata")
    if "customTime" in extra:
        try:
            extra["customTime"] = time_text(text_seconds(extra["customTime"]))
        except (ValueError, OverflowError):
            raise _wrong("customTime") from None
    return json.dumps(extra) if extra else ""


def _clean_text(value: str) -> bool:
    """Whether UTF-8 can say it."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
