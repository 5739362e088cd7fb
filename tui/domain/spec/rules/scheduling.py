"""Scheduling: timeouts, strategies, and what the strategies demand of the pools."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tui.domain.catalog.accelerators import CLOUD_TPU, FLEX_START_ACCELERATORS, is_pod
from tui.domain.spec.problems import Fix, Problem, error, info, warning
from tui.domain.spec.rules.base import POOLS, SPEC, Pools, View
from tui.domain.spec.rules.machines import accelerator_of, affinity_of
from tui.domain.spec.rules.tpus import lone_pool_problems
from tui.domain.timeouts import MAX_SECONDS

_FIELD = (*SPEC, "scheduling")
_DAY = "86400s"
_NO_RESERVATION = frozenset({"TYPE_UNSPECIFIED", "NO_RESERVATION"})
_OLD_STRATEGIES = {"ON_DEMAND": "STANDARD", "LOW_COST": "SPOT"}


def seconds_of(duration: str | None) -> float:
    """The seconds of a Duration in the API's JSON; 0 if there is none."""
    return float(duration.removesuffix("s")) if duration else 0.0


def scheduling_problems(view: View) -> Iterator[Problem]:
    """What is wrong with the scheduling, and with TPU pools, which stand alone."""
    scheduling = view.spec.get("scheduling", {})
    strategy = scheduling.get("strategy", "")
    yield from _timeout(view, scheduling, flexible=strategy == "FLEX_START")
    unsure = view.unread(*_FIELD, "strategy")
    if "maxWaitDuration" in scheduling and strategy != "FLEX_START" and not unsure:
        text = "maxWaitDuration counts with the strategy FLEX_START only."
        yield warning(view.at(*_FIELD, "maxWaitDuration"), "wait-strategy", text)
    if new := _OLD_STRATEGIES.get(strategy):
        fix = view.write((*_FIELD, "strategy"), new)
        text = f"The strategy {strategy} is out of use; write {new}."
        yield info(view.value_at(*_FIELD, "strategy"), "old-strategy", text, fix)
    if scheduling.get("disableRetries") and scheduling.get("restartJobOnWorkerRestart"):
        text = "disableRetries switches restartJobOnWorkerRestart off."
        yield warning(view.at(*_FIELD, "restartJobOnWorkerRestart"), "restart", text)
    pools = view.pools()
    used = [(number, pool) for number, pool in pools if pool]
    yield from lone_pool_problems(view, used)
    if strategy == "SPOT":
        yield from _spot(view, used)
    if strategy == "FLEX_START":
        yield from _flex_start(view, used)


def _timeout(view: View, scheduling: Mapping[str, Any], *, flexible: bool) -> Iterator[Problem]:
    path = (*_FIELD, "timeout")
    seconds = seconds_of(scheduling.get("timeout"))
    if seconds > MAX_SECONDS:
        text = f"Vertex AI stops a job after 7 days, {MAX_SECONDS}s, whatever the timeout."
        if flexible:
            text = f"With the strategy FLEX_START the timeout is at most 7 days, {MAX_SECONDS}s."
        fix = view.write(path, f"{MAX_SECONDS}s")
        yield (error if flexible else warning)(view.value_at(*path), "long-timeout", text, fix)
    elif not seconds and not view.unread(*path) and "workerPoolSpecs" in view.spec:
        text = (
            "No timeout is set: a job that hangs is stopped, and paid for, only after 7 days; "
            f"for one day, write timeout: {_DAY} below scheduling."
        )
        yield warning(view.at(*path), "no-timeout", text, _add_timeout(view))


def _add_timeout(view: View) -> Fix | None:
    """The fix that writes a timeout of one day, with the scheduling around it where there is none."""
    title = f"Set a timeout of one day, {_DAY}"
    if "scheduling" in view.spec:
        return view.add(_FIELD, {"timeout": _DAY}, title)
    if _FIELD in view.written:
        return view.add_below(_FIELD, f"timeout: {_DAY}", title)
    return view.add(SPEC, {"scheduling": {"timeout": _DAY}}, title)


def _spot(view: View, used: Pools) -> Iterator[Problem]:
    for number, pool in used:
        machine = pool.get("machineSpec", {})
        _, count = accelerator_of(machine)
        if is_pod(machine.get("machineType", ""), count, machine.get("tpuTopology", "")):
            text = "The strategy SPOT is not possible for a TPU of several hosts."
            yield error(view.at(*POOLS, number, "machineSpec"), "spot-tpu", text)


def _flex_start(view: View, used: Pools) -> Iterator[Problem]:
    for number, pool in used:
        machine = pool.get("machineSpec", {})
        path = (*POOLS, number, "machineSpec")
        name, _ = accelerator_of(machine)
        if view.unread(*path, "acceleratorType"):
            continue
        if name not in FLEX_START_ACCELERATORS or machine.get("machineType") == CLOUD_TPU:
            what = name or "machines without GPUs"
            text = f"The strategy FLEX_START is not possible for {what}."
            yield error(view.at(*path), "flex-start", text)
        if affinity_of(machine) not in _NO_RESERVATION:
            text = "The strategy FLEX_START cannot be combined with a reservation."
            yield error(view.at(*path, "reservationAffinity"), "flex-start", text)
    if len({json.dumps(pool.get("machineSpec", {}), sort_keys=True) for _, pool in used}) > 1:
        text = "With the strategy FLEX_START all pools have the same machineSpec."
        yield error(view.at(*POOLS, used[-1][0], "machineSpec"), "flex-start", text)
