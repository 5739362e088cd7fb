"""Whatever can be made to go wrong with a job on the local server leads to the right card."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from tests.local.clients import REGION, Server
from tests.local.conftest import fresh_server
from tests.local.faulty import Faults
from tests.services.insight_wire import FRAMEWORK, Watch, gateway_of, program, spec
from tests.support import wait_for
from tui.domain.diagnosis.model import Cause, Diagnosis
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job, JobState
from tui.domain.logs import job_filter
from tui.local.admin.client import AdminClient
from tui.local.faults.effects import CATALOGUE
from tui.local.seed.failures import _CRASHES, _KINDS, failure
from tui.local.seed.histories import Plan, histories
from tui.local.seed.loading import load

RAISES = FRAMEWORK + "batch = {}\nprint('training on', batch['labels'])\n"
SPOT = {"scheduling": {"strategy": "SPOT"}}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with fresh_server() as made:
        made.enable("aiplatform", "logging", "storage")
        yield made


@pytest.fixture
async def gateway(server: Server) -> AsyncIterator[Gateway]:
    opened = await gateway_of(server)
    yield opened
    await opened.close()


@pytest.fixture
def faults(server: Server) -> Iterator[Faults]:
    found = Faults(server)
    yield found
    found.close()


@dataclass(frozen=True)
class Wrong:
    """One thing that goes wrong with a job, and the card that it leads to."""

    name: str
    cause: Cause
    job: dict[str, Any]
    fault: tuple[str, dict[str, Any]] | None = None
    """Effect of a fault of kind `job`, with its options."""
    also: tuple[Cause, ...] = ()
    words: tuple[str, ...] = field(default=())


def _python(raises: str) -> dict[str, Any]:
    return spec(program(raises))


WRONG = (
    Wrong("no machines", Cause.STOCKOUT, spec("true"), ("stockout", {})),
    Wrong("no image", Cause.IMAGE_PULL, spec("true"), ("image-pull", {})),
    Wrong(
        "Spot machines taken away", Cause.PREEMPTION, spec("sleep 60", **SPOT), ("preempt", {"seconds": 0})
    ),
    Wrong("an internal error", Cause.INTERNAL, spec("sleep 60"), ("internal", {"seconds": 0})),
    Wrong(
        "workers taken away too often",
        Cause.INTERNAL,
        spec("sleep 60", scheduling={"restartJobOnWorkerRestart": True}),
        ("preempt", {"seconds": 0}),
    ),
    Wrong("its time was up", Cause.TIMEOUT, spec("sleep 60", scheduling={"timeout": "1s"})),
    Wrong("an exception", Cause.TRACEBACK, spec(program(RAISES)), words=("KeyError",)),
    Wrong("no module", Cause.MISSING_MODULE, _python("import kelp_forest_net"), words=("kelp_forest_net",)),
    Wrong("no file", Cause.MISSING_FILE, _python("open('data/train.csv')"), words=("data/train.csv",)),
    Wrong("no command", Cause.COMMAND_NOT_FOUND, spec("accelerated launch train.py"), words=("accelerated",)),
    Wrong(
        "arguments it does not know",
        Cause.BAD_ARGUMENTS,
        _python(
            "import argparse\nparser = argparse.ArgumentParser()\n"
            "parser.add_argument('--data', required=True)\nparser.parse_args(['--lr', '1'])"
        ),
    ),
    Wrong("killed", Cause.HOST_MEMORY, spec("kill -KILL $$")),
    Wrong("segmentation fault", Cause.CRASH, spec("kill -SEGV $$")),
    Wrong("abort", Cause.CRASH, spec("kill -ABRT $$")),
    Wrong("a full disk", Cause.DISK_FULL, _python("raise OSError(28, 'No space left on device')")),
    Wrong(
        "memory of the accelerator",
        Cause.GPU_MEMORY,
        _python(
            "raise RuntimeError('CUDA out of memory. Tried to allocate 2.34 GiB. GPU 0 has 1 GiB free.')"
        ),
    ),
    Wrong(
        "an exit code that was lost",
        Cause.MASKED_EXIT,
        spec(program(RAISES, after="echo copying; true")),
        also=(Cause.TRACEBACK,),
    ),
    Wrong("a loss that is no number", Cause.NAN_LOSS, spec("echo \"{'loss': nan, 'epoch': 1.0}\"")),
    Wrong(
        "no outputs",
        Cause.NO_OUTPUTS,
        spec("echo done", baseOutputDirectory={"outputUriPrefix": "gs://kelp-outputs/run-1"}),
    ),
    Wrong("nothing", Cause.NONE, spec(program(FRAMEWORK))),
    Wrong(
        "no command in the spec",
        Cause.COMMAND_NOT_FOUND,
        {
            "displayName": "kelp",
            "jobSpec": {
                "workerPoolSpecs": [
                    {
                        "machineSpec": {"machineType": "n1-standard-4"},
                        "replicaCount": 1,
                        "containerSpec": {"imageUri": "python:3.11"},
                    }
                ]
            },
        },
    ),
)


def test_every_fault_of_a_job_has_its_case() -> None:
    effects = {wrong.fault[0] for wrong in WRONG if wrong.fault}
    # A job over its quota is refused at once, or waits; see below.
    assert effects | {"quota"} == {effect.name for effect in CATALOGUE if effect.kind == "job"}


async def test_all_jobs_that_go_wrong_get_their_cards(gateway: Gateway, faults: Faults) -> None:
    await gateway.storage.create_bucket("kelp-outputs", REGION)
    started: dict[str, tuple[Wrong, Job]] = {}
    for number, wrong in enumerate(WRONG):
        name = f"wrong-{number}"
        if wrong.fault:
            effect, options = wrong.fault
            faults.add(name, effect, kind="job", times=None, **options)
        job = await gateway.jobs.create_job(wrong.job | {"displayName": name})
        started[job.name] = wrong, job
    async with Watch(gateway) as watch:

        def told() -> bool:
            shown = tuple(each for each in watch.jobs if each.name in started)
            first = next((each for each in shown if each.output_uri and each.state.terminal), None)
            watch.insights.look_into(shown, first)
            return all(_told(watch, job, wrong) for wrong, job in started.values())

        await wait_for(told, 60, what="all cards")
        for wrong, job in started.values():
            card = watch.told[job.name].diagnosis
            assert card is not None
            causes = (card.cause, *(each.cause for each in card.also))
            assert causes == (wrong.cause, *wrong.also), f"{wrong.name}: {card}"
            assert all(words in f"{card.summary} {card.exception}" for words in wrong.words)
            await _can_be_jumped_to(card, gateway, job)


def _told(watch: Watch, job: Job, wrong: Wrong) -> bool:
    found = watch.told.get(job.name)
    if found is None or found.diagnosis is None or not found.complete:
        return False
    return wrong.cause is not Cause.NO_OUTPUTS or not found.diagnosis.healthy


async def _can_be_jumped_to(card: Diagnosis, gateway: Gateway, job: Job) -> None:
    """The evidence is in the log, or it is the job's own error."""
    keys = {entry.key for entry in (await gateway.logs.list_entries(job_filter(job.job_id))).entries}
    for each in card.evidence:
        assert each.key is None or each.key in keys
    if card.cause not in (Cause.NONE, Cause.NO_OUTPUTS, Cause.TIMEOUT):
        assert card.evidence


