"""A job is started exactly once, whatever becomes of the replies."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest

from tests.support import wait_for
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.jobs import OWN_LABEL, Job, JobPage, job_from_json
from tui.domain.target import Target
from tui.services.submission import (
    KEPT_RECORDS,
    SETTLE_SECONDS,
    NotFound,
    NotRecordedError,
    Record,
    SubmissionStore,
    Submitted,
    Submitter,
)

TARGET = Target("my-project", "europe-west4")
LOST = CloudError("No answer", kind=ErrorKind.TIMEOUT, ambiguous=True)
SECRET = "hf_" + "aB3" * 12
REQUEST = {"displayName": "n", "jobSpec": {"env": SECRET}}


class FakeClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


class FakeJobs:
    """A service that may lose replies before or after the effect took place, and shows jobs late."""

    def __init__(self, clock: FakeClock, *, seed: int = 0) -> None:
        self.clock = clock
        self.random = Random(seed)  # noqa: S311
        self.jobs: list[tuple[float, Job]] = []
        self.created = 0
        self.lose_reply = 0.0
        self.lose_request = 0.0
        self.visible_after = 0.0
        self.list_fails = 0.0
        self.filter_works = True
        self.refusal: CloudError | None = None
        self.hangs = False
        self.on_create: Callable[[], object] = lambda: None

    async def create_job(self, custom_job: Mapping[str, Any]) -> Job:
        self.on_create()
        if self.refusal is not None:
            raise self.refusal
        if self.random.random() < self.lose_request:
            raise LOST
        self.created += 1
        name = f"projects/1/locations/europe-west4/customJobs/{self.created}"
        job = job_from_json({**custom_job, "name": name, "state": "JOB_STATE_QUEUED"})
        self.jobs.append((self.clock.now + self.visible_after, job))
        if self.hangs:
            await asyncio.Event().wait()
        if self.random.random() < self.lose_reply:
            raise LOST
        return job

    async def list_jobs(
        self,
        *,
        page_size: int = 100,
        page_token: str = "",
        filter_: str = "",
        brief: bool = False,  # noqa: ARG002 (the interface)
    ) -> JobPage:
        assert page_size
        if self.random.random() < self.list_fails:
            raise CloudError("Unreachable", kind=ErrorKind.UNREACHABLE, retryable=True)
        label = filter_.partition("=")[2]
        assert filter_ in ("", f"labels.{OWN_LABEL}={label}")
        shown = [
            job
            for when, job in self.jobs
            if when <= self.clock.now
            and (not filter_ or (self.filter_works and job.labels[OWN_LABEL] == label))
        ]
        if not page_token and shown:
            return JobPage((), "second")
        return JobPage(tuple(shown))


class World:
    """A submitter with all that it depends on."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.jobs = FakeJobs(self.clock)
        self.store = SubmissionStore(folder)
        self.submitter = Submitter(self.jobs, TARGET, self.store, clock=self.clock, sleep=self.clock.sleep)

    async def submit(self) -> Submitted | NotFound:
        return await self.submitter.submit(REQUEST, self.submitter.new_record("n", "job.yaml"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_the_record_is_on_disk_before_anything_is_sent_and_holds_no_secret(
    world: World, tmp_path: Path
) -> None:
    seen: list[Record] = []
    world.jobs.on_create = lambda: seen.extend(world.store.pending_submissions())
    outcome = await world.submit()
    assert isinstance(outcome, Submitted)
    (record,) = seen
    assert (record.project, record.region, record.file, record.job_name) == (
        "my-project",
        "europe-west4",
        "job.yaml",
        "",
    )
    assert outcome.job.labels == {OWN_LABEL: record.label}
    assert world.store.pending_submissions() == []
    last = world.store.last_for("job.yaml")
    assert last is not None
    assert last.job_name == outcome.job.name
    (file,) = (tmp_path / "submissions").iterdir()
    assert SECRET not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_lost_reply_is_answered_by_looking_never_by_sending_again(world: World) -> None:
    world.jobs.lose_reply, world.jobs.visible_after, world.jobs.list_fails = 1, 40, 0.3
    doubts: list[bool] = []
    outcome = await world.submitter.submit(
        REQUEST, world.submitter.new_record("n", ""), on_doubt=lambda: doubts.append(True)
    )
    assert isinstance(outcome, Submitted)
    assert (world.jobs.created, doubts) == (1, [True])
    assert 40 <= world.clock.now <= SETTLE_SECONDS


async def test_a_job_that_never_arrived_is_said_after_a_minute(world: World) -> None:
    world.jobs.lose_request = 1
    outcome = await world.submit()
    assert isinstance(outcome, NotFound)
    assert outcome.settled
    assert world.clock.now == SETTLE_SECONDS
    assert world.jobs.created == 0
    assert [record.label for record in world.store.pending_submissions()] == [outcome.record.label]


async def test_absence_is_not_claimed_on_the_word_of_a_filter(world: World) -> None:
    world.jobs.lose_reply, world.jobs.filter_works = 1, False
    outcome = await world.submit()
    assert isinstance(outcome, Submitted)
    assert world.store.pending_submissions() == []


async def test_a_label_cannot_be_read_as_a_number(world: World) -> None:
    label = world.submitter.new_record("n", "").label
    assert label[0].isalpha()
    assert len(label) == 16


async def test_what_may_still_be_on_its_way_is_waited_for(world: World) -> None:
    world.store.write(world.submitter.new_record("n", ""))
    (outcome,) = await world.submitter.check_pending()
    assert isinstance(outcome, NotFound)
    assert world.clock.now > 1.9 * SETTLE_SECONDS


async def test_what_somebody_waits_for_is_left_to_them(world: World) -> None:
    """A task of this process sends one, and another process that lives sent another one."""
    world.jobs.hangs = True
    sending = asyncio.create_task(world.submit())
    await wait_for(lambda: world.jobs.created)
    parent = psutil.Process(os.getppid())
    sibling = world.submitter.new_record("sibling", "")
    world.store.write(replace(sibling, pid=parent.pid, process_started=parent.create_time()))
    assert await world.submitter.check_pending() == []
    sending.cancel()
    await asyncio.wait([sending])
    (mine,) = world.store.abandoned(TARGET)
    assert mine.label != sibling.label


async def test_without_a_list_nothing_is_claimed(world: World) -> None:
    world.jobs.lose_reply = world.jobs.list_fails = 1
    outcome = await world.submit()
    assert isinstance(outcome, NotFound)
    assert not outcome.settled
    assert outcome.trouble is not None


async def test_a_refusal_is_raised_and_leaves_nothing_behind(world: World) -> None:
    world.jobs.refusal = CloudError("No", kind=ErrorKind.INVALID)
    with pytest.raises(CloudError, match="No"):
        await world.submit()
    assert world.store.pending_submissions() == []


async def test_a_refusal_is_told_even_where_its_note_cannot_be_removed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_path: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "unlink", fail)
    world.jobs.refusal = CloudError("No", kind=ErrorKind.INVALID)
    with pytest.raises(CloudError, match="No"):
        await world.submit()


async def test_nothing_is_sent_when_the_record_cannot_be_written(world: World, tmp_path: Path) -> None:
    (tmp_path / "submissions").write_text("in the way")
    with pytest.raises(NotRecordedError):
        await world.submit()
    assert world.jobs.created == 0


async def test_the_next_start_finds_out(world: World, tmp_path: Path) -> None:
    """The process ends in the middle of sending, as by a kill."""
    world.jobs.hangs = True
    sending = asyncio.create_task(world.submit())
    await wait_for(lambda: world.jobs.created)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    elsewhere = replace(world.submitter.new_record("x", ""), project="other")
    world.store.write(elsewhere)
    (tmp_path / "submissions" / "broken.json").write_text("{")
    (tmp_path / "submissions" / "odd.json").write_text(json.dumps({"label": "odd"}))
    again = Submitter(
        world.jobs, TARGET, SubmissionStore(tmp_path), clock=world.clock, sleep=world.clock.sleep
    )
    (outcome,) = await again.check_pending()
    assert isinstance(outcome, Submitted)
    assert world.store.pending_submissions() == [elsewhere]
    assert await again.check_pending() == []
    assert world.jobs.created == 1


async def test_many_submissions_with_lost_replies_make_exactly_as_many_jobs(world: World) -> None:
    world.jobs.lose_reply, world.jobs.visible_after, world.jobs.list_fails = 0.5, 20, 0.2
    outcomes = [await world.submit() for _ in range(300)]
    assert all(isinstance(outcome, Submitted) for outcome in outcomes)
    names = {outcome.job.name for outcome in outcomes if isinstance(outcome, Submitted)}
    assert len(names) == world.jobs.created == 300


async def test_the_last_place_of_each_file_is_remembered_beyond_the_newest(world: World) -> None:
    for file in ("old.yaml", *["new.yaml"] * (2 * KEPT_RECORDS + 1)):
        record = replace(world.submitter.new_record("n", file), job_name="projects/1")
        world.store.write(record)
    world.store.prune()
    assert world.store.last_for("old.yaml") is not None
    assert world.store.last_for("old.yaml", local=True) is None
    assert world.store.last_for("") is None
    assert len(list(world.store._all())) <= KEPT_RECORDS + 2


async def test_starts_of_a_file_are_counted(world: World) -> None:
    assert world.store.next_number("job.yaml") == 1
    world.store.write(world.submitter.new_record("n", "job.yaml", 4))
    assert world.store.next_number("job.yaml") == 5
    assert world.store.next_number("other.yaml") == 1


async def test_it_is_told_how_long_an_earlier_start_is_looked_for(world: World) -> None:
    world.store.write(world.submitter.new_record("n", ""))
    waits: list[tuple[str, float]] = []
    await world.submitter.check_pending(lambda record, seconds: waits.append((record.display_name, seconds)))
    ((name, seconds),) = waits
    assert name == "n"
    assert 1.9 * SETTLE_SECONDS < seconds <= 2 * SETTLE_SECONDS


async def test_several_doubtful_starts_are_looked_for_at_once(world: World) -> None:
    for number in range(5):
        world.store.write(world.submitter.new_record(str(number), ""))
    outcomes = await world.submitter.check_pending()
    assert len(outcomes) == 5
    assert all(isinstance(outcome, NotFound) and outcome.settled for outcome in outcomes)
