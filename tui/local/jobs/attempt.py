"""One attempt at a job: from provisioning to the end of all its replicas."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tui.local import clock
from tui.local.clock import SECOND, now_ns, unstamp
from tui.local.faults.book import Rule
from tui.local.jobs import endings, launch, messages
from tui.local.jobs.crew import Crew
from tui.local.jobs.endings import Ending, Kind
from tui.local.jobs.progress import Progress, Workshop
from tui.local.jobs.replica import LOST, Replica
from tui.local.state.jobs import State

MAX_REPLICAS = 64
"""Replicas of one job that this machine is asked to run at once."""
_PATIENCE_SECONDS = 10.0
"""How long a runner may take to come up, and past its grace to end, before it is given up."""
_QUOTA_SECONDS = 60.0
"""How long a job waits for quota if the fault does not say."""
_STRIKE_SECONDS = 0.5
"""How long after the job runs a fault strikes it, if the fault does not say."""
_LOST = "lost "
"""Beginning of `Run.struck` when one worker is taken away."""


class Attempt:
    """Every step can be taken again after a restart of the server, and is then not repeated."""

    def __init__(self, shop: Workshop, progress: Progress, cancelled: asyncio.Event) -> None:
        self._shop = shop
        self._progress = progress
        self._settings = shop.settings
        self._row = progress.row
        self._run = progress.row.run
        self._cancelled = cancelled
        self.crew = Crew(shop, progress)

    async def run(self) -> Ending:
        """Go on from wherever the attempt is; returns when none of its processes is left."""
        count = len(self.crew.replicas)
        if count > MAX_REPLICAS:
            return endings.too_many(count, MAX_REPLICAS)
        ending = None if self._run.launched else await self._until_launched()
        if ending:
            return ending
        await self.crew.start_missing(_PATIENCE_SECONDS)
        if self._row.job.state != State.JOB_STATE_CANCELLING:
            self._progress.set_running()
        ending = await self._until_decided()
        await self._stop_all()
        await self.crew.drain()
        self._progress.say(messages.TEARING_DOWN)
        self._progress.say(messages.TORN_DOWN)
        return ending

    # --- before the first process

    async def _until_launched(self) -> Ending | None:
        """Wait and prepare; how the attempt ends if it does before anything has run."""
        progress = self._progress
        progress.say(messages.WAITING)
        if self._row.job.state == State.JOB_STATE_QUEUED:
            if await self._cancelled_within(self._queue_seconds()):
                return endings.STOPPED
            progress.set_state(State.JOB_STATE_PENDING)
        progress.say(messages.PROVISIONING)
        progress.say(messages.SETTING_UP)
        self._warn()
        token = progress.mint_token()
        specs, cancelled = await asyncio.gather(
            asyncio.to_thread(self.crew.prepare, token, self._left_seconds()),
            self._cancelled_within(self._settings.pending_seconds),
        )
        ending = endings.STOPPED if cancelled else self._provisioning_fault() or self.crew.unrunnable()
        if ending:
            return ending
        progress.say(messages.WAITING_FOR_PROGRAM)
        progress.say(messages.PREPARING)
        self.crew.write(specs)
        self._run.launched = True
        progress.save()
        return None

    def _queue_seconds(self) -> float:
        """How long the job stays QUEUED; a wait for quota goes on where a restart broke it off."""
        run = self._run
        if not run.queued_until_ns:
            rule = self._fault("quota", fits=lambda rule: bool(rule.options.get("queued")))
            if rule:
                run.queued_until_ns = now_ns() + int(_seconds(rule, _QUOTA_SECONDS) * SECOND)
                self._progress.say(messages.WAITING_FOR_QUOTA)
        return max(self._settings.queued_seconds, (run.queued_until_ns - now_ns()) / SECOND)

    def _warn(self) -> None:
        job = self._row.job
        self._progress.say(messages.UNUSED_IMAGE.format(image=launch.image(job)))
        if len(self.crew.replicas) > 1:
            self._progress.say(messages.ONE_MACHINE.format(count=len(self.crew.replicas)), "WARNING")
        paths = launch.gcs_paths(job)
        if paths:
            self._progress.say(messages.NO_GCS_MOUNT.format(paths=", ".join(paths)), "WARNING")

    def _left_seconds(self) -> float:
        """How much of the job's time is left."""
        job = self._row.job
        spent = now_ns() - unstamp(job.start_time) if job.HasField("start_time") else 0
        return max(launch.timeout_seconds(job) - spent / SECOND, 0.0)

    def _provisioning_fault(self) -> Ending | None:
        rule = self._fault("stockout", "image-pull")
        if rule is None:
            return None
        if rule.effect == "stockout":
            return endings.stockout(Kind.STOCKOUT, self._row.region)
        return endings.image_pull(launch.image(self._row.job))

    def _fault(self, *effects: str, fits: Callable[[Rule], bool] | None = None) -> Rule | None:
        names = (self._row.job.display_name, self._row.job_id)
        return self._shop.faults.take("job", *names, effects=frozenset(effects), fits=fits)

    async def _cancelled_within(self, seconds: float) -> bool:
        if seconds <= 0:
            await asyncio.sleep(0)
            return self._cancelled.is_set()
        try:
            await clock.wait_for(self._cancelled.wait(), seconds)
        except TimeoutError:
            return False
        return True

    # --- while processes run

    async def _until_decided(self) -> Ending:
        """Read everybody's output until it is clear how the attempt ends."""
        rule = None if self._run.struck else self._fault("preempt", "internal")
        strike_at = time.monotonic() + (clock.real_seconds(_seconds(rule, _STRIKE_SECONDS)) if rule else 0)
        stop_at: float | None = None
        while True:
            busy = await self.crew.read()
            found = await self._struck() if self._run.struck else await self._outcome()
            if found:
                return found
            now = time.monotonic()
            if rule and now >= strike_at:
                self._strike(rule.effect)
                rule = None
            if self._cancelled.is_set() and stop_at is None:
                stop_at = now
                self.crew.each(Replica.ask_to_stop)
            if stop_at is not None and self._overdue(stop_at):
                await asyncio.to_thread(self.crew.each, Replica.kill)
            await asyncio.sleep(0 if busy else self._settings.poll_seconds)

    async def _outcome(self) -> Ending | None:
        """How the attempt ends by what its replicas did: the primary's end decides, or anybody's failure."""
        decisive = self.crew.decisive()
        if decisive is None:
            return None
        replica, outcome = decisive
        await self.crew.drain(replica.name)
        if outcome == LOST and self._cancelled.is_set():
            return endings.STOPPED
        traceback = self.crew.readers[replica.name].traceback()
        return endings.replica_ending(replica.name, outcome, self._row.job_id, traceback)

    def _strike(self, effect: str) -> None:
        """Write down what is about to happen: after a restart of the server it must happen to its end."""
        scheduling = self._row.job.job_spec.scheduling
        if effect == "preempt" and scheduling.strategy != scheduling.Strategy.Value("SPOT"):
            self._run.struck = f"{_LOST}{self.crew.replicas[-1].name}"
        else:
            self._run.struck = effect
        self._progress.save()

    async def _struck(self) -> Ending | None:
        """Do what was written down; None if the attempt goes on."""
        struck = self._run.struck
        if not struck.startswith(_LOST):
            preempted = endings.stockout(Kind.PREEMPTED, self._row.region)
            return preempted if struck == "preempt" else endings.INTERNAL
        name = struck.removeprefix(_LOST)
        await asyncio.to_thread(self.crew.lose, name)
        restarts = self._run.worker_restarts.get(name, 0) + 1
        scheduling = self._row.job.job_spec.scheduling
        if endings.restarts_whole_job(scheduling) or restarts > endings.WORKER_RESTARTS:
            return endings.WORKER
        renewed = await self.crew.renew(name, restarts, self._progress.mint_token(), self._left_seconds())
        self._run.worker_restarts[name] = restarts
        self._run.struck = ""
        self._progress.save()
        text = messages.RESTARTING_WORKER.format(replica=name, number=restarts, most=endings.WORKER_RESTARTS)
        self._progress.say(text, "WARNING")
        await self.crew.take_in(renewed)
        await self.crew.start_missing(_PATIENCE_SECONDS)
        return None

    def _overdue(self, since: float) -> bool:
        return time.monotonic() - since > self._settings.grace_seconds + _PATIENCE_SECONDS

    async def _stop_all(self) -> None:
        """The attempt is decided: whoever still runs is stopped, and nothing is left behind."""
        self.crew.each(Replica.ask_to_stop)
        since = time.monotonic()
        while any(replica.outcome() is None for replica in self.crew.replicas):
            await self.crew.read()
            if self._overdue(since):
                await asyncio.to_thread(self.crew.each, Replica.kill)
            await asyncio.sleep(self._settings.poll_seconds)
        await asyncio.to_thread(self.crew.clear)


def _seconds(rule: Rule, otherwise: float) -> float:
    return float(rule.options.get("seconds", otherwise))
