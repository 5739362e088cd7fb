"""Files in flight: paused, cancelled, cut off, over a full disk, taken up by the next session."""

from __future__ import annotations

import asyncio
import errno
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.services.storage_world import UNREACHABLE
from tests.services.transfer_world import TransferWorld
from tests.services.transfers.test_plans import bucket, planned, upload_plan
from tests.support import wait_for
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.parts import RESUMED_FROM
from tui.domain.transfers.overwrite import Overwrite
from tui.services.transfers.account import left_behind, progress, strip_words, summary
from tui.services.transfers.hub import PARALLEL, Hub
from tui.services.transfers.model import State, Transfer
from tui.services.transfers.records import Records

HERE = "the local server"
ROOM = 10 * 1024**3


@asynccontextmanager
async def hub_of(world: TransferWorld, folder: Path | None = None, *, room: int = ROOM) -> AsyncIterator[Hub]:
    records = Records(folder) if folder is not None else None
    hub = Hub(records, free=lambda _: room, pauses=(0.01,))
    hub.connect(world, HERE)
    try:
        yield hub
    finally:
        await hub.close()


async def begin(
    hub: Hub, world: TransferWorld, folder: Path, *uris: str, rule: Overwrite = Overwrite.KEEP
) -> Transfer:
    transfer = (await planned(world, folder, *uris)).transfer(rule, HERE)
    await hub.add(transfer)
    return transfer


async def ended(transfer: Transfer, state: State = State.DONE) -> None:
    await wait_for(lambda: transfer.settled, what="the end")
    assert transfer.state is state, [(file.uri.name, file.state, file.reason) for file in transfer.files]


def files(folder: Path) -> dict[str, bytes]:
    found = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def big(world: TransferWorld, count: int = 3) -> None:
    for number in range(count):
        world.put("kelp", f"runs/a/{number}", bytes([number]) * 20)


async def test_many_files_come_whole_a_few_at_a_time(tmp_path: Path) -> None:
    world = bucket()
    big(world, 30)
    told: list[str] = []

    async def fault(_name: str, _start: int) -> None:
        await asyncio.sleep(0.001)

    world.fault = fault
    async with hub_of(world, tmp_path / "state") as hub:
        hub.listen(lambda: told.append(strip_words(hub)[0]))
        transfer = await begin(hub, world, tmp_path / "home", "gs://kelp/runs/a/")
        assert list((tmp_path / "state").glob("*.jsonl"))
        await ended(transfer)
        await wait_for(lambda: told and told[-1].startswith("✓"), what="the last word")
        assert not list((tmp_path / "state").glob("*.jsonl"))
        assert hub.unseen
        hub.look()
        assert strip_words(hub) == ("", "")
    assert files(tmp_path / "home") == {f"a/{n}": bytes([n]) * 20 for n in range(30)}
    assert 1 < world.most <= PARALLEL
    assert summary(transfer) == "✓ downloaded 30 files, 600 B"
    assert transfer.bytes_left == 0


async def test_a_pause_keeps_what_came_and_others_go_on(tmp_path: Path) -> None:
    world = bucket()
    big(world)
    world.put("kelp", "other", b"other")
    gate = asyncio.Event()
    starts: list[int] = []

    async def fault(name: str, start: int) -> None:
        if name == "runs/a/0":
            starts.append(start)
            if start == 8:
                await gate.wait()

    world.fault = fault
    async with hub_of(world) as hub:
        transfer = await begin(hub, world, tmp_path, "gs://kelp/runs/a/")
        await wait_for(lambda: 8 in starts, what="the middle of the file")
        hub.pause(transfer)
        assert transfer.state is State.PAUSED
        assert "paused" in progress(transfer, hub.clock())
        assert strip_words(hub)[0].startswith("‖ paused: download gs://kelp/runs/a/")
        other = await begin(hub, world, tmp_path, "gs://kelp/other")
        await ended(other)
        assert not (tmp_path / "a" / "0").exists()
        gate.set()
        hub.resume(transfer)
        await ended(transfer)
    assert starts == [0, 4, 8, 8, 12, 16]  # nothing was fetched twice
    assert files(tmp_path)["a/0"] == bytes(20)


async def test_a_pause_before_anything_began_holds_nothing_up(tmp_path: Path) -> None:
    world = bucket()
    big(world)
    async with hub_of(world) as hub:
        transfer = await begin(hub, world, tmp_path, "gs://kelp/runs/a/")
        hub.pause(transfer)
        await wait_for(lambda: not hub.running, what="nothing in flight")
        hub.resume(transfer)
        await ended(transfer)


