"""Each rule: its code, on the line it is about, and a fix that puts it right and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tui.domain.catalog.skus import PriceBook
from tui.domain.spec.check import check
from tui.domain.spec.problems import Problem, Severity, apply_fix

REGION = "us-central1"
TODAY = date(2026, 11, 22)
POOL = """\
workerPoolSpecs:
  - machineSpec:
      machineType: n1-standard-8
      acceleratorType: NVIDIA_TESLA_T4
      acceleratorCount: 2
    replicaCount: 1
    diskSpec:
      bootDiskType: pd-ssd
      bootDiskSizeGb: 200
    containerSpec:
      imageUri: python:3.11
      command: [python]
      args: [-m, task]
      env:
        - name: A
          value: a
scheduling:
  timeout: 3600s
"""
PACKAGE = """\
workerPoolSpecs:
  machineSpec: {machineType: n1-standard-8}
  replicaCount: 1
  pythonPackageSpec:
    executorImageUri: us-docker.pkg.dev/vertex-ai/training/ray-gpu.2-47.py311:latest
    packageUris: [gs://a-bucket/p.tar.gz]
    pythonModule: trainer.task
scheduling: {timeout: 3600s}
"""
SPECIFIC = (
    "{reservationAffinityType: SPECIFIC_RESERVATION, key: a, values: [projects/p/zones/z/reservations/r]}"
)
SECOND = """\
  - {machineSpec: {machineType: n1-standard-4}, replicaCount: 2, containerSpec: {imageUri: python}}
scheduling:
"""
MORE = POOL.replace("scheduling:\n", SECOND)
L4_POOL = POOL.replace("n1-standard-8", "g2-standard-8").replace("TESLA_T4", "L4").replace("t: 2", "t: 1")


def problems(text: str, region: str = REGION, limit: float | None = None) -> list[Problem]:
    found = check(text, region=region, today=TODAY, limit_usd=limit).problems
    return [item for item in found if item.code != "one-not-list"]


def holds(
    text: str, line: int, code: str, severity: Severity = Severity.ERROR, *, fixed: bool | None = None
) -> None:
    """The only problem of a text is that one; its fix, if there is or must be one, leaves none."""
    found = problems(text)
    assert [(item.line, item.code, item.severity) for item in found] == [(line, code, severity)], found
    fix = found[0].fix
    if fixed is not None:
        assert (fix is not None) == fixed
    if fix is not None:
        assert not problems(apply_fix(text, fix)), apply_fix(text, fix)


def test_good_specs_have_no_problems() -> None:
    for text in (POOL, PACKAGE, L4_POOL, MORE):
        assert not [item for item in problems(text) if item.code != "image-unpatched"]


@pytest.mark.parametrize(
    ("old", "new", "line", "code", "fixed"),
    [
        ("n1-standard-8", "n1-standart-8", 3, "unknown-machine", True),
        ("n1-standard-8", "zebra", 3, "unknown-machine", False),
        ("TESLA_T4", "L4", 4, "accelerator-pair", False),
        ("n1-standard-8", "e2-standard-8", 4, "accelerator-pair", False),
        ("acceleratorCount: 2", "acceleratorCount: 3", 5, "accelerator-count", False),
        ("n1-standard-8", "n1-standard-96", 5, "accelerator-count", True),
        ("acceleratorCount: 2", "acceleratorCount: -1", 5, "accelerator-count", False),
        ("      acceleratorCount: 2\n", "", 4, "accelerator", None),
        ("      acceleratorType: NVIDIA_TESLA_T4\n", "", 4, "accelerator", None),
        (
            "acceleratorCount: 2",
            "acceleratorCount: 2\n      gpuPartitionSize: 1g.5gb",
            6,
            "gpu-partition",
            False,
        ),
        ("    replicaCount: 1\n", "", 2, "no-replicas", True),
        ("replicaCount: 1", "replicaCount: 2", 6, "replicas", True),
        ("pd-ssd", "pd_ssd", 8, "disk-type", True),
        ("pd-ssd", "local-ssd", 8, "disk-type", None),
        ("200", "20", 9, "disk-size", True),
        ("200", "70000", 9, "disk-size", True),
        ("python:3.11", "https://docker.io/library/python", 11, "bad-image", True),
        ("python:3.11", "Python", 11, "bad-image", False),
        ("imageUri: python:3.11", "imageUri: ''", 11, "required", False),
        ("timeout: 3600s", "timeout: 3600s\n  strategy: FLEX_START", 2, "flex-start", False),
        (
            "scheduling:",
            "network: projects/my-id/global/networks/a\nscheduling:",
            17,
            "network-number",
            False,
        ),
        ("scheduling:", "network: a\nscheduling:", 17, "network", False),
        ("scheduling:", "serviceAccount: me\nscheduling:", 17, "service-account", False),
        ("scheduling:", "persistentResourceId: Big\nscheduling:", 17, "persistent-resource", False),
        (
            "scheduling:",
            "baseOutputDirectory: {outputUriPrefix: bucket}\nscheduling:",
            17,
            "bad-output",
            False,
        ),
        (
            "scheduling:",
            "pscInterfaceConfig: {networkAttachment: a/b}\nscheduling:",
            17,
            "network-attachment",
            False,
        ),
        (
            "    diskSpec:",
            "    nfsMounts: [{server: s, path: /p, mountPoint: m}]\n    diskSpec:",
            7,
            "mount-network",
            False,
        ),
    ],
)
def test_errors(old: str, new: str, line: int, code: str, fixed: bool | None) -> None:  # noqa: FBT001
    holds(POOL.replace(old, new, 1), line, code, fixed=fixed)


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ("acceleratorCount: 2", "acceleratorCount: 2\n      tpuTopology: 2x2", 6, "tpu-topology"),
        ("python:3.11", "ghcr.io/a/b", 11, "image-registry"),
        ("python:3.11", "us-docker.pkg.dev/p/i", 11, "image-path"),
        ("3600s", "3600s\n  maxWaitDuration: 60s", 19, "wait-strategy"),
        ("3600s", "3600s\n  maxWaitDuration: 0s", 19, "wait-strategy"),
        ("scheduling:", "reservedIpRanges: [a]\nscheduling:", 17, "ip-ranges"),
        ("scheduling:", "baseOutputDirectory: {outputUriPrefix: gs://A/b}\nscheduling:", 17, "bad-output"),
        ("scheduling:", "experiment: mine\nscheduling:", 17, "resource-name"),
        ("scheduling:", "pscInterfaceConfig: {}\nscheduling:", 17, "network-attachment"),
        ("value: a", "value: a\n        - {name: A, value: b}", 17, "env-twice"),
        (
            "acceleratorCount: 2",
            "acceleratorCount: 2\n      reservationAffinity: {key: a}",
            6,
            "reservation",
        ),
        (
            "acceleratorCount: 2",
            f"acceleratorCount: 2\n      reservationAffinity: {SPECIFIC}",
            6,
            "reservation",
        ),
        ("scheduling:\n  timeout: 3600s\n", "", 1, "no-timeout"),
        ("timeout: 3600s", "timeout: 700000s", 18, "long-timeout"),
        (
            "timeout: 3600s",
            "timeout: 3600s\n  disableRetries: true\n  restartJobOnWorkerRestart: true",
            20,
            "restart",
        ),
        ("value: a", "value: $(B)\n        - {name: B, value: b}", 16, "env-order"),
        ("scheduling:", "serviceAccount: me@example.com\nscheduling:", 17, "service-account"),
        ("TESLA_T4", "TESLA_P100", 4, "accelerator-ended"),
        (
            "command: [python]\n      args: [-m, task]",
            "command: [sleep]\n      args: [infinity]",
            4,
            "gpu-idle",
        ),
        (
            "command: [python]\n      args: [-m, task]",
            "command: [bash, -c]\n      args: ['exec sleep 9d']",
            4,
            "gpu-idle",
        ),
        (
            "python:3.11",
            "us-docker.pkg.dev/vertex-ai/training/pytorch-gpu.2-4.py310:latest",
            11,
            "image-ended",
        ),
        (
            "python:3.11",
            "us-docker.pkg.dev/vertex-ai/training/pytorch-gpu.1-13.py310:latest",
            11,
            "image-ended",
        ),
        (
            "python:3.11",
            "us-docker.pkg.dev/deeplearning-platform-release/gcr.io/pytorch-gpu.2-0.py310",
            11,
            "image-ended",
        ),
        ("python:3.11", "gcr.io/deeplearning-platform-release/pytorch-gpu.2-0:latest", 11, "image-ended"),
    ],
)
def test_warnings(old: str, new: str, line: int, code: str) -> None:
    holds(POOL.replace(old, new, 1), line, code, Severity.WARNING)


def test_a_job_that_sleeps_before_it_works_is_not_called_idle() -> None:
    text = POOL.replace(
        "[python]\n      args: [-m, task]", "[bash, -c]\n      args: ['sleep 9 && python task.py']"
    )
    assert "gpu-idle" not in [item.code for item in problems(text)]


@pytest.mark.parametrize(
    ("machine", "line", "code", "fixed"),
    [
        ("{machineType: g2-standard-4}", 2, "accelerator", True),
        (
            "{machineType: g2-standard-4, acceleratorType: NVIDIA_L4, acceleratorCount: 2}",
            2,
            "accelerator",
            True,
        ),
        (
            "{machineType: a3-highgpu-8g, acceleratorType: NVIDIA_L4, acceleratorCount: 8}",
            2,
            "accelerator",
            True,
        ),
        ("\n    machineType: g2-standard-4\n    acceleratorType: NVIDIA_L4", 4, "accelerator", True),
        ("\n    machineType: a2-highgpu-1g", 3, "accelerator", True),
        ("{machineType: ct6e-standard-8t}", 2, "tpu-topology", True),
        ("{machineType: ct6e-standard-4t, tpuTopology: 3x3}", 2, "tpu-topology", False),
        (
            "{machineType: cloud-tpu, acceleratorType: TPU_V3, acceleratorCount: 4}",
            2,
            "accelerator-count",
            False,
        ),
        ("{machineType: cloud-tpu, acceleratorCount: 8}", 2, "tpu-accelerator", False),
        (
            "{machineType: a4x-highgpu-4g, acceleratorType: NVIDIA_GB200, acceleratorCount: 4}",
            2,
            "reservation",
            False,
        ),
    ],
)
def test_machines(machine: str, line: int, code: str, fixed: bool) -> None:  # noqa: FBT001
    text = PACKAGE.replace("{machineType: n1-standard-8}", machine)
    found = [item for item in problems(text) if item.code not in {"image-unpatched", "accelerator-machine"}]
    assert [(item.line, item.code) for item in found] == [(line, code)]
    assert (found[0].fix is not None) == fixed
    if found[0].fix is not None:
        again = problems(apply_fix(text, found[0].fix))
        assert not [item for item in again if item.code != "image-unpatched"]


def test_what_a_region_does_not_have_names_where_it_is() -> None:
    (problem,) = problems(L4_POOL, "europe-west9")
    assert (problem.line, problem.code) == (3, "machine-region")
    assert "europe-west4" in problem.message
    (problem,) = problems(POOL, "europe-north1")
    assert (problem.line, problem.code) == (4, "accelerator-region")
    (problem,) = problems(L4_POOL, "us-central-1")
    assert "did you mean us-central1?" in problem.message
    assert not problems(L4_POOL, "")


def test_pools_are_numbered_by_their_place() -> None:
    assert not problems(MORE)
    holds(MORE.replace("replicaCount: 2", "replicaCount: 0"), 17, "replicas", Severity.WARNING)
    holds(MORE.replace("replicaCount: 2", "replicaCount: -1"), 17, "replicas")
    holds(MORE.replace(" replicaCount: 2,", ""), 17, "no-replicas", Severity.WARNING, fixed=True)
    skipped = MORE.replace("  - {machineSpec", "  - {}\n  - {machineSpec")
    assert not problems(skipped)
    tpu = PACKAGE.replace("{machineType: n1-standard-8}", "{machineType: ct6e-standard-8t, tpuTopology: 2x4}")
    assert [
        item.code for item in problems(tpu.replace("replicaCount: 1", "replicaCount: 2")) if item.fix
    ] == [
        "replicas",
        "tpu-pool",
    ]


def test_tensorboards_need_an_account_of_ones_own() -> None:
    name = f"projects/p/locations/{REGION}/tensorboards/1"
    text = f"{POOL}tensorboard: {name}\n"
    assert [(item.line, item.code) for item in problems(text)] == [
        (19, "tensorboard-account"),
        (19, "tensorboard-output"),
    ]
    text += (
        "serviceAccount: a@b.iam.gserviceaccount.com\nbaseOutputDirectory: {outputUriPrefix: gs://a-bucket}\n"
    )
    assert not problems(text)
    assert [item.code for item in problems(text, "us-east1")] == ["other-region"]


def test_prebuilt_images_name_the_newest_of_their_framework() -> None:
    text = PACKAGE.replace("ray-gpu.2-47.py311", "tf-gpu.2-16.py310")
    (problem,) = problems(text)
    assert (problem.line, problem.column, problem.code) == (5, 23, "image-ended")
    assert "2026-06-28" in problem.message
    assert "tf-gpu.2-17.py310" in problem.message
    assert not [item for item in check(text, region=REGION).problems if item.code == "image-ended"]
    (problem,) = problems(PACKAGE)
    assert (problem.code, problem.severity) == ("image-unpatched", Severity.INFO)


def test_executor_images_have_the_tag_latest() -> None:
    for wrong in (":1", "", ":latest@sha256:" + "0" * 64):
        text = PACKAGE.replace(":latest", wrong)
        problem = next(item for item in problems(text) if item.code == "image-tag")
        assert (problem.line, problem.severity) == (5, Severity.ERROR)
        assert problem.fix is not None
        assert apply_fix(text, problem.fix) == PACKAGE
    old = POOL.replace("python:3.11", "gcr.io/cloud-aiplatform/training/ray-gpu.2-47.py311:latest")
    problem = next(item for item in problems(old) if item.code == "image-registry-ended")
    assert problem.fix is not None
    assert "us-docker.pkg.dev/vertex-ai/training/ray-gpu.2-47.py311:latest" in apply_fix(old, problem.fix)


def test_sums_over_the_limit_are_told() -> None:
    (problem,) = problems(L4_POOL.replace("3600s", "360000s"), limit=50)
    assert (problem.line, problem.code, problem.severity) == (1, "over-limit", Severity.WARNING)
    assert "$50.00" in problem.message
    assert not problems(L4_POOL, limit=50)
    assert check(L4_POOL, region=REGION, today=TODAY, limit_usd=Decimal("0.01")).warnings
    assert not check(L4_POOL, today=TODAY, limit_usd=0).warnings


def test_placeholders_are_told_once() -> None:
    text = f"{POOL}serviceAccount: <YOUR_SERVICE_ACCOUNT>\nnetwork: <NETWORK>\n".replace(
        "python:3.11", "<IMAGE>"
    )
    assert {item.code for item in problems(text)} == {"placeholder"}


def test_labels_are_counted_with_the_apps_own() -> None:
    rows = "".join(f"  k{number}: v\n" for number in range(64))
    text = f"labels:\n{rows}jobSpec:\n" + "".join(f"  {row}\n" for row in POOL.splitlines())
    holds(text, 1, "too-many-labels", Severity.WARNING)


@pytest.mark.parametrize(
    "image",
    [
        "registry-1.docker.io/library/python:3.11",
        "registry.hub.docker.com/library/python",
        "index.docker.io/library/python",
        "marketplace.gcr.io/google/python",
        "us.gcr.io/p/i",
        "europe-west4-docker.pkg.dev/p/r/i:1",
    ],
)
def test_registries_that_are_known_are_fine(image: str) -> None:
    assert not problems(POOL.replace("python:3.11", image))


def test_sums_are_told_by_the_prices_that_were_read() -> None:
    prices_of = {
        "n1 core": ("0.05", "0.01"),
        "n1 ram": ("0.006", "0.0014"),
        "NVIDIA_TESLA_T4": ("0.5", "0.2"),
    }
    units = {
        (name, REGION, spot): Decimal(amounts[spot])
        for name, amounts in prices_of.items()
        for spot in (False, True)
    }
    book = PriceBook(datetime(2026, 11, 20, tzinfo=UTC), units)
    by_book, by_table = (
        check(POOL, region=REGION, today=TODAY, limit_usd=0.1, prices=prices).problems
        for prices in (book, None)
    )
    assert [item.code for item in (*by_book, *by_table)] == ["over-limit", "over-limit"]
    assert "Cloud Billing catalogue of 2026-11-20" in by_book[0].message
    assert "July 2026" in by_table[0].message
