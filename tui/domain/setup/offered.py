"""Which regions have the machines and accelerators that a job asks for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from tui.domain.access import OrganizationPolicy
from tui.domain.catalog.accelerators import CLOUD_TPU, GPU_TITLES, tpu_version
from tui.domain.catalog.availability import accelerator_regions, machine_regions
from tui.domain.catalog.machines import MACHINES
from tui.domain.catalog.quotas import Pool
from tui.domain.regions import TRAINING_REGIONS
from tui.domain.setup.constraints import permits
from tui.domain.setup.facts import SetupFacts

_ALL = frozenset(TRAINING_REGIONS)


def regions_with(pools: Iterable[Pool]) -> frozenset[str]:
    """The training regions that have everything the pools ask for, as far as the catalogue knows it."""
    return reduce(frozenset[str].intersection, (_of_pool(pool) for pool in pools), _ALL)


def lacking(pools: Iterable[Pool], region: str) -> tuple[str, ...]:
    """What the pools ask for that a region does not have, in words such as `L4 GPUs`."""
    return tuple(dict.fromkeys(_words(pool) for pool in pools if region not in _of_pool(pool)))


def permitted(facts: SetupFacts, regions: Iterable[str]) -> tuple[str, ...]:
    """The regions that no policy of the organization is known to forbid."""
    policy = facts.locations_policy
    if not isinstance(policy, OrganizationPolicy):
        return tuple(regions)
    return tuple(region for region in regions if permits(policy, region) is not False)


def accelerators(pools: Iterable[Pool]) -> tuple[str, ...]:
    """The accelerators that pools ask for, in words."""
    return tuple(dict.fromkeys(_words(pool) for pool in pools if _words(pool) != pool.machine_type))


def _of_pool(pool: Pool) -> frozenset[str]:
    """Names that the catalogue does not know, or that no region has, are the spec checks' matter."""
    found = _ALL
    for regions in (machine_regions(pool.machine_type), accelerator_regions(pool.accelerator_type)):
        if here := regions & _ALL:
            found &= here
    return found


def _words(pool: Pool) -> str:
    machine = MACHINES.get(pool.machine_type)
    if machine is not None and machine.is_tpu:
        version = tpu_version(pool.machine_type, pool.accelerator_type)
        return f"TPU {version}" if version or machine.name != CLOUD_TPU else "TPU"
    kind = pool.accelerator_type or (machine.accelerator if machine else "")
    return f"{GPU_TITLES[kind]} GPUs" if kind in GPU_TITLES else pool.machine_type
