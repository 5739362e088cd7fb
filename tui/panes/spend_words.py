"""The words of the list of costs: rows, titles, notes and the text to copy, made from domain values alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from textual.content import Content

from tui.domain.catalog.prices import FEE, money
from tui.domain.course.cost import SoFar
from tui.domain.deleteplan import DAY_SECONDS, count_and_size
from tui.domain.spend import (
    NOT_LOOKED_AT,
    Ahead,
    BucketUse,
    Count,
    How,
    LiveJob,
    Rate,
    Spend,
    ahead,
    unread_lines,
)
from tui.domain.storage import Amount
from tui.domain.text import duration, printable, size
from tui.panes.jobs_summary import TONES
from tui.widgets.columns import Column

UNREAD_SHOWN = 3
"""Reasons shown on the screen; what is copied has them all."""

JOB_COLUMNS = (
    Column("state", "STATE", 12, minimum=10, priority=9),
    Column("name", "NAME", minimum=12, fill=True),
    Column("place", "REGION", 16, minimum=12, priority=8),
    Column("machine", "MACHINE", 30, minimum=24, priority=3),
    Column("how", "PAID", 10, priority=4),
    Column("since", "SINCE", 11, priority=2),
    Column("for", "FOR", 7, align="right", priority=5),
    Column("hour", "AN HOUR", 10, minimum=9, align="right", priority=10),
    Column("so_far", "SO FAR", 9, minimum=8, align="right", priority=6),
    Column("ahead", "STILL UP TO", 11, align="right", priority=7),
)
BUCKET_COLUMNS = (
    Column("name", "NAME", minimum=11, fill=True),
    Column("location", "LOCATION", 15, minimum=12, priority=5),
    Column("class", "CLASS", 9, minimum=8, priority=3),
    Column("size", "SIZE", 11, minimum=10, align="right", priority=9),
    Column("objects", "OBJECTS", 10, minimum=9, align="right", priority=6),
    Column("old", "OLD VERSIONS", 12, align="right", priority=4),
    Column("deleted", "DELETED", 11, minimum=10, align="right", priority=8),
    Column("until", "UNTIL", 11, priority=7),
)
"""`deleted` is what is soft-deleted and still billed, `until` when the last of it goes."""


@dataclass(frozen=True, slots=True)
class JobLine:
    """A live job with what it costs."""

    found: LiveJob
    cost: SoFar
    now: datetime
    several: bool = False
    """Whether jobs of several projects are listed."""

    @property
    def ahead(self) -> Ahead:
        """What it may still cost."""
        return ahead(self.found, self.cost)

    @property
    def place(self) -> str:
        """Its region, with the project where there are several."""
        return str(self.found.place) if self.several else self.found.place.region

    @property
    def hourly(self) -> str:
        """What it costs an hour; in brackets while it waits, which is free."""
        if self.cost.held:
            return "–"
        words = "?" if self.cost.per_hour is None else money(self.cost.per_hour)
        return f"({words})" if self.found.waits else words

    @property
    def lasts(self) -> str:
        """How long it has been so."""
        since = self.found.since
        return duration((self.now - since).total_seconds()) if since else ""


def moment(when: datetime | None) -> str:
    """A time on this box's clock, short."""
    return when.astimezone().strftime("%m-%d %H:%M") if when is not None else ""


def job_cells(line: JobLine) -> tuple[Content, ...]:
    """The cells of a job's row, in the order of `JOB_COLUMNS`."""
    job, left = line.found.job, line.ahead
    words = (
        printable(job.display_name),
        line.place,
        " + ".join(pool.summary for pool in job.pools if pool.machine_type) or "–",
        line.found.how.value,
        moment(line.found.since),
        line.lasts,
        line.hourly,
        line.cost.words,
    )
    may = "–" if line.cost.held else left.words
    return (
        Content.styled(f"{job.state.glyph} {job.state.word}", TONES.get(job.state, "")),
        *(Content(printable(word)) for word in words),
        Content.styled(may, "" if left.limited or line.cost.held else "$text-warning"),
    )