async def test_one_file_is_paused_and_another_cancelled(tmp_path: Path) -> None:
    world = bucket()
    big(world)
    gate = asyncio.Event()

    async def fault(_name: str, start: int) -> None:
        if start == 8:
            await gate.wait()

    world.fault = fault
    async with hub_of(world) as hub:
        transfer = await begin(hub, world, tmp_path, "gs://kelp/runs/a/")
        await wait_for(lambda: len(files(tmp_path)) == 3, what="three parts")
        hub.pause(transfer, transfer.files[0])
        hub.cancel(transfer, transfer.files[1])
        gate.set()
        await wait_for(lambda: transfer.finished == 1, what="the third file")
        assert transfer.state is State.PAUSED
        await wait_for(lambda: len(files(tmp_path)) == 2, what="one part less")
        hub.resume(transfer)
        await ended(transfer, State.CANCELLED)
    assert files(tmp_path) == {"a/0": bytes(20), "a/2": bytes([2]) * 20}
    assert "1 cancelled" in summary(transfer)


async def test_a_cut_network_is_waited_for(tmp_path: Path) -> None:
    world = bucket()
    big(world)
    cuts = [0]

    async def fault(_name: str, start: int) -> None:
        if start == 12 and cuts[0] < 5:
            cuts[0] += 1
            raise UNREACHABLE

    world.fault = fault
    async with hub_of(world) as hub:
        transfer = await begin(hub, world, tmp_path, "gs://kelp/runs/a/")
        await ended(transfer)
    assert cuts[0] == 5
    assert len(files(tmp_path)) == 3


async def test_what_failed_is_listed_and_tried_again(tmp_path: Path) -> None:
    world = bucket()
    big(world)
    world.broken["runs/a/1"] = "Permission denied"
    async with hub_of(world, tmp_path / "state") as hub:
        transfer = await begin(hub, world, tmp_path / "home", "gs://kelp/runs/a/")
        await ended(transfer, State.FAILED)
        assert [(file.uri.name, file.reason) for file in transfer.of_state(State.FAILED)] == [
            ("runs/a/1", "Permission denied")
        ]
        assert strip_words(hub) == ("✗ 1 of 3 files failed · f6 shows why and tries again", "error")
        assert list((tmp_path / "state").glob("*.jsonl"))  # until somebody has dealt with it
        world.broken.clear()
        hub.retry(transfer)
        await ended(transfer)
        assert not list((tmp_path / "state").glob("*.jsonl"))
    assert len(files(tmp_path / "home")) == 3


@pytest.mark.parametrize("before", [True, False])
async def test_a_full_disk_holds_the_transfer_and_loses_nothing(tmp_path: Path, before: bool) -> None:  # noqa: FBT001
    world = bucket()
    big(world)
    full = True

    async def fault(_name: str, start: int) -> None:
        if full and not before and start == 12:
            raise OSError(errno.ENOSPC, "No space left on device")

    world.fault = fault
    hub = Hub(free=lambda _: 1000 if full and before else ROOM)
    hub.connect(world, HERE)
    transfer = await begin(hub, world, tmp_path, "gs://kelp/runs/a/")
    await wait_for(lambda: transfer.held and not hub.running, what="the hold")
    assert "the disk is full" in transfer.reason
    assert "press space" in transfer.reason
    assert transfer.failed == 0
    assert not [name for name in files(tmp_path) if not name.endswith(".part")]
    full = False
    hub.resume(transfer)
    await ended(transfer)
    await hub.close()
    assert len(files(tmp_path)) == 3


async def test_rules_for_what_is_there(tmp_path: Path) -> None:
    world = bucket()
    world.put("kelp", "same", b"abcd")
    world.put("kelp", "other", b"efgh")
    for rule, kept, expected in (
        (Overwrite.KEEP, 2, {"same": b"abcd", "other": b"mine"}),
        (Overwrite.DIFFERENT, 1, {"same": b"abcd", "other": b"efgh"}),
        (Overwrite.REPLACE, 0, {"same": b"abcd", "other": b"efgh"}),
        (Overwrite.BOTH, 0, {"same": b"abcd", "other": b"mine", "same~2": b"abcd", "other~2": b"efgh"}),
    ):
        folder = tmp_path / rule.value
        folder.mkdir()
        (folder / "same").write_bytes(b"abcd")
        (folder / "other").write_bytes(b"mine")
        async with hub_of(world) as hub:
            transfer = await begin(hub, world, folder, "gs://kelp/same", "gs://kelp/other", rule=rule)
            await ended(transfer)
        assert transfer.counts[State.KEPT] == kept
        assert files(folder) == expected


