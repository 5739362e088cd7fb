"""Worker pools: how many, what they run, replicas, disks, mounts."""

from __future__ import annotations

from collections.abc import Iterator

from tui.local.api.job_rules.containers import container_problems, package_problems
from tui.local.api.job_rules.machines import machine_problems
from tui.local.api.job_rules.top import Problem
from tui.local.wire.gtypes import Message

FIELD = "custom_job.job_spec.worker_pool_specs"
MAX_POOLS = 4
DISK_TYPES = ("pd-ssd", "pd-standard", "hyperdisk-balanced")
MIN_DISK_GB, MAX_DISK_GB = 100, 64_000
_REDUCTION_SERVER = "/vertex-ai-restricted/training/reductionserver"


def pool_problems(spec: Message, region: str) -> Iterator[Problem]:
    """What is wrong with the worker pools of a CustomJobSpec; an empty pool after the first is skipped."""
    pools = list(spec.worker_pool_specs)
    if not pools:
        yield FIELD, "At least one worker pool must be specified."
    if len(pools) > MAX_POOLS:
        yield FIELD, f"No more than {MAX_POOLS} worker pools can be specified."
    used = [(index, pool) for index, pool in enumerate(pools) if index == 0 or pool.ByteSize()]
    for index, pool in used:
        yield from _pool(f"{FIELD}[{index}]", pool, region, first=index == 0)
        if not pool.machine_spec.machine_type and not spec.persistent_resource_id:
            yield f"{FIELD}[{index}].machine_spec.machine_type", "Machine type must be specified."
        if pool.nfs_mounts and not spec.HasField("psc_interface_config") and not spec.network:
            text = "A network or a PSC interface is needed to reach the share."
            yield f"{FIELD}[{index}].nfs_mounts", text


def _pool(field: str, pool: Message, region: str, *, first: bool) -> Iterator[Problem]:
    task = pool.WhichOneof("task")
    if task is None:
        yield field, "Exactly one of container_spec and python_package_spec must be set."
    if first and pool.replica_count != 1:
        yield f"{field}.replica_count", "The replica count of the first worker pool must be 1."
    if not first and pool.replica_count < 0:
        yield f"{field}.replica_count", "The replica count must not be negative."
    yield from machine_problems(f"{field}.machine_spec", pool.machine_spec, region)
    if task == "container_spec":
        yield from container_problems(f"{field}.container_spec", pool.container_spec)
        if _REDUCTION_SERVER in pool.container_spec.image_uri and pool.machine_spec.accelerator_count:
            yield f"{field}.machine_spec", "The reduction server runs on machines without accelerators."
    if task == "python_package_spec":
        yield from package_problems(f"{field}.python_package_spec", pool.python_package_spec)
    yield from _disk(f"{field}.disk_spec", pool.disk_spec)
    yield from _mounts(field, pool)


def _disk(field: str, disk: Message) -> Iterator[Problem]:
    if disk.boot_disk_type and disk.boot_disk_type not in DISK_TYPES:
        text = f"Boot disk type {disk.boot_disk_type} is not supported: one of {', '.join(DISK_TYPES)}."
        yield f"{field}.boot_disk_type", text
    if disk.boot_disk_size_gb and not MIN_DISK_GB <= disk.boot_disk_size_gb <= MAX_DISK_GB:
        text = f"The boot disk size must be between {MIN_DISK_GB} and {MAX_DISK_GB} GB."
        yield f"{field}.boot_disk_size_gb", text


def _mounts(field: str, pool: Message) -> Iterator[Problem]:
    for index, mount in enumerate(pool.nfs_mounts):
        if not (mount.server and mount.path and mount.mount_point):
            yield f"{field}.nfs_mounts[{index}]", "Server, path and mount point must be specified."
        elif not mount.path.startswith("/"):
            yield f"{field}.nfs_mounts[{index}].path", "The path must begin with '/'."
    for index, mount in enumerate(pool.lustre_mounts):
        if not (mount.instance_ip and mount.volume_handle and mount.filesystem and mount.mount_point):
            text = "Instance IP, volume handle, filesystem and mount point must be specified."
            yield f"{field}.lustre_mounts[{index}]", text
