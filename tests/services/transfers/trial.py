"""Transfers that are killed, cut off or run into a full disk, and a look at what they leave.

The tests run a few of them, `benchmarks.campaign` hundreds. A trial is a process of its own, because it forks
those that it kills, and because it may run where a small file system has been mounted for it alone:
`python -m tests.services.transfers.trial RECORD SEED COUNT FOLDER`; it prints one line of JSON a case.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.services.transfer_world import checksum
from tui.cloud.session import open_gateway, warm
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri
from tui.domain.target import LocalEndpoint, Target, Transport
from tui.domain.transfers.overwrite import Overwrite
from tui.local.admin.client import AdminClient
from tui.local.launcher import Record
from tui.services.listing import list_all
from tui.services.transfers.disk import free_bytes
from tui.services.transfers.downloads import Source, plan_download
from tui.services.transfers.hub import Hub
from tui.services.transfers.model import Transfer
from tui.services.transfers.records import Records
from tui.services.transfers.uploads import find_files, look_there, plan_upload

BUCKET = "trial"
TREE = GcsUri(BUCKET, "tree/")
HERE = "the local server"
MIB = 1 << 20

SIZES = (0, 1, 100, 5_000, 300_000, MIB, MIB + 1, 2 * MIB + 77)
HOSTILE = (
    "../up",
    "/x",
    "both",
    "both/in",
    "Case",
    "case",
    "n" * 600,
    "back\\slash",
    "deep/hidden",
    "é\x1b[0m",
)
FILES = {f"tree/{n:02}.bin": SIZES[n % len(SIZES)] for n in range(24)} | {
    f"tree/{name}": 2_000 for name in HOSTILE
}
"""All objects with their sizes."""

FAULTS: tuple[tuple[str, dict[str, int]], ...] = (
    ("break", {}),
    ("truncate", {"bytes": 1000}),
    ("drop", {}),
    ("error", {"code": 503}),
)
LONGEST = 60.0
"""Seconds within which a session surely ends by itself."""


def content(name: str, size: int) -> bytes:
    """Bytes that only this object has."""
    return random.Random(name).randbytes(size)  # noqa: S311 (no secret)


@dataclass
class Case:
    """One transfer and what happens to it."""

    seed: int
    root: Path
    server: Record
    full: bool = False
    """Whether the disk can be filled."""
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 (a game)
        self.up = self.dice.random() < 0.3
        self.rule = self.dice.choice(list(Overwrite))
        kinds = ["kill", "kill", "kill twice", "cut", "no room"] + (["full disk"] * 2 if self.full else [])
        self.kind = self.dice.choice(kinds)
        if self.up and self.kind in ("no room", "full disk"):
            self.kind = "kill"
        self.home, self.outside, self.state = (self.root / name for name in ("home", "outside", "state"))
        self.source = self.root / "source"
        self.prefix = GcsUri(BUCKET, f"up-{self.seed}/")
        self.mine: dict[Path, bytes] = {}
        self.ballast = self.home / "ballast"

    @property
    def group(self) -> str:
        """What it is counted as."""
        return f"{'upload' if self.up else 'download'}, {self.kind}"

    # The sessions, each in a process of its own

    async def begin(self, gateway: Gateway, hub: Hub) -> None:
        """A session that asks for the transfer."""
        await hub.add(await self.planned(gateway))
        sys.stdout.flush()
        os.write(self.begun, b"!")
        await self.end(hub)

    async def go_on(self, _gateway: Gateway, hub: Hub) -> None:
        """A later session, which goes on with what the first left."""
        await hub.restore()
        os.write(self.begun, b"!")
        for transfer in hub.transfers:
            hub.resume(transfer)
        await self.end(hub)

    async def end(self, hub: Hub) -> None:
        """Until nothing more happens by itself; what failed for a while is tried again twice."""
        deadline = time.monotonic() + LONGEST
        retries = 2
        while time.monotonic() < deadline:
            await asyncio.sleep(0.01)
            if hub.active or hub.running:
                continue
            failed = [one for one in hub.transfers if one.failed and not one.held]
            if not failed or not retries:
                break
            retries -= 1
            for transfer in failed:
                hub.retry(transfer)
        for transfer in hub.active:
            sys.stderr.write(f"never ended: {transfer.state} {transfer.reason}\n")

    async def planned(self, gateway: Gateway) -> Transfer:
        """The transfer."""
        if not self.up:
            source = Source(TREE, await list_all(gateway.storage, TREE))
            return plan_download([source], self.home).transfer(self.rule, HERE)
        found = find_files(self.source, self.prefix)
        listed = await look_there(gateway.storage, found, self.prefix)
        return plan_upload(found, self.prefix, listed).transfer(self.rule, HERE)

    def session(self, work: Callable[[Gateway, Hub], Coroutine[Any, Any, None]]) -> tuple[int, int]:
        """Start one; its process, and a descriptor from which a byte comes when it has begun."""
        heard, self.begun = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                asyncio.run(self.run(work))
                code = 0
            except BaseException:  # noqa: BLE001 (a process that must not go on as the one it was)
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        os.close(self.begun)
        return pid, heard

    async def run(self, work: Callable[[Gateway, Hub], Coroutine[Any, Any, None]]) -> None:
        """What a session does."""
        endpoint = LocalEndpoint(self.server.grpc_address, self.server.http_url)
        gateway = await open_gateway(Target(self.server.project, "europe-west4", Transport.REST, endpoint))
        room = self.dice.randrange(6 * MIB) if self.kind == "no room" and work == self.begin else 0
        start = used(self.home)

        def free(folder: Path) -> int:
            if room:
                return max(room - used(self.home) + start, 0) + 64 * MIB
            return 1 << 40 if self.full else free_bytes(folder)  # so that only writing finds out

        hub = Hub(Records(self.state), free=free, pauses=(0.05,))
        hub.connect(gateway.storage, HERE)
        await work(gateway, hub)
        await hub.close()
        await gateway.close()

    def ended(self, session: tuple[int, int], kill_after: float | None) -> None:
        """Wait for a session, or kill it so long after it has begun."""
        pid, heard = session
        os.read(heard, 1)
        os.close(heard)
        if kill_after is not None:
            time.sleep(kill_after)
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if kill_after is None and status:
            self.problems.append(f"a session ended with status {status}")

    # The case

    def play(self) -> None:
        """Interrupt it, look, go on, look again."""
        self.prepare()
        admin = AdminClient(self.server)
        try:
            self.first(admin)
            self.look(done=False)
            if self.kind == "kill twice":
                self.ended(self.session(self.go_on), self.dice.uniform(0, 0.1))
                self.look(done=False)
            self.ballast.unlink(missing_ok=True)
            noted = list(self.state.glob("*.jsonl"))
            if noted or self.kind != "cut":
                self.ended(self.session(self.go_on), None)
            self.look(done=bool(noted) or self.kind == "cut")
        finally:
            admin.call("DELETE", "faults")

    def first(self, admin: AdminClient) -> None:
        """The session that is interrupted."""
        if self.kind == "cut":
            for _ in range(self.dice.randrange(1, 6)):
                effect, options = self.dice.choice(FAULTS)
                pattern = "storage.objects.insert" if self.up else "storage.objects.get"
                rule = {"kind": "call", "pattern": pattern, "effect": effect, "options": options, "times": 1}
                if self.up and effect == "truncate":
                    continue
                admin.call("POST", "faults", rule)
        killed = self.dice.uniform(0, 0.25) if self.kind.startswith("kill") else None
        self.ended(self.session(self.begin), killed)

    def prepare(self) -> None:
        """Files that are there already, a link that leads out, and a disk that is nearly full."""
        shutil.rmtree(self.root / "home", ignore_errors=True)
        for folder in (self.outside, self.state, self.home / "tree", self.source / "deep"):
            folder.mkdir(parents=True, exist_ok=True)
        if self.up:
            for name, size in FILES.items():
                (self.source / "deep" / name.replace("/", "_").replace("\x1b", "")[:200]).write_bytes(
                    content(name, size)
                )
            if self.kind.startswith("kill"):  # in a session, which is gone on with
                (self.source / "deep" / "large.bin").write_bytes(content("large", 9 * MIB))
            (self.source / "link").symlink_to(self.outside)
            return
        (self.home / "tree" / "deep").symlink_to(self.outside)
        for name in ("00.bin", "03.bin"):
            self.mine[self.home / "tree" / name] = b"mine"
            (self.home / "tree" / name).write_bytes(b"mine")
        if self.kind == "full disk":
            room = free_bytes(self.home) - self.dice.randrange(8 * MIB)
            with suppress(OSError), self.ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, max(room, 1))

    # Looking

    def look(self, *, done: bool) -> None:
        """Note whatever is not as it must be."""
        if self.up:
            pid, heard = self.session(self.compare_done if done else self.compare)
            os.close(heard)
            if os.waitpid(pid, 0)[1]:
                self.problems.append(f"the bucket is not as it must be (done: {done})")
        else:
            self.look_at_files(done=done)
        if any(self.outside.iterdir()):
            self.problems.append("something was written outside the folder")
        if done and list(self.state.glob("*.jsonl")):
            self.problems.append("a note was left")

    def look_at_files(self, *, done: bool) -> None:
        names = [name for name in FILES if not name.startswith("tree/deep/")]
        expected = {content(name, FILES[name]): name for name in names}
        found: set[bytes] = set()
        for place, _, files in os.walk(self.home):
            for file in files:
                path = Path(place, file)
                data = path.read_bytes() if path != self.ballast else b"mine"
                if file.startswith(".") and file.endswith(".part"):
                    if done:
                        self.problems.append(f"{file} was left")
                elif data in expected:
                    found.add(data)
                elif data != b"mine":
                    self.problems.append(f"{path}: {len(data)} bytes of nothing that was asked for")
        kept = {"tree/00.bin", "tree/03.bin"} if self.rule is Overwrite.KEEP else set()
        missing = [name for data, name in expected.items() if data not in found and name not in kept]
        if done and missing:
            self.problems.append(f"missing ({self.rule}): {sorted(missing)[:3]}")

    async def compare(self, gateway: Gateway, _hub: Hub, *, done: bool = False) -> None:
        """Whether every object is one of the files, whole; when all is done, all of them."""
        there = await list_all(gateway.storage, self.prefix)
        sums = {checksum(path.read_bytes()) for path in (self.source / "deep").iterdir()}
        wrong = [item.name for item in there if item.crc32c not in sums]
        assert not wrong, wrong
        assert not done or {item.crc32c for item in there} == sums, f"{len(there)} of {len(sums)}"

    async def compare_done(self, gateway: Gateway, hub: Hub) -> None:
        """The same after the last session."""
        await self.compare(gateway, hub, done=True)


def used(folder: Path) -> int:
    """Bytes of the files below a folder."""
    total = 0
    for place, _, files in os.walk(folder):
        for file in files:
            with suppress(OSError):
                total += Path(place, file).lstat().st_size
    return total


async def fill(server: Record) -> None:
    """Make the bucket and its objects, once."""
    endpoint = LocalEndpoint(server.grpc_address, server.http_url)
    gateway = await open_gateway(Target(server.project, "europe-west4", Transport.REST, endpoint))
    with suppress(CloudError):
        await gateway.storage.create_bucket(BUCKET, "europe-west4")
        folder = Path(os.environ["TRIAL_FOLDER"], "fill")
        folder.mkdir()  # noqa: ASYNC240 (nothing else goes on)
        for number, (name, size) in enumerate(FILES.items()):
            path = folder / str(number)
            path.write_bytes(content(name, size))
            await gateway.storage.upload(path, GcsUri(BUCKET, name))
        shutil.rmtree(folder)
    await gateway.close()


def main() -> None:
    """Play the cases."""
    record, seed, count, folder = sys.argv[1:5]
    os.environ["TRIAL_FOLDER"] = folder
    server = Record(**json.loads(record))
    warm()
    pid = os.fork()  # this process itself must have no threads, or what it forks might hang
    if pid == 0:
        asyncio.run(fill(server))
        os._exit(0)
    os.waitpid(pid, 0)
    for number in range(int(seed), int(seed) + int(count)):
        root = Path(folder, f"case-{number}")
        root.mkdir()
        case = Case(number, root, server, full="--full" in sys.argv)
        case.play()
        told = {"seed": number, "group": case.group, "problems": case.problems}
        sys.stdout.write(f"{json.dumps(told)}\n")
        sys.stdout.flush()
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
