"""What a new custom job must be, rule by rule, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from tui.domain.catalog.machines import MACHINES
from tui.local.api.job_rules import check_custom_job
from tui.local.wire.errors import ApiError
from tui.local.wire.gtypes import CustomJob, from_json

REGION = "us-central1"
T4 = {"machineType": "n1-standard-8", "acceleratorType": "NVIDIA_TESLA_T4", "acceleratorCount": 2}
L4 = {"machineType": "g2-standard-4", "acceleratorType": "NVIDIA_L4", "acceleratorCount": 1}
B200 = {"machineType": "a4-highgpu-8g", "acceleratorType": "NVIDIA_B200", "acceleratorCount": 8}
TPU = {"machineType": "cloud-tpu", "acceleratorType": "TPU_V2", "acceleratorCount": 8}
V5E = {"machineType": "ct5lp-hightpu-4t", "tpuTopology": "2x4"}
PACKAGE = {
    "executorImageUri": "us-docker.pkg.dev/vertex-ai/training/tf-cpu.2-17.py310:latest",
    "packageUris": ["gs://a-bucket/trainer-0.1.tar.gz"],
    "pythonModule": "trainer.task",
}


def pool(**changes: Any) -> dict[str, Any]:
    """A good worker pool in the API's JSON, with fields changed."""
    return {
        "machineSpec": {"machineType": "n1-standard-4"},
        "replicaCount": 1,
        "containerSpec": {"imageUri": "python:3.11", "command": ["true"]},
    } | changes


def job(*pools: dict[str, Any], top: dict[str, Any] | None = None, **spec: Any) -> Any:
    """A job of pools, with fields of its spec and of itself."""
    made = CustomJob()
    content = {"displayName": "x", "jobSpec": {"workerPoolSpecs": list(pools) or [pool()], **spec}}
    from_json(content | (top or {}), made)
    return made


def refused(wrong: Any, region: str = REGION) -> dict[str, str]:
    """Messages of a refusal by the ends of their field paths, after the spec."""
    with pytest.raises(ApiError) as caught:
        check_custom_job(wrong, region)
    assert caught.value.code.name == "INVALID_ARGUMENT"
    assert caught.value.message.startswith("List of found errors:\t1.Field: custom_job.")
    (violations,) = caught.value.details
    found = {}
    for violation in violations.field_violations:
        field = violation.field.removeprefix("custom_job.").removeprefix("job_spec.")
        found[field.removeprefix("worker_pool_specs")] = violation.description
    return found


@pytest.mark.parametrize(
    "good",
    [
        job(),
        job(pool(machineSpec=T4)),
        job(pool(machineSpec=L4)),
        job(pool(machineSpec=TPU)),
        job(pool(machineSpec={**TPU, "acceleratorCount": 64})),
        job(pool(machineSpec=V5E)),
        job(pool(), {}, pool(replicaCount=3)),
        job(pool(), pool(replicaCount=7), pool(), pool()),
        job(pool(containerSpec=None, pythonPackageSpec=PACKAGE)),
        job(pool(diskSpec={"bootDiskType": "pd-standard", "bootDiskSizeGb": 64000})),
        job(pool(machineSpec=T4), scheduling={"strategy": "SPOT"}),
        job(pool(machineSpec=L4), scheduling={"strategy": "FLEX_START", "maxWaitDuration": "0s"}),
        job(scheduling={"maxWaitDuration": "0s"}),
        job(reservedIpRanges=["a"]),
        job(experiment="my-experiment"),
        job(pool(), pool(replicaCount=0)),
        job(pool(machineSpec={"machineType": "n1-standard-4", "tpuTopology": "2x2"})),
        job(pool(machineSpec={**L4, "reservationAffinity": {"key": "x"}})),
        job(pool(containerSpec={"imageUri": "x", "env": [{"name": "A"}, {"name": "A"}]})),
        job(top={"labels": {f"a{number}": "" for number in range(65)}}),
        job(network="projects/123456789012/global/networks/default", reservedIpRanges=["a"]),
        job(pscInterfaceConfig={"networkAttachment": "attached"}),
        job(
            pscInterfaceConfig={
                "networkAttachment": f"projects/p/regions/{REGION}/networkAttachments/a",
                "dnsPeeringConfigs": [{"domain": "x.y.", "targetProject": "p", "targetNetwork": "n"}],
            }
        ),
        job(
            tensorboard=f"projects/local-project/locations/{REGION}/tensorboards/12",
            serviceAccount="a@b.iam.gserviceaccount.com",
        ),
        job(baseOutputDirectory={"outputUriPrefix": "gs://a-bucket"}),
        job(baseOutputDirectory={"outputUriPrefix": "gs://a-bucket/runs/1/"}),
        job(
            top={
                "encryptionSpec": {"kmsKeyName": f"projects/p/locations/{REGION}/keyRings/r/cryptoKeys/k"},
                "labels": {"straße": "日本", "a-b_c": ""},
            }
        ),
    ],
)
def test_good_jobs_pass(good: Any) -> None:
    check_custom_job(good, REGION)