def bucket_cells(use: BucketUse) -> tuple[Content, ...]:
    """The cells of a bucket's row, in the order of `BUCKET_COLUMNS`."""
    bucket = use.bucket
    words = (
        printable(bucket.name),
        bucket.location.lower(),
        bucket.storage_class.lower(),
        _counted(use, use.live, size(use.live.bytes), whole=use.whole),
        _counted(use, use.live, f"{use.live.count:,}", whole=use.whole),
        _counted(use, use.noncurrent, size(use.noncurrent.bytes), whole=use.whole),
        _counted(use, use.deleted, size(use.deleted.bytes), whole=use.deleted_whole),
        moment(use.deleted_until),
    )
    return tuple(Content(printable(word)) for word in words)


def _counted(use: BucketUse, amount: Amount, words: str, *, whole: bool) -> str:
    """A sum so far: `≥` when it was not counted to the end, `?` when not at all."""
    if whole:
        return words if amount.count else "–"
    if use.count is Count.DONE:
        return f"≥ {words}" if amount.count else "?"
    return f"{words} …" if amount.count else "…"


def jobs_title(lines: Sequence[JobLine], spend: Spend) -> str:
    """How many jobs, and what they cost an hour together."""
    running = Rate.of(line.cost for line in lines if not line.found.waits)
    waiting = Rate.of(line.cost for line in lines if line.found.waits)
    parts = [f"Live jobs {len(lines)}{'+' if spend.jobs_partial else ''}"]
    if running.jobs:
        parts.append(running.words(at_least=spend.jobs_partial))
    if waiting.jobs:
        parts.append(f"{waiting.jobs} waiting: {waiting.words()} more")
    return " · ".join(parts)


def buckets_title(spend: Spend) -> str:
    """How many buckets, and what is stored in them."""
    more = "+" if spend.buckets_missing or not spend.buckets_listed else ""
    parts = [f"Buckets {len(spend.buckets)}{more}"]
    if spend.buckets:
        least = "at least " if spend.bytes_partial else ""
        parts.append(f"{least}{size(spend.bytes)}")
        if deleted := sum(use.deleted.bytes for use in spend.buckets):
            parts.append(f"{size(deleted)} of it deleted")
        parts.append("price not known")
    return " · ".join(parts)


def progress(spend: Spend) -> str:
    """How far the look is, in one line."""
    failed = f" ({spend.places_failed} failed)" if spend.places_failed else ""
    regions = f"{spend.places_done - spend.places_failed} of {spend.places} regions{failed}"
    counting = next((use for use in spend.buckets if use.count is Count.COUNTING), None)
    done = sum(use.count is Count.DONE for use in spend.buckets)
    buckets = f"{done} of {len(spend.buckets)} buckets" if spend.buckets_listed else "buckets"
    if spend.ended is not None:
        return f"Read: {regions}, {buckets}, at {_clock(spend.ended)}"
    if spend.stopped:
        return f"Stopped: {regions}, {buckets} read; r reads again"
    if counting is not None:
        found = counting.live.count + counting.noncurrent.count + counting.deleted.count
        buckets += f", {printable(counting.bucket.name)}: {found:,} objects"
    return f"Reading … {regions} · {buckets}"


def about_job(line: JobLine) -> str:
    """All of a job in a line or two."""
    found, left = line.found, line.ahead
    machines = " + ".join(pool.summary for pool in found.job.pools if pool.machine_type) or "no machine told"
    if left.limited:
        limit = f"stopped after {duration(found.limit)} of running"
    else:
        limit = "no time limit set: stopped only after 7 days of running"
    state = found.job.state.word
    if found.since:
        begun = "created" if found.job.start_time is None else "started"
        state += f", {begun} {moment(found.since)}, {line.lasts} ago"
    return printable(f"{found.job.display_name}: {machines} · {found.how} · {state} · {limit} · {line.place}")


