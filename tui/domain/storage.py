"""Buckets, objects and listings, after the Cloud Storage JSON API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

PAYER_MISSING = "userProjectMissing"
"""`CloudError.reason` of a call to a requester-pays bucket that named nobody who pays; see `pay_for`."""


@dataclass(frozen=True, slots=True, order=True)
class GcsUri:
    """`gs://bucket/name`; a name that is empty or ends with `/` is a prefix."""

    bucket: str
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> GcsUri:
        """Read `gs://bucket[/name]`.

        Raises:
            ValueError: the text is not of that form.
        """
        scheme, separator, rest = text.strip().partition("://")
        bucket, _, name = rest.partition("/")
        if scheme != "gs" or not separator or not bucket:
            raise ValueError(f"not a gs:// path: {text!r}")
        return cls(bucket, name)

    @property
    def is_prefix(self) -> bool:
        """Whether this names a place rather than an object."""
        return not self.name or self.name.endswith("/")

    @property
    def parent(self) -> GcsUri:
        """The prefix that holds this; the bucket itself is its own parent."""
        return GcsUri(
            self.bucket, self.name.rstrip("/").rpartition("/")[0] + "/" * ("/" in self.name.rstrip("/"))
        )

    @property
    def base(self) -> str:
        """The last part of the name, with its slash if it is a prefix."""
        return self.name[len(self.parent.name) :]

    def __str__(self) -> str:
        return f"gs://{self.bucket}/{self.name}"


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket's metadata."""

    name: str
    location: str = ""
    """Upper case, e.g. `EUROPE-WEST4` or `EU`."""
    location_type: str = ""
    """`region`, `dual-region` or `multi-region`."""
    storage_class: str = ""
    created: datetime | None = None
    versioning: bool = False
    soft_delete_seconds: int = 0
    """Soft-delete retention; 0 means a delete cannot be undone that way."""
    kms_key: str = ""
    """The bucket's default key (`projects/…/cryptoKeys/…`); empty for Google's own."""
    generation: int = 0
    """Needed to restore it after a soft delete; 0 where the service does not say."""
    deleted_at: datetime | None = None
    """When it was soft-deleted; None for a live bucket."""
    gone_at: datetime | None = None
    """When a soft-deleted bucket goes for good (`hardDeleteTime`)."""
    retention_seconds: int = 0
    """Age that every object must reach before it can be deleted (`retentionPolicy`)."""
    retention_locked: bool = False
    """Whether that can no longer be taken off."""
    requester_pays: bool = False
    """Whether a call must name the project that pays for it (`billing.requesterPays`)."""
    hierarchical: bool = False
    """Whether it has real folders (`hierarchicalNamespace`)."""


@dataclass(frozen=True, slots=True)
class Holds:
    """What forbids to delete or replace an object."""

    temporary: bool = False
    event_based: bool = False
    retained_until: datetime | None = None
    """`retentionExpirationTime`, whether the bucket's retention policy or the object's own lock sets it."""


@dataclass(frozen=True, slots=True)
class Past:
    """Why a generation is not the live one."""

    replaced_at: datetime | None = None
    """When it became noncurrent (`timeDeleted`)."""
    deleted_at: datetime | None = None
    """When it was soft-deleted (`softDeleteTime`)."""
    gone_at: datetime | None = None
    """When a soft-deleted one goes for good (`hardDeleteTime`)."""
    restore_token: str = ""
    """Asked for by buckets with a hierarchical namespace."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One generation of one object of a bucket."""

    bucket: str
    name: str
    size: int
    """Bytes as stored."""
    generation: int
    updated: datetime | None = None
    content_type: str = ""
    content_encoding: str = ""
    storage_class: str = ""
    crc32c: str = ""
    """Base64 of the big-endian checksum."""
    holds: Holds | None = None
    """None when nothing forbids to delete it."""
    past: Past | None = None
    """None for the live generation."""

    @property
    def uri(self) -> GcsUri:
        """Where it is."""
        return GcsUri(self.bucket, self.name)


@dataclass(frozen=True, slots=True)
class ObjectDetail:
    """All that the service says of one generation."""

    info: ObjectInfo
    raw: Mapping[str, Any]
    """The object resource of the JSON API as it came."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of `objects.list`: prefixes first when a delimiter was given."""

    prefixes: tuple[str, ...]
    objects: tuple[ObjectInfo, ...]
    next_page_token: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """How many objects, and how much they take."""

    count: int = 0
    bytes: int = 0
    """As stored, which is what is billed."""

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.count + other.count, self.bytes + other.bytes)


NOTHING = Amount()
"""No object."""


@dataclass(frozen=True, slots=True)
class ContentSums:
    """One page of a bucket's whole content added up: generations that are kept, or soft-deleted ones."""

    live: Amount = NOTHING
    noncurrent: Amount = NOTHING
    """Earlier generations that versioning keeps."""
    deleted: Amount = NOTHING
    """Soft-deleted generations, which are billed until they go for good."""
    deleted_until: datetime | None = None
    """The latest `hardDeleteTime` of the soft-deleted ones."""
    next_page_token: str = ""


@dataclass(frozen=True, slots=True)
class UploadSession:
    """A resumable upload that can be gone on with, for a week, also by another process.

    Whoever knows its address may write the object without a login: it is a secret.
    """

    url: str
    service: str
    """The address of the service that gave it."""
    size: int
    changed_ns: int
    """When the file was changed last."""
    replaces: int | None
    """The generation that it may replace."""


GONE_ALREADY = "it is gone already"
"""`DeleteResult.error` when there was nothing to delete any more (HTTP 404)."""
REPLACED = "it has been replaced meanwhile"
"""`DeleteResult.error` when another generation is live by now, which stays (HTTP 412)."""


@dataclass(frozen=True, slots=True)
class DeleteResult:
    """What became of one object's delete."""

    name: str
    generation: int
    error: str = ""
    """Empty when it is gone."""
    retryable: bool = False
    """Whether the same delete may succeed a little later."""
