"""However little is read, the known jobs end up as the service has them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from tui.domain.joblist import known as known_jobs
from tui.domain.joblist.known import Extent, KnownJobs, Read, merged
from tui.domain.jobs import Job, JobError, JobState

BEGIN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PAGE = 5
STATES = (JobState.QUEUED, JobState.PENDING, JobState.RUNNING, JobState.SUCCEEDED, JobState.CANCELLED)


def a_job(number: int, created: datetime, state: JobState = JobState.RUNNING) -> Job:
    name = f"projects/1/locations/r/customJobs/{number}"
    return Job(
        name, f"job {number}", state, create_time=created, raw={"name": name, "jobSpec": {"n": number}}
    )


class Service:
    """What `ListCustomJobs` and `GetCustomJob` answer, in pages, newest first."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.calls = 0

    def read(self, known: KnownJobs, now: datetime) -> None:
        read = known.next_read(now)
        pages = self.pages(read)
        self.calls += len(pages)
        seen: set[str] = set()
        for page in pages:
            seen |= {job.name for job in page}
            for name in known.take(page, brief=read.brief):
                known.put(self.jobs[name])
        for name in [*read.names, *known.done(read, seen, len(pages), now)]:
            self.calls += 1
            if name in self.jobs:
                known.put(self.jobs[name])
            else:
                known.drop(name)

    def pages(self, read: Read) -> list[list[Job]]:
        found = sorted(self.jobs.values(), key=lambda job: job.create_time or BEGIN, reverse=True)
        by_state = read.extent is Extent.LIVE
        found = [
            job
            for job in found
            if read.since is None or (job.create_time or BEGIN) >= read.since or (by_state and job.state.live)
        ]
        shown = [replace(job, raw={"name": job.name}, pools=()) if read.brief else job for job in found]
        return [shown[start : start + PAGE] for start in range(0, len(shown), PAGE)] or [[]]


change = st.tuples(st.sampled_from(["create", "step", "delete", "wait", "read"]), st.integers(0, 50))


@given(st.lists(change, max_size=80), st.sampled_from([1, 2, known_jobs.FEW_CALLS]))
def test_the_list_becomes_what_the_service_has(changes: list[tuple[str, int]], few_calls: int) -> None:
    with mock.patch.multiple(known_jobs, PAGE=PAGE, FEW_CALLS=few_calls):
        becomes_what_the_service_has(changes)


def becomes_what_the_service_has(changes: list[tuple[str, int]]) -> None:
    service, known, now, number = Service(), KnownJobs(), BEGIN, 0
    for what, pick in changes:
        now += timedelta(seconds=1)
        names = sorted(service.jobs)
        if what == "create":
            number += 1
            job = a_job(number, now, JobState.QUEUED)
            service.jobs[job.name] = job
        elif what == "step" and names:
            job = service.jobs[names[pick % len(names)]]
            if job.state.live:
                state = STATES[min(STATES.index(job.state) + 1, 3)]
                service.jobs[job.name] = replace(job, state=state, update_time=now)
        elif what == "delete" and names:
            del service.jobs[names[pick % len(names)]]
        elif what == "wait":
            now += timedelta(seconds=pick)
        else:
            service.read(known, now)
    swept = known.next_read(now + timedelta(seconds=1)).since is None
    for _ in range(20):  # enough for every job that awaits its error to have its turn
        now += timedelta(seconds=1)
        service.read(known, now)
    states = {name: job.state for name, job in service.jobs.items()}
    if known.whole and not swept:
        assert {job.name: job.state for job in known.jobs if job.name in states} == states
    now += timedelta(seconds=1)
    known.sweep()
    service.read(known, now)
    assert {job.name: (job.state, job.raw["jobSpec"]["n"]) for job in known.jobs} == {
        job.name: (job.state, job.raw["jobSpec"]["n"]) for job in service.jobs.values()
    }


def test_live_jobs_and_new_ones_are_seen_without_reading_everything() -> None:
    service, known = Service(), KnownJobs()
    old = [a_job(number, BEGIN + timedelta(minutes=number), JobState.SUCCEEDED) for number in range(20)]
    live = a_job(100, BEGIN + timedelta(hours=1))
    service.jobs = {job.name: job for job in [*old, live]}
    now = BEGIN + timedelta(hours=2)
    assert known.next_read(now).extent is Extent.WHOLE
    service.read(known, now)
    service.calls = 0
    service.jobs[live.name] = replace(live, state=JobState.SUCCEEDED)
    new = a_job(101, now, JobState.QUEUED)
    service.jobs[new.name] = new
    assert known.next_read(now).extent is Extent.RECENT
    service.read(known, now + timedelta(seconds=2))
    assert service.calls == 1
    states = {job.display_name: job.state for job in known.jobs}
    assert states["job 100"] is JobState.SUCCEEDED
    assert states["job 101"] is JobState.QUEUED
    assert known.next_read(now + timedelta(seconds=4)).since == new.create_time
    assert known.next_read(now + timedelta(hours=1)).extent is Extent.ALL


