"""Scheduling: timeouts and strategies, and what the strategies demand of the pools."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.catalog.accelerators import CLOUD_TPU, FLEX_START_ACCELERATORS, is_pod
from tui.domain.catalog.machines import MACHINES
from tui.domain.catalog.quotas import FLEX_START, SPOT
from tui.local.api.job_rules.machines import accelerator_name, affinity_name
from tui.local.api.job_rules.pools import FIELD as POOLS
from tui.local.api.job_rules.top import Problem
from tui.local.wire.gtypes import Message

FIELD = "custom_job.job_spec.scheduling"
MAX_FLEX_SECONDS = 7 * 24 * 3600
_NO_RESERVATION = frozenset({"TYPE_UNSPECIFIED", "NO_RESERVATION"})


def scheduling_problems(spec: Message) -> Iterator[Problem]:
    """What is wrong with a CustomJobSpec's scheduling, and with TPU pools, which stand alone."""
    scheduling = spec.scheduling
    if scheduling.timeout.seconds < 0 or scheduling.timeout.nanos < 0:
        yield f"{FIELD}.timeout", "Timeout must not be negative."
    if scheduling.max_wait_duration.seconds < 0 or scheduling.max_wait_duration.nanos < 0:
        yield f"{FIELD}.max_wait_duration", "Max wait duration must not be negative."
    used = [(index, pool) for index, pool in enumerate(spec.worker_pool_specs) if pool.ByteSize()]
    yield from _tpu(used)
    if scheduling.strategy == SPOT:
        yield from _spot(used)
    if scheduling.strategy == FLEX_START:
        yield from _flex_start(scheduling, used)


def _tpu(used: list[tuple[int, Message]]) -> Iterator[Problem]:
    for index, pool in used:
        known = MACHINES.get(pool.machine_spec.machine_type)
        if known is None or not known.is_tpu:
            continue
        if len(used) > 1:
            yield f"{POOLS}[{index}]", "A TPU job has one worker pool."
        if pool.replica_count > 1:
            yield f"{POOLS}[{index}].replica_count", "A TPU worker pool has one replica."


def _spot(used: list[tuple[int, Message]]) -> Iterator[Problem]:
    for index, pool in used:
        machine = pool.machine_spec
        if is_pod(machine.machine_type, machine.accelerator_count, machine.tpu_topology):
            yield f"{POOLS}[{index}].machine_spec", "The strategy SPOT is not supported for TPU Pods."


def _flex_start(scheduling: Message, used: list[tuple[int, Message]]) -> Iterator[Problem]:
    timeout = scheduling.timeout
    if (timeout.seconds, timeout.nanos) > (MAX_FLEX_SECONDS, 0):
        yield f"{FIELD}.timeout", "With the strategy FLEX_START the timeout must not be longer than 7 days."
    for index, pool in used:
        field = f"{POOLS}[{index}].machine_spec"
        name = accelerator_name(pool.machine_spec)
        if name not in FLEX_START_ACCELERATORS or pool.machine_spec.machine_type == CLOUD_TPU:
            what = f"accelerator type {name}" if name else "machines without GPUs"
            yield field, f"The strategy FLEX_START is not supported for {what}."
        if affinity_name(pool.machine_spec) not in _NO_RESERVATION:
            text = "The strategy FLEX_START cannot be combined with reservations."
            yield f"{field}.reservation_affinity", text
    if len({pool.machine_spec.SerializeToString(deterministic=True) for _, pool in used}) > 1:
        yield POOLS, "With the strategy FLEX_START all worker pools must have the same machine spec."
