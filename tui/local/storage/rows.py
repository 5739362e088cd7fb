"""What the store hands out: one bucket, one object, preconditions, a page of a listing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tui.local.storage.errors import condition_not_met, invalid, not_modified

NUMBER = re.compile(r"-?[0-9]{1,19}")

LIVE, NONCURRENT, SOFT_DELETED = 0, 1, 2
"""States of an object's generation."""


class BucketRow(NamedTuple):
    """One bucket."""

    id: int
    name: str
    project: str
    generation: int
    metageneration: int
    created: str
    updated: str
    config: dict[str, Any]
    """What the user may set, in the API's JSON, with the defaults filled in."""
    policy: dict[str, Any]
    """The IAM policy, in the API's JSON, without kind and resourceId."""
    soft_deleted: str
    """When it was deleted; empty while it lives."""
    hard_delete: str
    """When its soft deletion ends; empty while it lives."""

    @property
    def versioning(self) -> bool:
        """Whether replaced and deleted objects stay as noncurrent versions."""
        return bool((self.config.get("versioning") or {}).get("enabled"))

    @property
    def retention(self) -> int:
        """Seconds for which a deleted object can be restored; 0 for not at all."""
        return int((self.config.get("softDeletePolicy") or {}).get("retentionDurationSeconds") or 0)

    @property
    def kept_seconds(self) -> int:
        """Seconds for which the retention policy keeps objects from being deleted or replaced."""
        return int((self.config.get("retentionPolicy") or {}).get("retentionPeriod") or 0)

    @property
    def uniform(self) -> bool:
        """Whether access is uniform: no access control lists."""
        return bool(self.config["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"])

    @property
    def closed(self) -> bool:
        """Whether nothing in it may be made public."""
        return bool(self.config["iamConfiguration"]["publicAccessPrevention"] == "enforced")

    @property
    def hierarchical(self) -> bool:
        """Whether it has real folders."""
        return bool((self.config.get("hierarchicalNamespace") or {}).get("enabled"))


class ObjectRow(NamedTuple):
    """One generation of an object; the order is that of the table's columns after `bucket`."""

    state: int
    name: str
    generation: int
    metageneration: int
    size: int
    crc32c: str
    """Base64 of the big-endian checksum."""
    md5: str
    """Base64; empty for composed objects."""
    blob: str
    """Id of the file that holds the bytes."""
    content_type: str
    content_encoding: str
    storage_class: str
    created: str
    updated: str
    ended: str
    """When it became noncurrent or soft-deleted; empty while live."""
    hard_delete: str
    """When a soft-deleted one goes for good."""
    components: int
    """How many parts were composed; 0 for a plain upload."""
    extra: str
    """JSON of the metadata without a column of its own."""
    acl: str = ""
    """JSON of `acl.Acl`; empty for the defaults."""


def extra_of(row: ObjectRow) -> dict[str, Any]:
    """The metadata without a column of its own."""
    found: dict[str, Any] = json.loads(row.extra) if row.extra else {}
    return found


class Page(NamedTuple):
    """One page of `objects.list`."""

    rows: list[ObjectRow]
    prefixes: list[str]
    token: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """Preconditions of one call; None where the call does not ask."""

    generation: int | None = None
    """0 means: only if there is no live object."""
    generation_not: int | None = None
    metageneration: int | None = None
    metageneration_not: int | None = None

    @classmethod
    def of(cls, query: Mapping[str, str], prefix: str = "if") -> Conditions:
        """From the query's `ifGenerationMatch` and its kin; `prefix` is `ifSource` for a copy's source."""
        return cls(
            integer(query, f"{prefix}GenerationMatch"),
            integer(query, f"{prefix}GenerationNotMatch"),
            integer(query, f"{prefix}MetagenerationMatch"),
            integer(query, f"{prefix}MetagenerationNotMatch"),
        )

    def check(self, generation: int, metageneration: int, *, reading: bool = False) -> None:
        """Refuse with 412 (304 for a read's `NotMatch`) unless all hold; 0 and 0 for no live object."""
        if (self.generation is not None and self.generation != generation) or (
            self.metageneration is not None and self.metageneration != metageneration
        ):
            raise condition_not_met()
        if self.generation_not == generation or (
            self.metageneration_not is not None and self.metageneration_not == metageneration
        ):
            raise not_modified() if reading else condition_not_met()


def integer(query: Mapping[str, str], name: str) -> int | None:
    """A whole number of the query, or None.

    Raises:
        StorageError: 400 for anything else, and for what does not fit 64 bits.
    """
    text = query.get(name)
    if text is None or text == "":
        return None
    if not NUMBER.fullmatch(text):
        raise invalid(f"Invalid value for {name}: '{text}'.", location=name)
    value = int(text)
    if abs(value) >= 1 << 63:
        raise invalid(f"Invalid value for {name}: '{text}'.", location=name)
    return value


def flag(query: Mapping[str, str], name: str) -> bool:
    """A truth value of the query; Google's Python client writes `True`, others `true`."""
    return query.get(name, "").lower() in {"true", "1"}
