"""How long a delete takes beside `gcloud storage rm`, and a plan of 200,000 objects, at one local server.

The app's way is whole: counted, written down before each request, deleted, accounted for, and brought back
once. Meanwhile a heartbeat on the event loop says how late a key would be answered. gcloud's own start, of
one or two seconds, counts: it is part of the command; the app runs already. Run it with
`python -m benchmarks.storage_delete`, `--quick` for small sizes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import psutil

from tui.cloud.session import open_gateway
from tui.domain.cleanup.rules import choose, read_rule
from tui.domain.deleteplan import DeletePlan, Tally
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri
from tui.domain.target import LocalEndpoint, Target
from tui.local import client_env, launcher
from tui.local.environ import apply
from tui.local.storage.bulk import Seed, put_many
from tui.local.storage.objects import ObjectStore
from tui.services.deleteplans import Aim, plan_delete
from tui.services.deletion.journal import DeleteJournal
from tui.services.deletion.records import past_deletes
from tui.services.deletion.run import DeleteReport, delete_plan
from tui.services.deletion.undo import plan_undo, run_undo

REGION = "us-central1"
BUCKET = "deletes"
BEAT = 0.01
"""Seconds between two beats of the event loop."""

Result = TypeVar("Result")


def fill(data_dir: Path, prefixes: dict[str, int]) -> None:
    """Make small objects, named like a run's checkpoints."""
    store = ObjectStore(data_dir / "objects")
    try:
        bucket = store.buckets.insert("local-project", {"name": BUCKET, "location": REGION})
        for prefix, count in prefixes.items():
            names = (f"{prefix}checkpoint-{n // 20}/part-{n % 20:03}.bin" for n in range(count))
            put_many(store, bucket, (Seed(name, b"a small object") for name in names))
    finally:
        store.close()


class Heart:
    """Beats on the event loop; a key is answered as late as a beat."""

    def __init__(self) -> None:
        self.late: list[float] = []

    async def watch(self, work: Awaitable[Result]) -> tuple[Result, float]:
        """What the work gives, and its seconds."""
        beating = asyncio.create_task(self._beat())
        begin = time.perf_counter()
        try:
            return await work, time.perf_counter() - begin
        finally:
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating

    async def _beat(self) -> None:
        while True:
            begin = time.perf_counter()
            await asyncio.sleep(BEAT)
            self.late.append(time.perf_counter() - begin - BEAT)

    def __str__(self) -> str:
        late = sorted(self.late) or [0.0]
        most = late[int(len(late) * 0.99)] * 1000
        return f"loop late by {most:.0f} ms (99 %), {late[-1] * 1000:.0f} ms at most"


async def plan(gateway: Gateway, uri: GcsUri, counted: list[int]) -> DeletePlan:
    """The plan, counted as the pane counts."""

    def tally(total: Tally) -> None:
        counted.append(total.count)

    return await plan_delete(gateway.storage, [Aim(uri)], on_tally=tally)


async def large_plan(gateway: Gateway, uri: GcsUri, expected: int) -> None:
    """A plan of very many objects, and a rule over it."""
    await plan_delete(gateway.storage, [Aim(GcsUri(BUCKET, "warm/"))])
    gc.collect()
    process, heart = psutil.Process(), Heart()
    before, counted = process.memory_info().rss, list[int]()
    made, seconds = await heart.watch(plan(gateway, uri, counted))
    memory = (process.memory_info().rss - before) / (1 << 20)
    assert made.count == expected, made.count
    print(f"{f'plan of {expected:,} objects':<44} {seconds:7.2f} s (at most 20) · {memory:5.1f} MiB")
    print(f"{'':<44} {len(counted)} running totals · {heart}")
    live, rule = made.parts[0].live, read_rule("3", "", "**/*.bin", "")
    heart = Heart()
    work = asyncio.to_thread(choose, rule, live, len(uri.name), datetime.now(UTC))
    choice, seconds = await heart.watch(work)
    print(f"{'a rule over it: ' + format(len(choice.going), ',') + ' go':<44} {seconds:7.2f} s · {heart}")


