"""What the local server refuses is an error in the editor, and what has none is accepted."""

from __future__ import annotations

import copy
import json
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tui.domain.catalog.accelerators import ACCELERATOR_TYPES, TPU_TOPOLOGIES
from tui.domain.catalog.machines import MACHINES
from tui.domain.regions import TRAINING_REGIONS
from tui.domain.spec.check import check
from tui.domain.spec.request import build_request
from tui.local.api.job_rules import check_custom_job
from tui.local.wire.errors import ApiError
from tui.local.wire.gtypes import CustomJob, from_json

L4 = {"machineType": "g2-standard-4", "acceleratorType": "NVIDIA_L4", "acceleratorCount": 1}
PACKAGE = {
    "executorImageUri": "us-docker.pkg.dev/vertex-ai/training/tf-cpu.2-17.py310:latest",
    "packageUris": ["gs://a-bucket/trainer-0.1.tar.gz"],
    "pythonModule": "trainer.task",
}
CONTEXT = "projects/local-project/locations/us-central1/metadataStores/default/contexts/a"
some = st.sampled_from
machine_types = some([*MACHINES, "g2-standard-5", "n1-standard-1", ""])
accelerators = some([*ACCELERATOR_TYPES, "ACCELERATOR_TYPE_UNSPECIFIED"])
counts = some([0, 1, 2, 4, 8, 16, 32, 64, 3, -1])
topologies = some([*{item for row in TPU_TOPOLOGIES.values() for item in row}, "9x9", ""])
images = some(
    [
        *("python", "python:3.11-slim", "docker.io/library/python:3.11", "gcr.io/p/i", "Python:3", "a b", ""),
        *("https://gcr.io/p/i", "ghcr.io/a/b", "us-docker.pkg.dev/p/r/i@sha256:" + "0" * 64, "localhost/x"),
        *(
            "us-docker.pkg.dev/vertex-ai/training/pytorch-gpu.2-4.py310:latest",
            "us-docker.pkg.dev/p/i",
            "registry-1.docker.io/library/python",
            "x" * 2049,
        ),
        "us-docker.pkg.dev/vertex-ai-restricted/training/reductionserver:latest",
    ]
)
values = st.text("aB $()é\n", max_size=5)
env = st.lists(
    st.fixed_dictionaries({"name": some(["A", "B", "1A", "A-B", "ÄA", "_"]), "value": values}), max_size=3
)
affinities = st.fixed_dictionaries(
    {},
    optional={
        "reservationAffinityType": some(["NO_RESERVATION", "ANY_RESERVATION", "SPECIFIC_RESERVATION"]),
        "key": some(["compute.googleapis.com/reservation-name", "other"]),
        "values": some([["projects/p/zones/z/reservations/r"], ["r"], []]),
    },
)
machines = st.one_of(
    some(
        [
            {
                "machineType": machine.name,
                "acceleratorType": machine.accelerator,
                "acceleratorCount": machine.accelerator_count,
            }
            for machine in MACHINES.values()
            if machine.accelerator
        ]
    ),
    st.fixed_dictionaries(
        {"machineType": machine_types},
        optional={"acceleratorType": accelerators, "acceleratorCount": counts, "tpuTopology": topologies},
    ),
    st.fixed_dictionaries(
        {"machineType": some(["n1-standard-4", "n1-highmem-16", "n1-standard-96"])},
        optional={
            "acceleratorType": some(["NVIDIA_TESLA_T4", "NVIDIA_TESLA_V100", "NVIDIA_TESLA_P100"]),
            "acceleratorCount": counts,
            "reservationAffinity": affinities,
            "gpuPartitionSize": some(["1g.5gb", ""]),
        },
    ),
    st.fixed_dictionaries(
        {"machineType": some([name for name in MACHINES if MACHINES[name].is_tpu])},
        optional={
            "tpuTopology": topologies,
            "acceleratorType": some(["TPU_V2", "TPU_V3"]),
            "acceleratorCount": counts,
        },
    ),
)
containers = st.fixed_dictionaries(
    {"imageUri": images},
    optional={"env": env, "args": st.lists(values, max_size=2), "command": st.just(["bash", "-c"])},
)
packages = st.fixed_dictionaries(
    {},
    optional={
        "executorImageUri": some(
            [PACKAGE["executorImageUri"], "us-docker.pkg.dev/p/r/i:1", "python", "python:latest"]
        ),
        "packageUris": some([PACKAGE["packageUris"], [], ["s3://b/c"], ["gs://b-b/"], ["gs://b-b/c"] * 101]),
        "pythonModule": some(["trainer.task", ""]),
        "env": env,
    },
)
disks = st.fixed_dictionaries(
    {},
    optional={
        "bootDiskType": some(["pd-ssd", "pd-standard", "hyperdisk-balanced", "pd_ssd", "local-ssd", ""]),
        "bootDiskSizeGb": some([0, 99, 100, 64000, 64001, -5]),
    },
)
mounts = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "server": st.just("10.0.0.1"),
            "path": some(["/a", "a", ""]),
            "mountPoint": some(["m", ""]),
        },
    ),
    max_size=2,
)
pools = st.fixed_dictionaries(
    {},
    optional={
        "machineSpec": machines,
        "replicaCount": some([1, 1, 1, "1", 2, 0, -1]),
        "containerSpec": containers,
        "diskSpec": disks,
        "nfsMounts": mounts,
        "lustreMounts": some([[], [{"instanceIp": "a"}]]),
    },
)
good_pools = some(
    [
        {"machineSpec": machine, "replicaCount": 1, **task}
        for machine in (
            L4,
            {"machineType": "n1-standard-4"},
            {"machineType": "ct6e-standard-8t", "tpuTopology": "2x4"},
        )
        for task in ({"containerSpec": {"imageUri": "python:3.11"}}, {"pythonPackageSpec": PACKAGE})
    ]
)
fields: dict[str, st.SearchStrategy[Any]] = {
    "machineSpec": machines,
    "replicaCount": some([1, "1", 2, 0]),
    "containerSpec": containers,
    "pythonPackageSpec": packages,
    "diskSpec": disks,
    "nfsMounts": mounts,
}
NETWORKS = ["projects/123/global/networks/default", "projects/my-project/global/networks/n", "default", ""]
surroundings = st.fixed_dictionaries(
    {},
    optional={
        "scheduling": st.fixed_dictionaries(
            {},
            optional={
                "timeout": some(["3600s", "604800s", "604800.5s", "604801s", "0s"]),
                "strategy": some(["SPOT", "FLEX_START", "STANDARD", "ON_DEMAND"]),
                "maxWaitDuration": some(["0s", "60s"]),
                "disableRetries": st.booleans(),
            },
        ),
        "network": some(NETWORKS),
        "reservedIpRanges": some([[], ["a"]]),
        "pscInterfaceConfig": st.fixed_dictionaries(
            {},
            optional={
                "networkAttachment": some(["a", "A", "", "projects/p/regions/us-east1/networkAttachments/a"]),
                "dnsPeeringConfigs": some(
                    [
                        [],
                        [{}],
                        *(
                            [{"domain": name, "targetProject": "p", "targetNetwork": "net"}]
                            for name in ("x.", "x")
                        ),
                    ]
                ),
            },
        ),
        "serviceAccount": some(["a@b.iam.gserviceaccount.com", ""]),
        "tensorboard": some(
            [
                "projects/local-project/locations/us-central1/tensorboards/1",
                "projects/local-project/locations/us-east1/tensorboards/1",
                "tensorboards/1",
            ]
        ),
        "baseOutputDirectory": some(
            [
                {},
                *(
                    {"outputUriPrefix": uri}
                    for uri in ("gs://a-bucket", "gs://a-bucket/x/", "gs://A/x", "/gcs/a", "gs://a")
                ),
            ]
        ),
        "experiment": some([CONTEXT, "a", CONTEXT.replace("central", "east")]),
        "persistentResourceId": some(["", "A", "a_b"]),
        "enableWebAccess": st.booleans(),
    },
)