async def test_a_link_that_appears_meanwhile_leads_nowhere(tmp_path: Path) -> None:
    world = bucket()
    world.put("kelp", "runs/a/deep/model.bin", b"x")
    world.put("kelp", "runs/a/taken", b"x")
    outside, home = tmp_path / "outside", tmp_path / "home"
    outside.mkdir()
    transfer = (await planned(world, home, "gs://kelp/runs/a/")).transfer(Overwrite.REPLACE, HERE)
    (home / "a").mkdir(parents=True)
    (home / "a" / "deep").symlink_to(outside)
    (home / "a" / "taken").mkdir()
    async with hub_of(world) as hub:
        await hub.add(transfer)
        await ended(transfer, State.FAILED)
    assert not files(outside)
    assert [file.reason for file in transfer.files] == [
        "a link there leads outside the chosen folder: not written",
        "a folder of that name is there already",
    ]


async def test_the_next_session_goes_on_or_removes(tmp_path: Path) -> None:
    world = bucket()
    big(world)
    state, home = tmp_path / "state", tmp_path / "home"
    gate = asyncio.Event()
    starts: list[tuple[str, int]] = []

    async def fault(name: str, start: int) -> None:
        starts.append((name, start))
        if start == 8 and name != "runs/a/2":
            await gate.wait()

    world.fault = fault
    async with hub_of(world, state) as hub:
        transfer = await begin(hub, world, home, "gs://kelp/runs/a/")
        await wait_for(lambda: transfer.finished == 1 and len(files(home)) == 3, what="one whole, two parts")
        assert "next start offers to go on" in left_behind(hub.active)[0]
        async with hub_of(world, state) as second:  # while the first still lives
            await second.restore()
            assert not second.transfers
    kill(state)
    async with hub_of(world, state) as hub:
        await hub.restore()
        (found,) = hub.transfers
        assert (found.state, found.finished, hub.unseen) == (State.PAUSED, 1, True)
        assert "left unfinished by an earlier session" in strip_words(hub)[0]
        starts.clear()
        gate.set()
        hub.resume(found)
        await ended(found)
    assert min(starts) == ("runs/a/0", 8)
    assert files(home) == {f"a/{n}": bytes([n]) * 20 for n in range(3)}


@pytest.mark.parametrize("rule", [Overwrite.KEEP, Overwrite.BOTH])
async def test_the_next_session_may_remove_what_is_left(tmp_path: Path, rule: Overwrite) -> None:
    world = bucket()
    world.piece = RESUMED_FROM
    world.put("kelp", "runs/a/0", bytes(2 * world.piece))
    state, home = tmp_path / "state", tmp_path / "home"
    mine = {"a/0": b"mine"} if rule is Overwrite.BOTH else {}
    for name, data in mine.items():
        (home / name).parent.mkdir(parents=True)
        (home / name).write_bytes(data)

    async def fault(_name: str, start: int) -> None:
        if start:
            await asyncio.Event().wait()

    world.fault = fault
    async with hub_of(world, state) as hub:
        await begin(hub, world, home, "gs://kelp/runs/a/", rule=rule)
        await wait_for(lambda: len(files(home)) == 1 + len(mine), what="a part")
    kill(state)
    (state / "broken.jsonl").write_text("{}\n")
    async with hub_of(world, state) as hub:
        await hub.restore()
        hub.cancel(hub.transfers[0])
        await wait_for(lambda: files(home) == mine, what="no part")
    assert not list(state.glob("*.jsonl"))


def kill(state: Path) -> None:
    """Let the notes look as if their session had been killed."""
    for path in state.glob("*.jsonl"):
        head, *rest = path.read_text().split("\n")
        note = json.loads(head)
        note["pid"], note["started"] = 1, 1.0
        path.write_text("\n".join([json.dumps(note), *rest]) + '[0, "do')


async def test_uploads_replace_only_what_was_seen(tmp_path: Path) -> None:
    world = bucket()
    world.put("kelp", "in/data/a", b"old")
    world.put("kelp", "in/data/b", b"same")
    data = tmp_path / "data"
    data.mkdir()
    for name, text in (("a", "new"), ("b", "same"), ("c", "more")):
        (data / name).write_text(text)
    plan = await upload_plan(world, data, "gs://kelp/in/")
    async with hub_of(world) as hub:
        kept = plan.transfer(Overwrite.KEEP, HERE)
        await hub.add(kept)
        await ended(kept)
        assert (kept.counts[State.KEPT], world.sent) == (2, [("in/data/c", 0)])
        await hub.add(again := plan.transfer(Overwrite.DIFFERENT, HERE))  # c is there by now, and the same
        await ended(again)
        assert world.objects["kelp", "in/data/a"][1] == b"new"
        world.put("kelp", "in/data/a", b"theirs")
        (data / "a").write_text("newer")
        await hub.add(late := plan.transfer(Overwrite.REPLACE, HERE))
        await ended(late, State.FAILED)
        assert late.failed == 1
        assert world.objects["kelp", "in/data/a"][1] == b"theirs"
        hub.forget(late)
        await wait_for(lambda: "forget_upload" in world.calls, what="the dropped session")