def about_bucket(use: BucketUse) -> str:
    """All of a bucket in a line or two."""
    bucket = use.bucket
    kind = f" ({bucket.location_type})" if bucket.location_type else ""
    parts = [
        f"gs://{bucket.name}: {bucket.location.lower()}{kind}, {bucket.storage_class.lower()}",
        count_and_size(use.live.count, use.live.bytes),
    ]
    if use.noncurrent.count:
        parts.append(f"old versions: {count_and_size(use.noncurrent.count, use.noncurrent.bytes)}")
    elif bucket.versioning:
        parts.append("old versions are kept")
    if use.deleted.count:
        until = f", billed until {moment(use.deleted_until)}" if use.deleted_until else ""
        parts.append(f"deleted: {count_and_size(use.deleted.count, use.deleted.bytes)}{until}")
    elif days := bucket.soft_delete_seconds / DAY_SECONDS:
        parts.append(f"what is deleted is billed for {days:.3g} days more")
    return printable(" · ".join(parts))


def notes(lines: Sequence[JobLine], spend: Spend, *, local: bool, all_: bool = False) -> list[Content]:
    """What has to be known beside the lists: what is missing from them, and what the sums rest on."""
    found = [Content.styled(words, "$text-warning") for words in _warnings(lines)]
    several = len(spend.projects) > 1
    unread = unread_lines(spend.unread, several=several, named=0 if all_ else 4)
    shown = unread if all_ else unread[:UNREAD_SHOWN]
    if len(unread) > len(shown):
        shown = [*shown, f"… and {len(unread) - len(shown)} more: y copies them all"]
    found += [Content.styled(f"✗ not read: {printable(words)}", "$text-error") for words in shown]
    return [*found, *map(Content, _basis(lines, local=local)), Content(f"Not looked at: {NOT_LOOKED_AT}.")]


def _warnings(lines: Iterable[JobLine]) -> list[str]:
    endless = [line for line in lines if not line.ahead.limited and not line.cost.held]
    if not endless:
        return []
    known = [line.ahead.amount for line in endless]
    total = sum((amount for amount in known if amount is not None), Decimal(0))
    least = "at least " if None in known and total else ""
    amount = f"may still cost {least}{money(total)}" if total else "cost an amount that is not known"
    who = "1 job sets" if len(endless) == 1 else f"{len(endless)} jobs set"
    return [f"⚠ {who} no time limit: until Vertex AI stops it after 7 days, {amount}."]


def _basis(lines: Sequence[JobLine], *, local: bool) -> list[str]:
    hows = {line.found.how for line in lines}
    label = next((line.cost.label for line in lines), "")
    words = [f"Prices: {label}."] if label else []
    if local:
        words = [*words, "LOCAL: nothing of this is billed; amounts are what Google would charge."]
    if How.SPOT in hows:
        words.append(f"Spot is without {FEE}.")
    if How.PERSISTENT in hows:
        words.append("Jobs on a persistent resource cost nothing beside it.")
    return [" ".join(words)] if words else []


def as_text(lines: Sequence[JobLine], spend: Spend, *, local: bool) -> str:
    """Everything as text, one row a line, to be copied."""
    text = [
        f"What costs money now: {', '.join(spend.projects) or 'no project'}",
        progress(spend),
        "",
        jobs_title(lines, spend),
        *_table([column.label for column in JOB_COLUMNS], [job_cells(line) for line in lines]),
        "",
        buckets_title(spend),
        *_table([column.label for column in BUCKET_COLUMNS], [bucket_cells(use) for use in spend.buckets]),
        "",
        *(note.plain for note in notes(lines, spend, local=local, all_=True)),
    ]
    return "\n".join(text) + "\n"


def _table(labels: Sequence[str], rows: Sequence[Sequence[Content]]) -> list[str]:
    if not rows:
        return []
    cells = [list(labels), *([cell.plain for cell in row] for row in rows)]
    widths = [max(len(row[number]) for row in cells) for number in range(len(labels))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def _clock(when: datetime) -> str:
    return when.astimezone().strftime("%H:%M:%S")
