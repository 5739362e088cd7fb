"""What Vertex AI refuses in a new custom job."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from tui.local.wire.errors import found_errors, invalid
from tui.local.wire.gtypes import Message

MAX_NAME = 128
MAX_POOLS = 4
MAX_ENV = 100
MAX_LABELS = 64
MAX_LABEL = 64

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MACHINE_FAMILIES = {
    "e2-standard": (4, 8, 16, 32),
    "e2-highmem": (2, 4, 8, 16),
    "e2-highcpu": (16, 32),
    "n1-standard": (4, 8, 16, 32, 64, 96),
    "n1-highmem": (2, 4, 8, 16, 32, 64, 96),
    "n1-highcpu": (16, 32, 64, 96),
    "n2-standard": (4, 8, 16, 32, 48, 64, 80),
    "n2-highmem": (2, 4, 8, 16, 32, 48, 64, 80),
    "n2-highcpu": (16, 32, 48, 64, 80),
    "n4-standard": (2, 4, 8, 16, 32, 48, 64, 80),
    "n4-highmem": (2, 4, 8, 16, 32, 48, 64, 80),
    "n4-highcpu": (2, 4, 8, 16, 32, 48, 64, 80),
    "c2-standard": (4, 8, 16, 30, 60),
    "m1-ultramem": (40, 80, 160),
    "m1-megamem": (96,),
}
_GPU_MACHINES = {
    "g2-standard-4": ("NVIDIA_L4", 1),
    "g2-standard-8": ("NVIDIA_L4", 1),
    "g2-standard-12": ("NVIDIA_L4", 1),
    "g2-standard-16": ("NVIDIA_L4", 1),
    "g2-standard-32": ("NVIDIA_L4", 1),
    "g2-standard-24": ("NVIDIA_L4", 2),
    "g2-standard-48": ("NVIDIA_L4", 4),
    "g2-standard-96": ("NVIDIA_L4", 8),
    "g4-standard-48": ("NVIDIA_RTX_PRO_6000", 1),
    "g4-standard-96": ("NVIDIA_RTX_PRO_6000", 2),
    "g4-standard-192": ("NVIDIA_RTX_PRO_6000", 4),
    "g4-standard-384": ("NVIDIA_RTX_PRO_6000", 8),
    "a2-highgpu-1g": ("NVIDIA_TESLA_A100", 1),
    "a2-highgpu-2g": ("NVIDIA_TESLA_A100", 2),
    "a2-highgpu-4g": ("NVIDIA_TESLA_A100", 4),
    "a2-highgpu-8g": ("NVIDIA_TESLA_A100", 8),
    "a2-megagpu-16g": ("NVIDIA_TESLA_A100", 16),
    "a2-ultragpu-1g": ("NVIDIA_A100_80GB", 1),
    "a2-ultragpu-2g": ("NVIDIA_A100_80GB", 2),
    "a2-ultragpu-4g": ("NVIDIA_A100_80GB", 4),
    "a2-ultragpu-8g": ("NVIDIA_A100_80GB", 8),
    "a3-highgpu-1g": ("NVIDIA_H100_80GB", 1),
    "a3-highgpu-2g": ("NVIDIA_H100_80GB", 2),
    "a3-highgpu-4g": ("NVIDIA_H100_80GB", 4),
    "a3-highgpu-8g": ("NVIDIA_H100_80GB", 8),
    "a3-megagpu-8g": ("NVIDIA_H100_MEGA_80GB", 8),
    "a3-ultragpu-8g": ("NVIDIA_H200_141GB", 8),
    "a4-highgpu-8g": ("NVIDIA_B200", 8),
    "a4x-highgpu-4g": ("NVIDIA_GB200", 4),
}
"""Machines whose accelerators are built in, with the pair that a spec has to name."""
_TPU_MACHINES = frozenset(
    {
        "cloud-tpu",
        *(f"ct5lp-hightpu-{size}t" for size in (1, 4, 8)),
        *(f"ct6e-standard-{size}t" for size in (1, 4, 8)),
        "tpu7x-standard-4t",
    }
)
MACHINES = (
    frozenset(f"{family}-{size}" for family, sizes in _MACHINE_FAMILIES.items() for size in sizes)
    | frozenset(_GPU_MACHINES)
    | _TPU_MACHINES
)
"""Machine types that custom training takes (documentation of August 2026)."""

Problem = tuple[str, str]


def check_custom_job(job: Message) -> None:
    """Refuse a job that Vertex AI would refuse.

    Raises:
        ApiError: INVALID_ARGUMENT with everything that was found.
    """
    problems = [*_top(job), *_pools(job.job_spec), *_scheduling(job.job_spec)]
    if problems:
        raise found_errors(problems)
    for pool in job.job_spec.worker_pool_specs:
        machine = pool.machine_spec
        if machine.machine_type and machine.machine_type not in MACHINES:
            raise invalid(f"Machine type {machine.machine_type} is not supported.")


def _top(job: Message) -> Iterator[Problem]:
    if not job.display_name.strip():
        yield "custom_job.display_name", "Display name should be non-empty."
    elif len(job.display_name) > MAX_NAME:
        yield "custom_job.display_name", f"Display name should not have more than {MAX_NAME} characters."
    if len(job.labels) > MAX_LABELS:
        yield (
            "custom_job.labels",
            f"There can be no more than {MAX_LABELS} labels attached to a single resource.",
        )
    if not all(_good_label(key) and key and _good_label(value) for key, value in job.labels.items()):
        yield (
            "custom_job.labels",
            (
                "Label keys and values can only contain lowercase letters, numbers, dashes and underscores, "
                f"and should not have more than {MAX_LABEL} characters."
            ),
        )


def _good_label(text: str) -> bool:
    return len(text) <= MAX_LABEL and all(
        letter in "_-" or (letter.isalnum() and letter == letter.lower()) for letter in text
    )


def _pools(spec: Message) -> Iterator[Problem]:
    field = "custom_job.job_spec.worker_pool_specs"
    pools = list(spec.worker_pool_specs)
    if not pools:
        yield field, "At least one worker pool must be specified."
    if len(pools) > MAX_POOLS:
        yield field, f"No more than {MAX_POOLS} worker pools can be specified."
    for index, pool in enumerate(pools):
        if index == 0 or pool.ByteSize():
            yield from _pool(
                f"{field}[{index}]", pool, first=index == 0, persistent=bool(spec.persistent_resource_id)
            )


def _pool(field: str, pool: Message, *, first: bool, persistent: bool) -> Iterator[Problem]:
    task = pool.WhichOneof("task")
    if task is None:
        yield field, "Exactly one of container_spec and python_package_spec must be set."
    if not pool.machine_spec.machine_type and not persistent:
        yield f"{field}.machine_spec.machine_type", "Machine type must be specified."
    if first and pool.replica_count != 1:
        yield f"{field}.replica_count", "The replica count of the first worker pool must be 1."
    if not first and pool.replica_count < 1:
        yield f"{field}.replica_count", "The replica count must be positive."
    yield from _accelerator(f"{field}.machine_spec", pool.machine_spec)
    if task == "container_spec":
        yield from _container(f"{field}.container_spec", pool.container_spec)
    if task == "python_package_spec":
        yield from _package(f"{field}.python_package_spec", pool.python_package_spec)


def _accelerator(field: str, machine: Message) -> Iterator[Problem]:
    built_in = _GPU_MACHINES.get(machine.machine_type)
    name = _accelerator_name(machine)
    if machine.accelerator_count < 0:
        yield f"{field}.accelerator_count", "The accelerator count must not be negative."
    if bool(machine.accelerator_type) != bool(machine.accelerator_count):
        yield field, "Accelerator type and accelerator count must be set together."
    elif built_in and (name, machine.accelerator_count) != built_in:
        yield (
            field,
            (
                f"Machine type {machine.machine_type} needs accelerator_type {built_in[0]} and "
                f"accelerator_count {built_in[1]}."
            ),
        )
    elif name and not built_in and not machine.machine_type.startswith(("n1-", "cloud-tpu")):
        yield field, f"Accelerator type {name} is not supported for machine type {machine.machine_type}."


def _accelerator_name(machine: Message) -> str:
    if not machine.accelerator_type:
        return ""
    enum = machine.DESCRIPTOR.fields_by_name["accelerator_type"].enum_type
    value = enum.values_by_number.get(machine.accelerator_type)
    return value.name if value else str(machine.accelerator_type)


def _container(field: str, container: Message) -> Iterator[Problem]:
    if not container.image_uri:
        yield f"{field}.image_uri", "Image URI must be specified."
    yield from _environment(f"{field}.env", container.env)


def _package(field: str, package: Message) -> Iterator[Problem]:
    if not package.executor_image_uri:
        yield f"{field}.executor_image_uri", "Executor image URI must be specified."
    if not package.python_module:
        yield f"{field}.python_module", "Python module must be specified."
    if not package.package_uris:
        yield f"{field}.package_uris", "At least one package URI must be specified."
    yield from _environment(f"{field}.env", package.env)


def _environment(field: str, env: Message) -> Iterator[Problem]:
    if len(env) > MAX_ENV:
        yield field, f"No more than {MAX_ENV} environment variables can be specified."
    for index, variable in enumerate(env):
        if not _ENV_NAME.fullmatch(variable.name):
            yield f"{field}[{index}].name", f"EnvVar name {variable.name!r} must be a valid C identifier."
    if any(count > 1 for count in Counter(variable.name for variable in env).values()):
        yield field, "EnvVar names must be unique."


def _scheduling(spec: Message) -> Iterator[Problem]:
    if spec.scheduling.timeout.seconds < 0:
        yield "custom_job.job_spec.scheduling.timeout", "Timeout must not be negative."
