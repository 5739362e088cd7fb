"""Several places in one list: what fails in one leaves the others alone, and the list says which one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

from textual.pilot import Pilot

from tests.panes.jobs_world import DetailApp
from tests.services.insight_world import InstantLoop, live, now
from tests.services.polling_world import HOUR, MINUTE, Fault, Region, Watched, seeded
from tests.support import settle
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.places import Place
from tui.services.jobwatch import JobsSnapshot

NAMES = ("europe-west4", "us-central1", "us-east1", "asia-east1", "me-west1")
LOST = NAMES[-1]


def regions(*faults: Fault, jobs: int = 40) -> list[Region]:
    """Five, of which the last one has the faults."""
    chance = seeded(7)
    return [
        Region(Place("kelp-train", name), chance, list(faults) if name == LOST else [], jobs=jobs, an_hour=8)
        for name in NAMES
    ]


async def _lists(found: list[Region], *moments: float) -> list[JobsSnapshot]:
    """What the list is at these seconds of the story."""
    watched = Watched(found, seeded(7))
    running = asyncio.create_task(watched.watch.run())
    lists = []
    for moment in moments:
        await asyncio.sleep(moment - asyncio.get_running_loop().time())
        watched.check(patience=MINUTE)
        lists.append(watched.latest)
    running.cancel()
    await asyncio.wait([running])
    return lists


@live
async def test_permission_lost_in_one_of_five_regions() -> None:
    found = regions(Fault(HOUR / 2, 2 * HOUR, ErrorKind.DENIED))
    before, during, after = await _lists(found, HOUR / 2 - 1, 1.5 * HOUR, 2 * HOUR + 4 * MINUTE)
    assert not before.failing
    assert before.whole
    (failing,) = during.failing
    assert failing.place.region == LOST
    assert failing.trouble is during.trouble
    assert during.trouble is not None
    assert during.trouble.kind is ErrorKind.DENIED
    assert during.next_try == failing.next_try
    # Its jobs stay as they were known; those of the others go on.
    assert {job.name for job in during.jobs if job.region == LOST} == {
        job.name for job in before.jobs if job.region == LOST
    }
    assert failing.read_at is not None
    assert failing.read_at <= now() - timedelta(hours=1.5)
    fresh = [state for state in during.places if state.place.region != LOST]
    assert all(state.trouble is None and state.read_at is not None for state in fresh)
    assert all(state.read_at > failing.read_at + timedelta(minutes=59) for state in fresh if state.read_at)
    assert during.read_at == failing.read_at, "the whole list is as old as its oldest part"
    assert not after.failing
    assert after.trouble is None
    # And it asked seldom meanwhile.
    lost = found[-1]
    assert sum(lost.calls[minute] for minute in range(40, 120)) < 120


@live
async def test_a_region_without_permission_from_the_start_keeps_nobody_waiting() -> None:
    (early,) = await _lists(regions(Fault(0, HOUR, ErrorKind.DENIED)), 10)
    assert [state.place.region for state in early.failing] == [LOST]
    assert {job.region for job in early.jobs} == set(NAMES) - {LOST}
    assert all(state.whole for state in early.places if state.place.region != LOST)
    assert not early.whole


@live
async def test_late_answers_of_one_place_do_not_hold_up_another() -> None:
    found = regions(Fault(0, HOUR, None))
    (during,) = await _lists(found, 30 * MINUTE)
    read = {state.place.region: state.read_at for state in during.places}
    at = max(moment for moment in read.values() if moment is not None)
    assert all(
        moment is not None and at - moment < timedelta(seconds=35)
        for region, moment in read.items()
        if region != LOST
    )


@live
async def test_all_places_share_one_budget_and_each_project_its_number() -> None:
    found = regions(jobs=1_000)
    (early,) = await _lists(found, 2 * MINUTE)
    assert early.whole
    assert len(early.jobs) >= 5_000
    for region in found:
        assert early.homes[f"projects/1/locations/{region.place.region}"] == region.place
        assert max(region.calls[minute] for minute in range(2)) <= 600


async def test_the_list_names_the_place_that_fails(tmp_path: Path) -> None:
    lists: list[JobsSnapshot] = []

    async def story() -> None:
        lists.extend(await _lists(regions(Fault(HOUR / 6, HOUR, ErrorKind.DENIED)), HOUR / 6 - 1, HOUR / 2))

    def tell() -> None:
        with asyncio.Runner(loop_factory=InstantLoop) as runner:
            runner.run(story())

    await asyncio.to_thread(tell)
    app = DetailApp(tmp_path)
    async with app.run_test(size=(120, 30)) as running:
        pilot = cast("Pilot[object]", running)
        app.pane.jobs = lists[0]
        await settle(pilot, lambda: app.table.row_count > 100)
        assert not str(app.table.border_subtitle)
        app.pane.jobs = lists[1]
        await settle(pilot, lambda: LOST in str(app.table.border_subtitle))
        told = str(app.table.border_subtitle)
        assert told.startswith(f"✗ permission denied: {LOST}")
        assert "as of" in told
        assert "next try" in told
        assert len(lists[1].jobs) == app.table.row_count
        # Two places that fail, each for its reason.
        down = CloudError("No answer", kind=ErrorKind.UNREACHABLE)
        places = tuple(
            replace(state, trouble=down) if state.place.region == NAMES[0] else state
            for state in lists[1].places
        )
        app.pane.jobs = JobsSnapshot(lists[1].jobs, lists[1].read_at, down, places=places)
        await settle(pilot, lambda: f"No answer: {NAMES[0]}" in str(app.table.border_subtitle))
        assert f"permission denied: {LOST}" in str(app.table.border_subtitle)