async def ours(gateway: Gateway, home: Path, uri: GcsUri, expected: int) -> float:
    """Seconds from the key to the account, the count included."""
    heart, journal = Heart(), DeleteJournal(home)

    async def whole() -> DeleteReport:
        made = await plan(gateway, uri, [])
        return await delete_plan(gateway.storage, made, journal, target=gateway.target, stop=asyncio.Event())

    report, seconds = await heart.watch(whole())
    assert report.complete, str(report)
    assert report.gone == expected, str(report)
    print(
        f"{'deleted ' + format(expected, ',') + ', counted and written down':<44} {seconds:7.2f} s · {heart}"
    )
    return seconds


async def undone(gateway: Gateway, home: Path, expected: int) -> None:
    """All of it comes back."""
    heart, journal = Heart(), DeleteJournal(home)
    record = past_deletes(journal)[0]

    async def whole() -> int:
        found = await plan_undo(gateway.storage, record)
        report = await run_undo(
            gateway.storage, found, journal, target=gateway.target, stop=asyncio.Event(), record=record
        )
        assert report.complete, str(report)
        return report.restored

    count, seconds = await heart.watch(whole())
    assert count == expected, count
    print(f"{'brought back ' + format(count, ','):<44} {seconds:7.2f} s · {heart}")


def gcloud(environ: dict[str, str], uri: GcsUri) -> float:
    """Seconds that `gcloud storage rm --recursive` takes."""
    command = [shutil.which("gcloud") or "gcloud", "storage", "rm", "--recursive", str(uri)]
    begin = time.perf_counter()
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return time.perf_counter() - begin


async def compare(
    record: launcher.Record, environ: dict[str, str], home: Path, choice: argparse.Namespace
) -> None:
    """Print all of it."""
    endpoint = LocalEndpoint(record.grpc_address, record.http_url)
    gateway = await open_gateway(Target(record.project, REGION, local=endpoint))
    try:
        await large_plan(gateway, GcsUri(BUCKET, "planned/"), choice.planned)
        places = [GcsUri(BUCKET, f"ours-{number}/") for number in range(choice.runs)]
        mine = [await ours(gateway, home, place, choice.objects) for place in places]
        await undone(gateway, home, choice.objects)
        if choice.peer:
            theirs = await asyncio.to_thread(gcloud, environ, GcsUri(BUCKET, "theirs/"))
            ratio = statistics.median(mine) / theirs
            told = f"ours is {ratio:.3f} of it (at most 0.25)"
            print(f"{'gcloud storage rm --recursive':<44} {theirs:7.2f} s · {told}")
    finally:
        await gateway.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--objects", type=int, default=10_000, help="objects to delete each time")
    parser.add_argument("--planned", type=int, default=200_000, help="objects to count")
    parser.add_argument("--runs", type=int, default=3, help="deletes of ours")
    parser.add_argument("--no-peer", dest="peer", action="store_false", help="without gcloud")
    parser.add_argument("--quick", action="store_true", help="1,000 and 20,000 objects, one run")
    choice = parser.parse_args()
    if choice.quick:
        choice.objects, choice.planned, choice.runs = 1_000, 20_000, 1
    with tempfile.TemporaryDirectory(prefix="vt-") as folder:
        data_dir, home = Path(folder, "data"), Path(folder, "home")
        data_dir.mkdir(mode=0o700)
        home.mkdir()
        deleted = {f"ours-{number}/": choice.objects for number in range(choice.runs)}
        fill(data_dir, {"planned/": choice.planned, **deleted, "theirs/": choice.objects, "warm/": 1})
        try:
            record = launcher.ensure(data_dir)
            environ = apply(client_env.changes(record, REGION, os.environ), os.environ)
            asyncio.run(compare(record, environ, home, choice))
        finally:
            launcher.stop(data_dir)


if __name__ == "__main__":
    main()
