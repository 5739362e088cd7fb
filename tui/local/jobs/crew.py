"""The replicas of one attempt, and the readers of what they print."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from tui.local.jobs import endings, launch
from tui.local.jobs.endings import Ending
from tui.local.jobs.launch import Launch, Place
from tui.local.jobs.output import OutputReader
from tui.local.jobs.progress import Progress, Workshop
from tui.local.jobs.replica import LOST, Outcome, Replica, bury

_CLAIM_POLL_SECONDS = 0.01


class Crew:
    """All replicas of an attempt; the primary comes first."""

    def __init__(self, shop: Workshop, progress: Progress) -> None:
        self._shop = shop
        self._row = progress.row
        self._places = {place.name: place for place in launch.places(self._row.job)}
        restarts = self._row.run.worker_restarts
        self.replicas = [self._replica(place, restarts.get(name, 0)) for name, place in self._places.items()]
        self.readers = {replica.name: self._reader(replica) for replica in self.replicas}

    def _replica(self, place: Place, restarts: int) -> Replica:
        """Attempts and restarts in place have folders of their own."""
        run = self._row.run
        suffix = f".{run.attempt}.{restarts}" if run.attempt or restarts else ""
        return Replica(place.name, self._shop.folder / self._row.job_id / f"{place.name}{suffix}")

    def _reader(self, replica: Replica) -> OutputReader:
        key = replica.folder.name
        return OutputReader(self._shop.entries, self._row.job_id, replica.name, replica.output, key=key)

    # --- coming up

    def unrunnable(self) -> Ending | None:
        """How the attempt ends if the spec does not say what to run."""
        job = self._row.job
        for place in self._places.values():
            if not launch.runnable(job, place):
                return endings.no_command(place.name, self._row.job_id, launch.image(job, place.pool))
        return None

    def prepare(self, token: str, left_seconds: float) -> list[dict[str, Any]]:
        """Make every replica's folders; what their runners need. Blocking."""
        maker = self._launch(token, left_seconds)
        return [maker.spec(self._places[replica.name], replica.folder) for replica in self.replicas]

    def _launch(self, token: str, left_seconds: float) -> Launch:
        shop = self._shop
        return Launch(
            self._row.job, self._row.job_id, shop.settings, shop.http_url, token, left_seconds, shop.door
        )

    def write(self, specs: list[dict[str, Any]]) -> None:
        """Write down what the runners need; from then on they may be started at any time."""
        for replica, spec in zip(self.replicas, specs, strict=True):
            replica.prepare(spec)

    async def start_missing(self, patience: float) -> None:
        """Start every replica that no runner has taken, and wait until the runners are up.

        Who was prepared but is gone with its folder counts as lost; so does a runner that never comes up.
        """
        for replica in self.replicas:
            if replica.prepared() and not replica.started():
                await asyncio.to_thread(replica.start)
        give_up = time.monotonic() + patience
        while time.monotonic() < give_up:
            if all(replica.started() or not replica.prepared() for replica in self.replicas):
                return
            await asyncio.sleep(_CLAIM_POLL_SECONDS)

    # --- running

    def each(self, action: Callable[[Replica], None]) -> None:
        """Do something to every replica that has not ended."""
        for replica in self.replicas:
            if replica.outcome() is None:
                action(replica)

    def decisive(self) -> tuple[Replica, Outcome] | None:
        """Who ended first of those whose end ends the job: the primary, or whoever failed."""
        ended = [
            (replica, outcome)
            for replica in self.replicas
            if (outcome := replica.outcome()) and (outcome.failed or replica is self.replicas[0])
        ]
        return min(ended, key=lambda each: each[1].time_ns or time.time_ns(), default=None)

    async def read(self) -> bool:
        """Store some of each replica's new output, each in its turn; whether there was any."""
        waiting = [reader for reader in self.readers.values() if reader.waiting()]
        return any([await self._shop.turns.take(reader) for reader in waiting])

    async def drain(self, name: str = "") -> None:
        """Store all output of a replica that has ended, or of all."""
        for reader in [self.readers[name]] if name else list(self.readers.values()):
            while await self._shop.turns.take(reader):
                pass

    # --- going down

    def lose(self, name: str) -> None:
        """Take one replica's machine away. Blocking."""
        replica = self._named(name)
        while replica.outcome() is None:
            replica.kill()
            time.sleep(_CLAIM_POLL_SECONDS)
        replica.collect()
        bury(replica.folder)

    async def renew(self, name: str, restarts: int, token: str, left_seconds: float) -> Replica:
        """Prepare a replica's next start in place, in a new folder; `take_in` then makes it this crew's."""
        replica = self._replica(self._places[name], restarts)
        maker = self._launch(token, left_seconds)
        spec = await asyncio.to_thread(maker.spec, self._places[name], replica.folder)
        replica.prepare(spec)
        return replica

    async def take_in(self, replica: Replica) -> None:
        """Put a renewed replica in its predecessor's place, all of whose output is stored first."""
        await self.drain(replica.name)
        self.replicas[self.replicas.index(self._named(replica.name))] = replica
        self.readers[replica.name] = self._reader(replica)

    def _named(self, name: str) -> Replica:
        return next(replica for replica in self.replicas if replica.name == name)

    def clear(self) -> None:
        """All have ended: collect the runners, and end what lost replicas have left. Blocking."""
        for replica in self.replicas:
            replica.collect()
            if replica.outcome() == LOST:
                bury(replica.folder)

    def let_go(self) -> None:
        """The server ends, and the replicas run on."""
        for replica in self.replicas:
            replica.let_go()
