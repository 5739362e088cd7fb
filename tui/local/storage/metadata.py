"""The writable part of an object resource."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from tui.local.storage.buckets import CLASSES
from tui.local.storage.errors import invalid
from tui.local.storage.rows import ObjectRow

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

LIMIT = 8192
"""Bytes of keys and values that `metadata` may hold."""


class Metadata(NamedTuple):
    """What an upload says about its object."""

    content_type: str = ""
    content_encoding: str = ""
    storage_class: str = ""
    crc32c: str = ""
    """The checksum that the bytes must have; empty for any."""
    md5: str = ""
    extra: str = ""
    """JSON of the fields in `EXTRA`, or an empty string."""


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
        _packed({key: body[key] for key in EXTRA if body.get(key) is not None}),
    )


def patched(row: ObjectRow, body: Mapping[str, Any], *, replace: bool) -> ObjectRow:
    """`row` with its metadata merged with `body` (null removes), or replaced by it.

    Raises:
        StorageError: 400.
    """
    extra: dict[str, Any] = json.loads(row.extra) if row.extra and not replace else {}
    for key in EXTRA:
        if key not in body:
            continue
        value = body[key]
        if key == "metadata" and isinstance(value, dict):
            merged = {**extra.get(key, {}), **value}
            value = {name: text for name, text in merged.items() if text is not None}
        if value is None or value == {}:
            extra.pop(key, None)
        else:
            extra[key] = value
    row = row._replace(extra=_packed(extra))
    if replace or "contentType" in body:
        row = row._replace(content_type=_text(body, "contentType"))
    if replace or "contentEncoding" in body:
        row = row._replace(content_encoding=_text(body, "contentEncoding"))
    return row


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or not _clean(value):
        raise invalid(f"Invalid value for: {key} is not valid", location=key)
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
        if not isinstance(value, EXTRA[key]) or (isinstance(value, str) and not _clean(value)):
            raise invalid(f"Invalid value for: {key} is not valid", location=key)
    metadata = extra.get("metadata", {})
    if not all(isinstance(value, str) for value in metadata.values()):
        raise invalid("Invalid value for: metadata is not valid", location="metadata")
    if sum(len(json.dumps(key + value)) for key, value in metadata.items()) > LIMIT:
        raise invalid("The metadata for this object is too large.", location="metadata")
    return json.dumps(extra) if extra else ""
