"""All who follow logs of a project share one tail and one re-query, through whatever trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from unittest.mock import patch

from tests.services.follow.world import Follows, Service, World, job, live, now, settled
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.insight import JobInsight
from tui.domain.logs import MOST_FILTER, TailBatch, fitting, job_filter, jobs_filter
from tui.services.follow.hub import TOO_MANY
from tui.services.follow.state import FollowTiming, Phase
from tui.services.insights import JobInsights

TIMING = FollowTiming()


def clock() -> float:
    return asyncio.get_running_loop().time()


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def five(world: World) -> list[Follows]:
    return [await world.follow(number) for number in range(1, 6)]


@live
async def test_five_tabs_make_one_session_and_two_reads_a_minute_whatever_they_print() -> None:
    async with World(service := Service()) as world:
        printing = world.prints(range(1, 6), 5.0)
        followed = await five(world)
        await settled(lambda: all(each.phase is Phase.LIVE for each in followed), 10)
        assert len(service.sessions) == 1
        assert sum(f'"{number}"' in service.sessions[0].filter for number in range(1, 6)) == 5
        assert len(service.reads) == 6  # a first page of each, and what came until the tail
        begin = clock() + 1
        await asyncio.sleep(600)
        await stop(printing)
        assert all(service.reads_between(at, at + 60) <= 2 for at in range(int(begin), int(begin) + 540))
        assert service.reads_between(begin, begin + 600) >= 18
        await asyncio.sleep(1)
        for number, each in enumerate(followed, 1):
            assert each.keys == service.keys(number)
            assert each.phase is Phase.LIVE
        status = followed[0].statuses[-1]
        assert status.lag is not None
        assert 0 <= status.lag < 1
        assert status.reads.made <= 2


@live
async def test_quiet_jobs_are_read_again_whole_and_twice_a_minute() -> None:
    async with World(service := Service()) as world:
        service.print(1, at=-300)
        followed = await five(world)
        await settled(lambda: all(each.phase is Phase.LIVE for each in followed), 10)
        begin = clock()
        service.print(2, tail=False)
        await asyncio.sleep(301)
        assert service.reads_between(begin, begin + 300) <= 10
        assert followed[1].keys == service.keys(2)
        assert followed[0].statuses[-1].lag is None, "nothing has come for a while"


@live
async def test_a_job_more_replaces_the_session_without_a_gap() -> None:
    async with World(service := Service()) as world:
        printing = world.prints((1, 2), 20.0)
        first = await world.follow(1)
        await settled(lambda: first.phase is Phase.LIVE, 10)
        reads = len(service.reads)
        second = await world.follow(2)
        await settled(lambda: second.phase is Phase.LIVE, 10)
        await asyncio.sleep(20)
        old, new = service.sessions
        assert old.closed is not None
        assert new.opened < old.closed
        assert first.phase is Phase.LIVE
        assert Phase.POLLING not in {each.phase for each in first.statuses}
        assert len(service.reads) - reads <= 3
        async with world.following(3):
            await asyncio.sleep(5)
            assert '"3"' in service.open[0].filter
        await asyncio.sleep(10)
        assert '"3"' not in service.open[0].filter
        await stop(printing)
        await asyncio.sleep(1)
        assert (first.keys, second.keys) == (service.keys(1), service.keys(2))
        assert max(first.at[entry.key] for entry, _ in service.stored if entry.job_id == "1") < clock()


@live
async def test_refused_sessions_are_tried_again_ever_more_rarely_while_the_logs_are_polled() -> None:
    async with World(service := Service(sessions=0)) as world:
        printing = world.prints(range(1, 6), 1.0)
        followed = await five(world)
        await settled(lambda: all(each.phase is Phase.POLLING for each in followed), 20)
        assert followed[0].statuses[-1].error is not None
        await asyncio.sleep(700)
        rests = [later - earlier for earlier, later in zip(service.tries, service.tries[1:], strict=False)]
        assert 7 <= rests[0] <= 16
        assert 59 <= rests[-1] <= 122
        assert service.reads_between(100, 160) <= 13, "one list for all of them every five seconds"
        service.room = 10
        await settled(lambda: all(each.phase is Phase.LIVE for each in followed), 130)
        await stop(printing)
        await asyncio.sleep(1)
        for number, each in enumerate(followed, 1):
            assert each.keys == service.keys(number)


@live
async def test_where_there_is_no_room_for_a_second_session_the_first_makes_it() -> None:
    async with World(service := Service(sessions=1)) as world:
        printing = world.prints((1, 2), 5.0)
        first = await world.follow(1)
        await settled(lambda: first.phase is Phase.LIVE, 10)
        second = await world.follow(2)
        await settled(lambda: second.phase is Phase.LIVE, 10)
        await settled(lambda: first.phase is Phase.LIVE, 10)
        await stop(printing)
        await asyncio.sleep(1)
        assert (first.keys, second.keys) == (service.keys(1), service.keys(2))


@live
async def test_sessions_end_at_their_longest_duration_and_streams_break_and_nothing_is_missed() -> None:
    async with World(service := Service(longest=120.0)) as world:
        printing = world.prints((1,), 10.0)
        one = await world.follow(1)
        await asyncio.sleep(400)
        assert [each.closed is not None for each in service.sessions] == [True, True, True, False]
        for number in range(4):
            service.break_tails(CloudError("Broken", kind=ErrorKind.UNREACHABLE))
            service.print(1, f"between {number}", tail=False)
            await asyncio.sleep(20)
        await settled(lambda: one.phase is Phase.LIVE, 60)
        await stop(printing)
        await asyncio.sleep(1)
        assert one.keys == service.keys(1)
        assert Phase.TROUBLE not in {each.phase for each in one.statuses}


@live
async def test_what_is_suppressed_is_looked_for() -> None:
    async with World(service := Service()) as world:
        printing = world.prints((1,), 20.0)
        one = await world.follow(1)
        await settled(lambda: one.phase is Phase.LIVE, 10)
        await asyncio.sleep(60)
        hidden = service.print(1, tail=False)
        service.open[0].queue.put_nowait(TailBatch((), suppressed=1))
        await settled(lambda: hidden.key in one.keys, 5)
        assert sum(batch.suppressed for batch in one.batches) == 1
        await stop(printing)


@live
async def test_late_lines_are_found_even_where_all_cannot_be_read_again() -> None:
    async with World(service := Service()) as world:
        printing = world.prints((1,), 40.0)
        one = await world.follow(1)
        await asyncio.sleep(200)
        late = [service.print(1, at=clock() - age, tail=False) for age in (100.0, 250.0)]
        await settled(lambda: {each.key for each in late} <= one.keys, 35)
        assert "timestamp<" in service.reads[-1][1], "not all of it was read again"
        await stop(printing)


@live
async def test_without_receipt_times_in_filters_the_lists_go_on() -> None:
    async with World(service := Service(can_tail=False)) as world:
        one = await world.follow(1)
        await settled(lambda: one.phase is Phase.POLLING, 10)
        service.print(1)
        await settled(lambda: one.keys, 20)
        service.errors = [CloudError("No such field", kind=ErrorKind.INVALID)]
        await asyncio.sleep(60)
        service.print(1)
        await settled(lambda: one.keys == service.keys(1), 20)
        assert "receiveTimestamp" not in service.reads[-1][1]


@live
async def test_what_the_tail_tells_is_not_read_again_for_the_job_list() -> None:
    async with World(service := Service()) as world:
        told: dict[str, JobInsight] = {}
        insights = JobInsights(
            world.readers, told.update, project_of=lambda _job: "kelp-train", clock=now, offload=_here
        )
        running = asyncio.create_task(insights.run())
        jobs = [job(number) for number in range(1, 7)]
        printing = world.prints(range(1, 7), 2.0)
        insights.note_jobs(jobs)
        await asyncio.sleep(60)
        assert service.reads_between(0, 60) > 4
        followed = await five(world)
        await settled(lambda: all(each.phase is Phase.LIVE for each in followed), 10)
        await asyncio.sleep(15)
        begin = clock()
        await asyncio.sleep(300)
        assert service.reads_between(begin, begin + 300) <= 10
        for number in range(1, 7):  # the sixth is not followed, but its entries come along
            found = told[job(number).name]
            assert len(service.keys(number)) - found.lines < 5
        for _ in range(3):
            service.room = 0
            service.break_tails(CloudError("Broken", kind=ErrorKind.UNREACHABLE))
            await asyncio.sleep(30)
            service.room = 10
            await asyncio.sleep(150)
        await stop(printing)
        await asyncio.sleep(40)
        assert [told[job(number).name].lines for number in range(1, 7)] == [
            len(service.keys(number)) for number in range(1, 7)
        ]
        await stop(running)


@live
async def test_a_loud_job_that_nobody_follows_takes_no_room_in_the_tail() -> None:
    async with World(service := Service()) as world:
        taken: list[str] = []
        world.readers.hub("kelp-train").ride(["1", "2"], lambda job_id, _entries: taken.append(job_id))
        await world.follow(1)
        printing = world.prints((2,), 100.0)
        await settled(lambda: service.open and '"2"' in service.open[0].filter, 10)
        await settled(lambda: '"2"' not in service.open[0].filter, 20)
        assert taken.count("2") > 100
        await stop(printing)


@live
async def test_a_job_that_rode_along_is_live_as_soon_as_it_is_followed() -> None:
    async with World(service := Service()) as world:
        world.readers.hub("kelp-train").ride(["1", "2"], lambda _job, _entries: None)
        await world.follow(1)
        await settled(lambda: service.open and '"2"' in service.open[0].filter, 10)
        await asyncio.sleep(2)
        second = await world.follow(2)
        await settled(lambda: second.phase is Phase.LIVE, 5)
        assert len(service.sessions) == 1, "the session stays as it is"


async def _here(work: Callable[[], object]) -> object:
    await asyncio.sleep(0)
    return work()


@live
async def test_more_jobs_than_a_filter_holds_are_polled_and_that_is_said() -> None:
    with (
        patch("tui.services.follow.tails.fitting", _three),
        patch("tui.services.follow.hub.fitting", _three),
    ):
        async with World(service := Service()) as world:
            printing = world.prints(range(1, 6), 1.0)
            followed = await five(world)
            await settled(lambda: [each.phase for each in followed].count(Phase.LIVE) == 3, 10)
            await settled(lambda: followed[0].phase is Phase.POLLING, 10)
            assert followed[0].statuses[-1].error is TOO_MANY
            followed[0].follower.shown()
            await settled(lambda: followed[0].phase is Phase.LIVE and not followed[0].statuses[-1].error, 10)
            await settled(lambda: [each.phase for each in followed].count(Phase.POLLING) == 2, 10)
            await stop(printing)
            await asyncio.sleep(12)
            for number, each in enumerate(followed, 1):
                assert each.keys == service.keys(number)


def _three(ids: Sequence[str]) -> int:
    return min(len(ids), 3)


def test_a_filter_is_never_too_long() -> None:
    many = [f"{number:019}" for number in range(2000)]
    count = fitting(many)
    assert 700 < count < 2000
    assert len(jobs_filter(many[:count])) <= MOST_FILTER + 100
    assert fitting(['"' * 30_000, "2"]) == 1


@live
async def test_trouble_of_every_kind_is_told_and_never_the_end() -> None:
    async with World(service := Service()) as world:
        one = await world.follow(1)
        await settled(lambda: one.phase is Phase.LIVE, 10)
        kinds = [ErrorKind.DENIED, ErrorKind.API_DISABLED, ErrorKind.UNREACHABLE, ErrorKind.RATE]
        for kind in kinds:
            failures = [CloudError(kind, kind=kind) for _ in range(3)]
            service.errors = list(failures)
            service.can_tail = False
            service.break_tails(failures[0])
            service.print(1, tail=False)
            await settled(lambda: one.phase is Phase.TROUBLE, 60)
            assert one.statuses[-1].next_try is not None
            service.can_tail = True
            await settled(lambda: one.keys == service.keys(1), 200)
            await settled(lambda: one.phase is Phase.LIVE, 200)
            assert one.statuses[-1].error is None
        assert one.keys == service.keys(1)


@live
async def test_a_silent_job_beside_a_loud_one_makes_no_list_begin_long_ago() -> None:
    async with World(service := Service(can_tail=False)) as world:
        service.print(2, at=-7200)
        printing = world.prints((1,), 20.0)
        await asyncio.sleep(100)
        loud, silent = await world.follow(1), await world.follow(2)
        await asyncio.sleep(100)
        reads = service.reads_between(120, 180)
        assert reads <= 26, "five seconds' lines in each list, and now and then those of a minute"
        await stop(printing)
        await asyncio.sleep(20)
        assert (loud.keys, silent.keys) == (service.keys(1), service.keys(2))


@live
async def test_nothing_runs_when_nobody_follows() -> None:
    async with World(service := Service()) as world:
        async with world.following(1):
            await asyncio.sleep(20)
        assert not service.open
        reads = len(service.reads)
        await asyncio.sleep(600)
        assert len(service.reads) == reads
        async with world.following(1) as again:
            await settled(lambda: again.phase is Phase.LIVE, 10)
        assert job_filter("1") in service.sessions[-1].filter