@st.composite
def near_valid(draw: st.DrawFn) -> dict[str, Any]:
    """A good spec with a few parts replaced."""
    chosen = [copy.deepcopy(draw(good_pools)) for _ in range(draw(some([1, 1, 1, 2, 3])))]
    for pool in chosen:
        for field in draw(st.sets(some(list(fields)), max_size=1)):
            pool[field] = draw(fields[field])
            if field == "containerSpec":
                pool.pop("pythonPackageSpec", None)
            if field == "pythonPackageSpec":
                pool.pop("containerSpec", None)
    if draw(st.integers(0, 9)) == 0:
        chosen.insert(draw(st.integers(0, len(chosen))), {})
    spec: dict[str, Any] = {"workerPoolSpecs": chosen}
    changes = draw(surroundings)
    for name in draw(st.sets(some(sorted(changes)), max_size=2)) if changes else ():
        spec[name] = changes[name]
    return spec


anything = st.builds(
    lambda pools, rest: {"workerPoolSpecs": pools, **rest}, st.lists(pools, max_size=5), surroundings
)
labels = st.dictionaries(
    some(["a", "A", "ǆ", "ǅ", "é", "", "a b", "x" * 65, "日本"]), some(["", "b", "B", "²"]), max_size=2
)
KEYS = [
    "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k",
    "projects/p/locations/us/keyRings/r/cryptoKeys/k",
    "k",
]
tops = st.fixed_dictionaries(
    {},
    optional={
        "labels": labels,
        "encryptionSpec": some([{"kmsKeyName": key} for key in KEYS]),
        "displayName": some(["a", "x" * 128, "x" * 129]),
    },
)
regions = some(["us-central1", "us-central1", "us-east1", "europe-west4", "mars-north1", *TRAINING_REGIONS])


