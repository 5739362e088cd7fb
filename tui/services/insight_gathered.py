"""What has been read of one job's log, and what it says."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tui.domain.course.attempts import SERVICE, Attempt, attempts
from tui.domain.course.timeline import awaits_error
from tui.domain.course.traces import Traces, look_for
from tui.domain.diagnosis.model import Case, Cause, Diagnosis
from tui.domain.errors import CloudError
from tui.domain.insight import JobInsight, Older
from tui.domain.jobs import Job
from tui.domain.logs import EntryKey, LogEntry
from tui.domain.metrics.doubts import Doubt, doubt
from tui.domain.metrics.model import JobProgress, Series
from tui.domain.metrics.series import MetricStore

MOST_SERVICE = 2_000
"""Messages of the service that are kept, the last ones."""
MOST_LINES = 4_000
"""Lines of all replicas together that are kept for a diagnosis, the last ones."""
LEAST_LINES = 20
"""Lines kept of each replica however many there are."""
MOST_CHARACTERS = 8_000_000
"""The same in characters."""
LONGEST = 16_000
"""Characters of one entry that are kept: its beginning and its end."""
MOST_KEYS = 20_000
"""Entries that are known again when they are listed twice."""
LONGEST_REST = 120.0
"""Seconds until a job whose log cannot be read is looked at again."""
SECOND_NS = 1_000_000_000


@dataclass(slots=True)
class Course:
    """How far the reading of a job's log is; belongs to the event loop."""

    begun: bool = False
    """Whether the newest page has been read."""
    whole: bool = False
    """Whether everything up to the last read was read, or up to where `behind` ends."""
    behind: bool = False
    """Whether there was more to read than one read takes, and the rest is still to come."""
    read_at: datetime | None = None
    """When the read began that found all there was, or its newest page."""
    seen_ended: datetime | None = None
    """When the app first saw that the job is over."""
    looked_at: datetime | None = None
    """When the log of the job that is over was read last."""
    certain: bool = False
    """Whether its last lines have been read for certain."""
    knew_error: bool = False
    """Whether the job's own error was there at the last diagnosis."""
    from_record: bool = False
    """Whether the record alone was looked at already."""
    looking: int = 0
    """How many looks are under way: the lines are wanted until they are over."""
    released: bool = False
    """Whether the lines are forgotten."""
    outputs_looked: bool = False
    outputs_empty: bool | None = None
    history_before: int | None = None
    """Older metrics are to be read from before this time on; None from the newest on."""
    history_pages: int = 0
    history_done: bool = False
    history_cut: bool = False
    """Whether there are older metrics than are ever read."""
    trouble: CloudError | None = None
    failures: int = 0
    """Looks in a row that could not read the log."""
    next_try: datetime | None = None
    """Not to be looked at before, unless it is under the cursor."""
    broken: bool = False
    """Whether its log cannot be understood because of a bug, which was told."""

    def note_end(self, job: Job, now: datetime) -> None:
        """The job is over, or its record says more about that."""
        if self.seen_ended is None:
            self.seen_ended = now
        if self.certain and job.error is not None and not self.knew_error:
            self.certain = False
            self.looked_at = None

    def failed(self, now: datetime, seconds: float) -> None:
        """It could not be looked at: wait, each time twice as long as before."""
        self.failures += 1
        step = min(seconds * 2.0 ** min(self.failures - 1, 16), LONGEST_REST)
        self.next_try = now + timedelta(seconds=step)

    def succeeded(self) -> None:
        """It was looked at."""
        self.failures, self.next_try = 0, None

    @property
    def older(self) -> Older:
        """What became of the metrics before those that were read."""
        if self.history_done:
            return Older.READ
        return Older.LEFT_OUT if self.history_cut else Older.UNREAD

    def over_since(self, job: Job) -> datetime | None:
        """When the job ended by the record or, where clocks differ, when that was seen."""
        if self.seen_ended is None or job.end_time is None:
            return self.seen_ended
        return min(self.seen_ended, job.end_time)


