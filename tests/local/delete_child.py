"""A process that deletes, or undoes, and may be killed at any moment of it.

Run as a program it has imported everything already, and forks one process for each order on its standard
input: its pid, `begun` once all is counted, and `ended` are told on the standard output.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import sys
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import google.cloud.storage  # noqa: F401 (imported before the fork, and not after each)

from tui.cloud import storage as _storage  # noqa: F401 (as above)
from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError
from tui.domain.storage import GcsUri
from tui.domain.target import LocalEndpoint, Target
from tui.services.deleteplans import Aim, plan_delete
from tui.services.deletion import run as running
from tui.services.deletion.journal import DeleteJournal
from tui.services.deletion.records import past_deletes
from tui.services.deletion.run import delete_plan
from tui.services.deletion.undo import plan_undo, run_undo


@dataclass(frozen=True)
class Order:
    """What the process does."""

    target: Target
    bucket: str
    journals: Path
    with_earlier: bool = False
    undo: bool = False
    longest_file: int = 0
    """Bytes that a file may grow to, as if the disk were full then; 0 for no limit."""
    stop_after: int = 0
    """Objects after which it is stopped by the user; 0 for never."""

    def text(self) -> str:
        """The order as one line."""
        return json.dumps(asdict(self) | {"journals": str(self.journals)})

    @staticmethod
    def parse(text: str) -> Order:
        """The order of a line."""
        raw: dict[str, Any] = json.loads(text)
        target = raw.pop("target")
        place = Target(target["project"], target["region"], local=LocalEndpoint(**target["local"]))
        return Order(**raw | {"target": place, "journals": Path(raw["journals"])})


def work(order: Order) -> None:
    """Do it."""
    if order.longest_file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order.longest_file, order.longest_file))
    running.PAUSES = (0.02, 0.05, 0.1)
    with contextlib.suppress(CloudError):  # it could not even be counted: then nothing was deleted
        asyncio.run(_undo(order) if order.undo else _delete(order))


def _say(word: object) -> None:
    os.write(1, f"{word}\n".encode())


async def _delete(order: Order) -> None:
    gateway = await open_gateway(order.target)
    aims = [Aim(GcsUri(order.bucket, "runs/"))]
    plan = (await plan_delete(gateway.storage, aims)).taking_earlier(also=order.with_earlier)
    _say("begun")
    stop = asyncio.Event()

    def progress(report: running.DeleteReport) -> None:
        if order.stop_after and report.gone >= order.stop_after:
            stop.set()

    await delete_plan(
        gateway.storage,
        plan,
        DeleteJournal(order.journals),
        target=order.target,
        stop=stop,
        on_progress=progress,
    )
    await gateway.close()


async def _undo(order: Order) -> None:
    gateway = await open_gateway(order.target)
    journal = DeleteJournal(order.journals)
    record = past_deletes(journal)[0]
    plan = await plan_undo(gateway.storage, record)
    _say("begun")
    await run_undo(gateway.storage, plan, journal, target=order.target, stop=asyncio.Event(), record=record)
    await gateway.close()


def main() -> None:
    """Fork one process for each order."""
    _say("ready")
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                work(Order.parse(line))
            except BaseException:  # noqa: BLE001 (the process ends here, whatever happened)
                traceback.print_exc()
            os._exit(0)
        _say(child)
        os.waitpid(child, 0)
        _say("ended")


if __name__ == "__main__":
    main()
