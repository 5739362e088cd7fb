"""The words in the frame of the job list, and the columns as they fit its jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui.domain.errors import CloudError
from tui.domain.joblist.columns import JobColumn
from tui.domain.jobs import Job, JobState
from tui.domain.places import Place
from tui.domain.text import cell_width
from tui.services.jobwatch import JobsSnapshot
from tui.services.placewatch import PlaceState
from tui.widgets.columns import Column, lay_out
from tui.widgets.state_view import local_clock

NAME_LEAST, NAME_NARROW = 22, 12
"""Cells that a long name keeps before other columns go, and that the column has at least."""
_LOWEST = 100
_MARK = 2
"""Cells of the mark before a name."""
_ODD = len("⚠ succeeded?")


def contents(jobs: Sequence[Job]) -> dict[str, int]:
    """The cells that jobs need in some columns, by key; these may become as narrow as that."""
    if not jobs:
        return {}
    states = {job.state for job in jobs}
    state = max(len(f"{each.glyph} {each.word}") for each in states)
    machines = {job.pools: job for job in jobs}.values()
    return {
        "state": max(state, _ODD if JobState.SUCCEEDED in states else 0),
        "name": _MARK + max(cell_width(job.display_name or job.job_id) for job in jobs),
        "machine": max(cell_width(job.machine) for job in machines),
        "region": max(map(len, {job.region for job in jobs})),
    }


def table_columns(columns: Sequence[JobColumn], needs: Mapping[str, int]) -> list[Column]:
    """The columns for the list, none wider than it must be before another goes."""
    return [
        Column(
            column.key,
            column.title,
            column.width,
            align="right" if column.right else "left",
            minimum=_least(column, needs.get(column.key)),
            priority=_LOWEST - column.priority,
            fill=not column.width,
        )
        for column in columns
    ]


def _least(column: JobColumn, need: int | None) -> int:
    if not column.width:
        return NAME_LEAST if need is None else min(max(need, NAME_NARROW), NAME_LEAST)
    return 0 if need is None else min(max(need, len(column.title)), column.width)


def without_room(columns: Sequence[JobColumn], needs: Mapping[str, int], room: int) -> frozenset[str]:
    """Keys of the columns that do not fit in so many cells."""
    widths = lay_out(table_columns(columns, needs), room).widths
    return frozenset(key for key, width in widths.items() if not width)


def count_words(snapshot: JobsSnapshot, shown: int) -> str:
    """How many jobs, and whether that is all: `first 8567`, `3 of 12 without 1 place`."""
    whole = len(snapshot.jobs)
    counts = f"{shown}" if shown == whole else f"{shown} of {whole}"
    if snapshot.whole or snapshot.kept:
        return counts
    reading = any(not state.whole and state.trouble is None for state in snapshot.places)
    missing = sum(not state.whole and state.trouble is not None for state in snapshot.places)
    if missing and len(snapshot.places) > 1:
        counts += f" without {missing} place{'s' * (missing > 1)}"
    return f"first {counts}" if reading or len(snapshot.places) == 1 else counts


def staleness(snapshot: JobsSnapshot, connection: CloudError | None) -> str:
    """Why the list is not of now; empty if it is."""
    if snapshot.kept:
        when = f"{snapshot.read_at.astimezone():%m-%d %H:%M}" if snapshot.read_at else ""
        trouble = connection or snapshot.trouble
        words = f"last known list, of {when}"
        return f"✗ {trouble.title} · {words}" if trouble is not None else f"{words}: reading …"
    failing = snapshot.failing
    if not failing or not any(state.read_at for state in snapshot.places):
        return ""
    as_of = [state.read_at for state in failing if state.read_at is not None]
    parts = [f"✗ {_where(snapshot)}"]
    parts += [f"as of {local_clock(min(as_of))}"] if as_of else []
    parts += [f"next try {local_clock(snapshot.next_try)}"] if snapshot.next_try else []
    return " · ".join(parts)


def _where(snapshot: JobsSnapshot) -> str:
    """What is the matter, with all places of it: `Not found: nowhere-east9, other/europe-west4`."""
    if len(snapshot.places) == 1:
        return _title(snapshot.failing[0])
    first = snapshot.places[0].place
    named: dict[str, list[str]] = {}
    for state in snapshot.failing:
        named.setdefault(_title(state), []).append(_short(state.place, first))
    return "; ".join(f"{title}: {', '.join(places)}" for title, places in named.items())


def _title(state: PlaceState) -> str:
    return state.trouble.title if state.trouble else ""


def _short(place: Place, first: Place) -> str:
    return place.region if place.project == first.project else str(place)