class Gathered:
    """What one job's log says.

    `course`, `job` and `insight` belong to the event loop, all else to whoever does the heavy work.
    """

    def __init__(self, job: Job, project: str = "") -> None:
        self.job = job
        self.project = project
        """The project whose logs are read for it."""
        self.course = Course()
        self.insight = JobInsight()
        self.oldest_ns: int | None = None
        self.newest_ns = 0
        self._store = MetricStore()
        self._fresh_store = True
        self._dropped = False
        self._keys: dict[EntryKey, None] = {}
        self._counted = array("q")
        """Hashes of the entries that were counted before the lines were forgotten; keys take more room."""
        self._service: dict[EntryKey, LogEntry] = {}
        self._lines: dict[str, list[LogEntry]] = {}
        self._count = 0
        self._characters = 0
        self._released = False
        self._seen = 0
        self._traces = Traces()
        self._attempts: tuple[Attempt, ...] = ()
        self._diagnosis: Diagnosis | None = None
        self._version: int | None = None
        self._series: tuple[Series, ...] = ()
        self._progress: JobProgress | None = None
        self._doubt: Doubt | None = None

    @property
    def has_points(self) -> bool:
        """Whether metrics are kept."""
        return not self._fresh_store

    # Taking in

    def take(self, entries: Iterable[LogEntry]) -> int:
        """Take entries in, in any order, also again; how many were new."""
        given = sorted(entries, key=_key)
        given = [each for number, each in enumerate(given) if not number or given[number - 1].key != each.key]
        new = [entry for entry in given if entry.key not in self._keys]
        useful = given if self._dropped else new  # the store knows by itself what it has read
        if not useful:
            return 0
        self._store.add(useful)
        self._fresh_store = False
        if new:
            self._keys.update(dict.fromkeys(entry.key for entry in new))
            if len(self._keys) > MOST_KEYS:
                for key in sorted(self._keys)[: len(self._keys) // 2]:
                    del self._keys[key]
            self._count_in(new)
            self._keep(new)
        return len(useful)

    def _count_in(self, entries: Sequence[LogEntry]) -> None:
        """Note what entries say beside their lines, unless that was done before the lines were forgotten."""
        counted = frozenset(self._counted)
        new = [entry for entry in entries if hash(entry.key) not in counted] if counted else entries
        if not new:
            return
        self._seen += len(new)
        found = look_for(new)
        late = self.oldest_ns is not None and new[0].timestamp_ns < self.oldest_ns
        self._traces = found.and_also(self._traces) if late else self._traces.and_also(found)
        self.oldest_ns = min(new[0].timestamp_ns, self.oldest_ns or new[0].timestamp_ns)
        self.newest_ns = max(new[-1].timestamp_ns, self.newest_ns)

    def _keep(self, new: Sequence[LogEntry]) -> None:
        """Keep what a diagnosis needs."""
        if self._released:
            return
        service = [entry for entry in new if entry.replica == SERVICE]
        if service:
            self._service.update((entry.key, _shortened(entry)) for entry in service)
            if len(self._service) > MOST_SERVICE:
                for key in sorted(self._service)[:-MOST_SERVICE]:
                    del self._service[key]
            self._note_attempts()
        for entry in new:
            if entry.replica != SERVICE:
                kept = _shortened(entry)
                self._lines.setdefault(entry.replica, []).append(kept)
                self._count += 1
                self._characters += len(kept.text)
        most = max(MOST_LINES, LEAST_LINES * len(self._lines))
        if self._count > 2 * most or self._characters > 2 * MOST_CHARACTERS:
            self._prune()

    def _note_attempts(self) -> None:
        found = attempts(self._service.values())
        if found != self._attempts:
            self._attempts = found
            self._mark_attempts()

    def _mark_attempts(self) -> None:
        for attempt in self._attempts[1:]:
            self._store.mark_attempt(attempt.start_ns)

    def _prune(self) -> None:
        """Keep the last lines of each replica only."""
        most = max(MOST_LINES // max(len(self._lines), 1), LEAST_LINES)
        characters = MOST_CHARACTERS // max(len(self._lines), 1)
        for replica, entries in self._lines.items():
            entries.sort(key=_key)
            room, start = characters, len(entries)
            while start > max(len(entries) - most, 0) and room > 0:
                start -= 1
                room -= len(entries[start].text)
            self._lines[replica] = entries[start:]
        self._count = sum(map(len, self._lines.values()))
        self._characters = sum(len(entry.text) for each in self._lines.values() for entry in each)

    def release(self) -> None:
        """Forget the lines: all that they say is known."""
        self._released = True
        self._forget_keys()
        self._service.clear()
        self._lines.clear()
        self._count = self._characters = 0

    def begin_again(self) -> None:
        """Keep lines again, for another diagnosis."""
        if self._released:
            self._released = False
            self._forget_keys()  # of lines that came meanwhile and were not kept

    def _forget_keys(self) -> None:
        known = [*self._counted, *(hash(key) for key in self._keys)]
        self._counted = array("q", list(dict.fromkeys(known))[-MOST_KEYS:])
        self._keys.clear()

    def drop_points(self) -> None:
        """Forget the metrics, which can be read again."""
        self._store = MetricStore()
        self._fresh_store = True
        self._mark_attempts()
        self._version = None
        self._series = ()
        self._doubt = None
        self._dropped = True

    # Telling

    def lines_of(self, replica: str) -> int:
        """How many lines of a replica are kept."""
        return len(self._lines.get(replica, ()))

    @property
    def service_messages(self) -> list[LogEntry]:
        """What the service said, in order."""
        return [self._service[key] for key in sorted(self._service)]

    def diagnose(
        self,
        job: Job,
        now: datetime,
        *,
        certain: bool,
        outputs_empty: bool | None = None,
        secrets: Sequence[str] = (),
    ) -> None:
        """Say why the job failed, or what is odd about its success, by all that is kept."""
        from tui.domain.diagnosis.diagnose import diagnose  # noqa: PLC0415 (many rules, after the first frame)

        entries = sorted(
            (*self._service.values(), *(e for each in self._lines.values() for e in each)), key=_key
        )
        case = Case(
            job, entries, complete=certain, now=now, outputs_empty=outputs_empty, secrets=tuple(secrets)
        )
        self._diagnosis = diagnose(case)

    def diagnose_record(self, job: Job, now: datetime, secrets: Sequence[str] = ()) -> None:
        """Say what the job's own error says, if that says anything."""
        from tui.domain.diagnosis.diagnose import diagnose  # noqa: PLC0415 (many rules, after the first frame)

        found = diagnose(Case(job, now=now, secrets=tuple(secrets)))
        if self._diagnosis is None and found.cause not in (Cause.UNKNOWN, Cause.NONE):
            self._diagnosis = found

    def told(self, job: Job, now: datetime, course: Course) -> JobInsight:
        """The insight as of now; the same object as `insight` if nothing has changed."""
        self._read_metrics(int(now.timestamp()) * SECOND_NS)
        before = self.insight
        made = JobInsight(
            progress=self._progress,
            series=self._series,
            attempts=self._attempts,
            diagnosis=self._diagnosis,
            pending_ns=self._traces.pending_ns,
            wandb=self._traces.wandb,
            paths=self._traces.paths,
            lines=self._seen,
            complete=course.whole and not course.behind and (course.certain or not job.state.terminal),
            older=course.older if self._series else Older.READ,
            doubt=self._doubt if job.state.live else None,
            trouble=course.trouble,
        )
        same = (  # of what would take long to compare
            before.series is made.series
            and before.diagnosis is made.diagnosis
            and before.trouble is made.trouble
        )
        return before if same and before == made else made

    def _read_metrics(self, now_ns: int) -> None:
        """What the metrics say as of now."""
        if self._fresh_store:
            return
        version = self._store.version
        if version != self._version:
            self._version = version
            self._series = self._store.series()
            begun = self._attempts[-1].start_ns if self._attempts else 0
            self._doubt = doubt(self._series, begun)
        self._progress = self._store.progress(now_ns)

    def settled(self, now: datetime) -> bool:
        """Whether no other diagnosis of this job is to come."""
        if not self.job.state.terminal:
            return False
        return self.course.broken or (self.course.certain and not awaits_error(self.job, now))


def _key(entry: LogEntry) -> EntryKey:
    return entry.key


def _shortened(entry: LogEntry) -> LogEntry:
    if len(entry.text) <= LONGEST:
        return entry
    half = LONGEST // 2
    return replace(entry, text=f"{entry.text[:half]}\n{entry.text[-half:]}", payload=None)