def refusal(job: dict[str, Any], region: str) -> str:
    """What the local server says to a job; empty if it takes it."""
    message = CustomJob()
    from_json({"displayName": "name", **job}, message)
    try:
        check_custom_job(message, region)
    except ApiError as refused:
        return refused.message
    return ""


def agree(job: dict[str, Any], region: str) -> None:
    text = yaml.safe_dump(job, allow_unicode=True)
    found = check(text, region=region)
    refused = refusal(job, region)
    if found.errors:
        return
    assert not refused, (refused, text, found.problems)
    sent, written = CustomJob(), CustomJob()
    from_json(build_request(found, "name", {}, {}), sent)
    from_json({**job, "displayName": "name"}, written)
    assert sent == written, json.dumps(found.job)


@examples(500)
@given(near_valid(), tops, regions)
def test_what_has_no_error_is_accepted_by_the_local_server(
    spec: dict[str, Any], top: dict[str, Any], region: str
) -> None:
    agree({**top, "jobSpec": spec}, region)


@examples(300)
@given(anything, tops, regions)
def test_whatever_the_local_server_refuses_is_an_error(
    spec: dict[str, Any], top: dict[str, Any], region: str
) -> None:
    agree({**top, "jobSpec": spec}, region)


@examples(500)
@given(near_valid(), regions)
def test_an_error_in_a_spec_without_references_is_no_false_alarm(spec: dict[str, Any], region: str) -> None:
    """Errors that the local server does not share are of a few known kinds."""
    found = check(yaml.safe_dump(spec, allow_unicode=True), region=region)
    if refusal({"jobSpec": spec}, region):
        assert found.errors
        return
    assert {item.code for item in found.errors} <= {"replicas", "service-account"}, found.errors
