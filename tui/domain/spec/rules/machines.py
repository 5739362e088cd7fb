"""Machine types, accelerators, reservations: what exists, what goes together, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from tui.domain.catalog.accelerators import GPU_TITLES, N1_COUNTS
from tui.domain.catalog.availability import accelerator_regions, machine_regions
from tui.domain.catalog.machines import MACHINES, Machine, similar_machines
from tui.domain.catalog.places import nearest
from tui.domain.regions import similar_regions
from tui.domain.spec.forms import RESERVATION, RESERVATION_KEY
from tui.domain.spec.other_names import other_name
from tui.domain.spec.problems import Fix, Problem, error, info, warning
from tui.domain.spec.rules.base import View
from tui.domain.spec.rules.tpus import tpu_problems
from tui.domain.spec.walk import Path

P100_END = date(2026, 9, 15)
"""End of support for the P100 (list of accelerators by region, August 2026)."""
_SPECIFIC = "SPECIFIC_RESERVATION"
_NONE = "ACCELERATOR_TYPE_UNSPECIFIED"
_FEW = 4
"""Names that a sentence lists."""


def accelerator_of(machine: Mapping[str, Any]) -> tuple[str, int]:
    """Type and count of a MachineSpec's accelerators; empty and 0 if there are none."""
    name = machine.get("acceleratorType", _NONE)
    return "" if name == _NONE else name, machine.get("acceleratorCount", 0)


def affinity_of(machine: Mapping[str, Any]) -> str:
    """The type of a MachineSpec's reservation affinity, `TYPE_UNSPECIFIED` if there is none."""
    kind: str = machine.get("reservationAffinity", {}).get("reservationAffinityType", "TYPE_UNSPECIFIED")
    return kind


