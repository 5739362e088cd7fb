"""A past job, run again with something changed: what can be changed, what then differs, and the new record.

The record is only a draft: `tui.domain.spec.from_job` makes it a spec, with its secrets as references.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from tui.domain.catalog.quotas import Pool, spec_pools
from tui.domain.jobs import Job, job_from_json
from tui.domain.secret_args import hide_args
from tui.domain.secrets import HIDDEN
from tui.domain.spec.override import first_args, with_args, with_timeout
from tui.domain.timeouts import timeout_of

_TASKS = ("containerSpec", "pythonPackageSpec")
_SPOT = frozenset({"SPOT", "LOW_COST"})
"""`LOW_COST` is the deprecated name (FACTS 1.6)."""
_OF_MACHINE = ("machineType", "acceleratorType", "acceleratorCount", "tpuTopology", "gpuPartitionSize")
_SHOWN = 8
"""Arguments of each side that are named as different."""


class Way(StrEnum):
    """`Scheduling.strategy`, as far as one chooses it."""

    STANDARD = "STANDARD"
    SPOT = "SPOT"
    FLEX_START = "FLEX_START"

    @property
    def word(self) -> str:
        """For a person."""
        return {"STANDARD": "standard", "SPOT": "Spot", "FLEX_START": "Flex-start"}[self.value]

    @property
    def next(self) -> Way:
        """The one after it, then the first."""
        members = list(Way)
        return members[(members.index(self) + 1) % len(members)]


@dataclass(frozen=True, slots=True)
class Again:
    """What of a job can be changed before it is run again."""

    pools: tuple[Pool, ...]
    """One for each position of `workerPoolSpecs`, skipped ones too."""
    region: str
    way: Way = Way.STANDARD
    timeout: int = 0
    """Seconds; 0 for none."""
    args: tuple[str, ...] | None = None
    """Of the first pool; None where it takes none."""
    env: tuple[tuple[str, str], ...] = ()
    """Variables to set in every container."""
    display_name: str = ""
    """Empty leaves it to the template."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was."""

    what: str
    before: str
    after: str


def again_of(job: Job) -> Again:
    """A job as it was."""
    raw = _sound(job.raw)
    args = first_args(raw)
    scheduling = _mapping(_spec(raw).get("scheduling"))
    strategy = str(scheduling.get("strategy", ""))
    way = Way.SPOT if strategy in _SPOT else Way.FLEX_START if strategy == "FLEX_START" else Way.STANDARD
    return Again(
        pools=tuple(_pool(pool) for pool in _pools(raw)),
        region=job.region,
        way=way,
        timeout=int(timeout_of(raw)),
        args=None if args is None else tuple(args),
    )


def changed(job: Job, wanted: Again) -> Job:
    """The record of a job that differs from `job` in what is wanted otherwise, and in nothing else."""
    before = again_of(job)
    raw: dict[str, Any] = _sound(copy.deepcopy(dict(job.raw)))
    if wanted.args is not None and wanted.args != before.args:
        raw = with_args(raw, wanted.args)
    for position, (old, new) in enumerate(zip(before.pools, wanted.pools, strict=True)):
        if old != new:
            _set_machine(raw, position, new)
    if wanted.way is not before.way:
        _set_way(raw, wanted.way)
    if wanted.timeout != before.timeout:
        raw = with_timeout(raw, wanted.timeout) if wanted.timeout else _without_timeout(raw)
    for name, value in wanted.env:
        for task in _tasks(raw):
            kept = [item for item in task.get("env", []) if item.get("name") != name]
            task["env"] = [*kept, {"name": name, "value": value}]
    return job_from_json(raw)


def differences(before: Again, after: Again) -> tuple[Difference, ...]:
    """What is not as it was, in the order of the dialog."""
    found: list[Difference] = []
    if before.args != after.args:
        gone, new = _other_args(before.args or (), after.args or ())
        found.append(
            Difference("args", " ".join(gone), " ".join(new) or ("" if gone else "in another order"))
        )
    for position, (old, new_pool) in enumerate(zip(before.pools, after.pools, strict=True)):
        if machine_words(old) != machine_words(new_pool):
            which = f"machine of pool {position + 1}" if len(before.pools) > 1 else "machine"
            found.append(Difference(which, machine_words(old), machine_words(new_pool)))
    if before.region != after.region:
        found.append(Difference("region", before.region, after.region))
    if before.way is not after.way:
        found.append(Difference("strategy", before.way.word, after.way.word))
    if before.timeout != after.timeout:
        found.append(Difference("timeout", _seconds(before.timeout), _seconds(after.timeout)))
    found += [Difference(f"variable {name}", "", value) for name, value in after.env]
    return tuple(found)


