"""The rows about the quota that the open spec needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tui.domain.access import QuotaLimits
from tui.domain.catalog.quotas import needs as needs_of_pools
from tui.domain.catalog.quotas import short_name
from tui.domain.regions import is_training_region
from tui.domain.setup.alternatives import (
    Alternative,
    Place,
    fitting_machines,
    fitting_regions,
    other_strategy,
)
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import Check, CheckState, Group, Standing
from tui.domain.setup.needs import JobNeeds
from tui.domain.setup.offered import lacking, permitted
from tui.domain.setup.quota_request import (
    Request,
    local_command,
    reading_command,
    request_command,
    request_text,
    rounded,
)
from tui.domain.setup.reading import unread

_SPOT = "preemptible_"
_GPUS = {
    "a100": "A100 40 GB",
    "a100_80gb": "A100 80 GB",
    "h100_mega": "H100 Mega",
    "rtx_pro_6000": "RTX PRO 6000",
}
_OTHERS = {
    "cpus": "vCPUs (N1, E2)",
    "pd_ssd": "disk SSD GB",
    "pd_standard": "disk standard GB",
    "hyperdisk_balanced": "disk Hyperdisk GB",
}
_DISKS = ("pd_ssd", "pd_standard", "hyperdisk_balanced")
_REGIONS = 4
"""Other regions that are named at most."""
_LEAST_DISK_GB = 100
"""The smallest boot disk of a worker."""
_WHY = (
    "A job needs all of these limits at once, each over all its replicas. Vertex AI refuses a job beyond one"
    " of them when it is started, and limits of GPUs begin at 0 in most regions. They are not those of"
    " Compute Engine."
)
_WHY_SPOT = " SPOT and FLEX_START count against limits of their own."


def quota_title(metric: str) -> str:
    """A metric as a row's title, such as `L4 GPUs`, `vCPUs (G2)`, `Spot TPU v5e` or `disk SSD GB`."""
    name = short_name(metric)
    if name.startswith(_SPOT):
        return f"Spot {quota_title(name.removeprefix(_SPOT))}"
    if name in _OTHERS:
        return _OTHERS[name]
    if name.endswith("_gpus"):
        gpu = name.removeprefix("nvidia_").removesuffix("_gpus")
        return f"{_GPUS.get(gpu, gpu.upper())} GPUs"
    if name.endswith("_cpus"):
        return f"vCPUs ({name.removesuffix('_cpus').upper()})"
    return name.replace("tpu_", "TPU ")


def quota_rows(facts: SetupFacts, wanted: JobNeeds) -> tuple[Check, ...]:
    """One row for each quota metric that a job of a spec needs: accelerators, vCPUs, disk."""
    if wanted.quota:
        return tuple(_row(facts, wanted, metric) for metric in sorted(wanted.quota, key=_rank))
    if needs_of_pools(wanted.pools, preemptible=wanted.preemptible):
        found = "the persistent resource holds it"
        return (Check("quota.resource", Group.QUOTA, "quota", CheckState.OK, found, why=_WHY),)
    return ()


def _rank(metric: str) -> tuple[int, str]:
    name = short_name(metric).removeprefix(_SPOT)
    return (2 if name in _DISKS else 1 if name.endswith("cpus") else 0, name)


@dataclass(frozen=True, slots=True)
class _Need:
    """One metric with its numbers."""

    metric: str
    amount: int
    limit: int
    used: int

    @property
    def state(self) -> CheckState:
        if self.limit < 0 or self.amount + self.used <= self.limit:
            return CheckState.OK
        return CheckState.WARNING if self.amount <= self.limit else CheckState.FAILED

    @property
    def finding(self) -> str:
        needs = f"needs {self.amount:,}"
        if self.limit < 0:
            return f"{needs}, no limit here"
        if self.state is CheckState.FAILED:
            return f"{needs}, the limit here is {self.limit:,}"
        if not self.used:
            return f"{needs} of {self.limit:,}"
        return f"{needs}; {self.used:,} of {self.limit:,} in use by your running jobs"


