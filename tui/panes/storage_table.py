"""The table of one level: a `RowList` that says when its end is wanted, and what its rows stand for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tui.domain.storage import Bucket, GcsUri, ObjectInfo
from tui.domain.storagelist.entries import Entries, Key, Kind
from tui.domain.text import printable
from tui.widgets.rows import RowList


class RowKind(StrEnum):
    """What a row stands for."""

    BUCKET = "bucket"
    PREFIX = "prefix"
    OBJECT = "object"
    """A live object, or with `item.past` an earlier or soft-deleted generation."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    kind: RowKind
    name: str
    """Fit for a terminal."""
    uri: GcsUri
    """What it stands for."""
    item: ObjectInfo | None = None
    bucket: Bucket | None = None

    @property
    def past(self) -> bool:
        """Whether it is not there any more, or only as an earlier generation."""
        if self.bucket is not None:
            return self.bucket.deleted_at is not None
        return self.item is not None and self.item.past is not None


def place_row(place: GcsUri) -> Row:
    """The row of a bucket or prefix of which only its name is known."""
    kind = RowKind.PREFIX if place.name else RowKind.BUCKET
    return Row(kind, printable(place.name[place.name.rfind("/", 0, -1) + 1 :] or place.bucket), place)


def row_of(entries: Entries, text: str) -> Row | None:
    """The row of a key; None if it is not among the entries."""
    key = Key.parse(text)
    number = entries.find(key)
    if number is None:
        return None
    uri, name = entries.uri_of(key), printable(key.name)
    if key.kind is Kind.BUCKET:
        return Row(RowKind.BUCKET, name, uri, bucket=entries.buckets[number])
    if key.kind is Kind.PREFIX:
        return Row(RowKind.PREFIX, name, uri)
    return Row(RowKind.OBJECT, name or "(an object named like this place)", uri, entries.object(number))


class StorageTable(RowList):
    """The entries of a place."""

    class EndWanted(RowList._About):  # noqa: SLF001 (a message of the list's own kind)
        """The user went to the last row: what is not read yet should be."""

    def let_go(self) -> None:
        """Other rows come, in which nothing of before is to be found again."""
        self._kept = self._told = None

    def action_scroll_bottom(self) -> None:
        """To the last row, of those read and those still to come."""
        super().action_scroll_bottom()
        self.post_message(self.EndWanted(self))
