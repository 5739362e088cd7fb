"""Whose the parts are, how files end, and what the next start makes of it."""

from __future__ import annotations

import asyncio
import fcntl
from pathlib import Path

import pytest

from tests.services.transfer_world import TransferWorld, nothing
from tests.services.transfers.test_hub import HERE, begin, big, ended, files, hub_of, kill
from tests.services.transfers.test_plans import bucket, upload_plan
from tests.support import wait_for
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.parts import BUSY, RESUMED_FROM, part_path
from tui.domain.transfers.overwrite import Overwrite
from tui.services.transfers.account import progress, strip_words
from tui.services.transfers.disk import remove_parts
from tui.services.transfers.model import State
from tui.services.transfers.turns import WAITS_FOR


class Gate:
    """Lets downloads come to their middle."""

    def __init__(self, world: TransferWorld, at: int = 8) -> None:
        self.open = asyncio.Event()
        self._at = at
        world.fault = self._fault

    async def _fault(self, _name: str, start: int) -> None:
        if start == self._at:
            await self.open.wait()


async def test_a_second_download_to_the_same_files_waits_and_removes_nothing(tmp_path: Path) -> None:
    world = bucket()
    big(world)
    gate = Gate(world)
    async with hub_of(world) as hub:
        first = await begin(hub, world, tmp_path, "gs://kelp/runs/a/")
        second = await begin(hub, world, tmp_path, "gs://kelp/runs/a/")
        await wait_for(lambda: [len(data) for data in files(tmp_path).values()] == [8] * 3, what="parts")
        third = await begin(hub, world, tmp_path, "gs://kelp/runs/a/")
        assert {file.reason for file in second.files} == {WAITS_FOR}
        hub.cancel(second)
        await wait_for(lambda: not hub._chores, what="what is removed")
        assert [len(data) for data in files(tmp_path).values()] == [8] * 3
        gate.open.set()
        await ended(first)
        await ended(third)
        await ended(second, State.CANCELLED)
    assert (first.carried, third.counts[State.KEPT]) == (3, 3)
    assert (first.bytes_carried, third.bytes_carried) == (60, 0)
    assert files(tmp_path) == {f"a/{n}": bytes([n]) * 20 for n in range(3)}


async def test_a_part_that_two_go_on_with_stays_until_both_are_given_up(tmp_path: Path) -> None:
    world = bucket()
    big(world, 1)
    Gate(world)
    async with hub_of(world) as hub:
        first = await begin(hub, world, tmp_path, "gs://kelp/runs/a/")
        second = await begin(hub, world, tmp_path, "gs://kelp/runs/a/")
        await wait_for(lambda: list(files(tmp_path).values()) == [bytes(8)], what="a part")
        hub.pause(first)
        await wait_for(lambda: second.files[0].at is not None, what="the second one")
        hub.cancel(second)
        await wait_for(lambda: not hub.running and not hub._chores, what="the end of the second")
        assert list(files(tmp_path).values()) == [bytes(8)]
        hub.cancel(first)
        await wait_for(lambda: not files(tmp_path), what="no part")


async def test_the_part_of_another_program_stays(tmp_path: Path) -> None:
    world = bucket()
    item = world.put("kelp", "runs/a/0", b"whole")
    (tmp_path / "a").mkdir()
    part = part_path(tmp_path / "a" / "0", item.generation)
    part.write_bytes(b"wh")

    async def busy(_name: str, _start: int) -> None:
        raise CloudError("Another download writes this file", kind=ErrorKind.LOCAL, reason=BUSY)

    world.fault = busy
    async with hub_of(world) as hub:
        transfer = await begin(hub, world, tmp_path, "gs://kelp/runs/a/")
        await ended(transfer, State.FAILED)
        assert "another vertex-tui downloads to this file" in transfer.files[0].reason
        hub.forget(transfer)
        await wait_for(lambda: not hub._chores, what="what is removed")
    assert part.read_bytes() == b"wh"


def test_a_part_that_is_written_stays(tmp_path: Path) -> None:
    part = part_path(tmp_path / "model.pt", 7)
    with part.open("wb") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        assert remove_parts([part], tmp_path) == [part]
    assert remove_parts([part], tmp_path) == []
    assert not part.exists()


async def test_the_part_of_a_file_that_was_kept_goes(tmp_path: Path) -> None:
    world = bucket()
    world.piece = RESUMED_FROM
    world.put("kelp", "runs/a/0", bytes(2 * world.piece))
    world.put("kelp", "runs/a/1", b"small")
    world.broken["runs/a/1"] = "No"
    gate = Gate(world, RESUMED_FROM)
    state, home = tmp_path / "state", tmp_path / "home"
    async with hub_of(world, state) as hub:
        await begin(hub, world, home, "gs://kelp/runs/a/")
        await wait_for(lambda: files(home), what="a part")
    kill(state)
    (home / "a" / "0").write_bytes(b"mine")
    part_path(home / "a" / "1", 0).write_bytes(b"left by the kill")
    gate.open.set()
    async with hub_of(world, state) as hub:
        await hub.restore()
        found = hub.transfers[0]
        hub.cancel(found, found.files[1])
        hub.resume(found)
        await ended(found, State.FAILED)
        assert found.counts[State.KEPT] == 1
        await wait_for(lambda: files(home) == {"a/0": b"mine"}, what="no part")


