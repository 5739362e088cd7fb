"""The catalogue of custom training: it agrees with itself and with Google's own enum."""

from __future__ import annotations

from datetime import date

import pytest
from google.cloud.aiplatform_v1 import AcceleratorType

from tui.domain.catalog.accelerators import (
    ACCELERATOR_TYPES,
    FLEX_START_ACCELERATORS,
    GPU_TITLES,
    N1_COUNTS,
    TPU_TOPOLOGIES,
    chips,
    is_pod,
    tpu_version,
)
from tui.domain.catalog.availability import (
    ACCELERATOR_REGIONS,
    TPU_REGIONS,
    accelerator_regions,
    machine_regions,
)
from tui.domain.catalog.images import IMAGES, multi_region, prebuilt
from tui.domain.catalog.machines import MACHINES, similar_machines
from tui.domain.regions import TRAINING_REGIONS


def test_machines() -> None:
    assert len(MACHINES) == 117
    for name, machine in MACHINES.items():
        assert machine.name == name
        assert bool(machine.accelerator) == bool(machine.accelerator_count)
        assert machine.is_tpu == (machine.vcpus is None) == (machine.memory_gib is None)
        if machine.family in {"e2", "n1", "n2", "n4", "c2", "m1", "g2", "g4"}:
            assert name.endswith(f"-{machine.vcpus}")
        assert machine_regions(name), name
    absent = {"n1-standard-1", "n1-standard-2", "e2-small", "a3-edgegpu-8g", "e2-highcpu-8", "n2-standard-2"}
    assert not absent & MACHINES.keys()
    assert MACHINES["n1-highmem-4"].memory_gib == 26
    assert MACHINES["g2-standard-24"].accelerator_count == 2


def test_accelerators_are_those_of_the_api() -> None:
    assert set(ACCELERATOR_TYPES) == set(AcceleratorType.__members__) - {"ACCELERATOR_TYPE_UNSPECIFIED"}
    named = {machine.accelerator for machine in MACHINES.values()} - {""}
    assert named | FLEX_START_ACCELERATORS <= GPU_TITLES.keys()
    assert ACCELERATOR_REGIONS.keys() == GPU_TITLES.keys() - {"NVIDIA_TESLA_K80"}


def test_n1_pairs() -> None:
    assert all(name in MACHINES and MACHINES[name].family == "n1" for name in N1_COUNTS)
    assert N1_COUNTS.keys() == {name for name in MACHINES if name.startswith("n1-")}
    assert N1_COUNTS["n1-standard-4"]["NVIDIA_TESLA_T4"] == (1, 2, 4)
    assert N1_COUNTS["n1-standard-16"]["NVIDIA_TESLA_V100"] == (2, 4, 8)
    assert N1_COUNTS["n1-highcpu-64"]["NVIDIA_TESLA_P100"] == (4,)
    assert "NVIDIA_TESLA_P100" not in N1_COUNTS["n1-standard-64"]


def test_regions() -> None:
    known = {*TRAINING_REGIONS, "asia-south2"}
    for regions in (*ACCELERATOR_REGIONS.values(), *TPU_REGIONS.values()):
        assert regions <= known
    assert "europe-west4" in machine_regions("g2-standard-4")
    assert "us-west3" not in machine_regions("g2-standard-4")
    assert machine_regions("n1-standard-4") == set(TRAINING_REGIONS)
    assert machine_regions("no-such-machine") == frozenset()
    assert accelerator_regions("TPU_V3") == {"us-central1", "europe-west4"}
    assert accelerator_regions("NVIDIA_TESLA_K80") == frozenset()


@pytest.mark.parametrize(
    ("machine", "count", "topology", "pod"),
    [
        ("cloud-tpu", 8, "", False),
        ("cloud-tpu", 32, "", True),
        ("ct5lp-hightpu-4t", 0, "2x2", False),
        ("ct5lp-hightpu-4t", 0, "4x4", True),
        ("ct5lp-hightpu-8t", 0, "2x4", False),
        ("tpu7x-standard-4t", 0, "2x2x1", False),
        ("n1-standard-4", 8, "", False),
    ],
)
def test_pods(machine: str, count: int, topology: str, pod: bool) -> None:  # noqa: FBT001
    assert is_pod(machine, count, topology) is pod


def test_topologies() -> None:
    assert TPU_TOPOLOGIES.keys() == {name for name in MACHINES if MACHINES[name].is_tpu} - {"cloud-tpu"}
    assert chips("4x8") == 32
    assert chips("2x2x1") == 4
    assert chips("") == chips("axb") == 0
    assert tpu_version("ct6e-standard-4t", "") == "v6e"
    assert tpu_version("cloud-tpu", "TPU_V2") == "v2"
    assert not tpu_version("n1-standard-4", "NVIDIA_L4")


def test_images() -> None:
    newest = IMAGES["pytorch-gpu.2-4.py310"]
    assert newest.availability_end == date(2026, 7, 24)
    assert newest.uri("europe-west4") == (
        "europe-docker.pkg.dev/vertex-ai/training/pytorch-gpu.2-4.py310:latest"
    )
    assert {multi_region(region) for region in TRAINING_REGIONS} == {"us", "europe", "asia"}
    for name, image in IMAGES.items():
        assert prebuilt(image.uri("asia-east1")) == (name, "latest")
        assert image.support_end < image.availability_end
    assert prebuilt("us-docker.pkg.dev/vertex-ai/training/tf-cpu.2-17.py310") == ("tf-cpu.2-17.py310", "")
    assert prebuilt("python:3.11") is None


def test_similar_machines() -> None:
    assert "n1-standard-4" in similar_machines("n1-standart-4")
    assert similar_machines("zebra") == ()
