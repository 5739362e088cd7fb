"""Trials of the app's own calls while replies get lost: nothing happens twice, nothing is claimed wrongly."""

from __future__ import annotations

import asyncio
import random
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.api_core.exceptions import NotFound as NoSuchJob
from google.cloud.aiplatform_v1 import JobState

from tests.local.clients import ENDED, PARENT, REGION, Server, script_job
from tests.local.cutting import CuttingProxy, Weather
from tests.support import wait_for
from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.jobs import OWN_LABEL
from tui.domain.target import Target, Transport
from tui.local.admin.client import AdminClient
from tui.services.submission import NotFound, SubmissionStore, Submitted, Submitter

HURRY = 100.0
"""How much faster than real the submission's waiting passes."""
_FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("drop", {}),
    ("drop", {}),
    ("error", {"code": "UNAVAILABLE"}),
    ("error", {"code": "INTERNAL"}),
    ("break", {}),
    ("truncate", {}),
    ("delay", {"seconds": 0.3}),
)
"""Effects of the server's own faults, with their options."""
ACTIONS = ("create", "create", "cancel", "delete")


@dataclass
class Case:
    """What came of one case."""

    seed: int
    action: str
    transport: Transport
    by: str = "the network"
    """What makes the trouble."""
    outcome: str = ""
    problems: list[str] = field(default_factory=list)


class HurriedTime:
    """A clock that runs faster than real time, for waits that are a minute long."""

    def __init__(self) -> None:
        self._now = 0.0

    def clock(self) -> float:
        """Seconds."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait a hundredth of it."""
        await asyncio.sleep(seconds / HURRY)
        self._now += seconds


class LostReplies:
    """One server with a cutting proxy before it."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def case(self, seed: int) -> Case:
        """One action in bad weather, and then a look at the server itself."""
        dice = random.Random(seed)  # noqa: S311 (repeatable, not secret)
        case = Case(seed, dice.choice(ACTIONS), dice.choice((Transport.GRPC, Transport.REST)))
        weather = Weather(dice, chance=dice.choice((0.0, 0.3, 0.6, 1.0)))
        with tempfile.TemporaryDirectory(prefix="vt-") as folder:
            record = self._server.record
            proxy = CuttingProxy(weather)
            async with proxy.before(record.grpc_address, record.http_url, Path(folder)) as endpoint:
                gateway = await open_gateway(Target(record.project, REGION, case.transport, endpoint))
                if weather.chance == 0.0:  # the network is good, the service is not
                    await asyncio.to_thread(self._make_faults, dice, case)
                try:
                    if case.action == "create":
                        await self._create(case, gateway, weather, Path(folder))
                    else:
                        await self._change(case, gateway, weather)
                finally:
                    await self._end_faults(weather)
                    await gateway.close()
        return case

    async def _end_faults(self, weather: Weather) -> None:
        weather.bad = False
        await asyncio.to_thread(self._admin, "DELETE", "faults")

    def _make_faults(self, dice: random.Random, case: Case) -> None:
        """One trouble with the call that changes something, and now and then one with those that read."""
        effect, options = dice.choice(_FAULTS)
        call = f"*{case.action.title()}CustomJob"
        self._admin(
            "POST",
            "faults",
            {"kind": "call", "pattern": call, "effect": effect, "options": options, "times": 1},
        )
        effect, options = dice.choice(_FAULTS)
        for call in ("*ListCustomJobs", "*GetOperation"):
            rule = {"kind": "call", "pattern": call, "effect": effect, "options": options, "times": 3}
            self._admin("POST", "faults", {**rule, "probability": 0.3, "seed": case.seed})
        case.by = f"the service ({effect})"

    def _admin(self, verb: str, path: str, content: dict[str, Any] | None = None) -> None:
        AdminClient(self._server.record).call(verb, path, content)

    async def _create(self, case: Case, gateway: Gateway, weather: Weather, folder: Path) -> None:
        store, hurried = SubmissionStore(folder), HurriedTime()
        submitter = Submitter(gateway.jobs, gateway.target, store, clock=hurried.clock, sleep=hurried.sleep)
        record = submitter.new_record("lost", "")
        weather.bad = True
        pools = [
            {
                "machineSpec": {"machineType": "n1-standard-4"},
                "replicaCount": "1",
                "containerSpec": {"imageUri": "python:3.11", "command": ["true"]},
            }
        ]
        request = {"displayName": "lost", "jobSpec": {"workerPoolSpecs": pools}}
        try:
            outcome = await submitter.submit(request, record, on_doubt=lambda: self._calm(weather))
        except CloudError as refusal:
            case.outcome, possible = f"refused: {refusal.kind}", {0}
        else:
            case.outcome, possible = _told(outcome)
        await self._end_faults(weather)
        count = await asyncio.to_thread(self._count, record.label)
        if count not in possible:
            case.problems.append(f"{count} jobs after {case.outcome} (by {case.by}: {weather.troubles})")
        if case.outcome == "settled absence" and [one.label for one in store.pending_submissions()] != [
            record.label
        ]:
            case.problems.append("the record of an unconfirmed submission is gone")

    @staticmethod
    def _calm(weather: Weather) -> None:
        """After the lost reply the weather mends a little, as it does in life."""
        weather.chance = min(weather.chance, 0.2)

    def _count(self, label: str) -> int:
        jobs = self._server.jobs.list_custom_jobs(parent=PARENT)
        return sum(1 for job in jobs if job.labels.get(OWN_LABEL) == label)

    async def _change(self, case: Case, gateway: Gateway, weather: Weather) -> None:
        script = "sleep 600" if case.action == "cancel" else "true"
        jobs = self._server.jobs
        name = (
            await asyncio.to_thread(jobs.create_custom_job, parent=PARENT, custom_job=script_job(script))
        ).name
        if case.action == "delete":
            await wait_for(lambda: jobs.get_custom_job(name=name).state in ENDED, what="the job's end")
        weather.bad = True
        try:
            if case.action == "cancel":
                await gateway.jobs.cancel_job(name)
            else:
                await gateway.jobs.delete_job(name)
            case.outcome, possible = "done", {True}
        except CloudError as failure:
            case.outcome = "in doubt" if failure.ambiguous else f"refused: {failure.kind}"
            possible = {True, False} if failure.ambiguous else {False}
        await self._end_faults(weather)
        happened = await asyncio.to_thread(self._happened, case.action, name)
        if happened not in possible:
            what = "has" if happened else "has not"
            case.problems.append(
                f"told {case.outcome}, but it {what} happened (by {case.by}: {weather.troubles})"
            )
        if case.action == "cancel" and not happened:
            await asyncio.to_thread(jobs.cancel_custom_job, name=name)

    def _happened(self, action: str, name: str) -> bool:
        try:
            job = self._server.jobs.get_custom_job(name=name)
        except NoSuchJob:
            return action == "delete"
        return action == "cancel" and job.state in {
            JobState.JOB_STATE_CANCELLING,
            JobState.JOB_STATE_CANCELLED,
        }


def _told(outcome: Submitted | NotFound) -> tuple[str, set[int]]:
    if isinstance(outcome, Submitted):
        return "submitted", {1}
    if outcome.settled:
        return "settled absence", {0}
    return "still in doubt", {0, 1}