def _row(facts: SetupFacts, wanted: JobNeeds, metric: str) -> Check:
    standing = _waits(facts, wanted, metric)
    limits = facts.quotas if isinstance(facts.quotas, Mapping) else {}
    limit = limits[metric].of(facts.region) if metric in limits else None
    need = None
    if standing is None and limit is not None:
        used = max(facts.quota_in_use.get(metric, 0), 0)
        need = _Need(metric, wanted.quota[metric], limit, used)
        standing = Standing(need.state, need.finding)
    standing = standing or _untold(wanted.quota[metric])
    more = need if need and need.state is not CheckState.OK else None
    request = _request(more) if more else None
    name = short_name(metric)
    return Check(
        f"quota.{name}",
        Group.QUOTA,
        quota_title(metric),
        standing.state,
        standing.finding,
        why=_WHY + (_WHY_SPOT if name.startswith(_SPOT) else ""),
        said=standing.said,
        next_step=_next_step(facts, wanted, limits, more) if more else standing.next_step,
        command=request_command(facts, request) if request else reading_command(facts, metric),
        link="" if facts.local else _console(facts),
        draft=request_text(facts, request) if request else "",
    )


def _waits(facts: SetupFacts, wanted: JobNeeds, metric: str) -> Standing | None:
    """Why the limit says nothing yet, or here."""
    if not is_training_region(facts.region):
        return Standing(CheckState.SKIPPED, "waits for a region for training")
    absent = [pool for pool in wanted.pools if lacking((pool,), facts.region)]
    concerned = needs_of_pools(absent, preemptible=wanted.preemptible)
    if metric in concerned and short_name(metric) not in _DISKS:
        return Standing(CheckState.SKIPPED, f"waits for a region with {lacking(absent, facts.region)[0]}")
    return unread(facts, facts.quotas)


def _untold(amount: int) -> Standing:
    step = "A job can be tried: it is refused at once, and costs nothing, if the limit is too low."
    return Standing(CheckState.UNKNOWN, f"needs {amount:,}; the limit here was not told", next_step=step)


def _request(need: _Need) -> Request:
    wanted = rounded(need.metric, need.amount + need.used)
    return Request(need.metric, quota_title(need.metric), need.limit, wanted)


def _console(facts: SetupFacts) -> str:
    return f"https://console.cloud.google.com/iam-admin/quotas?project={facts.project_id}"


def _next_step(facts: SetupFacts, wanted: JobNeeds, limits: Mapping[str, QuotaLimits], need: _Need) -> str:
    parts = [f"Run: {local_command(facts, _request(need))}." if facts.local else _ask(need)]
    parts.extend(_regions(facts, wanted, limits))
    if need.state is CheckState.WARNING:
        return " ".join(["Vertex AI refuses this job, or lets it wait, until a running one ends.", *parts])
    place = Place(facts.region, limits, facts.quota_in_use, facts.prices)
    parts.extend(
        _disks(wanted, need) if short_name(need.metric) in _DISKS else _machines(wanted, need, place)
    )
    return " ".join(parts)


def _ask(need: _Need) -> str:
    return f"Ask for more: a request to raise {_request(need).sentence} is ready to copy."


def _regions(facts: SetupFacts, wanted: JobNeeds, limits: Mapping[str, QuotaLimits]) -> Iterator[str]:
    others = permitted(facts, fitting_regions(wanted, limits, facts.region))
    if others:
        yield f"The whole spec fits in {', '.join(others[:_REGIONS])}."
    elif all(metric in limits for metric in wanted.quota):
        yield "No other region has enough for the whole spec."


def _machines(wanted: JobNeeds, need: _Need, place: Place) -> Iterator[str]:
    found = fitting_machines(wanted, need.metric, place)
    if found:
        yield f"Here {_condition(found)}: {_priced(found)}."
    other = other_strategy(wanted, place)
    if other is not None:
        label = other.estimate.label
        source = "" if any(one.estimate.label == label for one in found) else f"; {label}"
        yield f"Or with {other.words} {_condition((other,))}: {other.estimate.shown}{source}."


def _priced(found: tuple[Alternative, ...]) -> str:
    """Each with its price, and where the prices come from."""
    labels = {one.estimate.label for one in found}
    if len(labels) == 1:
        return ", ".join(f"{one.words} ({one.estimate.shown})" for one in found) + f"; {labels.pop()}"
    return ", ".join(f"{one.words} ({one.estimate.shown}; {one.estimate.label})" for one in found)


def _condition(found: tuple[Alternative, ...]) -> str:
    """Whether the limits of what fits were read."""
    certain = not any(one.assumed for one in found)
    return "this fits now" if certain else "this fits if your other limits are the defaults"


def _disks(wanted: JobNeeds, need: _Need) -> Iterator[str]:
    """The largest disk that every worker can have."""
    replicas = sum(max(pool.replicas, 0) for pool in wanted.pools)
    size = (need.limit - need.used) // replicas if replicas else 0
    if size >= _LEAST_DISK_GB:
        yield f"Boot disks of {size:,} GB each fit now."