@pytest.mark.parametrize(
    "image",
    [
        "x",
        "python:3.11-slim",
        "docker.io/library/python:3.11",
        "gcr.io/google.com/cloudsdktool/google-cloud-cli:stable",
        "europe-west4-docker.pkg.dev/my-project/repo/image@sha256:" + "0" * 64,
        "us-docker.pkg.dev/vertex-ai/training/pytorch-gpu.2-4.py310:latest",
        "huggingface/transformers-pytorch-gpu:4.41.2",
        "registry-1.docker.io/library/python",
        "marketplace.gcr.io/google/python",
        "ghcr.io/me/image:1",
        "us-docker.pkg.dev/project/image",
    ],
)
def test_images_that_pass(image: str) -> None:
    check_custom_job(job(pool(containerSpec={"imageUri": image})), REGION)


@pytest.mark.parametrize(
    "image",
    [
        "https://docker.io/python",
        "Python:3.11",
        "python 3.11",
        "python:",
        "a" * 3000,
        "x@sha256:12",
    ],
)
def test_images_that_do_not(image: str) -> None:
    assert list(refused(job(pool(containerSpec={"imageUri": image})))) == ["[0].container_spec.image_uri"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"replicaCount": 0}, "[0].replica_count"),
        ({"machineSpec": {}}, "[0].machine_spec.machine_type"),
        ({"containerSpec": None}, "[0]"),
        ({"containerSpec": {"command": ["true"]}}, "[0].container_spec.image_uri"),
        ({"machineSpec": {"machineType": "g2-standard-4"}}, "[0].machine_spec"),
        ({"machineSpec": {**L4, "acceleratorCount": 2}}, "[0].machine_spec"),
        ({"machineSpec": {**L4, "machineType": "e2-standard-4"}}, "[0].machine_spec"),
        ({"machineSpec": {**T4, "acceleratorCount": 3}}, "[0].machine_spec.accelerator_count"),
        ({"machineSpec": {**T4, "machineType": "n1-highcpu-32", "acceleratorCount": 1}},
         "[0].machine_spec.accelerator_count"),
        ({"machineSpec": {**T4, "machineType": "n1-standard-64", "acceleratorType": "NVIDIA_TESLA_P100"}},
         "[0].machine_spec"),
        ({"machineSpec": {"machineType": "n1-standard-4", "acceleratorCount": 1}}, "[0].machine_spec"),
        ({"machineSpec": {**TPU, "acceleratorCount": 16}}, "[0].machine_spec.accelerator_count"),
        ({"machineSpec": {**TPU, "acceleratorType": "NVIDIA_L4"}}, "[0].machine_spec.accelerator_type"),
        ({"machineSpec": {"machineType": "ct5lp-hightpu-4t"}}, "[0].machine_spec.tpu_topology"),
        ({"machineSpec": {**V5E, "acceleratorType": "TPU_V5_LITEPOD", "acceleratorCount": 8}},
         "[0].machine_spec"),
        ({"diskSpec": {"bootDiskType": "floppy"}}, "[0].disk_spec.boot_disk_type"),
        ({"diskSpec": {"bootDiskSizeGb": 99}}, "[0].disk_spec.boot_disk_size_gb"),
        ({"diskSpec": {"bootDiskSizeGb": 64001}}, "[0].disk_spec.boot_disk_size_gb"),
        ({"nfsMounts": [{"server": "1.2.3.4", "path": "share", "mountPoint": "m"}]},
         "[0].nfs_mounts[0].path"),
        ({"nfsMounts": [{"server": "1.2.3.4", "path": "/share", "mountPoint": "m"}]}, "[0].nfs_mounts"),
        ({"containerSpec": {"imageUri": "x", "env": [{"name": "1A", "value": ""}]}},
         "[0].container_spec.env[0].name"),
        ({"containerSpec": {"imageUri": "x", "env": [{"name": f"A{n}"} for n in range(101)]}},
         "[0].container_spec.env"),
        ({"containerSpec": None, "pythonPackageSpec": {**PACKAGE, "packageUris": ["/a.tar.gz"]}},
         "[0].python_package_spec.package_uris[0]"),
        ({"containerSpec": None, "pythonPackageSpec": {**PACKAGE, "executorImageUri": "x:1"}},
         "[0].python_package_spec.executor_image_uri"),
        ({"containerSpec": None, "pythonPackageSpec": {**PACKAGE, "pythonModule": ""}},
         "[0].python_package_spec.python_module"),
    ],
)  # fmt: skip
def test_bad_pools_are_refused_by_field(changes: dict[str, Any], field: str) -> None:
    assert field in refused(job(pool(**changes)))


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"network": "projects/local-project/global/networks/default"}, "network"),
        ({"network": "default"}, "network"),
        ({"pscInterfaceConfig": {"networkAttachment": "A/B"}}, "psc_interface_config.network_attachment"),
        ({"pscInterfaceConfig": {"networkAttachment": "projects/p/regions/us-west1/networkAttachments/a"}},
         "psc_interface_config.network_attachment"),
        ({"tensorboard": f"projects/local-project/locations/{REGION}/tensorboards/1"}, "service_account"),
        ({"tensorboard": "projects/local-project/locations/us-west1/tensorboards/1", "serviceAccount": "a@b"},
         "tensorboard"),
        ({"baseOutputDirectory": {"outputUriPrefix": "out/of"}}, "base_output_directory.output_uri_prefix"),
        ({"baseOutputDirectory": {}}, "base_output_directory.output_uri_prefix"),
        ({"persistentResourceId": "Mine_1"}, "persistent_resource_id"),
        ({"scheduling": {"timeout": "-1s"}}, "scheduling.timeout"),
        ({"workerPoolSpecs": []}, ""),
        ({"workerPoolSpecs": [pool()] * 5}, ""),
        ({"workerPoolSpecs": [{}, pool()]}, "[0].replica_count"),
        ({"workerPoolSpecs": [pool(), pool(replicaCount=-1)]}, "[1].replica_count"),
        ({"workerPoolSpecs": [pool(machineSpec=TPU), pool()]}, "[0]"),
        ({"workerPoolSpecs": [pool(machineSpec={**TPU, "acceleratorCount": 32})],
          "scheduling": {"strategy": "SPOT"}}, "[0].machine_spec"),
        ({"workerPoolSpecs": [pool(machineSpec={**V5E, "tpuTopology": "4x4"})],
          "scheduling": {"strategy": "SPOT"}}, "[0].machine_spec"),
        ({"scheduling": {"strategy": "FLEX_START"}}, "[0].machine_spec"),
        ({"workerPoolSpecs": [pool(machineSpec=T4)], "scheduling": {"strategy": "FLEX_START"}},
         "[0].machine_spec"),
        ({"workerPoolSpecs": [pool(machineSpec=L4)],
          "scheduling": {"strategy": "FLEX_START", "timeout": "604801s"}}, "scheduling.timeout"),
        ({"workerPoolSpecs": [pool(machineSpec=L4), pool(machineSpec={
            "machineType": "g2-standard-8", "acceleratorType": "NVIDIA_L4", "acceleratorCount": 1})],
          "scheduling": {"strategy": "FLEX_START"}}, ""),
        ({"workerPoolSpecs": [pool(machineSpec={
            **L4, "reservationAffinity": {"reservationAffinityType": "ANY_RESERVATION"}})],
          "scheduling": {"strategy": "FLEX_START"}}, "[0].machine_spec.reservation_affinity"),
        ({"workerPoolSpecs": [pool(machineSpec=B200)],
          "network": "projects/123456789012/global/networks/default"}, "network"),
    ],
)  # fmt: skip
def test_bad_specs_are_refused_by_field(spec: dict[str, Any], field: str) -> None:
    assert field in refused(job(**spec))


