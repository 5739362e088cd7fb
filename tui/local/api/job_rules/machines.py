"""Machine types with their accelerators, topologies and reservations."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.catalog.accelerators import CLOUD_TPU, N1_COUNTS, TPU_POD, TPU_SLICE, TPU_TOPOLOGIES
from tui.domain.catalog.availability import accelerator_regions
from tui.domain.catalog.machines import MACHINES, Machine
from tui.local.api.job_rules.top import Problem
from tui.local.wire.gtypes import Message

_SPECIFIC = "SPECIFIC_RESERVATION"


def machine_problems(field: str, machine: Message, region: str) -> Iterator[Problem]:
    """What is wrong with a MachineSpec, but for a machine type that the region does not have."""
    known = MACHINES.get(machine.machine_type)
    if machine.accelerator_count < 0:
        yield f"{field}.accelerator_count", "The accelerator count must not be negative."
    if known and known.is_tpu:
        yield from _tpu(field, machine, region)
    else:
        yield from _gpu(field, machine, known, region)
    if machine.gpu_partition_size and machine.accelerator_count != 1:
        yield f"{field}.gpu_partition_size", "A GPU partition needs an accelerator_count of 1."
    if machine.machine_type == "a4x-highgpu-4g" and affinity_name(machine) != _SPECIFIC:
        yield f"{field}.reservation_affinity", "Machine type a4x-highgpu-4g needs a shared reservation."


def accelerator_name(machine: Message) -> str:
    """The name of a MachineSpec's accelerator type; empty if there is none."""
    return _enum_name(machine, "accelerator_type") if machine.accelerator_type else ""


def affinity_name(machine: Message) -> str:
    """The name of a MachineSpec's reservation affinity, `TYPE_UNSPECIFIED` if there is none."""
    return _enum_name(machine.reservation_affinity, "reservation_affinity_type")


def _enum_name(message: Message, field: str) -> str:
    number = getattr(message, field)
    value = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number.get(number)
    return str(value.name) if value else str(number)


def _gpu(field: str, machine: Message, known: Machine | None, region: str) -> Iterator[Problem]:
    name, count = accelerator_name(machine), machine.accelerator_count
    if bool(name) != bool(count):
        yield field, "Accelerator type and accelerator count must be set together."
    elif known and known.accelerator and (name, count) != (known.accelerator, known.accelerator_count):
        text = (
            f"Machine type {known.name} needs accelerator_type {known.accelerator} and accelerator_count "
            f"{known.accelerator_count}."
        )
        yield field, text
    elif known and name and not known.accelerator:
        yield from _attached(field, known, name, count, region)


def _attached(field: str, known: Machine, name: str, count: int, region: str) -> Iterator[Problem]:
    counts = N1_COUNTS.get(known.name, {}).get(name)
    if counts is None:
        yield field, f"Accelerator type {name} is not supported for machine type {known.name}."
    elif count not in counts:
        allowed = ", ".join(str(number) for number in counts)
        text = (
            f"Accelerator count {count} of {name} is not supported for machine type {known.name}: {allowed}."
        )
        yield f"{field}.accelerator_count", text
    elif region not in accelerator_regions(name):
        yield f"{field}.accelerator_type", f"Accelerator type {name} is not supported in region {region}."


def _tpu(field: str, machine: Message, region: str) -> Iterator[Problem]:
    name, count = accelerator_name(machine), machine.accelerator_count
    if machine.machine_type != CLOUD_TPU:
        if name or count:
            yield (
                field,
                f"Machine type {machine.machine_type} takes a TPU topology, and no accelerator fields.",
            )
        topologies = TPU_TOPOLOGIES[machine.machine_type]
        if machine.tpu_topology not in topologies:
            text = (
                f"TPU topology {machine.tpu_topology!r} is not supported for machine type "
                f"{machine.machine_type}: one of {', '.join(topologies)}."
            )
            yield f"{field}.tpu_topology", text
        return
    if name not in {"TPU_V2", "TPU_V3"}:
        yield f"{field}.accelerator_type", f"Machine type {CLOUD_TPU} needs TPU_V2 or TPU_V3."
    elif region not in accelerator_regions(name):
        yield f"{field}.accelerator_type", f"Accelerator type {name} is not supported in region {region}."
    if count != TPU_SLICE and (count < TPU_POD or count % TPU_POD):
        text = f"The accelerator count of a TPU must be {TPU_SLICE}, {TPU_POD} or a multiple of {TPU_POD}."
        yield f"{field}.accelerator_count", text
