"""Made-up jobs: who ran what, where, when, and how it went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from tui.local import names
from tui.local.clock import SECOND, stamp
from tui.local.jobs import messages
from tui.local.seed.failures import Failure, failure
from tui.local.state.jobs import State
from tui.local.wire import gtypes
from tui.local.wire.errors import Code
from tui.local.wire.gtypes import Message

LABEL = "seeded"
"""The label, of value `true`, by which everyone sees that a job is made up."""
DAY = 86_400
_HOUR = 3_600
_REGION_WEIGHTS = (8, 4, 2, 1)
"""How often the first regions are used; all further ones like the last."""
_PEOPLE = ("ana", "ben", "chidi", "dana", "emre", "fatou", "goran", "hye-jin", "ines", "joão")
_TEAMS = {"a": "search", "b": "ads", "c": "speech", "d": "search", "e": "vision", "f": "speech", "g": "ads"}
_IMAGE = "{region}-docker.pkg.dev/local-project/training/{what}:{version}"


class _Recipe(NamedTuple):
    """A kind of work."""

    what: str
    machine: str
    accelerator: str
    gpus: int
    hours: float
    """Typical run time."""
    workers: int
    weight: int


_RECIPES = (
    _Recipe("gemma-lora", "g2-standard-4", "NVIDIA_L4", 1, 0.7, 0, 9),
    _Recipe("gemma-full", "a2-ultragpu-1g", "NVIDIA_A100_80GB", 1, 5.0, 0, 3),
    _Recipe("llama-sft", "a2-highgpu-2g", "NVIDIA_TESLA_A100", 2, 3.0, 0, 3),
    _Recipe("moe-pretrain", "a3-highgpu-8g", "NVIDIA_H100_80GB", 8, 30.0, 3, 1),
    _Recipe("sweep-lr", "n1-standard-8", "NVIDIA_TESLA_T4", 1, 0.4, 0, 8),
    _Recipe("whisper-ft", "g2-standard-12", "NVIDIA_L4", 1, 1.5, 0, 4),
    _Recipe("vit-ddp", "n1-standard-16", "NVIDIA_TESLA_V100", 2, 2.0, 2, 2),
    _Recipe("tiny-train", "n1-standard-4", "", 0, 0.1, 0, 6),
    _Recipe("xgb-churn", "n1-highmem-16", "", 0, 0.3, 0, 4),
    _Recipe("eval-suite", "e2-standard-8", "", 0, 0.2, 0, 5),
)
_STATES = (
    (State.JOB_STATE_SUCCEEDED, 640),
    (State.JOB_STATE_FAILED, 240),
    (State.JOB_STATE_CANCELLED, 80),
    (State.JOB_STATE_EXPIRED, 3),
    (State.JOB_STATE_PARTIALLY_SUCCEEDED, 3),
    (State.JOB_STATE_PAUSED, 2),
)
_LIVE = (
    State.JOB_STATE_QUEUED,
    State.JOB_STATE_PENDING,
    State.JOB_STATE_RUNNING,
    State.JOB_STATE_CANCELLING,
    State.JOB_STATE_UPDATING,
)
_SHOWN_FIRST = (*_LIVE, *(state for state, _ in _STATES))
"""The newest jobs, so that a small seed has every state as well."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made up."""

    seed: int
    jobs: int
    entries: int
    objects: int
    bucket: str
    regions: tuple[str, ...]
    days: float
    """How far the histories go back."""
    now_ns: int


@dataclass(frozen=True, slots=True)
class History:
    """One made-up job, with what its log and its outputs need to know."""

    number: int
    """0 is the newest."""
    job_id: str
    region: str
    job: Message
    what: str
    create_ns: int
    pending_ns: int
    start_ns: int
    """0 if its program never ran."""
    end_ns: int
    """When its log ends."""
    failure: Failure | None
    rng: Random
    """For what follows from this job."""

    @property
    def replicas(self) -> list[str]:
        """Names of the replicas."""
        pools = enumerate(self.job.job_spec.worker_pool_specs)
        return [f"workerpool{pool}-{index}" for pool, spec in pools for index in range(spec.replica_count)]


def histories(plan: Plan) -> Iterator[History]:
    """The jobs of a plan, newest first."""
    return (_history(plan, number) for number in range(plan.jobs))


def _history(plan: Plan, number: int) -> History:
    rng = Random(f"{plan.seed}/{number}")  # noqa: S311 (made up, not secret)
    job_id = str(rng.randrange(10**18, 9 * 10**18))
    weights = [_REGION_WEIGHTS[min(index, 3)] for index in range(len(plan.regions))]
    region = rng.choices(plan.regions, weights)[0]
    recipe = rng.choices(_RECIPES, [each.weight for each in _RECIPES])[0]
    state = _state(rng, plan, number)
    image = _IMAGE.format(region=region, what=recipe.what, version=f"v{rng.randrange(1, 40)}")
    failed = failure(rng, job_id, region, image) if state == State.JOB_STATE_FAILED else None
    times = _times(rng, plan, number, recipe.hours, state, ran=_ran(rng, state, failed))
    job = gtypes.CustomJob(
        name=f"projects/{names.PROJECT_NUMBER}/locations/{region}/customJobs/{job_id}",
        display_name=_name(rng, recipe),
        state=state,
    )
    _fill_labels(job, rng, recipe)
    _fill_spec(job.job_spec, rng, recipe, image)
    job.job_spec.base_output_directory.output_uri_prefix = (
        f"gs://{plan.bucket}/{outputs_of(recipe.what, job_id)}"
    )
    _fill_end(job, times, failed)
    return History(number, job_id, region, job, recipe.what, *times[:4], failed, rng)


