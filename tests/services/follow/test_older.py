"""Older pages come when they are wanted, slowly otherwise; the end is certain; what is missing is said."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from tests.fake_logs import running_job
from tests.services.follow.world import Service, World, at_utc, job, live, settled
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.jobs import JobState
from tui.domain.logclock import EntryClock, LagClock
from tui.services.follow.missing import why_missing
from tui.services.follow.state import FollowTiming, Missing, Phase

ENDED = replace(job(1), state=JobState.SUCCEEDED, end_time=at_utc(-86_400 * 30))


def printed(service: Service, pages: int) -> None:
    for number in range(pages * 1000):
        service.print(1, at=-86_400 * 30 - pages * 1000 + number)


@live
async def test_after_a_burst_older_pages_come_slowly_and_at_once_when_they_are_wanted() -> None:
    timing = FollowTiming(older_burst=3, older_step=2)
    async with World(service := Service(), timing) as world:
        printed(service, 20)
        one = await world.follow(1, each=ENDED)
        await settled(lambda: one.phase is Phase.COMPLETE, 5)
        assert len(service.reads) == 4
        status = one.statuses[-1]
        assert (status.older_pending, status.older_waits, status.missing) == (True, True, ())
        await asyncio.sleep(31)
        assert len(service.reads) == 7, "one each ten seconds"
        one.follower.want_older()
        await asyncio.sleep(1)
        assert len(service.reads) == 9
        assert one.statuses[-1].older_waits
        one.follower.want_all()
        await settled(lambda: len(one.at) == len(service.stored), 40)
        assert len(service.reads) == 20
        await settled(lambda: not one.statuses[-1].older_pending, 1)
        assert one.phase is Phase.COMPLETE
        assert all("timestamp" not in filter_ for _, filter_ in service.reads), "from whenever they are"


@live
async def test_slow_pages_take_no_turn_from_others_and_survive_what_fails() -> None:
    timing = FollowTiming(older_burst=1)
    async with World(service := Service(), timing) as world:
        printed(service, 5)
        one = await world.follow(1, each=ENDED)
        await settled(lambda: one.phase is Phase.COMPLETE, 5)
        world.readers.turns("kelp-train").rate.refused(asyncio.get_running_loop().time(), 100.0)
        reads = len(service.reads)
        await asyncio.sleep(90)
        assert len(service.reads) == reads
        service.errors = [CloudError(each, kind=each) for each in (ErrorKind.INVALID, ErrorKind.DENIED)]
        await settled(lambda: len(one.at) == len(service.stored), 600)


@live
async def test_another_follower_reads_the_gap_first_and_goes_on_with_older_pages() -> None:
    timing = FollowTiming(older_burst=2)
    async with World(service := Service(), timing) as world:
        for number in range(9000):
            service.print(1, at=number - 10_000.0)
        async with world.following(1) as first:
            await settled(lambda: first.phase is Phase.LIVE and first.statuses[-1].older_waits, 10)
            mark = first.follower.mark
            first.follower.want_all()
            assert first.follower.mark.all_wanted
        assert mark.listed_ns is not None
        assert not mark.backfilled
        for number in range(3000):
            service.print(1, at=number / 10_000)
        await asyncio.sleep(10)
        second = await world.follow(1, mark=mark)
        assert second.follower.mark == mark
        await settled(lambda: len(first.keys | second.keys) >= 6000, 20)
        second.follower.want_all()
        await settled(lambda: first.keys | second.keys == service.keys(1), 60)
        await settled(lambda: second.follower.mark.backfilled, 5)
        assert len(second.keys) < 9200, "what was read before is not read again"


@live
async def test_the_last_lines_are_certain_before_it_is_complete() -> None:
    async with World(service := Service()) as world:
        one = await world.follow(1)
        await settled(lambda: one.phase is Phase.LIVE, 10)
        one.jobs.end()
        await asyncio.sleep(80)
        assert one.phase is Phase.LIVE
        service.print(1, at=20, tail=False)
        service.errors = [CloudError("No", kind=each) for each in (ErrorKind.INVALID, ErrorKind.RATE)]
        await settled(lambda: one.phase is Phase.COMPLETE, 60)
        assert one.keys == service.keys(1)
        assert not service.open
        service.print(1, at=20, tail=False)
        await settled(lambda: one.keys == service.keys(1), 65)


@live
async def test_there_is_no_room_for_more_than_is_kept_and_that_is_said() -> None:
    async with World(service := Service()) as world:
        printed(service, 5)
        one = await world.follow(1, each=ENDED, room=2000)
        await settled(lambda: one.phase is Phase.COMPLETE, 5)
        assert one.statuses[-1].older_unread
        assert len(one.keys) == 2000


@live
async def test_an_empty_log_says_what_may_be_the_reason() -> None:
    async with World(service := Service()) as world:
        old = await world.follow(1, each=replace(ENDED, end_time=at_utc(-86_400 * 31)))
        await settled(lambda: old.phase is Phase.COMPLETE, 5)
        assert old.statuses[-1].missing[0] is Missing.RETENTION
        service.errors = [CloudError("No", kind=ErrorKind.API_DISABLED)]
        off = await world.follow(2)
        await settled(lambda: off.phase is Phase.TROUBLE, 5)
        assert off.statuses[-1].missing == (Missing.API_OFF,)


def test_the_reasons_are_those_that_fit() -> None:
    now = at_utc(0)
    started = replace(running_job(), start_time=now - timedelta(minutes=9))

    def why(state: JobState = JobState.RUNNING, **more: bool) -> tuple[Missing, ...]:
        found = {"service_spoke": False, "named": False, **more}
        return why_missing(replace(started, state=state), now, error=None, **found)

    assert why(JobState.PENDING) == (Missing.NOT_YET,)
    assert (
        why_missing(replace(started, start_time=now), now, error=None, service_spoke=False, named=True) == ()
    )
    assert why(service_spoke=True) == (Missing.NO_WRITER, Missing.EXCLUDED)
    assert why(JobState.FAILED, named=True)[0] is Missing.NOT_THERE
    assert Missing.ELSEWHERE in why()
    assert Missing.RETENTION not in why(JobState.FAILED)


def test_the_lag_is_smooth_never_negative_and_forgets() -> None:
    lag, second = LagClock(), 1_000_000_000
    assert lag.seconds is None
    lag.saw(100 * second, 101 * second)
    assert lag.seconds == 1.0
    lag.saw(50 * second, 102 * second)  # a late one
    assert lag.seconds == 1.0
    lag.saw(200 * second, 103 * second)  # from the future
    assert lag.seconds is not None
    assert 0 <= lag.seconds < 1
    for at in range(104, 130):
        lag.saw(at * second, at * second + second // 2)
    assert lag.seconds is not None
    assert abs(lag.seconds - 0.5) <= 0.2
    lag.rest()
    assert lag.seconds is None


def test_of_two_clocks_the_earlier_is_believed() -> None:
    clock, second = EntryClock(), 1_000_000_000
    assert clock.reached(5 * second) == 0
    assert clock.saw(900 * second, wall_ns=1000 * second, at_ns=10 * second) == 900 * second
    assert clock.reached(20 * second) == 910 * second
    assert clock.saw(5000 * second, wall_ns=1001 * second, at_ns=11 * second) == 1001 * second
    assert (clock.newest_ns, clock.reached(20 * second)) == (900 * second, 910 * second)
    clock.saw(1002 * second, wall_ns=1002 * second, at_ns=12 * second)
    assert clock.reached(20 * second) == 1010 * second
