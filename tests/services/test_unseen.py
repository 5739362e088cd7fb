"""Ends that nobody looked at: kept for each place, once for all sessions, through odd files and outages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.jobs import SUBMITTER_LABEL, Job, JobState
from tui.domain.places import Place
from tui.services.jobwatch import JobsSnapshot, newest_first, snapshot_of
from tui.services.placewatch import PlaceState
from tui.services.unseen import EndsStore, EndWatch

PARENT = "projects/1/locations/europe-west4"
PLACE = Place("kelp-train", "europe-west4")
START = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Clock:
    """The time that the tests say it is."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


async def at_once(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def session(folder: Path, clock: Clock) -> EndWatch:
    """Another session of the same user on this box."""
    return EndWatch(EndsStore(folder, local=False), "ana", clock=clock, offload=at_once)


def job(number: int, state: JobState, ended: datetime | None = None, by: str = "ana") -> Job:
    return Job(
        name=f"{PARENT}/customJobs/{number}",
        display_name=f"job-{number}",
        state=state,
        create_time=START + timedelta(seconds=number),
        end_time=ended,
        labels={SUBMITTER_LABEL: by},
    )


def listed(clock: Clock, jobs: Iterable[Job], trouble: CloudError | None = None) -> JobsSnapshot:
    """The list as it was read now, or could not be."""
    state = PlaceState(PLACE, clock.now, whole=True, trouble=trouble)
    return replace(snapshot_of(newest_first(list(jobs)), (state,)), homes={PARENT: PLACE})


def kept_files(folder: Path) -> list[Path]:
    return list(folder.rglob("*.json"))


def ids(names: Iterable[str]) -> list[str]:
    return [name.rpartition("/")[2] for name in names]


async def test_the_first_look_tells_nothing_and_the_next_start_what_ended_since(
    tmp_path: Path, clock: Clock
) -> None:
    first = session(tmp_path, clock)
    old = job(1, JobState.FAILED, START - timedelta(hours=1))
    await first.take(listed(clock, [old, job(2, JobState.RUNNING), job(3, JobState.RUNNING)]))
    assert first.noticed.unseen == ()
    assert first.noticed.news is None
    clock.pass_(minutes=1)
    await first.take(listed(clock, [old, job(2, JobState.RUNNING), job(3, JobState.QUEUED)]))
    first.close()
    looked = clock.now

    ended = clock.pass_(hours=2)
    clock.pass_(hours=1)
    second = session(tmp_path, clock)
    jobs = [old, job(2, JobState.FAILED, ended), job(3, JobState.SUCCEEDED, ended)]
    assert await second.take(listed(clock, jobs)) == ()
    assert ids(second.noticed.unseen) == ["2", "3"]
    news = second.noticed.news
    assert news is not None
    assert ids(news.names) == ["2", "3"]
    assert [(one.start, one.end) for one in news.stretches] == [(looked, clock.now)]

    await second.see(jobs[1].name)
    assert ids(second.noticed.unseen) == ["3"]
    second.wave_away()
    assert second.noticed.news is None
    second.close()

    third = session(tmp_path, clock)
    await third.take(listed(clock, jobs))
    assert ids(third.noticed.unseen) == ["3"]
    await third.see(*(job.name for job in jobs), "projects/1/locations/x/customJobs/9")
    assert third.noticed.unseen == ()


async def test_a_job_started_here_is_watched_and_its_end_told_once(tmp_path: Path, clock: Clock) -> None:
    here, there = session(tmp_path, clock), session(tmp_path, clock)
    for one in (here, there):
        await one.take(listed(clock, [job(1, JobState.SUCCEEDED, START)]))
    mine = job(2, JobState.QUEUED)
    here.started(mine.name)
    running = listed(clock, [job(1, JobState.SUCCEEDED, START), mine])
    for one in (here, there):
        assert await one.take(running) == ()
    assert ids(here.noticed.watched) == ["2"]
    done = listed(clock, [job(1, JobState.SUCCEEDED, START), job(2, JobState.FAILED, clock.pass_(minutes=1))])
    told = [await one.take(done) for one in (there, here)]
    assert [[(one.job.job_id, one.first) for one in each] for each in told] == [[("2", True)], [("2", False)]]
    assert here.noticed.watched == there.noticed.watched == frozenset()
    assert await here.take(listed(clock, done.jobs)) == ()


async def test_a_job_that_ended_before_the_list_had_it_is_told(tmp_path: Path, clock: Clock) -> None:
    watch = session(tmp_path, clock)
    quick = job(1, JobState.SUCCEEDED, START)
    watch.started(quick.name)
    assert [one.job for one in await watch.take(listed(clock, [quick]))] == [quick]
    assert ids(watch.noticed.unseen) == ["1"]


async def test_watching_is_kept_and_can_be_taken_back(tmp_path: Path, clock: Clock) -> None:
    theirs = job(1, JobState.RUNNING, by="bob")
    first = session(tmp_path, clock)
    await first.take(listed(clock, [theirs]))
    await first.watch(theirs.name, on=True)
    second = session(tmp_path, clock)
    await second.take(listed(clock, [theirs]))
    assert ids(second.noticed.watched) == ["1"]
    await second.watch(theirs.name, on=False)
    done = listed(clock, [job(1, JobState.SUCCEEDED, clock.pass_(minutes=1), by="bob")])
    assert await first.take(done) == ()
    assert await second.take(done) == ()
    assert second.noticed.unseen == ()


async def test_an_outage_is_told_with_what_ended_in_it(tmp_path: Path, clock: Clock) -> None:
    watch = session(tmp_path, clock)
    await watch.take(listed(clock, [job(1, JobState.RUNNING)]))
    before = clock.now
    expired = CloudError("Sign in again", kind=ErrorKind.EXPIRED_CREDENTIALS)
    stale = listed(clock, [job(1, JobState.RUNNING)], expired)
    for _ in range(5):
        clock.pass_(hours=1)
        await watch.take(stale)
    ended = clock.now - timedelta(minutes=30)
    await watch.take(listed(clock, [job(1, JobState.FAILED, ended)]))
    news = watch.noticed.news
    assert news is not None
    assert ids(news.names) == ["1"]
    assert [(one.start, one.end, one.why) for one in news.stretches] == [
        (before, clock.now, "the sign-in had expired")
    ]


async def test_a_kept_or_partial_list_tells_nothing(tmp_path: Path, clock: Clock) -> None:
    watch = session(tmp_path, clock)
    kept = JobsSnapshot((job(1, JobState.RUNNING),), read_at=clock.now, kept=True)
    assert await watch.take(kept) == ()
    partial = PlaceState(PLACE, clock.now, whole=False)
    some = JobsSnapshot(
        (job(1, JobState.FAILED, START),), clock.now, places=(partial,), homes={PARENT: PLACE}
    )
    assert await watch.take(some) == ()
    assert not kept_files(tmp_path)


@pytest.mark.parametrize("odd", [b"", b"[]", b"{}", b"\xff\xfe", b'{"since": 3, "seen": [], "told": 1}'])
async def test_a_damaged_file_counts_as_none(tmp_path: Path, clock: Clock, odd: bytes) -> None:
    first = session(tmp_path, clock)
    jobs = [job(1, JobState.FAILED, START)]
    await first.take(listed(clock, jobs))
    (file,) = kept_files(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(odd)
    second = session(tmp_path, clock)
    await second.take(listed(clock, jobs))
    assert second.noticed.unseen == ()


async def test_without_a_disk_it_holds_for_the_session(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "ends").write_text("no folder")
    watch = session(tmp_path, clock)
    await watch.take(listed(clock, [job(1, JobState.RUNNING)]))
    await watch.watch(job(1, JobState.RUNNING).name, on=True)
    assert ids(watch.noticed.watched) == ["1"]
    done = listed(clock, [job(1, JobState.FAILED, clock.pass_(minutes=1))])
    assert [one.first for one in await watch.take(done)] == [True]
    await watch.see(done.jobs[0].name)
    assert watch.noticed.unseen == ()
    watch.close()


async def test_an_unchanged_list_writes_nothing(tmp_path: Path, clock: Clock) -> None:
    watch = session(tmp_path, clock)
    jobs = (job(1, JobState.SUCCEEDED, START),)
    await watch.take(listed(clock, jobs))
    (file,) = kept_files(tmp_path)
    before = file.stat().st_mtime_ns, file.stat().st_ino
    for _ in range(50):
        clock.pass_(minutes=1)
        await watch.take(listed(clock, jobs))
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == before