def machine_problems(view: View, machine: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """What is wrong with a MachineSpec."""
    name = machine.get("machineType", "")
    known = MACHINES.get(name)
    if not name:
        if not view.spec.get("persistentResourceId") and not view.unread(*path, "machineType"):
            yield error(view.at(*path), "no-machine", "machineSpec.machineType is required.")
    elif not view.is_open(*path, "machineType"):
        yield from _type(view, name, known, (*path, "machineType"))
    _, count = accelerator_of(machine)
    if count < 0:
        text = "acceleratorCount must not be negative."
        yield error(view.value_at(*path, "acceleratorCount"), "accelerator-count", text)
    elif known and known.is_tpu:
        yield from tpu_problems(view, machine, path)
    else:
        yield from _gpu(view, machine, known, path)
    if machine.get("tpuTopology") and not (known and known.is_tpu):
        text = f"tpuTopology belongs to TPU machines, not to {name or 'this machine'}."
        yield warning(view.at(*path, "tpuTopology"), "tpu-topology", text)
    if machine.get("gpuPartitionSize") and count != 1:
        text = "gpuPartitionSize needs an acceleratorCount of 1."
        yield error(view.at(*path, "gpuPartitionSize"), "gpu-partition", text)
    yield from _reservation(view, machine, path)


def _type(view: View, name: str, known: Machine | None, path: Path) -> Iterator[Problem]:
    place = view.value_at(*path)
    if known is None:
        similar = _machines_with(name) or similar_machines(name)[:1]
        hint = f"did you mean {similar[0]}?" if similar else "see the list of machine types."
        if len(similar) > 1:
            hint = f"it is an accelerator, built into {', '.join(similar)}."
        fix = view.write(path, similar[0]) if similar else None
        text = f"Custom training has no machine type “{name[:60]}”; {hint}"
        yield error(place, "unknown-machine", text, fix)
    elif view.region and view.region not in machine_regions(name):
        yield error(place, "machine-region", f"{name} is not in {_elsewhere(view, machine_regions(name))}")


def _machines_with(accelerator: str) -> list[str]:
    """Machines that have an accelerator built in, which was named in the place of a machine."""
    name = accelerator if accelerator in GPU_TITLES else other_name("AcceleratorType", accelerator)
    return [machine.name for machine in MACHINES.values() if name and machine.accelerator == name][:_FEW]


def _elsewhere(view: View, regions: frozenset[str]) -> str:
    """`mars1: it is not a training region` or `europe-north1; near are …`."""
    similar = similar_regions(view.region)
    if similar and view.region not in similar:
        return f"{view.region}, which is no region of custom training; did you mean {similar[0]}?"
    near = nearest(view.region, regions)[:_FEW]
    return f"{view.region}; the nearest with it are {', '.join(near)}."


def _gpu(view: View, machine: Mapping[str, Any], known: Machine | None, path: Path) -> Iterator[Problem]:
    name, count = accelerator_of(machine)
    if view.unread(*path, "acceleratorType") or view.unread(*path, "acceleratorCount"):
        return
    if known and known.accelerator:
        if (name, count) != (known.accelerator, known.accelerator_count):
            wanted = f"{known.accelerator_count} × {known.accelerator}"
            text = f"{known.name} has {wanted} built in: acceleratorType and acceleratorCount must say so."
            yield error(_of_pair(view, path), "accelerator", text, _built_in(view, machine, known, path))
            yield from _with_as_many(view, name, count, path)
    elif bool(name) != bool(count):
        lacking, given = ("acceleratorType", "acceleratorCount")[:: 1 if count else -1]
        yield error(view.at(*path, given), "accelerator", f"{lacking} is missing.")
    elif known and name:
        yield from _attached(view, known, name, count, path)


def _of_pair(view: View, path: Path) -> Any:  # noqa: ANN401
    for part in ("acceleratorType", "acceleratorCount"):
        if (*path, part) in view.written:
            return view.value_at(*path, part)
    return view.value_at(*path, "machineType")


def _built_in(view: View, machine: Mapping[str, Any], known: Machine, path: Path) -> Fix | None:
    """The fix that says what a machine has built in."""
    wanted = {"acceleratorType": known.accelerator, "acceleratorCount": known.accelerator_count}
    lacking = [key for key in wanted if key not in machine]
    if any((*path, key) in view.written for key in lacking):
        return None
    changes = [view.write((*path, key), str(wanted[key])) for key in machine if key in wanted]
    if lacking:
        changes.append(view.add(path, {key: wanted[key] for key in lacking}))
    made = [change for change in changes if change is not None]
    if len(made) < len(changes):
        return None
    title = f"Write {known.accelerator_count} × {known.accelerator}"
    return Fix(title, tuple(edit for change in made for edit in change.edits))


def _with_as_many(view: View, name: str, count: int, path: Path) -> Iterator[Problem]:
    """The machines that have built in what was asked for."""
    found = [
        item.name for item in MACHINES.values() if (item.accelerator, item.accelerator_count) == (name, count)
    ]
    where = (*path, "machineType")
    if found and count > 1:
        text = f"{count} × {name} are built into {', '.join(found[:_FEW])}."
        yield info(view.value_at(*where), "accelerator-machine", text, view.write(where, found[0]))


def _attached(view: View, known: Machine, name: str, count: int, path: Path) -> Iterator[Problem]:
    """GPUs are attached to N1 machines only."""
    counts = N1_COUNTS.get(known.name, {}).get(name)
    place = view.value_at(*path, "acceleratorType")
    if counts is None:
        yield error(place, "accelerator-pair", f"{known.name} takes no {name}{_better(known, name)}.")
    elif count not in counts:
        allowed = " or ".join(str(number) for number in counts)
        fix = view.write((*path, "acceleratorCount"), str(counts[0])) if len(counts) == 1 else None
        text = f"{known.name} takes {allowed} × {name}, not {count}."
        yield error(view.value_at(*path, "acceleratorCount"), "accelerator-count", text, fix)
    elif view.region and view.region not in accelerator_regions(name):
        text = f"{name} is not in {_elsewhere(view, accelerator_regions(name))}"
        yield error(place, "accelerator-region", text)
    if name == "NVIDIA_TESLA_P100" and view.situation.today and view.situation.today >= P100_END:
        yield warning(place, "accelerator-ended", f"Support for the P100 ended on {P100_END}.")


def _better(known: Machine, name: str) -> str:
    built_in = [machine.name for machine in MACHINES.values() if machine.accelerator == name]
    if built_in:
        return f"; it is built into {', '.join(built_in[:_FEW])}"
    if any(name in row for row in N1_COUNTS.values()):
        if known.name in N1_COUNTS:
            return f", but {' or '.join(N1_COUNTS[known.name])}"
        return "; it is attached to n1 machines" if known.family != "n1" else "; a larger n1 machine does"
    return "; custom training has it no more" if name.startswith("NVIDIA") else "; it needs a TPU machine"


def _reservation(view: View, machine: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    affinity, kind = machine.get("reservationAffinity", {}), affinity_of(machine)
    where = (*path, "reservationAffinity")
    key, values = affinity.get("key", ""), affinity.get("values", [])
    if kind == _SPECIFIC:
        if key != RESERVATION_KEY and not view.unread(*where, "key"):
            fix = view.write((*where, "key"), RESERVATION_KEY)
            text = f"key is {RESERVATION_KEY} for a SPECIFIC_RESERVATION."
            yield warning(view.value_at(*where, "key"), "reservation", text, fix)
        good = values and all(RESERVATION.fullmatch(value) for value in values)
        if not good and not view.unread(*where, "values"):
            text = "values holds names such as projects/P/zones/Z/reservations/R."
            yield warning(view.at(*where, "values"), "reservation", text)
    elif (key or values) and not view.unread(*where, "reservationAffinityType"):
        text = "key and values count for reservationAffinityType: SPECIFIC_RESERVATION only."
        yield warning(view.at(*where), "reservation", text)
    if machine.get("machineType") == "a4x-highgpu-4g" and kind != _SPECIFIC and not view.unread(*where):
        text = "a4x-highgpu-4g runs in a shared reservation only: it needs a reservationAffinity."
        yield error(view.value_at(*path, "machineType"), "reservation", text)