async def test_a_job_that_was_cancelled_says_so(gateway: Gateway) -> None:
    async with Watch(gateway) as watch:
        job = await gateway.jobs.create_job(spec("echo begun; sleep 300"))
        await watch.insight(job, lambda each: each.lines > 5)
        await gateway.jobs.cancel_job(job.name)
        found = await watch.card(job)
        assert found.diagnosis is not None
        assert found.diagnosis.cause is Cause.CANCELLED


async def test_quota_refuses_a_job_or_lets_it_wait(gateway: Gateway, faults: Faults) -> None:
    faults.add("kelp", "quota", kind="job")
    with pytest.raises(CloudError) as refused:
        await gateway.jobs.create_job(spec("true"))
    assert "quota" in f"{refused.value.title} {refused.value.message}".lower()
    faults.add("kelp", "quota", kind="job", queued=True, seconds=1)
    async with Watch(gateway) as watch:
        job = await gateway.jobs.create_job(spec("true"))
        waiting = await watch.insight(job, lambda each: each.lines)
        assert waiting.diagnosis is None
        found = await watch.card(job)
        assert found.diagnosis is not None
        assert found.diagnosis.healthy


@pytest.mark.parametrize("effect", [effect.name for effect in CATALOGUE if effect.kind == "log"])
async def test_faults_of_the_log_do_not_change_the_card(
    effect: str, gateway: Gateway, faults: Faults
) -> None:
    options = {} if effect == "duplicate" else {"seconds": 0.6}
    faults.add("*", effect, kind="log", times=None, **options)
    async with Watch(gateway) as watch:
        job = await gateway.jobs.create_job(spec(program(RAISES)))
        found = await watch.card(job)
        assert found.diagnosis is not None
        assert found.diagnosis.cause is Cause.TRACEBACK
        loss = next(series for series in found.series if series.name == "loss")
        assert [point.value for point in loss.points] == [2.3, 2.1, 1.9, 1.7, 1.5]


CALLS: dict[str, dict[str, Any]] = {
    "error": {"code": "UNAVAILABLE"},
    "delay": {"seconds": 0.5},
    "drop": {},
    "break": {},
    "truncate": {},
}


