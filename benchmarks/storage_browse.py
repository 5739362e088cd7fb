"""How soon a prefix of 100,000 objects is on the screen, what 200,000 listed take, how keys do.

The Storage pane runs without a terminal over the app's own gateway, against the local server in a process
of its own; beside it `gcloud storage ls` lists the same prefix. Run it with
`python -m benchmarks.storage_browse`, `--quick` for a quarter.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tui import assets
from tui.cloud.session import open_gateway
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri
from tui.domain.target import LocalEndpoint, Target
from tui.local import client_env, launcher
from tui.local.environ import apply
from tui.local.storage.bulk import Seed, put_many
from tui.local.storage.objects import ObjectStore
from tui.panes.storage import StoragePane
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.settings import Settings

REGION = "us-central1"
BUCKET = "browsed"
FIRST_TARGET_SECONDS = 0.5
MEMORY_TARGET_MB = 80.0
KEY_TARGET_MS = 100.0
ROUNDS = 5
SPREAD_SECONDS = 0.05
"""Between two keys."""


class Browser(App[None]):
    """Only the pane."""

    CSS_PATH = [assets.STYLES / "frame.tcss", assets.STYLES / "storage.tcss"]  # noqa: RUF012 (Textual's)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        paths = find_paths({"VERTEX_TUI_HOME": str(folder)})
        self.pane = StoragePane(AppOptions(Settings(), {}, local=True, spec=None, paths=paths))

    def compose(self) -> ComposeResult:
        """Nothing else."""
        yield self.pane


def fill(data_dir: Path, sizes: dict[str, int]) -> None:
    """Make so many objects below each prefix."""
    store = ObjectStore(data_dir / "objects")
    try:
        bucket = store.buckets.insert("local-project", {"name": BUCKET, "location": REGION})
        for prefix, count in sizes.items():
            names = (f"{prefix}checkpoint-{n // 50:05}-shard-{n:06}.safetensors" for n in range(count))
            put_many(store, bucket, (Seed(name, b"a small object") for name in names))
    finally:
        store.close()


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for it without taking time from it."""
    end = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > end:
            raise TimeoutError
        await asyncio.sleep(0.002)


async def drawn(app: Browser) -> None:
    """Until what is known now is on the screen."""
    done = asyncio.Event()
    app.screen.call_after_refresh(done.set)
    await done.wait()


async def first_screens(app: Browser, place: GcsUri) -> list[float]:
    """Seconds from the wish for a place until its first rows are drawn, read anew each time."""
    found = []
    for _ in range(ROUNDS):
        app.pane.browse(GcsUri(BUCKET, "few/"))
        await until(lambda: app.pane.place == GcsUri(BUCKET, "few/") and app.pane.table.row_count > 0)
        app.pane.forget_levels()
        begin = time.perf_counter()
        app.pane.browse(place)
        await until(lambda: app.pane.place == place and app.pane.table.row_count > 100)
        await drawn(app)
        found.append(time.perf_counter() - begin)
        app.pane.read_no_further()
    return found


async def while_busy(app: Browser, pilot: Pilot[None], over: Callable[[], bool]) -> list[float]:
    """Seconds from a key until the cursor has moved on the screen, over and over until something is over."""
    found: list[float] = []
    key, busiest = "down", 0.0
    while not over() or len(found) < ROUNDS:
        row = app.pane.table.cursor_row
        key = "up" if key == "down" and row > 0 else "down"
        begin, worked = time.perf_counter(), time.thread_time()
        press = asyncio.create_task(_press(pilot, key))
        await until(lambda before=row: app.pane.table.cursor_row != before)  # type: ignore[misc]
        await drawn(app)
        found.append(time.perf_counter() - begin)
        busiest = max(busiest, time.thread_time() - worked)
        await press
        await asyncio.sleep(SPREAD_SECONDS)
    median = 1000 * statistics.median(found)
    print(
        f"{len(found)} keys, median {median:.0f} ms; at most {1000 * busiest:.0f} ms of CPU in the event loop"
    )
    return found


