"""What is kept of one job's log is bounded, in whatever order it comes."""

from __future__ import annotations

import random

from tests.services.insight_world import BEGIN, FAILURE, TRACEBACK, job
from tui.domain.diagnosis.model import Cause
from tui.domain.insight import Older
from tui.domain.jobs import JobState
from tui.domain.logs import LogEntry
from tui.domain.metrics.doubts import Doubt
from tui.services.insight_gathered import LONGEST, MOST_KEYS, MOST_LINES, MOST_SERVICE, Gathered

END_NS = int(BEGIN.timestamp()) * 10**9


def entry(number: int, text: str, replica: str = "workerpool0-0") -> LogEntry:
    return LogEntry(END_NS + number, f"i{number}", "log", 500, text, replica)


def diagnosed(gathered: Gathered) -> Cause:
    gathered.diagnose(gathered.job, BEGIN, certain=True)
    told = gathered.told(gathered.job, BEGIN, gathered.course)
    assert told.diagnosis is not None
    return told.diagnosis.cause


def test_a_long_log_keeps_its_end_in_whatever_order_it_comes() -> None:
    texts = [f"line {number}" for number in range(30_000)] + [*TRACEBACK]
    entries = [entry(number, text) for number, text in enumerate(texts)]
    entries.append(entry(40_000, FAILURE.format("workerpool0-0"), "service"))
    random.Random(5).shuffle(entries)  # noqa: S311 (a test's)
    gathered = Gathered(job(1, JobState.FAILED, ended=0))
    for start in range(0, len(entries), 500):
        gathered.take(entries[start : start + 500])
    assert gathered.lines_of("workerpool0-0") <= 2 * MOST_LINES
    assert len(gathered._keys) <= MOST_KEYS
    assert diagnosed(gathered) is Cause.TRACEBACK
    assert gathered.told(gathered.job, BEGIN, gathered.course).lines == len(entries)


def test_huge_lines_and_many_replicas_are_cut() -> None:
    gathered = Gathered(job(1, JobState.FAILED, ended=0))
    for number in range(2000):
        gathered.take([entry(number, "x" * 256_000 + "\nKeyError: 'end'", f"workerpool1-{number % 400}")])
    kept = [each for entries in gathered._lines.values() for each in entries]
    assert all(len(each.text) <= LONGEST + 1 for each in kept)
    assert sum(len(each.text) for each in kept) < 17_000_000
    assert kept[0].text.endswith("KeyError: 'end'")
    gathered.take([entry(number, "said", "service") for number in range(10 * MOST_SERVICE)])
    assert len(gathered.service_messages) == MOST_SERVICE


def test_forgotten_lines_leave_what_they_said() -> None:
    gathered = Gathered(job(1, JobState.FAILED, ended=0))
    lines = [entry(number, text) for number, text in enumerate(("{'loss': 1.5, 'epoch': 1}", *TRACEBACK))]
    gathered.take([*lines, entry(99, FAILURE.format("workerpool0-0"), "service")])
    assert diagnosed(gathered) is Cause.TRACEBACK
    before = gathered.insight = gathered.told(gathered.job, BEGIN, gathered.course)
    gathered.release()
    assert gathered.told(gathered.job, BEGIN, gathered.course) is before
    gathered.drop_points()
    after = gathered.told(gathered.job, BEGIN, gathered.course)
    assert after.diagnosis is before.diagnosis
    assert after.progress == before.progress
    assert not after.series
    # Read once more, nothing is counted twice.
    gathered.begin_again()
    gathered.take(lines)
    again = gathered.told(gathered.job, BEGIN, gathered.course)
    assert again.lines == before.lines == len(lines) + 1
    assert again.series


def test_a_loss_that_stays_nan_is_a_doubt_of_a_live_job_until_it_recovers_or_begins_anew() -> None:
    gathered = Gathered(job(1, JobState.RUNNING))

    def after(start: int, *texts: str, replica: str = "workerpool0-0") -> Doubt | None:
        gathered.take([entry(start + at, text, replica) for at, text in enumerate(texts)])
        gathered.insight = gathered.told(gathered.job, BEGIN, gathered.course)
        return gathered.insight.doubt

    assert after(0, "step 1 loss 2.5", "step 2 loss nan", "step 3 loss nan") is None
    found = after(10, "step 4 loss nan")
    assert found is not None
    assert (found.short, found.since.step) == ("loss is NaN", 2)
    assert gathered.told(gathered.job, BEGIN, gathered.course) is gathered.insight
    assert gathered.told(job(1, JobState.FAILED, ended=0), BEGIN, gathered.course).doubt is None
    assert after(20, "step 5 loss 1.5") is None
    assert after(30, *(f"step {6 + at} loss nan" for at in range(4))) is not None
    again = ("Job is preparing.", "Job is running.")
    assert after(40, *again, replica="service") is not None
    assert after(50, *again, replica="service") is None, "another attempt"


def test_it_is_told_whether_older_metrics_were_read() -> None:
    gathered = Gathered(job(1, JobState.SUCCEEDED, ended=0))

    def older() -> Older:
        return gathered.told(gathered.job, BEGIN, gathered.course).older

    assert older() is Older.READ, "there is nothing of which the beginning could be missing"
    gathered.take([entry(0, "step 4000 loss 0.5")])
    assert older() is Older.UNREAD
    gathered.course.history_cut = True
    assert older() is Older.LEFT_OUT
    gathered.course.history_done = True
    assert older() is Older.READ