async def test_a_transfer_that_cannot_be_noted_says_so(tmp_path: Path) -> None:
    world = bucket()
    big(world)
    gate = asyncio.Event()

    async def fault(_name: str, _start: int) -> None:
        await gate.wait()

    world.fault = fault
    (tmp_path / "state").write_text("no folder")
    async with hub_of(world, tmp_path / "state") as hub:
        transfer = await begin(hub, world, tmp_path / "home", "gs://kelp/runs/a/")
        assert "not noted for the next start" in strip_words(hub)[0]
        assert "the state folder cannot be written: File exists" in progress(transfer, hub.clock())
        assert any("cannot be written" in line for line in left_behind(hub.active))
        gate.set()
        await ended(transfer)


async def test_an_upload_goes_on_with_its_session_after_a_kill(tmp_path: Path) -> None:
    world = bucket()
    state, source = tmp_path / "state", tmp_path / "big"
    source.write_bytes(b"0123456789")

    async def fault(_name: str, start: int) -> None:
        if start == 8 and len(world.sessions) == 1:
            await asyncio.Event().wait()

    world.fault = fault
    async with hub_of(world, state) as hub:
        await hub.add((await upload_plan(world, source, "gs://kelp/in/")).transfer(Overwrite.KEEP, HERE))
        await wait_for(lambda: "https://upload/" in text_of(state), what="the noted session")
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in state.glob("*.jsonl"))
    kill(state)
    async with hub_of(world, state) as hub:
        await hub.restore()
        hub.resume(found := hub.transfers[0])
        await ended(found)
        hub.cancel(found, found.files[0])  # nothing that is whole is given up
        assert (found.files[0].session, "forget_upload" in world.calls) == (None, False)
    first, second = world.sessions
    assert first is None
    assert second is not None
    assert (second.url, second.size) == ("https://upload/in/big", 10)
    assert world.objects["kelp", "in/big"][1] == b"0123456789"


def text_of(state: Path) -> str:
    return "".join(path.read_text() for path in state.glob("*.jsonl"))


async def test_gzipped_objects_are_compared_by_their_content(tmp_path: Path) -> None:
    world = bucket()
    home, packed = tmp_path / "runs", gzip.compress(b"text" * 9, mtime=0)
    home.mkdir()
    here = {
        "same": b"text" * 9,
        "other": b"tent" * 9,
        "packed": packed,
        "plain": b"no gzip",
    }
    for name, data in here.items():
        item = world.put("kelp", f"runs/{name}", b"no gzip" if name == "plain" else packed)
        world.objects["kelp", item.name] = (
            replace(item, content_encoding="gzip"),
            world.objects["kelp", item.name][1],
        )
        (home / name).write_bytes(data)
    async with hub_of(world) as hub:
        transfer = await begin(hub, world, tmp_path, "gs://kelp/runs/", rule=Overwrite.DIFFERENT)
        await ended(transfer)
        kept = {file.path.name for file in transfer.of_state(State.KEPT)}
        assert (kept, transfer.whole) == ({"same", "plain"}, True)
        (home / "other").write_bytes(b"tent" * 9)
        await hub.add(
            up := (await upload_plan(world, home, "gs://kelp/")).transfer(Overwrite.DIFFERENT, HERE)
        )
        await ended(up)
    assert world.sent == [("runs/other", up.files[0].replaces)]


async def test_another_login_or_storage_holds_what_belongs_elsewhere(tmp_path: Path) -> None:
    world = bucket()
    big(world)

    async def fault(_name: str, _start: int) -> None:
        raise CloudError("Log in again", kind=ErrorKind.EXPIRED_CREDENTIALS)

    world.fault = fault
    async with hub_of(world) as hub:
        transfer = await begin(hub, world, tmp_path, "gs://kelp/runs/a/")
        await wait_for(lambda: transfer.held and not hub.running, what="the hold")
        assert transfer.reason == "Log in again"
        hub.connect(world, "Google Cloud")
        hub.resume(transfer)
        assert transfer.state is State.PAUSED
        assert "belongs to the local server" in transfer.reason
