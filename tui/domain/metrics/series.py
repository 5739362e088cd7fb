"""The series of one job, gathered from its log in whatever order the entries come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tui.domain.logs import LogEntry
from tui.domain.metrics import attempts, mappings, tables
from tui.domain.metrics.barsteps import BarSteps
from tui.domain.metrics.kinds import ORDER, kind
from tui.domain.metrics.model import JobProgress, Point, Reading, Series
from tui.domain.metrics.progress import Course
from tui.domain.metrics.reading import LOOKED_AT, reading
from tui.domain.metrics.resolve import Resolved
from tui.domain.metrics.track import Key, Place, Sample, Track

MOST_POINTS = 20_000
"""Points of one series."""
MOST_SERIES = 64
"""Series of one replica."""
_ALL_POINTS = 160_000
_LEAST_POINTS = 512
_MOST_REPLICAS = 64
_MOST_ROWS = 4000
_MOST_HEADERS = 500
_SERVICE = "service"


class _Replica:
    """What one replica printed."""

    def __init__(self) -> None:
        self.tracks: dict[str, Track] = {}
        self.course = Course()
        self.bars = BarSteps()
        self.left_out: set[str] = set()
        self.summary: dict[str, float] = {}
        self.headers: dict[Key, tuple[str, ...]] = {}
        self.rows: dict[Key, tuple[str, ...]] = {}

    def take(self, key: Key, text: str, limit: int) -> bool:
        """Take one line in; whether it was of any use."""
        found = reading(text)
        if found is not None:
            self.note(key, found, limit)
            return True
        return self._table(key, text, limit)

    def note(self, key: Key, found: Reading, limit: int) -> None:
        if found.summary:
            self.summary.update(found.values)
            return
        self.course.note(key, found)
        place = None
        if found.step is not None and (found.per_epoch or found.bar is not None):
            place = Place(found.step, found.total_steps or 0, found.per_epoch)
        self.bars.note(key, found, place, limit)
        for name, value in found.values.items():
            track = self.tracks.get(name)
            if track is None:
                if len(self.tracks) >= MOST_SERIES:
                    if len(self.left_out) < MOST_SERIES * 16:
                        self.left_out.add(name)
                    continue
                track = self.tracks[name] = Track()
            track.add(Sample(key, Point(key[0], value, found.step, found.epoch), place), limit)

    def _table(self, key: Key, text: str, limit: int) -> bool:
        """Headers and rows come in any order: both are kept, and what a new one explains is read."""
        head = text[:LOOKED_AT]
        if (cells := tables.row(head)) is not None:
            if key not in self.rows and len(self.rows) < _MOST_ROWS:
                self.rows[key] = cells
            before = [other for other in self.headers if other < key]
            if before and (found := tables.read(self.headers[max(before)], cells)):
                self.note(key, found, limit)
                return True
            return False
        low = head[:200].lstrip(" |").lower()
        if not low.startswith(("epoch", "step", "iter")) or (columns := tables.header(head)) is None:
            return False
        if key in self.headers or len(self.headers) >= _MOST_HEADERS:
            return False
        self.headers[key] = columns
        until = min((other for other in self.headers if other > key), default=None)
        for other, cells in self.rows.items():
            if other > key and (until is None or other < until) and (found := tables.read(columns, cells)):
                self.note(other, found, limit)
        return True


class MetricStore:
    """The metrics and the progress of one job; takes entries in any order and more than once."""

    def __init__(self) -> None:
        self._replicas: dict[str, _Replica] = {}
        self._marks: set[int] = set()
        self._seen: tuple[object, ...] = ()
        self._version = 0
        self._count = 0
        self._refused: set[str] = set()
        self._made: dict[tuple[str, str], Resolved] = {}

    def add(self, entries: Iterable[LogEntry]) -> None:
        """Read the entries; those of the service itself say nothing here."""
        for entry in entries:
            if entry.replica == _SERVICE:
                continue
            replica = self._replicas.get(entry.replica)
            if replica is None:
                replica = self._replica(entry.replica)
                if replica is None:
                    continue
            self._read(replica, entry)

    def _replica(self, name: str) -> _Replica | None:
        if len(self._replicas) >= _MOST_REPLICAS:
            if len(self._refused) < 16 * _MOST_REPLICAS:
                self._refused.add(name)
            return None
        return self._replicas.setdefault(name, _Replica())

    def _read(self, replica: _Replica, entry: LogEntry) -> None:
        before = len(replica.tracks) + len(replica.bars)
        stamp, name = entry.timestamp_ns, entry.insert_id
        limit = self._limit()
        used = False
        if "\n" not in entry.text and "\r" not in entry.text:
            used = replica.take((stamp, name, 0), entry.text, limit)
        else:
            for part, line in enumerate(_lines(entry.text)):
                used = replica.take((stamp, name, part), line, limit) or used
        if not used and entry.payload is not None and (found := mappings.from_mapping(entry.payload)):
            replica.note((stamp, name, 0), found, limit)
        self._count += len(replica.tracks) + len(replica.bars) - before

    def _limit(self) -> int:
        return max(_LEAST_POINTS, min(MOST_POINTS, _ALL_POINTS // max(self._count, 1)))

    def mark_attempt(self, time_ns: int) -> None:
        """Note that a new attempt (a restart, a Spot preemption) began at that time."""
        self._marks.add(time_ns)

    @property
    def version(self) -> int:
        """A number that changes when the series or the progress changed."""
        seen = tuple(
            (
                name,
                replica.course.version,
                len(replica.summary),
                len(replica.left_out),
                *(track.settle(self._limit()) for track in replica.tracks.values()),
                *replica.bars.settle(self._limit()),
            )
            for name, replica in self._replicas.items()
        )
        now = (*seen, len(self._marks))
        if now != self._seen:
            self._seen = now
            self._version += 1
        return self._version

    @property
    def left_out(self) -> int:
        """How many series were not kept because there are too many."""
        return sum(len(replica.left_out) for replica in self._replicas.values())

    @property
    def replicas_left_out(self) -> int:
        """How many replicas are not read because there are too many."""
        return len(self._refused)

    @property
    def summaries(self) -> Mapping[str, Mapping[str, float]]:
        """By replica what it said of the whole run at its end: `train_runtime` and the like."""
        return {name: replica.summary for name, replica in self._replicas.items() if replica.summary}

    def series(self, *, estimates: bool = True) -> tuple[Series, ...]:
        """All series, by replica, then in the order of the charts, then by name.

        With `estimates` values without a step have that of the training's progress bar before them.
        """
        made: list[Series] = []
        for name in sorted(self._replicas):
            replica = self._replicas[name]
            points: Mapping[str, tuple[Point, ...]] = {
                metric: self._points(name, metric) for metric in sorted(replica.tracks, key=_rank)
            }
            times = self._boundaries(name)
            if estimates:
                points = replica.bars.placed(points, replica.course, self._limit())
            made.extend(
                Series(metric, name, listed, attempts.starts(listed, times))
                for metric, listed in points.items()
                if listed
            )
        return tuple(made)

    def _boundaries(self, name: str) -> list[int]:
        replica = self._replicas[name]
        found = [fall for metric in replica.tracks for fall in self._made[name, metric].falls]
        return attempts.boundaries([*found, *replica.course.bar_falls()], self._marks)

    def _points(self, name: str, metric: str) -> tuple[Point, ...]:
        replica = self._replicas[name]
        made = self._made.get((name, metric))
        if made is None:
            made = self._made[name, metric] = Resolved(replica.tracks[metric])
        return made.update(replica.course, self._limit())

    def progress(self, now_ns: int) -> JobProgress | None:
        """How far the job is, by the first replica that says it; the fraction rises within an attempt.

        It falls only when a line reveals that the bar so far was one epoch of several.
        """
        best: JobProgress | None = None
        for name in sorted(self._replicas):
            replica = self._replicas[name]
            for metric in replica.tracks:
                self._points(name, metric)
            times = self._boundaries(name)
            since = max((time for time in times if time <= now_ns), default=0)
            found = replica.course.progress(since, now_ns)
            if found and (best is None or (best.fraction is None and found.fraction is not None)):
                best = found
        return best


def _rank(metric: str) -> tuple[int, str]:
    return ORDER.index(kind(metric)), metric


def _lines(text: str) -> list[str]:
    return text.replace("\r", "\n").split("\n")
