"""The line above the table: the way to the place, step by step, and how much of it has been read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from tui.domain.storage import GcsUri
from tui.domain.storagelist.places import fitting, step_names
from tui.domain.text import cell_width, middle_cut, printable
from tui.widgets.state_view import local_clock

if TYPE_CHECKING:
    from tui.panes.storage_list import StorageListing

FAINT = "$foreground 60%"


def where_line(pane: StorageListing, width: int) -> Content:
    """The path whose steps can be clicked, the count, and how old that is if it is old."""
    count, stale = _count(pane), _stale(pane)
    rest = sum(cell_width(part) + 3 for part in (count, stale) if part)
    if rest > width - 20 and stale:
        stale = middle_cut(stale, max(width - 23 - cell_width(count) - 3, 20))
        rest = sum(cell_width(part) + 3 for part in (count, stale) if part)
    line = _path(pane.place, max(width - rest, 20))
    if count:
        line = line.append(Content.styled(f" · {count}", ""))
    return line.append(Content.styled(f"   {stale}", "$text-error")) if stale else line


def _path(place: GcsUri | None, width: int) -> Content:
    if place is None:
        return Content.styled("all buckets", "$foreground")
    names = step_names(place)
    parts = []
    for number, name in fitting(names, width):
        if number < 0 or number == len(names) - 1:
            parts.append(Content.styled(name, FAINT if number < 0 else "bold $foreground"))
        else:
            parts.append(Content(name).stylize(f"@click=storage_step({number})"))
    return Content("").join(parts)


def _count(pane: StorageListing) -> str:
    entries = pane.entries
    if entries is None or not entries.count:
        return ""
    if entries.alone:
        return "only this object: you may not list what lies beside it"
    words = f"{entries.count:,} {'entry' if entries.count == 1 else 'entries'}"
    if not entries.whole:
        words += " so far" if pane.reads_on else " so far, G reads on"
        if pane.reads_on and not pane.wish.plain:
            words += ", c stops"
    if pane.rereads:
        words += f", reading again: {pane.reread_count:,}"
    if pane.arranging:
        words += ", putting in order …"
    return words


def _stale(pane: StorageListing) -> str:
    entries, trouble = pane.entries, pane.trouble
    if trouble is None or entries is None or not entries.count or entries.read_at is None:
        return ""
    return f"✗ {printable(trouble.title)} · as of {local_clock(entries.read_at)} · r tries again"