def test_a_refused_filter_means_reading_everything() -> None:
    service, known = Service(), KnownJobs()
    job = a_job(1, BEGIN)
    service.jobs[job.name] = job
    service.read(known, BEGIN + timedelta(seconds=1))
    known.filter_refused(known.next_read(BEGIN + timedelta(seconds=2)))
    assert known.next_read(BEGIN + timedelta(seconds=2)).filter == ""


def test_the_filter_names_the_time_in_utc() -> None:
    moment = datetime.fromisoformat("2026-11-22T13:00:00.25+01:00")
    assert Read(Extent.RECENT, moment).filter == 'create_time>="2026-11-22T12:00:00.250000Z"'


def test_a_brief_record_changes_a_known_job_and_keeps_its_spec() -> None:
    job = a_job(1, BEGIN)
    brief = replace(job, state=JobState.FAILED, raw={"state": "JOB_STATE_FAILED"})
    for _ in range(3):
        job = merged(job, brief)
    assert job.state is JobState.FAILED
    assert (job.raw["state"], job.raw["jobSpec"]) == ("JOB_STATE_FAILED", {"n": 1})
    assert merged(job, brief) is job


def test_an_old_job_that_still_runs_is_read_by_its_name() -> None:
    service, known = Service(), KnownJobs()
    old = a_job(0, BEGIN)
    ended = [
        a_job(number, BEGIN + timedelta(minutes=number), JobState.SUCCEEDED) for number in range(1, 2_000)
    ]
    service.jobs = {job.name: job for job in [old, *ended]}
    now = BEGIN + timedelta(days=3)
    service.read(known, now)
    service.calls = 0
    service.jobs[old.name] = replace(old, state=JobState.FAILED)
    service.read(known, now + timedelta(seconds=2))
    assert service.calls <= 2
    assert {job.name: job.state for job in known.jobs}[old.name] is JobState.FAILED


def test_many_records_that_go_at_once_are_gone_after_two_reads() -> None:
    service, known = Service(), KnownJobs()
    jobs = [a_job(number, BEGIN + timedelta(minutes=number), JobState.SUCCEEDED) for number in range(300)]
    service.jobs = {job.name: job for job in jobs}
    now = BEGIN + timedelta(days=1)
    service.read(known, now)
    for job in jobs[:60]:
        del service.jobs[job.name]
    known.sweep()
    service.read(known, now + timedelta(seconds=1))
    assert len(known.jobs) == 300
    service.read(known, now + timedelta(seconds=3))
    assert len(known.jobs) == 240


def test_what_was_known_before_stays_until_all_was_read() -> None:
    service = Service()
    kept = [a_job(number, BEGIN + timedelta(minutes=number), JobState.SUCCEEDED) for number in range(3)]
    known = KnownJobs(kept)
    service.jobs = {job.name: job for job in kept[1:]}
    assert len(known.jobs) == 3
    assert not known.whole
    service.read(known, BEGIN + timedelta(days=1))
    assert len(known.jobs) == 2


def test_many_live_jobs_among_many_are_read_by_their_states() -> None:
    service, known = Service(), KnownJobs()
    jobs = [
        a_job(
            number,
            BEGIN + timedelta(minutes=number),
            JobState.SUCCEEDED if number % 50 else JobState.RUNNING,
        )
        for number in range(2_000)
    ]
    service.jobs = {job.name: job for job in jobs}
    now = BEGIN + timedelta(days=3)
    service.read(known, now)
    read = known.next_read(now + timedelta(seconds=2))
    assert read.extent is Extent.LIVE
    assert read.filter.startswith('create_time>="2026-11-23T21:19:00.000000Z" OR state="JOB_STATE_')
    assert 'state="JOB_STATE_RUNNING"' in read.filter
    assert "SUCCEEDED" not in read.filter
    service.calls = 0
    ended = replace(jobs[100], state=JobState.FAILED, end_time=now, error=None)
    service.jobs[ended.name] = ended
    del service.jobs[jobs[150].name]
    service.read(known, now + timedelta(seconds=2))
    pages = 40 // PAGE + 1
    assert service.calls <= pages + 2
    assert {job.name: job.state for job in known.jobs}[ended.name] is JobState.FAILED
    assert jobs[150].name not in {job.name for job in known.jobs}
    # Its error comes later, and is asked for by name.
    service.jobs[ended.name] = replace(ended, error=JobError(3, "exit 3"))
    assert known.next_read(now + timedelta(seconds=4)).names == (ended.name,)
    service.read(known, now + timedelta(seconds=4))
    assert known.next_read(now + timedelta(seconds=6)).names == ()


def test_a_refused_filter_by_states_leaves_that_by_time() -> None:
    service, known = Service(), KnownJobs()
    live = [a_job(number, BEGIN + timedelta(minutes=number)) for number in range(0, 3_000, 100)]
    ended = [
        a_job(number, BEGIN + timedelta(minutes=number), JobState.SUCCEEDED)
        for number in range(3_000)
        if number % 100
    ]
    service.jobs = {job.name: job for job in [*live, *ended]}
    now = BEGIN + timedelta(days=3)
    service.read(known, now)
    read = known.next_read(now)
    assert read.extent is Extent.LIVE
    known.filter_refused(read)
    assert known.next_read(now).extent is Extent.RECENT