def machine_words(pool: Pool) -> str:
    """A pool's machine, such as `2 × g2-standard-4 + 1 L4`; `–` for a skipped position."""
    if not pool.machine_type:
        return "–"
    kind = pool.accelerator_type.removeprefix("NVIDIA_").removeprefix("TESLA_")
    gpus = f" + {pool.accelerator_count} {kind}" if pool.accelerator_count else ""
    topology = f" {pool.tpu_topology}" if pool.tpu_topology else ""
    return f"{max(pool.replicas, 1)} × {pool.machine_type}{topology}{gpus}"


def with_pool(again: Again, position: int, chosen: Pool) -> Again:
    """With another machine at one position; replicas and disks stay."""
    old = again.pools[position]
    new = replace(
        old,
        machine_type=chosen.machine_type,
        accelerator_type=chosen.accelerator_type,
        accelerator_count=chosen.accelerator_count,
        tpu_topology=chosen.tpu_topology,
    )
    return replace(again, pools=(*again.pools[:position], new, *again.pools[position + 1 :]))


def _other_args(before: Sequence[str], after: Sequence[str]) -> tuple[list[str], list[str]]:
    """What only one side has, an option together with its value."""
    old, new = list(_units(before)), list(_units(after))
    return _told(old, new), _told(new, old)


def _told(units: Sequence[tuple[str, ...]], other: Sequence[tuple[str, ...]]) -> list[str]:
    """Units that the other side lacks, to be shown: without secrets."""
    return [" ".join(hide_args(unit, HIDDEN)) for unit in units if unit not in other][:_SHOWN]


def _units(args: Sequence[str]) -> Iterator[tuple[str, ...]]:
    waiting = ""
    for item in args:
        if waiting and not item.startswith("-"):
            yield waiting, item
            waiting = ""
            continue
        if waiting:
            yield (waiting,)
        waiting = item if item.startswith("-") and "=" not in item else ""
        if not waiting:
            yield (item,)
    if waiting:
        yield (waiting,)


def _seconds(value: int) -> str:
    if not value:
        return "none"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if value % size == 0:
            return f"{value // size}{unit}"
    return f"{value}s"


def duration_text(value: int) -> str:
    """Whole seconds as `parse_duration` reads them; empty for none."""
    return _seconds(value) if value else ""


def _set_machine(raw: dict[str, Any], position: int, pool: Pool) -> None:
    written = _pools(raw)[position]
    machine = {
        key: value for key, value in _mapping(written.get("machineSpec")).items() if key not in _OF_MACHINE
    }
    machine = {"machineType": pool.machine_type, **machine}
    if pool.accelerator_type:
        machine |= {"acceleratorType": pool.accelerator_type, "acceleratorCount": pool.accelerator_count}
    if pool.tpu_topology:
        machine["tpuTopology"] = pool.tpu_topology
    written["machineSpec"] = machine


def _set_way(raw: dict[str, Any], way: Way) -> None:
    spec = raw.setdefault("jobSpec", {})
    scheduling = dict(_mapping(spec.get("scheduling")))
    scheduling.pop("strategy", None)
    if way is not Way.FLEX_START:
        scheduling.pop("maxWaitDuration", None)  # of Flex-start alone (FACTS 1.6)
    if way is not Way.STANDARD:
        scheduling["strategy"] = way.value
    spec["scheduling"] = scheduling


def _without_timeout(raw: dict[str, Any]) -> dict[str, Any]:
    _mapping(_spec(raw).get("scheduling")).pop("timeout", None)
    return raw


def _tasks(raw: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for pool in _pools(raw):
        for kind in _TASKS:
            if isinstance(pool.get(kind), dict):
                yield pool[kind]


def _sound(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The record without parts of a form that none of this could read."""
    if "jobSpec" not in raw:
        return dict(raw)
    forms = {"workerPoolSpecs": list, "scheduling": dict}
    spec = {
        key: value for key, value in _spec(raw).items() if key not in forms or isinstance(value, forms[key])
    }
    return {**raw, "jobSpec": spec}


def _pool(raw: Mapping[str, Any]) -> Pool:
    return next(iter(spec_pools({"workerPoolSpecs": [raw]})), Pool("", 0))


def _pools(raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = _spec(raw).get("workerPoolSpecs")
    return [pool for pool in found if isinstance(pool, dict)] if isinstance(found, list) else []


def _spec(raw: Mapping[str, Any]) -> dict[str, Any]:
    return _mapping(raw.get("jobSpec"))


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
