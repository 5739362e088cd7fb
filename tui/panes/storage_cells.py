"""The columns of a level and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from textual.content import Content

from tui.domain.deleteplan import DAY_SECONDS
from tui.domain.storage import Amount, Bucket, GcsUri
from tui.domain.storagelist.classes import bucket_match
from tui.domain.storagelist.entries import Entries, Key, Kind, Mode
from tui.domain.storagewords import when
from tui.domain.text import printable, size
from tui.widgets.columns import Column

FOLDER = "bold $primary"
FAINT = "$foreground 60%"
OLDER = "  └ "
"""Before the name of a generation that stands below the live one."""

_NAME = Column("name", "NAME", fill=True, minimum=28)
_SIZE = Column("size", "SIZE", 10, align="right", priority=9)
_UPDATED = Column("updated", "UPDATED", 16, priority=8)
_TYPE = Column("type", "TYPE", 14, minimum=8, priority=4)
_CLASS = Column("class", "CLASS", 9, priority=5)
_GENERATION = Column("generation", "GENERATION", 16, align="right", priority=6)
_GONE = Column("gone", "GOES FOR GOOD", 16, priority=8)
_DELETED = Column("deleted", "DELETED", 16, priority=7)
_LOCATION = Column("location", "LOCATION", 15, minimum=13, priority=7)
OBJECTS = {
    Mode.LIVE: (_NAME, _SIZE, _UPDATED, _TYPE, _CLASS),
    Mode.VERSIONS: (
        _NAME,
        _SIZE,
        _UPDATED,
        Column("state", "REPLACED", 16, priority=9),
        _GENERATION,
        _TYPE,
        _CLASS,
    ),
    Mode.DELETED: (_NAME, _SIZE, _DELETED, _GONE, _GENERATION, _TYPE, _CLASS),
}
BUCKETS = {
    Mode.LIVE: (
        Column("name", "NAME", fill=True, minimum=22),
        _LOCATION,
        Column("jobs", "FOR JOBS", 12, priority=8),
        Column("class", "CLASS", 8, priority=4),
        Column("updated", "CREATED", 16, priority=3),
        Column("undo", "UNDO", 8, minimum=8, priority=6),
    ),
    Mode.DELETED: (_NAME, _LOCATION, _DELETED, _GONE),
}
DESCENDING = frozenset({"size", "updated", "generation", "deleted", "undo"})
"""Columns whose largest value is looked for first."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What lies below a place, as far as it was counted."""

    amount: Amount
    state: str = ""
    """Why it may not be all: `counting`, `stopped`, or a failure in words."""

    @property
    def short(self) -> str:
        """For the column of sizes."""
        mark = {"": "", "counting": "…"}.get(self.state, "+")
        return f"{size(self.amount.bytes)}{mark}"


def columns_of(entries: Entries | None, *, counted: bool = False) -> tuple[Column, ...]:
    """The columns that a level has; buckets have sizes only once one of them was counted."""
    if entries is None:
        return (_NAME,)
    if entries.place is None:
        name, *rest = BUCKETS.get(entries.mode, BUCKETS[Mode.LIVE])
        return (name, _SIZE, *rest) if counted else (name, *rest)
    return OBJECTS[entries.mode]


def cells_of(
    entries: Entries, text: str, columns: Sequence[Column], counted: Mapping[GcsUri, Counted], region: str
) -> tuple[Content, ...]:
    """The cells of the row with that key in these columns."""
    key = Key.parse(text)
    number = entries.find(key)
    if number is None:
        return tuple(Content("") for _ in columns)
    known = counted.get(entries.uri_of(key)) if key.kind in (Kind.BUCKET, Kind.PREFIX) else None
    if key.kind is Kind.BUCKET:
        values = _bucket(entries.buckets[number], region)
    elif key.kind is Kind.PREFIX:
        values = {"name": Content.styled(printable(key.name), FOLDER)}
    else:
        values = _object(entries, number, key)
    if known is not None:
        values["size"] = Content(known.short)
    return tuple(values.get(column.key, Content("")) for column in columns)


def _object(entries: Entries, number: int, key: Key) -> dict[str, Content]:
    """Only what the columns show: the whole object is not made for a line."""
    name = printable(key.name) or "(an object named like this place)"
    past = entries.is_past(number)
    older = past and entries.mode is Mode.VERSIONS
    content_type = entries.type_of(number)
    return {
        "name": Content.styled(OLDER + name, FAINT) if older else Content(name),
        "size": Content(size(entries.sizes[number])),
        "updated": Content(_stamp(entries.updated[number])),
        "type": Content(printable(content_type.rpartition("/")[2])),
        "class": Content(printable(entries.class_of(number).lower())),
        "generation": Content(str(entries.generations[number])),
        "state": Content(_stamp(entries.past_at(number)) if past else "live"),
        "deleted": Content(_stamp(entries.past_at(number)) if past else ""),
        "gone": Content(_stamp(entries.gone_at(number))),
    }


def _bucket(bucket: Bucket, region: str) -> dict[str, Content]:
    match = bucket_match(bucket, region)
    return {
        "name": Content.styled(printable(bucket.name), FOLDER),
        "location": Content(printable(bucket.location.lower())),
        "jobs": Content.styled(match.short, "$text-success" if match.good else ""),
        "class": Content(printable(bucket.storage_class.lower())),
        "updated": Content(when(bucket.created)),
        "undo": Content("versions" if bucket.versioning else undo_span(bucket) or "none"),
        "deleted": Content(when(bucket.deleted_at)),
        "gone": Content(when(bucket.gone_at)),
    }


def undo_span(bucket: Bucket) -> str:
    """How long soft delete keeps what is deleted there; empty when it is off."""
    days = bucket.soft_delete_seconds / DAY_SECONDS
    return f"{days:.3g} days" if days else ""


def _stamp(seconds: float) -> str:
    return when(datetime.fromtimestamp(seconds, UTC)) if 0 < seconds < float("inf") else ""
