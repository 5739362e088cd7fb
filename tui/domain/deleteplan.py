"""What a delete would take, counted before anything is gone, and the words in which it is asked for."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from tui.domain.storage import Bucket, GcsUri, ObjectInfo
from tui.domain.text import printable, size

TYPED_ABOVE = 100
"""More objects than this, or a bucket, are deleted only after their name was typed."""

BATCH = 100
"""Objects in one delete request: the most that a batch of the JSON API takes."""

DAY_SECONDS = 86_400

_GCLOUD_PATTERN = frozenset("*?[]{}")
"""Characters that `gcloud storage` reads as wildcards, without a way to escape them."""


class PlanItem(NamedTuple):
    """One object as it was counted."""

    name: str
    generation: int
    size: int


@dataclass(slots=True)
class Tally:
    """A running total over objects as their pages arrive."""

    items: list[PlanItem] = field(default_factory=list)
    bytes: int = 0
    newest: datetime | None = None
    newest_name: str = ""
    pages: int = 0

    def add(self, objects: Iterable[ObjectInfo]) -> None:
        """Count one page."""
        self.pages += 1
        for item in objects:
            self.items.append(PlanItem(item.name, item.generation, item.size))
            self.bytes += item.size
            if item.updated is not None and (self.newest is None or item.updated > self.newest):
                self.newest, self.newest_name = item.updated, item.name

    def __str__(self) -> str:
        return count_and_size(len(self.items), self.bytes)


@dataclass(frozen=True, slots=True)
class DeletePlan:
    """Exactly these generations of these objects, and with them the bucket if the place is one.

    Attributes:
        uri: the object, prefix or bucket that was pointed at.
        items: what was counted; nothing else is deleted.
        bytes: their sizes as stored, added up.
        newest: the latest update among them.
        newest_name: the object updated then.
        bucket: the bucket's settings, or None when they may not be read.
    """

    uri: GcsUri
    items: tuple[PlanItem, ...]
    bytes: int
    newest: datetime | None = None
    newest_name: str = ""
    bucket: Bucket | None = None

    @classmethod
    def of(cls, uri: GcsUri, tally: Tally, bucket: Bucket | None) -> DeletePlan:
        """The plan for what `tally` counted."""
        return cls(uri, tuple(tally.items), tally.bytes, tally.newest, tally.newest_name, bucket)

    @property
    def count(self) -> int:
        """Objects to delete."""
        return len(self.items)

    @property
    def takes_bucket(self) -> bool:
        """Whether the bucket itself goes too."""
        return not self.uri.name

    @property
    def must_type(self) -> str:
        """What has to be typed before it is done: the bucket's or the prefix's own name; empty if nothing."""
        if self.takes_bucket:
            return self.uri.bucket
        if self.count > TYPED_ABOVE:
            return typed_name(self.uri)
        return ""

    def chunks(self) -> Iterator[tuple[PlanItem, ...]]:
        """The items in the sizes that one request takes."""
        for start in range(0, len(self.items), BATCH):
            yield self.items[start : start + BATCH]

    @property
    def undo(self) -> str:
        """Whether and how long it can be undone, as one plain sentence or two."""
        if self.bucket is None:
            return "Whether it can be undone is not known (no access to the bucket's settings): it may not."
        days = self.bucket.soft_delete_seconds / DAY_SECONDS
        if days:
            span = "1 day" if days == 1 else f"{days:.3g} days"
            return (
                f"Can be undone for {span}: the bucket keeps what is deleted, and bills for it, until then."
            )
        return "Cannot be undone: the bucket keeps nothing that is deleted (soft delete is off)."


def gcloud_rm(uri: GcsUri) -> str:
    """The `gcloud storage rm` that deletes the same; empty when no such command is safe to copy.

    gcloud takes wildcard characters in names for patterns and `#digits` at the end for a generation, and
    cannot be told otherwise: such a command could delete more than was counted.
    """
    if not gcloud_can_name(uri):
        return ""
    path = str(uri) if uri.name else f"gs://{uri.bucket}"
    return f"gcloud storage rm {'--recursive ' if uri.is_prefix else ''}{shlex.quote(path)}"


def gcloud_can_name(uri: GcsUri) -> bool:
    """Whether gcloud takes this path for itself and not for a pattern."""
    name = uri.name
    if _GCLOUD_PATTERN & set(name) or printable(name) != name:
        return False
    return not name.rpartition("#")[2].isdecimal() or "#" not in name


def typed_name(uri: GcsUri) -> str:
    """The last part of a prefix, without its slash, as a person can type it."""
    last = uri.name.rstrip("/").rpartition("/")[2]
    return last if last and last.isprintable() and last == last.strip() else uri.bucket


def count_and_size(count: int, total: int) -> str:
    """For instance `1,234 objects, 1.4 GiB`."""
    return f"{count:,} object{'' if count == 1 else 's'}, {size(total)}"