async def test_what_was_cancelled_or_failed_stays_so(tmp_path: Path) -> None:
    world = bucket()
    big(world, 4)
    world.broken["runs/a/0"] = "Permission denied"
    Gate(world)
    state, home = tmp_path / "state", tmp_path / "home"
    async with hub_of(world, state) as hub:
        transfer = await begin(hub, world, home, "gs://kelp/runs/a/")
        await wait_for(lambda: transfer.failed and len(files(home)) == 3, what="a failure and three parts")
        hub.cancel(transfer)
        await ended(transfer, State.FAILED)
    kill(state)
    async with hub_of(world, state) as hub:
        await hub.restore()
        (found,) = hub.transfers
        states = [file.state for file in found.files]
        assert (found.state, states) == (State.FAILED, [State.FAILED] + [State.CANCELLED] * 3)
        assert found.files[0].reason == "Permission denied"
        assert strip_words(hub)[0].startswith("✗ 1 of 4 files failed")
        world.broken.clear()
        world.fault = nothing
        hub.retry(found)
        await ended(found, State.CANCELLED)
    assert files(home) == {"a/0": bytes(20)}
    assert not list(state.glob("*.jsonl"))


async def test_what_no_other_try_mends_is_not_tried_again(tmp_path: Path) -> None:
    world = bucket()
    seen = world.put("kelp", "in/data", b"old")
    (tmp_path / "data").write_text("mine")
    plan = await upload_plan(world, tmp_path / "data", "gs://kelp/in/")
    (tmp_path / "data").write_text("mine now")
    world.put("kelp", "in/data", b"theirs")
    async with hub_of(world) as hub:
        await hub.add(up := plan.transfer(Overwrite.REPLACE, HERE))
        await ended(up, State.FAILED)
        assert up.files[0].replaces == seen.generation
        assert up.files[0].reason == (
            "It was replaced by somebody else meanwhile: upload it again (U) to decide"
        )
        assert (up.bytes, up.bytes_done, up.bytes_left) == (8, 0, 0)
        calls = world.calls.count("upload")
        hub.retry(up)
        assert (up.failed, world.calls.count("upload")) == (1, calls)

        async def gone(_name: str, _start: int) -> None:
            world.put("kelp", "in/data", b"newer")
            raise CloudError("Not found", "No such object", kind=ErrorKind.NOT_FOUND)

        world.fault = gone
        down = await begin(hub, world, tmp_path / "home", "gs://kelp/in/data")
        await ended(down, State.FAILED)
        assert down.files[0].reason == (
            "It was replaced by a newer one meanwhile: download it anew to have that"
        )
        assert down.files[0].refused


@pytest.mark.parametrize(
    ("title", "message", "expected"),
    [
        ("Permission denied", "The caller does not have permission", "storage.objects.get on gs://kelp;"),
        ("Permission denied", "x does not have storage.objects.list access", "storage.objects.list on gs"),
        ("You lack the permission storage.objects.get", "Permission", "storage.objects.get on gs://kelp;"),
        ("A VPC Service Controls perimeter refuses this", "id 1", "refuses this: id 1"),
    ],
)
async def test_a_refusal_names_the_permission(
    tmp_path: Path, title: str, message: str, expected: str
) -> None:
    world = bucket()
    big(world, 1)

    async def fault(_name: str, _start: int) -> None:
        raise CloudError(title, message, kind=ErrorKind.DENIED)

    world.fault = fault
    async with hub_of(world) as hub:
        transfer = await begin(hub, world, tmp_path, "gs://kelp/runs/a/")
        await ended(transfer, State.FAILED)
    assert expected in transfer.files[0].reason
    assert ("Setup (alt+1)" in transfer.files[0].reason) == ("gs://" in transfer.files[0].reason)


async def test_a_service_that_is_down_is_told_and_waited_for(tmp_path: Path) -> None:
    world = bucket()
    big(world, 1)
    failures = [CloudError("The service is not available", kind=ErrorKind.INTERNAL, retryable=True)] * 5

    async def fault(_name: str, _start: int) -> None:
        if failures:
            raise failures.pop()

    world.fault = fault
    told: list[str] = []
    async with hub_of(world) as hub:
        hub._pauses = (0.3,)
        transfer = await begin(hub, world, tmp_path, "gs://kelp/runs/a/")
        hub.listen(lambda: told.append(progress(transfer, hub.clock())))
        await wait_for(lambda: any("not available, goes on in" in words for words in told), what="words")
        hub._pauses = (0.01,)
        await ended(transfer)