async def _press(pilot: Pilot[None], key: str) -> None:
    await pilot.press(key)


def memory() -> float:
    """Megabytes that this process holds."""
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 2**20


def verdict(what: str, value: float, target: float, unit: str) -> None:
    """One row."""
    word = "ok" if value <= target else "TOO MUCH"
    print(f"{what:<58} {value:9.2f} {unit:<4} (at most {target:g}) {word}", flush=True)


async def measure(gateway: Gateway, folder: Path, counts: dict[str, int]) -> None:
    """All figures of the app."""
    app = Browser(folder)
    async with app.run_test(size=(160, 50)) as pilot:
        app.pane.gateway = gateway
        await until(lambda: app.pane.table.row_count > 0)
        first = await first_screens(app, GcsUri(BUCKET, "first/"))
        verdict(f"first screen of {counts['first/']:,}, median", statistics.median(first), 0.5, "s")
        app.pane.browse(GcsUri(BUCKET, "few/"))
        await until(lambda: app.pane.place == GcsUri(BUCKET, "few/") and app.pane.table.row_count > 0)
        app.pane.forget_levels()
        before, whole, begin = memory(), counts["many/"], time.perf_counter()
        app.pane.browse(GcsUri(BUCKET, "many/"))
        await until(lambda: app.pane.entries is not None and app.pane.table.row_count > 100)
        app.pane.table.action_scroll_bottom()
        app.pane.table.move_cursor(app.pane.table.row_count // 2)  # where both keys move it

        def read() -> bool:
            return app.pane.entries is not None and app.pane.entries.whole

        keys = await while_busy(app, pilot, read)
        print(f"{whole:,} read in {time.perf_counter() - begin:.1f} s")
        verdict("key while reading, slowest", 1000 * max(keys), KEY_TARGET_MS, "ms")
        verdict(f"memory of {whole:,} listed", memory() - before, MEMORY_TARGET_MB, "MB")
        for what, press in (
            ("sorted by size", ["s"]),
            ("sorted by time", ["s"]),
            ("filtered", ["slash", "7"]),
        ):
            begin = time.perf_counter()
            await pilot.press(*press)
            keys = []
            if what != "filtered":
                keys = await while_busy(app, pilot, lambda: not app.pane.arranging)
            await until(lambda: not app.pane.arranging)
            print(f"{what} in {time.perf_counter() - begin:.2f} s")
            if keys:
                verdict(f"key while being {what}, slowest", 1000 * max(keys), KEY_TARGET_MS, "ms")


def peer(environ: dict[str, str], prefix: str) -> float:
    """Seconds of `gcloud storage ls` of a prefix."""
    begin = time.perf_counter()
    subprocess.run(
        [shutil.which("gcloud") or "gcloud", "storage", "ls", f"gs://{BUCKET}/{prefix}"],
        env=environ,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - begin


def main() -> None:
    """Fill, start, measure, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a quarter of the objects")
    part = 4 if parser.parse_args().quick else 1
    counts = {"few/": 10, "first/": 100_000 // part, "many/": 200_000 // part}
    with tempfile.TemporaryDirectory(prefix="vt-") as name:
        folder = Path(name)
        data_dir = folder / "data"
        data_dir.mkdir(mode=0o700)
        fill(data_dir, counts)
        record = launcher.ensure(data_dir)
        try:
            endpoint = LocalEndpoint(record.grpc_address, record.http_url)
            target = Target(record.project, REGION, local=endpoint)

            async def all_of_it() -> None:
                gateway = await open_gateway(target)
                try:
                    await measure(gateway, folder, counts)
                finally:
                    await gateway.close()

            asyncio.run(all_of_it())
            if shutil.which("gcloud"):
                environ = apply(client_env.changes(record, REGION, os.environ), os.environ)
                print(f"gcloud storage ls of {counts['first/']:,}: {peer(environ, 'first/'):.1f} s")
        finally:
            launcher.stop(data_dir)


if __name__ == "__main__":
    main()
