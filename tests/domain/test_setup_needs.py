"""What a spec will ask of the project is read from it, and nothing odd in it makes that fail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.jobs import job_from_json
from tui.domain.places import Place
from tui.domain.setup.needs import in_use, needs_of
from tui.domain.spec.check import Shape, Spec, check

SPEC = """
workerPoolSpecs:
- machineSpec: {machineType: g2-standard-4, acceleratorType: NVIDIA_L4, acceleratorCount: 1}
  replicaCount: 2
  containerSpec:
    imageUri: europe-docker.pkg.dev/kelp/images/train:1
    command: [bash, -c]
    args: ["train --model google/gemma-3-1b-it && gsutil cp -r outputs gs://$BUCKET_NAME/runs/${RUN}"]
    env:
    - {name: BUCKET_NAME, value: ana-runs}
    - {name: HF_TOKEN, value: "${HF_TOKEN}"}
    - {name: WANDB_API_KEY, value: <YOUR_WANDB_API_KEY>}
    - {name: RUN, value: "${RUN:-one}"}
serviceAccount: trainer@kelp.iam.gserviceaccount.com
scheduling: {strategy: SPOT}
"""
L4 = "aiplatform.googleapis.com/custom_model_training_preemptible_nvidia_l4_gpus"
HOMES = ((1, "kelp-train"), (2, "reef-lab"))


def test_what_a_spec_asks_for() -> None:
    needs = needs_of(check(SPEC), "job.yaml")
    assert needs is not None
    assert needs.service_account == "trainer@kelp.iam.gserviceaccount.com"
    assert needs.quota[L4] == 2
    assert needs.preemptible
    assert (needs.output_bucket("mine"), needs.buckets) == ("ana-runs", ("ana-runs",))
    assert needs.references == ("HF_TOKEN",)
    assert needs.placeholders == ("WANDB_API_KEY",)
    assert needs.images == ("europe-docker.pkg.dev/kelp/images/train:1",)
    assert needs.models == ("google/gemma-3-1b-it",)


def test_the_base_directory_goes_before_other_buckets() -> None:
    text = SPEC + "baseOutputDirectory: {outputUriPrefix: gs://first/place}\n"
    needs = needs_of(check(text), "job.yaml")
    assert needs is not None
    assert needs.output_bucket("ana-runs") == "first"
    assert set(needs.buckets) == {"first", "ana-runs"}


@pytest.mark.parametrize("where", ["gs://kelp-$USER/runs", "gs://kelp-Train/x", "gs://your-bucket/x"])
def test_a_part_of_a_name_is_no_bucket(where: str) -> None:
    needs = needs_of(check(SPEC.replace("gs://$BUCKET_NAME/runs", where)), "x")
    assert needs is not None
    assert needs.buckets == ()


def test_of_several_buckets_the_own_one_or_the_last_is_written_to() -> None:
    text = SPEC.replace("train --model", "train --data gs://public-data/x --more gs://mine/y --model")
    needs = needs_of(check(text), "x")
    assert needs is not None
    assert needs.buckets == ("public-data", "mine", "ana-runs")
    assert needs.output_bucket("mine") == "mine"
    assert needs.output_bucket("another") == "ana-runs"


def test_a_placeholder_is_no_account() -> None:
    needs = needs_of(check(SPEC.replace("trainer@kelp.iam.gserviceaccount.com", "<YOUR_ACCOUNT>")), "x")
    assert needs is not None
    assert needs.service_account == ""


def test_nothing_readable_needs_nothing() -> None:
    assert needs_of(check("- a list"), "x") is None
    assert needs_of(check(""), "x") is None


def test_only_living_jobs_of_the_region_hold_quota() -> None:
    spec = {"jobSpec": check(SPEC).job_spec}

    def job(region: str, state: str, project: int = 1) -> Any:
        name = f"projects/{project}/locations/{region}/customJobs/1"
        return job_from_json({"name": name, "state": state, **spec})

    jobs = (
        job("us-east1", "JOB_STATE_RUNNING"),
        job("us-east1", "JOB_STATE_SUCCEEDED"),
        job("us-west1", "JOB_STATE_RUNNING"),
        job("us-east1", "JOB_STATE_RUNNING", project=2),
        replace(job("us-east1", "JOB_STATE_RUNNING"), held=True),
    )
    homes = {f"projects/{number}/locations/us-east1": Place(name, "us-east1") for number, name in HOMES}
    assert in_use(jobs, Place("kelp-train", "us-east1"), homes)[L4] == 2
    assert in_use(jobs, Place("kelp-train", "us-west1"), homes)[L4] == 2, "by another region of the project"
    assert in_use(jobs, Place("reef-lab", "us-east1"), homes)[L4] == 2
    assert in_use(jobs, Place("reef-lab", "us-west1"), homes) == {}
    assert in_use(jobs, Place("1", "us-east1"), {})[L4] == 2


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["workerPoolSpecs", "containerSpec", "env", "name", "value", "imageUri"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["workerPoolSpecs", "baseOutputDirectory", "scheduling"]), VALUES))
def test_odd_content_never_fails(content: dict[str, Any]) -> None:
    needs_of(Spec(Shape.SPEC, {"jobSpec": content}), "x")