@pytest.mark.parametrize(
    ("top", "field"),
    [
        ({"displayName": " "}, "display_name"),
        ({"displayName": "x" * 129}, "display_name"),
        ({"labels": {"Upper": "x"}}, "labels"),
        ({"labels": {"a": "x" * 65}}, "labels"),
        ({"encryptionSpec": {"kmsKeyName": "my-key"}}, "encryption_spec.kms_key_name"),
        ({"encryptionSpec": {"kmsKeyName": "projects/p/locations/us-west1/keyRings/r/cryptoKeys/k"}},
         "encryption_spec.kms_key_name"),
    ],
)  # fmt: skip
def test_bad_names_labels_and_keys(top: dict[str, Any], field: str) -> None:
    assert list(refused(job(top=top))) == [field]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    wrong = job(pool(replicaCount=2), top={"displayName": ""}, scheduling={"timeout": "-1s"})
    with pytest.raises(ApiError) as caught:
        check_custom_job(wrong, REGION)
    assert caught.value.message == (
        "List of found errors:"
        "\t1.Field: custom_job.display_name; Message: Display name should be non-empty."
        "\t2.Field: custom_job.job_spec.worker_pool_specs[0].replica_count; Message: The replica count of "
        "the first worker pool must be 1."
        "\t3.Field: custom_job.job_spec.scheduling.timeout; Message: Timeout must not be negative.\t"
    )


