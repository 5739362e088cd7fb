"""A job's log followed over Google's clients while everything goes wrong: every line, and each once."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.local.clients import Server
from tests.services.insight_wire import gateway_of, spec
from tests.support import wait_for
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job
from tui.domain.logs import EntryKey, LogEntry, job_filter
from tui.domain.readrate import UNLIMITED, ReadRate
from tui.local.admin.client import AdminClient
from tui.local.launcher import LauncherError
from tui.services.follow.follower import LogFollower
from tui.services.follow.state import LOCAL_TIMING, FollowStatus, FollowTiming, LogBatch, Phase
from tui.services.logreads import LogReaders

PRINTER = """python3 -u - <<'END'
import sys, time
lines, seconds = {lines}, {seconds}
begin = time.time()
for at in range(0, lines, 100):
    time.sleep(max(begin + seconds * at / lines - time.time(), 0))
    sys.stdout.write("".join(f"line {{number}}\\n" for number in range(at, min(at + 100, lines))))
    sys.stdout.flush()
END
"""
_FAULTS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("log", "*", "late", {"seconds": 3.0, "probability": 0.03}),
    ("log", "*", "duplicate", {"probability": 0.05}),
    ("log", "*", "shuffle", {"seconds": 1.0, "probability": 0.05}),
    ("call", "ListLogEntries", "error", {"code": "RESOURCE_EXHAUSTED", "probability": 0.2}),
    ("call", "ListLogEntries", "error", {"code": "UNAVAILABLE", "probability": 0.05}),
    ("call", "ListLogEntries", "drop", {"probability": 0.03}),
    ("call", "ListLogEntries", "delay", {"seconds": 0.3, "probability": 0.1}),
    ("call", "TailLogEntries", "break", {"after": 40, "probability": 0.6}),
    ("call", "TailLogEntries", "error", {"code": "RESOURCE_EXHAUSTED", "probability": 0.2}),
)
"""What goes wrong, of which kind, and with what options."""
_FRAME = ("probability", "times", "seed")


@dataclass
class Outcome:
    """What came of one trial."""

    lines: int
    lost: int = 0
    doubled: int = 0
    again: int = 0
    """Entries that were handed on again, to be dropped by their keys."""
    restarts: int = 0
    phases: Counter[Phase] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def problems(self) -> list[str]:
        return [f"{self.lost} lost, {self.doubled} doubled of {self.lines}"] * bool(self.lost or self.doubled)


class FollowTrial:
    """Trials on one server."""

    def __init__(self, server: Server, timing: FollowTiming = LOCAL_TIMING) -> None:
        self.server = server
        self._timing = timing
        self._handed = 0
        self._kept: dict[EntryKey, str] = {}
        self._statuses: list[FollowStatus] = []

    async def case(self, seed: int, lines: int, seconds: float, restarts: int = 3) -> Outcome:
        """Follow a job that prints so many lines in so many seconds through faults chosen by the seed."""
        dice = random.Random(seed)  # noqa: S311 (chance, not secrecy)
        self._handed, self._kept, self._statuses = 0, {}, []
        outcome, begin = Outcome(lines), time.monotonic()
        gateway = await gateway_of(self.server)
        await asyncio.to_thread(self._make_faults, dice)
        job = await gateway.jobs.create_job(spec(PRINTER.format(lines=lines, seconds=seconds)))
        following = asyncio.create_task(self._follower(gateway, job).run())
        try:
            for _ in range(restarts):
                await asyncio.sleep(seconds / (restarts + 1) * dice.uniform(0.6, 1.2))
                await asyncio.to_thread(self._restart, dice)
                outcome.restarts += 1
            await wait_for(
                lambda: self._statuses[-1].phase is Phase.COMPLETE, 60 + 10 * seconds, what="the end"
            )
            await asyncio.to_thread(self._end_faults)
            # Stragglers: an entry may come long after the end, and is looked for then.
            await asyncio.wait({following}, timeout=60)
            await self._compare(gateway, job, outcome)
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            await gateway.close()
        outcome.seconds = time.monotonic() - begin
        outcome.phases = Counter(status.phase for status in self._statuses)
        return outcome

    def _follower(self, gateway: Gateway, job: Job) -> LogFollower:
        readers = LogReaders(lambda _project: gateway.logs)
        readers.rate_of = lambda: ReadRate(most=UNLIMITED)
        return LogFollower(
            readers,
            "local-project",
            gateway.jobs,
            job,
            on_batch=self._took,
            on_status=self._statuses.append,
            timing=self._timing,
            max_entries=10_000_000,
        )

    def _took(self, batch: LogBatch) -> None:
        self._handed += len(batch.entries)
        self._kept.update((entry.key, entry.text) for entry in batch.entries)

    async def _compare(self, gateway: Gateway, job: Job, outcome: Outcome) -> None:
        """What the server has, against what was handed on and kept."""
        there: list[LogEntry] = []
        token = ""
        while True:
            page = await gateway.logs.list_entries(job_filter(job.job_id), page_token=token)
            there += page.entries
            token = page.next_page_token
            if not token:
                break
        kept, wanted = Counter(self._kept.values()), Counter(entry.text for entry in there)
        outcome.lost = sum((wanted - kept).values())
        outcome.doubled = sum((kept - wanted).values())
        outcome.lost += sum(1 for number in range(outcome.lines) if f"line {number}" not in wanted)
        outcome.again = self._handed - len(there)

    # Faults

    def _make_faults(self, dice: random.Random) -> None:
        admin = AdminClient(self.server.record)
        for kind, pattern, effect, given in _FAULTS:
            options = {name: value for name, value in given.items() if name not in _FRAME}
            frame = {name: value for name, value in given.items() if name in _FRAME}
            rule = {"kind": kind, "pattern": pattern, "effect": effect, "options": options}
            admin.call("POST", "faults", {**rule, **frame, "seed": dice.randrange(1 << 30)})

    def _end_faults(self) -> None:
        with suppress(LauncherError):
            AdminClient(self.server.record).call("DELETE", "faults")

    def _restart(self, dice: random.Random) -> None:
        os.kill(self.server.record.pid, signal.SIGKILL)
        time.sleep(dice.uniform(0, 1))
        self.server.start()
        self._make_faults(dice)