@pytest.mark.parametrize("effect", [effect.name for effect in CATALOGUE if effect.kind == "call"])
async def test_faults_of_reading_are_told_and_pass(effect: str, gateway: Gateway, faults: Faults) -> None:
    async with Watch(gateway) as watch:
        job = await gateway.jobs.create_job(spec(program(RAISES)))
        await wait_for(lambda: _ended(gateway, job))
    faults.add("ListLogEntries", effect, times=4, **CALLS[effect])
    async with Watch(gateway) as watch:
        await watch.look(job)
        found = await watch.insight(job, lambda each: each.complete and each.diagnosis is not None)
        assert found.trouble is None
        assert found.diagnosis is not None
        assert found.diagnosis.cause is Cause.TRACEBACK


async def _ended(gateway: Gateway, job: Job) -> bool:
    return (await gateway.jobs.get_job(job.name)).state.terminal


async def test_a_refused_log_is_told_and_the_record_still_says_what_it_can(
    gateway: Gateway, faults: Faults
) -> None:
    faults.add("ListLogEntries", "error", times=None, code="PERMISSION_DENIED")
    async with Watch(gateway) as watch:
        job = await gateway.jobs.create_job(spec(program(RAISES)))
        await wait_for(lambda: _ended(gateway, job))
        await watch.look(job)
        found = await watch.insight(job, lambda each: each.trouble and each.diagnosis)
        assert found.diagnosis is not None
        assert found.diagnosis.cause is Cause.TRACEBACK
        assert found.lines == 0


# Made-up histories

SEEDED: tuple[tuple[str, Cause], ...] = (
    ("No module named", Cause.MISSING_MODULE),
    ("CUDA out of memory", Cause.GPU_MEMORY),
    ("FileNotFoundError", Cause.MISSING_FILE),
    ("KeyError", Cause.TRACEBACK),
    ("loss is nan", Cause.NAN_LOSS),
    ("GatedRepoError", Cause.MODEL_ACCESS),
    ("Forbidden: 403", Cause.PERMISSION),
    ("NCCL error", Cause.NCCL),
    ("unrecognized arguments", Cause.BAD_ARGUMENTS),
    ("trainer: command not found", Cause.COMMAND_NOT_FOUND),
    ("executable file not found", Cause.COMMAND_NOT_FOUND),
    ("status of 134", Cause.CRASH),
    ("status of 137", Cause.HOST_MEMORY),
    ("status of 139", Cause.CRASH),
    ("status of 9(SIGKILL)", Cause.HOST_MEMORY),
    ("Resources are insufficient", Cause.STOCKOUT),
    ("exceed quota limits", Cause.QUOTA),
    ("Internal error", Cause.INTERNAL),
    ("could not be pulled", Cause.IMAGE_PULL),
)
"""What a made-up failure holds, and the card that it leads to."""


def _expected(message: str, lines: tuple[str, ...]) -> tuple[str, Cause]:
    said = "\n".join((message, *lines))
    return next(pair for pair in SEEDED if pair[0] in said)


def test_every_made_up_failure_is_in_the_table() -> None:
    rng = Random(7)  # noqa: S311 (a test's)
    makers: list[Callable[..., Any]] = [make for make, _ in _KINDS]
    failures = [make(rng, "1", REGION, "image") for make in makers]
    failures += [failure(rng, "1", REGION, "image") for _ in range(500)]
    seen = {_expected(each.message, each.lines)[0] for each in failures}
    assert seen == {words for words, _ in SEEDED}
    assert len(_CRASHES) == 8


async def test_every_made_up_failure_gets_its_card(gateway: Gateway, server: Server) -> None:
    client = AdminClient(server.record)
    plan = Plan(3, 420, 30_000, 0, "unused", (REGION,), 20.0, client.call("GET", "time")["now_ns"])
    await asyncio.to_thread(load, client, server.data_dir, plan, lambda _what, _count: None)
    expected = {
        each.job_id: _expected(each.failure.message, each.failure.lines)
        for each in histories(plan)
        if each.failure
    }
    assert {words for words, _ in expected.values()} == {words for words, _ in SEEDED}
    jobs = await _all_jobs(gateway)
    failed = [job for job in jobs if job.state is JobState.FAILED and job.job_id in expected]
    async with Watch(gateway, jobs) as watch:
        watch.insights.look_into(failed, None)
        await wait_for(
            lambda: (
                sum(1 for job in failed if (told := watch.told.get(job.name)) and told.lines) == len(failed)
            ),
            60,
        )
        wrong = {
            f"{expected[job.job_id]} {job.job_id}": (told.cause, told.summary, told.evidence)
            for job in failed
            if (told := watch.told[job.name].diagnosis) is not None
            and told.cause is not expected[job.job_id][1]
        }
    assert not wrong
    assert len(failed) == len(expected)


async def _all_jobs(gateway: Gateway) -> list[Job]:
    found: list[Job] = []
    token = ""
    while True:
        page = await gateway.jobs.list_jobs(page_token=token)
        found += page.jobs
        token = page.next_page_token
        if not token:
            return found