@pytest.mark.parametrize(
    ("machine", "region"),
    [
        ({"machineType": "n1-standard-2"}, REGION),
        ({"machineType": "zebra"}, REGION),
        (L4, "us-west3"),
        (V5E, "europe-west4"),
    ],
)
def test_a_machine_that_the_region_does_not_have(machine: dict[str, Any], region: str) -> None:
    with pytest.raises(ApiError) as caught:
        check_custom_job(job(pool(machineSpec=machine)), region)
    assert caught.value.message == f"Machine type {machine['machineType']} is not supported."
    assert caught.value.code.name == "INVALID_ARGUMENT"


def test_an_accelerator_that_the_region_does_not_have() -> None:
    assert refused(job(pool(machineSpec=T4)), "us-west3") == {
        "[0].machine_spec.accelerator_type": (
            "Accelerator type NVIDIA_TESLA_T4 is not supported in region us-west3."
        )
    }


def test_there_is_no_persistent_resource() -> None:
    with pytest.raises(ApiError) as caught:
        check_custom_job(job(pool(machineSpec={}), persistentResourceId="mine-1"), REGION)
    assert caught.value.code.name == "NOT_FOUND"
    assert "persistentResources/mine-1" in caught.value.message


def test_every_machine_passes_somewhere_with_what_it_has() -> None:
    for name, machine in MACHINES.items():
        if machine.is_tpu or name == "a4x-highgpu-4g":
            continue
        spec: dict[str, Any] = {"machineType": name}
        if machine.accelerator:
            spec |= {"acceleratorType": machine.accelerator, "acceleratorCount": machine.accelerator_count}
        check_custom_job(job(pool(machineSpec=spec)), REGION)