def outputs_of(what: str, job_id: str) -> str:
    """The prefix of a job's outputs, with a slash at its end."""
    return f"outputs/{what}/{job_id}/"


def _state(rng: Random, plan: Plan, number: int) -> int:
    if number < len(_SHOWN_FIRST):
        return int(_SHOWN_FIRST[number])
    if number < plan.jobs // 200:
        return int(rng.choice(_LIVE))
    states, weights = zip(*_STATES, strict=True)
    return int(rng.choices(states, weights)[0])


def _ran(rng: Random, state: int, failed: Failure | None) -> bool:
    if failed:
        return failed.started
    if state in {State.JOB_STATE_QUEUED, State.JOB_STATE_PENDING, State.JOB_STATE_EXPIRED}:
        return False
    return state != State.JOB_STATE_CANCELLED or rng.random() < 5 / 6


class _Times(NamedTuple):
    create: int
    pending: int
    start: int
    end: int
    ended: bool


def _times(rng: Random, plan: Plan, number: int, hours: float, state: int, *, ran: bool) -> _Times:
    """When things happened: the live ones lately, the others spread over the days of the plan."""
    waited = int(min(rng.expovariate(1 / 20), 4 * _HOUR) * SECOND) + SECOND
    prepared = int(rng.uniform(40, 400) * SECOND)
    lasted = int(min(rng.lognormvariate(0, 1) * hours * _HOUR, 6.5 * DAY) * SECOND) + SECOND if ran else 0
    before = int(plan.days * DAY * SECOND * (number + rng.random()) / max(plan.jobs, 1))
    if state in _LIVE:
        elapsed = int(lasted * rng.uniform(0.05, 0.95)) if ran else 0
        waited = waited if state == State.JOB_STATE_QUEUED else min(waited, 600 * SECOND)
        create = plan.now_ns - waited - (prepared if ran else prepared // 2) - elapsed
        return _Times(
            create, create + waited, create + waited + prepared if ran else 0, plan.now_ns, ended=False
        )
    create = plan.now_ns - max(before, waited + prepared + lasted + 90 * SECOND)
    end = create + waited + prepared + lasted
    return _Times(create, create + waited, end - lasted if ran else 0, end, ended=True)


def _name(rng: Random, recipe: _Recipe) -> str:
    who = rng.choice(_PEOPLE)
    draw = rng.random()
    if draw < 0.01:  # noqa: PLR2004 (one in a hundred)
        return f"{who} {recipe.what} — 学習 проба {rng.randrange(100)} 🚀"
    if draw < 0.02:  # noqa: PLR2004
        return f"{who}-{recipe.what}-".ljust(128, "x")
    tail = rng.choice(
        ("lr3e-4", "lr1e-5", "r16", "bf16", f"{rng.randrange(1, 1232):04d}", "ablation", "final")
    )
    return f"{who}-{recipe.what}-{tail}"


def _fill_labels(job: Message, rng: Random, recipe: _Recipe) -> None:
    who = job.display_name.partition(" ")[0].partition("-")[0]
    job.labels[LABEL] = "true"
    job.labels["owner"] = who
    job.labels["team"] = _TEAMS.get(who[:1], "research")
    if rng.random() < 1 / 3:
        job.labels["experiment"] = f"{recipe.what}-{rng.randrange(30)}"
    if rng.random() < 1 / 10:
        job.labels["priority"] = rng.choice(("low", "high"))


def _fill_spec(spec: Message, rng: Random, recipe: _Recipe, image: str) -> None:
    for replicas in (1, recipe.workers):
        if not replicas:
            continue
        machine: dict[str, str | int] = {"machine_type": recipe.machine}
        if recipe.accelerator:
            machine |= {"accelerator_type": recipe.accelerator, "accelerator_count": recipe.gpus}
        disk = {"boot_disk_type": "pd-ssd", "boot_disk_size_gb": rng.choice((100, 200, 500))}
        pool = spec.worker_pool_specs.add(replica_count=replicas, machine_spec=machine, disk_spec=disk)
        pool.container_spec.image_uri = image
        pool.container_spec.command.extend(["python", "-m", "trainer.train"])
        pool.container_spec.args.extend(
            [f"--epochs={rng.randrange(1, 10)}", f"--lr={rng.choice(('3e-4', '1e-5'))}"]
        )
        pool.container_spec.env.add(name="WANDB_PROJECT", value=recipe.what)
    spec.scheduling.timeout.seconds = rng.choice((DAY, 2 * DAY, 7 * DAY))
    spec.scheduling.strategy = rng.choice((0, 0, 0, 4))
    if rng.random() < 1 / 2:
        spec.service_account = names.COMPUTE_ACCOUNT


def _fill_end(job: Message, times: _Times, failed: Failure | None) -> None:
    stamp(job.create_time, times.create)
    if times.start:
        stamp(job.start_time, times.start)
    if not times.ended:
        stamp(job.update_time, times.start or times.pending)
        return
    stamp(job.end_time, times.end)
    if failed:
        job.error.code, job.error.message = failed.code, failed.message
    elif job.state == State.JOB_STATE_CANCELLED:
        job.error.code, job.error.message = Code.CANCELLED.number, messages.CANCELLED_ERROR
    stamp(job.update_time, times.end + (60 * SECOND if job.error.code else 0))
