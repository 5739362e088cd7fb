"""What ended unseen, in which order, and the stretches in which nobody could look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tui.domain.diagnosis.model import Cause, Diagnosis
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.insight import JobInsight
from tui.domain.joblist.unseen import (
    MOST_SEEN,
    MOST_WATCHED,
    NEVER,
    Ends,
    Sight,
    ended_at,
    first_ends,
    in_turn,
    is_unseen,
    tallies,
    unread_words,
    with_seen,
    with_told,
    with_watch,
)
from tui.domain.jobs import SUBMITTER_LABEL, Job, JobState

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def job(number: int, state: JobState = JobState.SUCCEEDED, *, ended: int = 0, by: str = "ana") -> Job:
    """Ended so many minutes before NOW."""
    return Job(
        name=f"projects/1/locations/r/customJobs/{number}",
        display_name=f"job-{number}",
        state=state,
        end_time=NOW - timedelta(minutes=ended) if state.terminal else None,
        labels={SUBMITTER_LABEL: by} if by else {},
    )


def test_what_ended_before_the_first_look_is_old() -> None:
    ends = first_ends([job(1, ended=30), job(2, ended=10), job(3, JobState.RUNNING)])
    assert ends.since == NOW - timedelta(minutes=10)
    assert not is_unseen(job(2, ended=10), ends, "ana")
    assert is_unseen(job(4, ended=5), ends, "ana")
    started = job(5, ended=0)
    assert first_ends([job(1, ended=30), started], but=frozenset({started.name})).since < NOW
    assert first_ends([]).since == NEVER


def test_ones_own_jobs_watched_ones_and_those_of_nobody() -> None:
    assert is_unseen(job(1), Ends(), "ana")
    assert is_unseen(job(1, by=""), Ends(), "ana")
    assert not is_unseen(job(1, by="bob"), Ends(), "ana")
    assert is_unseen(job(1, by="bob"), with_watch(Ends(), "1", on=True), "ana")
    assert is_unseen(job(1, by="bob"), with_told(Ends(), "1"), "ana")
    assert not is_unseen(job(1, JobState.RUNNING), Ends(), "ana")
    assert not is_unseen(Job(name="x", display_name="", state=JobState.FAILED), Ends(), "ana")


def test_failed_ones_come_first_then_the_last_ended() -> None:
    jobs = [job(1, ended=1), job(2, JobState.FAILED, ended=9), job(3, JobState.FAILED, ended=3)]
    assert [one.job_id for one in in_turn(jobs)] == ["3", "2", "1"]
    odd = {jobs[0].name: JobInsight(diagnosis=Diagnosis(Cause.MASKED_EXIT, "Odd."))}
    later = job(4, ended=0)
    assert [one.job_id for one in in_turn([later, *jobs], odd)] == ["3", "2", "1", "4"]


def test_a_job_whose_log_was_not_read_is_counted_as_such() -> None:
    failed, expired, cancelled = (
        job(number, state)
        for number, state in ((1, JobState.FAILED), (2, JobState.EXPIRED), (3, JobState.CANCELLED))
    )
    read = {
        job(number).name: JobInsight(diagnosis=Diagnosis(cause, ""))
        for number, cause in ((4, Cause.NONE), (5, Cause.MASKED_EXIT))
    }
    jobs = [failed, expired, cancelled, *(job(number) for number in (4, 5, 6, 7))]
    told = tallies(jobs, {**read, job(7).name: JobInsight(lines=3)})
    assert [(each.state.word, each.count, each.odd) for each in told if each.read] == [
        ("expired", 1, False),
        ("succeeded", 1, True),
        ("cancelled", 1, False),
        ("succeeded", 1, False),
    ]
    assert unread_words(told) == "1 failed and 2 succeeded not read yet"
    assert unread_words(tallies([cancelled], {})) == ""


def test_what_was_seen_stays_seen_in_bounded_space() -> None:
    jobs = [job(number, ended=number) for number in range(MOST_SEEN + 50)]
    ends = with_seen(Ends(), jobs)
    assert len(ends.seen) == MOST_SEEN
    assert not any(is_unseen(one, ends, "ana") for one in jobs)
    assert ends.since == ended_at(jobs[MOST_SEEN])
    for number in range(MOST_WATCHED + 5):
        ends = with_told(with_watch(ends, str(number), on=True), str(number - 1))
    assert len(ends.told) == MOST_WATCHED
    assert ends.watched == (str(MOST_WATCHED + 4),)


def test_a_stretch_without_a_read_is_told_once_with_its_reason() -> None:
    sight = Sight()
    assert sight.note("r", NOW, None) is None
    assert sight.note("r", NOW + timedelta(minutes=1), None) is None
    outage = CloudError("No connection", kind=ErrorKind.UNREACHABLE)
    expired = CloudError("Login", kind=ErrorKind.EXPIRED_CREDENTIALS)
    for trouble in (outage, expired, outage):
        assert sight.note("r", NOW + timedelta(minutes=1), trouble) is None
    found = sight.note("r", NOW + timedelta(hours=3), None)
    assert found is not None
    assert (found.start, found.end) == (NOW + timedelta(minutes=1), NOW + timedelta(hours=3))
    assert found.why == "the sign-in had expired"
    assert sight.note("r", NOW + timedelta(hours=3, minutes=1), None) is None


def test_short_trouble_is_not_told_and_a_sleeping_box_is() -> None:
    sight = Sight()
    sight.note("r", NOW, None)
    sight.note("r", NOW, CloudError("No connection"))
    assert sight.note("r", NOW + timedelta(minutes=4), None) is None
    found = sight.note("r", NOW + timedelta(hours=8), None)
    assert found is not None
    assert "slept" in found.why
    assert sight.note("other", NOW, None) is None
