"""How long downloads and an upload take beside `gcloud storage cp`, from and to the same local server.

A folder of small objects and one large object come down by the app's own gateway, as its pane has it do
(listing included, eight at a time), then by gcloud; the large file goes up by both. What has come is compared
with what was stored. gcloud's own start, of one or two seconds, counts: it is part of the command; the app
runs already. Run it with `python -m benchmarks.storage_transfer`, `--quick` for small sizes.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import NamedTuple

from tui.cloud.session import open_gateway
from tui.domain.storage import GcsUri, ObjectInfo
from tui.domain.storage_gateway import StorageGateway
from tui.domain.target import LocalEndpoint, Target
from tui.local import client_env, launcher
from tui.local.environ import apply
from tui.local.storage.bulk import Seed, put_many
from tui.local.storage.objects import ObjectStore

REGION = "us-central1"
BUCKET = "transfers"
SMALL, LARGE = GcsUri(BUCKET, "small/"), GcsUri(BUCKET, "large.bin")
PARALLEL = 8
"""Downloads at once, as `tui.services.transfers` has them."""

PIECE = 1 << 20


def fill(data_dir: Path, count: int, size: int) -> None:
    """Make the small objects, each with bytes of its own."""
    store = ObjectStore(data_dir / "objects")
    try:
        bucket = store.buckets.insert("local-project", {"name": BUCKET, "location": REGION})
        put_many(store, bucket, (Seed(f"{SMALL.name}{n:05}.bin", os.urandom(size)) for n in range(count)))
    finally:
        store.close()


def write_large(path: Path, size: int) -> None:
    """A file of random bytes, repeated: nothing here packs them."""
    block = os.urandom(PIECE)
    with path.open("wb") as file:
        for start in range(0, size, PIECE):
            file.write(block[: min(PIECE, size - start)])


def digest(place: Path) -> str:
    """What a file or a folder holds."""
    total = hashlib.blake2b()
    for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
        if path.is_file():
            total.update(path.name.encode() * place.is_dir())
            total.update(path.read_bytes() if path.stat().st_size < PIECE else _hashed(path))
    return total.hexdigest()


def _hashed(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").digest()


async def listed(storage: StorageGateway, prefix: GcsUri) -> list[ObjectInfo]:
    """All objects below a prefix."""
    items: list[ObjectInfo] = []
    token = ""
    while True:
        page = await storage.list_objects(prefix, recursive=True, page_token=token)
        items += page.objects
        token = page.next_page_token
        if not token:
            return items


async def download(storage: StorageGateway, prefix: GcsUri, folder: Path) -> None:
    """Bring everything below `prefix` into `folder`, eight at a time."""
    queue = iter(await listed(storage, prefix))

    async def work() -> None:
        for item in queue:
            await storage.download(item, folder / item.name.rpartition("/")[2], on_bytes=lambda _: None)

    await asyncio.gather(*(work() for _ in range(PARALLEL)))


class Cost(NamedTuple):
    """What one transfer took."""

    seconds: float
    cpu: float
    """Seconds of all cores, of the client alone: a busy machine changes them least."""


def gcloud(environ: dict[str, str], *words: str) -> Cost:
    """What `gcloud storage cp` takes."""
    command = [shutil.which("gcloud") or "gcloud", "storage", "cp", *words]
    begin, used = time.perf_counter(), _used_by_children()
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return Cost(time.perf_counter() - begin, _used_by_children() - used)


def _used_by_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def folders(home: Path) -> Iterator[Path]:
    """Empty folders, each removed when the next is asked for."""
    for number in range(1 << 30):
        folder = home / f"down-{number}"
        folder.mkdir()
        yield folder
        shutil.rmtree(folder)


async def timed(work: Awaitable[object]) -> Cost:
    """What it takes."""
    begin, used = time.perf_counter(), time.process_time()
    await work
    return Cost(time.perf_counter() - begin, time.process_time() - used)


class Comparison:
    """Ours and gcloud's, in turn."""

    def __init__(self, storage: StorageGateway, environ: dict[str, str], home: Path, *, peer: bool) -> None:
        self.storage = storage
        self.environ = environ
        self.peer = peer
        self.source = home / "large.bin"
        self.places = folders(home)
        self.ours: dict[str, list[Cost]] = {}
        self.theirs: dict[str, list[Cost]] = {}

    async def up(self) -> None:
        """The large file, to the bucket."""
        uploading = self.storage.upload(self.source, LARGE, replaces=None)
        self.ours.setdefault("up", []).append(await timed(uploading))
        if self.peer:
            cost = gcloud(self.environ, str(self.source), f"gs://{BUCKET}/peer.bin")
            self.theirs.setdefault("up", []).append(cost)

    async def down(self, what: str, uri: GcsUri) -> None:
        """Everything below a prefix, or one object."""
        folder = next(self.places)
        self.ours.setdefault(what, []).append(await timed(download(self.storage, uri, folder)))
        mine = digest(folder)
        assert uri.is_prefix or digest(folder / self.source.name) == digest(self.source)
        if self.peer:
            folder = next(self.places)
            self.theirs.setdefault(what, []).append(gcloud(self.environ, "-r", str(uri), str(folder)))
            assert mine == digest(folder)

    def tell(self, what: str, amount: str) -> None:
        """One row: medians and their ratio."""
        mine = [statistics.median(figures) for figures in zip(*self.ours[what], strict=True)]
        row = f"{what:<6} {amount:>16}  ours {mine[0]:6.2f} s (CPU {mine[1]:5.1f} s)"
        if self.peer:
            other = [statistics.median(figures) for figures in zip(*self.theirs[what], strict=True)]
            row += f"   gcloud {other[0]:6.2f} s ({other[1]:5.1f} s)   ratio {mine[0] / other[0]:.2f}"
            row += f" ({mine[1] / other[1]:.2f})"
        print(row, flush=True)


async def measure(record: launcher.Record, home: Path, choice: argparse.Namespace) -> None:
    """Everything, in turn with gcloud."""
    environ = apply(client_env.changes(record, REGION, os.environ), os.environ)
    endpoint = LocalEndpoint(record.grpc_address, record.http_url)
    gateway = await open_gateway(Target(record.project, REGION, local=endpoint))
    comparison = Comparison(gateway.storage, environ, home, peer=choice.gcloud)
    write_large(comparison.source, choice.large << 20)
    for _ in range(choice.runs):
        await comparison.up()
        await comparison.down("large", LARGE)
        await comparison.down("small", SMALL)
    await gateway.close()
    comparison.tell("up", f"{choice.large} MiB")
    comparison.tell("large", f"{choice.large} MiB")
    comparison.tell("small", f"{choice.count:,} x {choice.size} KiB")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=5_000, help="small objects")
    parser.add_argument("--size", type=int, default=16, help="KiB of each")
    parser.add_argument("--large", type=int, default=1024, help="MiB of the large one")
    parser.add_argument("--runs", type=int, default=1, help="times that each is done, in turn")
    parser.add_argument("--quick", action="store_true", help="500 small objects and 64 MiB")
    parser.add_argument("--no-gcloud", dest="gcloud", action="store_false", help="leave gcloud out")
    choice = parser.parse_args()
    if choice.quick:
        choice.count, choice.large = 500, 64
    with tempfile.TemporaryDirectory(prefix="vt-") as folder:
        data_dir = Path(folder, "data")
        data_dir.mkdir(mode=0o700)
        fill(data_dir, choice.count, choice.size << 10)
        try:
            asyncio.run(measure(launcher.ensure(data_dir), Path(folder), choice))
        finally:
            launcher.stop(data_dir)


if __name__ == "__main__":
    main()
