"""A text of labelled fields, wrapped so that values stay in their column."""

from __future__ import annotations

from datetime import UTC, datetime

from textual.content import Content

from tui.domain import text

LABEL = 10
"""Columns of a field's label, with the space after it."""
_LEAST = 12
_SECOND_NS = 1_000_000_000


class Sheet:
    """Collects lines for a width."""

    def __init__(self, width: int) -> None:
        self.width = max(width, LABEL + _LEAST)
        self._lines: list[Content] = []

    @property
    def content(self) -> Content:
        """All lines."""
        return Content("\n").join(self._lines)

    def field(self, label: str, value: Content | str, style: str = "") -> None:
        """A field; a value in several lines keeps to its column, and nothing at all is left out."""
        shown = value if isinstance(value, Content) else Content.styled(text.printable(value), style)
        if not shown.plain:
            return
        rows = [row for line in shown.split("\n", allow_blank=True) for row in line.wrap(self.room)]
        for number, row in enumerate(rows):
            head = label if number == 0 else ""
            self._lines.append(Content.assemble((f"{head:<{LABEL - 1}} ", "$text-muted"), row))

    def line(self, value: Content | str, style: str = "", indent: int = 0) -> None:
        """A text of its own, over the whole width; further rows are indented."""
        shown = value if isinstance(value, Content) else Content.styled(text.printable(value), style)
        for number, row in enumerate(shown.wrap(max(self.width - indent, _LEAST))):
            self._lines.append(row.pad_left(indent) if number else row)

    def cut_field(self, label: str, value: Content, rows: int) -> None:
        """A field of at most so many rows, the last of them cut at the edge."""
        folded = value.wrap(self.room)
        if len(folded) > rows:
            last = folded[rows - 1].rstrip().truncate(self.room - 1)
            folded[rows - 1 :] = [Content.assemble(last, "…")]
        self.field(label, Content("\n").join(folded))

    def gap(self) -> None:
        """An empty line, unless there is one already or nothing stands above it."""
        if self._lines and self._lines[-1].plain:
            self._lines.append(Content(""))

    @property
    def room(self) -> int:
        """Columns of a value."""
        return self.width - LABEL


def moment(time_ns: int) -> datetime | None:
    """A time of the log; None for one that no calendar has."""
    try:
        return datetime.fromtimestamp(time_ns / _SECOND_NS, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def clock(when: datetime | None, now: datetime) -> str:
    """Local time of day, with the date unless it is today's; empty for a time that cannot be shown."""
    if when is None:
        return ""
    try:
        local, today = when.astimezone(), now.astimezone()
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{local:%H:%M:%S}" if local.date() == today.date() else f"{local:%m-%d %H:%M:%S}"
