"""Giving a worker pool of a spec another machine: only its own lines change, comments stay."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence as AnySequence
from dataclasses import dataclass
from typing import Any

from tui.domain.catalog.accelerators import GPU_TITLES
from tui.domain.catalog.quotas import Pool, spec_pools
from tui.domain.spec.check import Shape, check
from tui.domain.spec.document import parse
from tui.domain.spec.machine_text import FIELDS, MachineText, spellings
from tui.domain.spec.nodes import Mapping, Node, Scalar, Sequence
from tui.domain.spec.problems import Edit, Fix
from tui.domain.spec.script_places import Lines
from tui.domain.spec.written import entry_of, job_entry, written_root


@dataclass(frozen=True, slots=True)
class WrittenPool:
    """A worker pool as it stands in a file.

    Attributes:
        position: which of the list, from 0.
        first, last: its lines, from 1.
        pool: what it asks for.
    """

    position: int
    first: int
    last: int
    pool: Pool

    @property
    def words(self) -> str:
        """Its machine in a few words."""
        pool = self.pool
        kind = pool.accelerator_type
        gpus = f" + {pool.accelerator_count} × {GPU_TITLES.get(kind, kind)}" if kind else ""
        return f"{max(pool.replicas, 1)} × {pool.machine_type or 'no machine'}{gpus}"


def written_pools(text: str) -> tuple[WrittenPool, ...]:
    """The worker pools of a text (lines ended by a line feed); none when it cannot be read."""
    root = written_root(text)
    nodes = _pools(root) if root is not None else []
    found = _contents(text)
    if not nodes or len(found) != len(nodes):
        return ()
    starts = [node.place.line for node in nodes]
    ends = [*(line - 1 for line in starts[1:]), text.count("\n") + 1]
    return tuple(
        WrittenPool(position, first, max(last, first), pool)
        for position, (first, last, pool) in enumerate(zip(starts, ends, found, strict=True))
    )


def pool_at(pools: AnySequence[WrittenPool], line: int) -> int:
    """The position of the pool on a line, else of the first."""
    return next((pool.position for pool in pools if pool.first <= line <= pool.last), 0)


def set_machine(text: str, position: int, chosen: Pool) -> Fix | None:
    """The change that gives a worker pool the machine and accelerators of `chosen`.

    It has no edits when the text says so already. None when the text cannot be read, or sets the machine in a
    form that cannot be changed on its own (by an alias or a merge), or would mean anything else than before.
    """
    wanted = _wanted(chosen)
    after: str | None = text
    for name in FIELDS:
        after = _set_field(after, position, name, wanted[name]) if after is not None else None
    if after is None or not _changes_only_the_machine(text, after, position, wanted):
        return None
    count = f" + {chosen.accelerator_count} {chosen.accelerator_type}" if chosen.accelerator_type else ""
    return Fix(f"Set the machine to {chosen.machine_type}{count}", _edits(text, after))


def _wanted(chosen: Pool) -> dict[str, str | int | None]:
    return {
        "machineType": chosen.machine_type,
        "acceleratorType": chosen.accelerator_type or None,
        "acceleratorCount": chosen.accelerator_count or None,
        "tpuTopology": chosen.tpu_topology or None,
    }


# Reading


def _pools(root: Mapping) -> list[Node]:
    job = job_entry(root)
    spec = job.value if job is not None else root
    entry = entry_of(spec, "workerPoolSpecs", "worker_pool_specs") if isinstance(spec, Mapping) else None
    if entry is None:
        return []
    return list(entry.value.items) if isinstance(entry.value, Sequence) else [entry.value]


def _contents(text: str) -> list[Pool]:
    """What each written pool asks for, empty ones too."""
    found = check(text).job_spec.get("workerPoolSpecs", [])
    empty = Pool("", 0)
    return [next(iter(spec_pools({"workerPoolSpecs": [pool]})), empty) for pool in found]


# One field


def _set_field(text: str, position: int, name: str, value: str | int | None) -> str | None:
    """The text with one field set, or without it; None where that cannot be done."""
    root = written_root(text)
    pools = _pools(root) if root is not None else []
    pool = pools[position] if position < len(pools) else None
    if not isinstance(pool, Mapping):
        return None
    holder = entry_of(pool, "machineSpec", "machine_spec")
    if holder is None or (isinstance(holder.value, Scalar) and holder.value.value is None):
        return text if value is None else MachineText(text).add_spec(pool, holder, name, value)
    spec = holder.value
    if not isinstance(spec, Mapping) or holder not in pool.entries or spec.place < holder.key.place:
        return None
    return _set_in(text, spec, pool, name, value)


def _set_in(text: str, spec: Mapping, pool: Mapping, name: str, value: str | int | None) -> str | None:
    own = [item for item in spec.entries if isinstance(item.key, Scalar) and item.key.text in spellings(name)]
    if len(own) > 1:
        return None
    if not own:
        return text if value is None else MachineText(text).add(spec, pool, name, value)
    return (
        MachineText(text).remove(spec, own[0]) if value is None else MachineText(text).replace(own[0], value)
    )


# Proof


def _changes_only_the_machine(
    before: str, after: str, position: int, wanted: AnyMapping[str, str | int | None]
) -> bool:
    """Whether both texts mean the same job but for the machine of one pool."""
    old, new = check(before), check(after)
    if old.shape is Shape.NONE or old.shape is not new.shape or parse(after).problems:
        return False
    machine, rest = _without_machine(new.job, position)
    if rest != _without_machine(old.job, position)[1]:
        return False
    return all(machine.get(name) == value for name, value in wanted.items())


def _without_machine(job: AnyMapping[str, Any], position: int) -> tuple[dict[str, Any], Any]:
    """What a pool's machine is, and all the rest."""
    spec = dict(job.get("jobSpec", {}))
    pools = list(spec.get("workerPoolSpecs", []))
    if position >= len(pools):
        return {}, job
    machine = pools[position].get("machineSpec", {})
    others = {key: value for key, value in machine.items() if key not in FIELDS}
    pools[position] = {**pools[position], "machineSpec": others}
    return machine, {**job, "jobSpec": {**spec, "workerPoolSpecs": pools}}


def _edits(before: str, after: str) -> tuple[Edit, ...]:
    """The one change between two texts."""
    if before == after:
        return ()
    head = _same(before, after)
    tail = _same(before[head:][::-1], after[head:][::-1])
    lines = Lines(before)
    new = after[head : len(after) - tail]
    return (Edit(lines.place(head), lines.place(len(before) - tail), new),)


def _same(one: str, other: str) -> int:
    """How many characters at the beginning are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (left, right) in pairs if left != right), min(len(one), len(other)))
