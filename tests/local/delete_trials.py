"""Trials of deletes that are killed, cut off and run out of disk: the journal tells the truth, undo works."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from tests.local.clients import REGION, Server
from tests.local.cutting import CuttingProxy, Weather
from tests.local.delete_child import Order
from tui.cloud.session import open_gateway
from tui.domain.storage import GcsUri, ObjectInfo
from tui.domain.storage_gateway import StorageGateway
from tui.domain.target import LocalEndpoint, Target
from tui.services.deletion.journal import DeleteJournal
from tui.services.deletion.records import Fate, Outcome, Record, State, fates, past_deletes
from tui.services.deletion.undo import plan_undo, run_undo
from tui.services.listing import pages_below

KILL, NETWORK, DISK, STOP = "kill", "network", "full disk", "stop"
KINDS = (KILL, KILL, NETWORK, NETWORK, DISK, STOP)
QUIET = 0.4
"""Seconds without a change after which the server has nothing left to do."""
LONGEST = 60.0
"""Seconds that a process may take."""


@dataclass
class Case:
    """What came of one case."""

    seed: int
    kind: str
    versioning: bool
    with_earlier: bool
    problems: list[str] = field(default_factory=list)
    state: str = ""
    gone: int = 0


@dataclass
class _There:
    """What a bucket holds."""

    live: dict[str, ObjectInfo] = field(default_factory=dict)
    earlier: set[tuple[str, int]] = field(default_factory=set)


class DeleteTrial:
    """One server, and a bucket for each case."""

    def __init__(self, server: Server) -> None:
        self._record = server.record
        self._client = storage.Client(
            project=server.record.project,
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": server.record.http_url},
        )

    async def __aenter__(self) -> Self:
        self._nursery = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.local.delete_child", stdin=PIPE, stdout=PIPE
        )
        assert await self._word() == "ready"
        return self

    async def __aexit__(self, *failure: object) -> None:
        assert self._nursery.stdin is not None
        self._nursery.stdin.close()
        await self._nursery.wait()

    async def _word(self) -> str:
        """The next line of the process that forks."""
        assert self._nursery.stdout is not None
        async with asyncio.timeout(LONGEST):
            return (await self._nursery.stdout.readline()).decode().strip()

    async def _run(self, order: Order, kill_after: float | None = None) -> None:
        """A process that does it, killed so many seconds after it had counted."""
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(f"{order.text()}\n".encode())
        child = 0
        while (word := await self._word()) != "ended":
            assert word, "the process that forks has ended"
            child = int(word) if word.isdecimal() else child
            if word == "begun" and kill_after is not None:
                await asyncio.sleep(kill_after)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)

    async def case(self, seed: int, kind: str = "", most: int = 450) -> Case:
        """A delete with trouble, a look at what is there, an undo with trouble, and another look.

        There are up to `most` objects, and at least 120.
        """
        dice = random.Random(seed)  # noqa: S311 (repeatable, not secret)
        kind = kind or dice.choice(KINDS)
        versioning = dice.random() < 0.4
        case = Case(seed, kind, versioning, with_earlier=versioning and dice.random() < 0.5)
        with tempfile.TemporaryDirectory(prefix="vt-") as folder:
            await self._case(case, dice, Path(folder), most)
        return case

    async def _case(self, case: Case, dice: random.Random, folder: Path, most: int) -> None:
        bucket = f"trial-{case.seed}-{case.kind.replace(' ', '-')}"
        await asyncio.to_thread(self._fill, bucket, dice, case, most)
        endpoint = LocalEndpoint(self._record.grpc_address, self._record.http_url)
        target = Target(self._record.project, REGION, local=endpoint)
        gateway = await open_gateway(target)
        try:
            before = await _look(gateway.storage, bucket)
            order = Order(target, bucket, folder / "journals", with_earlier=case.with_earlier)
            newer = await self._delete(case, order, dice, folder, list(before.live))
            after = await _settled(gateway.storage, bucket)
            record = next(iter(past_deletes(DeleteJournal(order.journals))), None)
            if record is None:
                case.problems += ["deleted without a journal"] if _gone(before, after, newer) else []
                return
            case.state = record.state.value
            _check_delete(case, record, before, after, newer)
            if dice.random() < 0.5:
                undo = Order(target, bucket, order.journals, undo=True)
                await self._run(undo, dice.uniform(0.0, 0.3))
                await _settled(gateway.storage, bucket)
            plan = await plan_undo(gateway.storage, record)
            journal = DeleteJournal(order.journals)
            report = await run_undo(
                gateway.storage, plan, journal, target=target, stop=asyncio.Event(), record=record
            )
            case.problems += [f"undo: {report}"] if not report.complete else []
            _check_undo(case, before, await _look(gateway.storage, bucket), newer)
        finally:
            await gateway.close()

    def _fill(self, name: str, dice: random.Random, case: Case, most: int) -> None:
        bucket = self._client.bucket(name)
        bucket.versioning_enabled = case.versioning
        self._client.create_bucket(bucket, location=REGION)
        names = [f"runs/{number:04}" for number in range(dice.randrange(120, most))]
        again = [each for each in names if case.versioning and dice.random() < 0.1]
        with ThreadPoolExecutor(8) as pool:
            for part in (names, again):
                list(pool.map(lambda each: bucket.blob(each).upload_from_string(each.encode()), part))

    async def _delete(
        self, case: Case, order: Order, dice: random.Random, folder: Path, names: list[str]
    ) -> dict[str, int]:
        """Delete with trouble, while somebody else writes; what he wrote, with its generations."""
        chosen = dice.sample(names, min(len(names), dice.randrange(0, 6)))
        writing = asyncio.create_task(asyncio.to_thread(self._write, order.bucket, chosen))
        if case.kind == KILL:
            await self._run(order, dice.uniform(0.0, 0.4))
        elif case.kind == DISK:
            limited = dice.randrange(500, 40_000)
            await self._run(
                Order(order.target, order.bucket, order.journals, order.with_earlier, longest_file=limited)
            )
        elif case.kind == STOP:
            await self._run(
                Order(
                    order.target,
                    order.bucket,
                    order.journals,
                    order.with_earlier,
                    stop_after=dice.randrange(1, 300),
                )
            )
        else:
            async with self._cut(dice, folder) as target:
                await self._run(Order(target, order.bucket, order.journals, order.with_earlier))
        return await writing

    def _write(self, bucket: str, names: list[str]) -> dict[str, int]:
        found = {}
        for name in names:
            blob = self._client.bucket(bucket).blob(name)
            blob.upload_from_string(b"newer")
            found[name] = int(blob.generation)
        return found

    @contextlib.asynccontextmanager
    async def _cut(self, dice: random.Random, folder: Path) -> AsyncIterator[Target]:
        weather = Weather(dice, bad=True, chance=dice.choice((0.05, 0.2, 0.5)), longest_delay=0.05)
        proxy = CuttingProxy(weather)
        async with proxy.before(self._record.grpc_address, self._record.http_url, folder) as endpoint:
            yield Target(self._record.project, REGION, local=endpoint)


async def _look(gateway: StorageGateway, bucket: str) -> _There:
    there = _There()
    async for page in pages_below(gateway, GcsUri(bucket, "runs/"), versions=True):
        for item in page:
            if item.past is None:
                there.live[item.name] = item
            else:
                there.earlier.add((item.name, item.generation))
    return there


async def _settled(gateway: StorageGateway, bucket: str) -> _There:
    """What is there once the server has done what it was asked by a process that is dead."""
    last = await _look(gateway, bucket)
    while True:
        await asyncio.sleep(QUIET)
        found = await _look(gateway, bucket)
        if found == last:
            return found
        last = found


def _gone(before: _There, after: _There, newer: dict[str, int]) -> set[tuple[str, int]]:
    """Live generations that are not live any more, and that nobody else replaced."""
    return {
        (name, item.generation)
        for name, item in before.live.items()
        if name not in newer and (name not in after.live or after.live[name].generation != item.generation)
    }


def _check_delete(case: Case, record: Record, before: _There, after: _There, newer: dict[str, int]) -> None:
    """Nothing went that was not written down, nothing newer went, and the journal is true."""
    told = {(fate.name, fate.generation): fate for fate in fates(record.path)}
    gone = _gone(before, after, newer)
    case.gone = len(gone)
    for key in sorted(gone - told.keys())[:3]:
        case.problems.append(f"{key} went without being written down")
    for name, generation in newer.items():
        there = name in after.live and after.live[name].generation == generation
        # One that was written before everything was counted was counted itself.
        if not there and (name, generation) not in told:
            case.problems.append(f"{name}: the newer {generation} went")
    for key, fate in told.items():
        if problem := _untrue(fate, after, newer):
            case.problems.append(f"{key}: {problem}")
    if record.state is State.COMPLETE and any(name not in newer for name in after.live):
        case.problems.append("complete, but something is left")
    if record.end and record.gone != sum(fate.outcome is Outcome.GONE for fate in told.values()):
        case.problems.append(f"the account says {record.gone}")


def _untrue(fate: Fate, after: _There, newer: dict[str, int]) -> str:
    item = after.live.get(fate.name)
    there = (item is not None and item.generation == fate.generation) or False
    if fate.outcome in (Outcome.GONE, Outcome.ABSENT) and there:
        return f"{fate.outcome}, but it is there"
    if fate.outcome is Outcome.KEPT and fate.name not in newer:
        return "kept for a newer one, but there is none"
    kept_earlier = (fate.name, fate.generation) in after.earlier
    if fate.outcome is Outcome.FAILED and not (there or kept_earlier or fate.name in newer):
        return f"not deleted ({fate.reason}), but it is gone"
    return ""


def _check_undo(case: Case, before: _There, after: _There, newer: dict[str, int]) -> None:
    """Every name is there again: as it was, or newer."""
    for name, item in before.live.items():
        found = after.live.get(name)
        if found is None:
            case.problems.append(f"undo: {name} did not come back")
        elif found.crc32c != item.crc32c and name not in newer:
            case.problems.append(f"undo: {name} has other content")
