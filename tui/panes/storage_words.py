"""The Storage pane's words: rows, facts and questions, made from domain values alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import overload

from tui.domain.deleteplan import DAY_SECONDS
from tui.domain.storage import Bucket, GcsUri, ObjectInfo
from tui.domain.target import Target
from tui.domain.text import printable, size
from tui.panes.storage_table import Column, Row, RowKind
from tui.services.listing import Level
from tui.widgets.confirm import Question

KIB = 1024
"""Bytes from which a size is rounded when it is shown."""

FAILURES_SHOWN = 10_000
"""Failures listed one by one in a report; more than that nobody reads."""

BUCKET_COLUMNS = (Column("LOCATION", 14), Column("CREATED", 16), Column("CLASS", 10), Column("UNDO", 8))
OBJECT_COLUMNS = (
    Column("SIZE", 10, right=True),
    Column("UPDATED", 16),
    Column("TYPE", 12),
    Column("CLASS", 10),
)


def when(moment: datetime | None) -> str:
    """A time on this box's clock, to the minute."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment is not None else ""


def place_name(place: GcsUri | None) -> str:
    """A place as it is shown."""
    if place is None:
        return "all buckets"
    return printable(str(place) if place.name else f"gs://{place.bucket}")


class LevelRows(Sequence[Row]):
    """The rows of a level, each made when it is looked at: prefixes first, then objects."""

    def __init__(self, level: Level, words: str) -> None:
        wanted = words.casefold()
        self._place = level.place
        self._start = start = len(level.place.name) if level.place is not None else 0
        self._buckets = [item for item in level.buckets if wanted in item.name]
        self._prefixes: Sequence[str] = level.prefixes
        self._objects: Sequence[ObjectInfo] = level.objects
        if wanted:
            self._prefixes = [name for name in level.prefixes if wanted in name[start:].casefold()]
            self._objects = [item for item in level.objects if wanted in item.name[start:].casefold()]
        hidden = ", not filtered yet: enter reads on" if words else ""
        self._more = [Row(RowKind.MORE, f"… more{hidden}")] if level.next_page_token else []

    def __len__(self) -> int:
        return len(self._buckets) + len(self._prefixes) + len(self._objects) + len(self._more)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = index + len(self) if index < 0 else index
        if self._place is None:
            return _bucket_row(self._buckets[number])
        if number < len(self._prefixes):
            name = self._prefixes[number]
            return Row(RowKind.PREFIX, printable(name[self._start :]), uri=GcsUri(self._place.bucket, name))
        number -= len(self._prefixes)
        if number < len(self._objects):
            return _object_row(self._objects[number], self._start)
        return self._more[number - len(self._objects)]

    def find(self, uri: GcsUri) -> int | None:
        """The number of the row that stands for `uri`, found without making any."""
        if self._place is None:
            names: Iterable[str] = (item.name for item in self._buckets)
            wanted = uri.bucket if not uri.name else ""
        else:
            names = chain(self._prefixes, (item.name for item in self._objects))
            wanted = uri.name if uri.bucket == self._place.bucket else ""
        return next((number for number, name in enumerate(names) if name == wanted), None) if wanted else None


def level_columns(level: Level) -> Sequence[Column]:
    """The columns that a level has beside the name."""
    return BUCKET_COLUMNS if level.place is None else OBJECT_COLUMNS


def row_facts(row: Row) -> list[tuple[str, str]]:
    """What is known of a row without asking anything."""
    if row.bucket is not None:
        return _bucket_facts(row.bucket)
    if row.item is None:
        return [("path", printable(str(row.uri)))] if row.uri is not None else []
    item = row.item
    facts = [
        ("size", size(item.size) + (f" ({item.size:,} bytes)" if item.size >= KIB else "")),
        (
            "type",
            " ".join(part for part in (item.content_type, item.content_encoding) if part) or "not given",
        ),
        ("updated", _with_zone(item.updated)),
        ("class", item.storage_class),
        ("version", str(item.generation)),
    ]
    return [(name, printable(value)) for name, value in facts if value]


def bucket_question(name: str, target: Target) -> Question:
    """The question before a bucket is created."""
    command = (
        f"gcloud storage buckets create gs://{name} --location={target.region} --uniform-bucket-level-access"
    )
    lines = [
        f"gs://{name} in {target.region}, the region of your jobs, project {target.project}",
        "",
        "Access by IAM alone (uniform), standard storage class.",
        "An empty bucket costs nothing; what is stored in it is billed by size and time.",
        "",
        f"Same as: {command}" + (f" --project={target.project}" if target.project else ""),
        where_line(target),
    ]
    return Question("Create this bucket?", lines, "Create")


def failure_lines(failures: Sequence[tuple[str, str]]) -> list[str]:
    """Names with their reasons, one a line."""
    lines = [f"✗ {printable(name)}: {printable(reason)}" for name, reason in failures[:FAILURES_SHOWN]]
    if len(failures) > FAILURES_SHOWN:
        lines.append(f"… and {len(failures) - FAILURES_SHOWN:,} more")
    return lines


def _bucket_row(item: Bucket) -> Row:
    cells = (
        item.location.lower(),
        when(item.created),
        item.storage_class.lower(),
        _undo_span(item) or "none",
    )
    return Row(
        RowKind.BUCKET, printable(item.name), tuple(map(printable, cells)), GcsUri(item.name), bucket=item
    )


def _object_row(item: ObjectInfo, start: int) -> Row:
    kind = item.content_type.rpartition("/")[2]
    cells = (size(item.size), when(item.updated), kind, item.storage_class.lower())
    name = item.name[start:] or "(an object named like this place)"
    return Row(RowKind.OBJECT, printable(name), tuple(map(printable, cells)), item.uri, item)


def _bucket_facts(item: Bucket) -> list[tuple[str, str]]:
    span = _undo_span(item)
    facts = [
        (
            "location",
            f"{item.location.lower()} ({item.location_type})" if item.location_type else item.location,
        ),
        ("class", item.storage_class.lower()),
        ("created", _with_zone(item.created)),
        ("versions", "old versions are kept" if item.versioning else "only the newest is kept"),
        ("deletes", f"can be undone for {span}" if span else "cannot be undone (soft delete is off)"),
    ]
    return [(name, printable(value)) for name, value in facts if value]


def _undo_span(item: Bucket) -> str:
    days = item.soft_delete_seconds / DAY_SECONDS
    return f"{days:.3g} days" if days else ""


def _with_zone(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z") if moment is not None else ""


def where_line(target: Target) -> str:
    """Whose storage it is, and whether that costs."""
    return (
        "LOCAL: on this box, nothing is billed."
        if target.is_local
        else f"Google Cloud, project {target.project}."
    )


def files(count: int) -> str:
    """`1,234 files`."""
    return f"{count:,} file{'' if count == 1 else 's'}"
