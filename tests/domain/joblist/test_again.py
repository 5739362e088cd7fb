"""A past job with something changed: only that differs, and what differs is told."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.catalog.quotas import Pool
from tui.domain.joblist.again import Again, Way, again_of, changed, differences, duration_text, with_pool
from tui.domain.jobs import OWN_LABEL, SUBMITTER_LABEL, Job, job_from_json
from tui.domain.spec.check import check
from tui.domain.spec.from_job import spec_from_job
from tui.domain.spec.override import parse_duration

TOKEN = "hf_" + "aB3" * 12


def raw(**scheduling: Any) -> dict[str, Any]:
    return {
        "name": "projects/1/locations/europe-west4/customJobs/7",
        "displayName": "kelp",
        "labels": {"team": "kelp", OWN_LABEL: "j1", SUBMITTER_LABEL: "bob"},
        "jobSpec": {
            "workerPoolSpecs": [
                {
                    "machineSpec": {
                        "machineType": "g2-standard-4",
                        "acceleratorType": "NVIDIA_L4",
                        "acceleratorCount": 1,
                    },
                    "replicaCount": "1",
                    "diskSpec": {"bootDiskType": "pd-ssd", "bootDiskSizeGb": 100},
                    "containerSpec": {
                        "imageUri": "i",
                        "args": ["--epochs", "1", "--fast"],
                        "env": [{"name": "HF_TOKEN", "value": TOKEN}],
                    },
                },
                {},
                {
                    "machineSpec": {"machineType": "n1-standard-4"},
                    "replicaCount": "2",
                    "containerSpec": {"imageUri": "i"},
                },
            ],
            "scheduling": scheduling,
        },
    }


@pytest.fixture
def job() -> Job:
    return job_from_json(raw(timeout="7200s"))


def test_nothing_wanted_changes_nothing(job: Job) -> None:
    before = copy.deepcopy(job.raw)
    assert changed(job, again_of(job)).raw == before
    assert job.raw == before
    assert differences(again_of(job), again_of(job)) == ()


def test_each_change_is_made_and_told(job: Job) -> None:
    before = again_of(job)
    wanted = replace(
        with_pool(before, 0, Pool("n1-standard-8", 1, "NVIDIA_TESLA_T4", 2)),
        args=("--epochs", "3", "--fast", "--lr=0.1"),
        region="us-east1",
        way=Way.SPOT,
        timeout=0,
        env=(("RESUME", "gs://b/checkpoint-1"),),
    )
    new = changed(job, wanted).raw["jobSpec"]
    first, skipped, last = new["workerPoolSpecs"]
    assert first["machineSpec"] == {
        "machineType": "n1-standard-8",
        "acceleratorType": "NVIDIA_TESLA_T4",
        "acceleratorCount": 2,
    }
    assert (first["replicaCount"], first["diskSpec"]["bootDiskSizeGb"]) == ("1", 100)
    assert skipped == {}
    assert first["containerSpec"]["args"] == ["--epochs", "3", "--fast", "--lr=0.1"]
    resume = {"name": "RESUME", "value": "gs://b/checkpoint-1"}
    assert first["containerSpec"]["env"] == [{"name": "HF_TOKEN", "value": TOKEN}, resume]
    assert last["containerSpec"]["env"] == [resume]
    assert new["scheduling"] == {"strategy": "SPOT"}
    told = {item.what: (item.before, item.after) for item in differences(before, wanted)}
    assert told == {
        "args": ("--epochs 1", "--epochs 3 --lr=0.1"),
        "machine of pool 1": ("1 × g2-standard-4 + 1 L4", "1 × n1-standard-8 + 2 T4"),
        "region": ("europe-west4", "us-east1"),
        "strategy": ("standard", "Spot"),
        "timeout": ("2h", "none"),
        "variable RESUME": ("", "gs://b/checkpoint-1"),
    }


def test_a_machine_without_accelerators_loses_them(job: Job) -> None:
    wanted = with_pool(again_of(job), 0, Pool("e2-standard-4", 1))
    machine = changed(job, wanted).raw["jobSpec"]["workerPoolSpecs"][0]["machineSpec"]
    assert machine == {"machineType": "e2-standard-4"}


@pytest.mark.parametrize(
    ("strategy", "way"),
    [
        ("", Way.STANDARD),
        ("ON_DEMAND", Way.STANDARD),
        ("LOW_COST", Way.SPOT),
        ("SPOT", Way.SPOT),
        ("FLEX_START", Way.FLEX_START),
        ("SOMETHING_NEW", Way.STANDARD),
    ],
)
def test_strategies_are_read_and_kept_as_they_stand(strategy: str, way: Way) -> None:
    job = job_from_json(raw(strategy=strategy) if strategy else raw())
    assert again_of(job).way is way
    assert changed(job, again_of(job)).raw["jobSpec"]["scheduling"].get("strategy", "") == strategy


def test_what_belongs_to_flex_start_goes_with_it() -> None:
    job = job_from_json(raw(strategy="FLEX_START", maxWaitDuration="3600s", timeout="60s"))
    wanted = replace(again_of(job), way=Way.STANDARD)
    assert changed(job, wanted).raw["jobSpec"]["scheduling"] == {"timeout": "60s"}


def test_the_new_spec_has_no_secret_and_no_label_of_the_old_submission(job: Job) -> None:
    text = spec_from_job(changed(job, replace(again_of(job), args=("--a",))), "kelp-2")
    assert TOKEN not in text
    spec = check(text)
    assert not [problem for problem in spec.errors if problem.code != "too-few-replicas"]
    assert spec.job["labels"] == {"team": "kelp"}
    assert spec.job["displayName"] == "kelp-2"
    assert [item.name for item in spec.references] == ["HF_TOKEN"]


def test_a_secret_within_a_script_stops_the_start(job: Job) -> None:
    script = f"huggingface-cli login --token {TOKEN}\npython train.py\n"
    text = spec_from_job(changed(job, replace(again_of(job), args=(script,))))
    assert TOKEN not in text
    assert "placeholder" in {problem.code for problem in check(text).errors}


def test_secrets_are_hidden_in_what_differs(job: Job) -> None:
    before = replace(again_of(job), args=("--wandb-key", "0123456789abcdef" * 2 + "01234567"))
    (found,) = differences(before, replace(before, args=("--db-pass=hunter2secret",)))
    assert (found.before, found.after) == ("--wandb-key ••••••", "--db-pass=••••••")


@pytest.mark.parametrize(
    "odd", [{}, {"jobSpec": None}, {"jobSpec": {"workerPoolSpecs": "x", "scheduling": []}}, {"jobSpec": []}]
)
def test_odd_records_are_read_as_nothing(odd: dict[str, Any]) -> None:
    job = job_from_json(odd)
    assert again_of(job) == Again((), "", args=None)


@given(st.integers(1, 7 * 86_400))
def test_a_timeout_is_shown_as_it_is_read(seconds: int) -> None:
    assert parse_duration(duration_text(seconds)) == seconds


@given(st.lists(st.text(alphabet="ab-=", max_size=4), max_size=6), st.lists(st.text(max_size=4), max_size=6))
def test_other_arguments_are_always_told(before: list[str], after: list[str]) -> None:
    old, new = Again((), "r", args=tuple(before)), Again((), "r", args=tuple(after))
    assert bool(differences(old, new)) is (before != after)
