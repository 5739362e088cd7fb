"""A service of insights over Google's own clients on a local server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

from tests.local.clients import REGION, Server
from tests.support import wait_for
from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.insight import JobInsight
from tui.domain.jobs import Job
from tui.domain.readrate import ReadRate
from tui.domain.storage import GcsUri
from tui.domain.target import LocalEndpoint, Target
from tui.services.insight_reads import InsightTiming
from tui.services.insights import JobInsights
from tui.services.logreads import LogReaders

QUICK = InsightTiming(
    rest=0.01,
    poll=0.1,
    idle_poll=0.1,
    grace=1.0,
    recheck=0.3,
    retry=0.05,
    publish=0.02,
    background_reads=1e6,
)
"""Nothing here is shared with strangers."""
FRAMEWORK = """
import sys, time
for step in range(1, 6):
    print({'loss': round(2.5 - step / 5, 3), 'learning_rate': 0.001, 'epoch': step / 5}, flush=True)
    bar = f' {step * 20}%|####      | {step}/5 [00:0{step}<00:0{5 - step},  1.00it/s]'
    print(bar, file=sys.stderr, flush=True)
"""
"""Prints what the Hugging Face trainer prints."""


class NoLimit(ReadRate):
    """Reads as often as asked."""

    def wait(self, now: float) -> float:
        del now
        return 0.0


def program(text: str, before: str = "", after: str = "") -> str:
    """A shell script that runs a Python program from a file."""
    return f"{before}\ncat > train.py <<'END'\n{text}\nEND\npython3 train.py\n{after}"


def spec(script: str, **more: Any) -> dict[str, Any]:
    """A job of one machine that runs a shell script."""
    container = {"imageUri": "python:3.11", "command": ["bash", "-c", script]}
    pool = {"machineSpec": {"machineType": "n1-standard-4"}, "replicaCount": 1, "containerSpec": container}
    return {"displayName": "kelp", "jobSpec": {"workerPoolSpecs": [pool], **more}}


class Watch:
    """Polls the jobs as the app does, unless they are given, and takes what is told."""

    def __init__(self, gateway: Gateway, jobs: Sequence[Job] = ()) -> None:
        self.gateway = gateway
        self.told: Mapping[str, JobInsight] = {}
        readers = LogReaders(lambda _project: gateway.logs)
        readers.turns("local-project").rate = NoLimit()
        self.insights = JobInsights(
            readers,
            self._tell,
            project_of=lambda _job: "local-project",
            outputs_empty=self._outputs_empty,
            timing=QUICK,
        )
        self._tasks: list[asyncio.Task[None]] = []
        self.jobs = jobs
        self._polls = not jobs

    def _tell(self, told: Mapping[str, JobInsight]) -> None:
        self.told = told

    async def _outputs_empty(self, job: Job) -> bool | None:
        listing = await self.gateway.storage.list_objects(
            GcsUri.parse(f"{job.output_uri}/"), recursive=True, page_size=1
        )
        return not listing.objects

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self.insights.run()), asyncio.create_task(self._poll())]
        return self

    async def __aexit__(self, *_error: object) -> None:
        for task in self._tasks:
            assert not task.done(), task.exception()
            task.cancel()
        await asyncio.wait(self._tasks)

    async def _poll(self) -> None:
        while self._polls:
            with suppress(CloudError):
                self.jobs = (await self.gateway.jobs.list_jobs()).jobs
            self.insights.note_jobs(self.jobs)
            await asyncio.sleep(0.1)
        self.insights.note_jobs(self.jobs)
        await asyncio.Event().wait()

    async def look(self, job: Job) -> Job:
        """Put the cursor on a job; its record as listed."""
        found = await wait_for(lambda: next((each for each in self.jobs if each.name == job.name), None))
        assert found is not None
        self.insights.look_into([found], found)
        return found

    async def insight(self, job: Job, holds: Callable[[JobInsight], object]) -> JobInsight:
        """What is told of a job, once a condition holds."""

        def look() -> JobInsight | None:
            found = self.told.get(job.name)
            return found if found is not None and holds(found) else None

        try:
            found = await wait_for(look, 60, what="the insight")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.told.get(job.name)}") from error
        assert found is not None
        return found

    async def card(self, job: Job) -> JobInsight:
        """What is told of a job once it is over and its last lines are certain."""
        await self.look(job)
        return await self.insight(job, lambda found: found.diagnosis is not None and found.complete)


async def gateway_of(server: Server) -> Gateway:
    """The app's own way to a server."""
    endpoint = LocalEndpoint(server.record.grpc_address, server.record.http_url)
    return await open_gateway(Target(server.record.project, REGION, local=endpoint))
