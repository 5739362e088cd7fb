"""New specs: every template, and what a past job was sent with."""

from __future__ import annotations

import string
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.jobs import OWN_LABEL, job_from_json
from tui.domain.secrets import find_secrets
from tui.domain.spec.check import check
from tui.domain.spec.from_job import spec_from_job
from tui.domain.spec.references import Source, Value
from tui.domain.spec.request import build_request
from tui.domain.spec.schema import OUTPUT_ONLY
from tui.domain.spec.templates import TEMPLATES, Template

TOKEN = "hf_" + "aB3" * 12


@pytest.mark.parametrize("template", TEMPLATES, ids=[template.id for template in TEMPLATES])
@pytest.mark.parametrize("region", ["", "us-central1", "europe-west4", "asia-northeast1"])
def test_nothing_is_wrong_with_a_template(template: Template, region: str) -> None:
    spec = check(template.text(bucket="kelp-outputs", region=region))
    assert spec.errors == spec.warnings == ()
    assert spec.job_spec["scheduling"]["timeout"]


def test_the_templates_are_the_kinds_of_jobs_people_start() -> None:
    machines = {template.id: check(template.text()).job_spec["workerPoolSpecs"] for template in TEMPLATES}
    kinds = {name: pools[0]["machineSpec"].get("acceleratorType") for name, pools in machines.items()}
    assert kinds == {
        "cpu": None,
        "l4": "NVIDIA_L4",
        "a100": "NVIDIA_TESLA_A100",
        "h100": "NVIDIA_H100_80GB",
        "nodes": "NVIDIA_L4",
        "spot": "NVIDIA_L4",
        "package": None,
    }
    assert len(machines["nodes"]) == 2
    assert "pythonPackageSpec" in machines["package"][0]
    spot = next(template for template in TEMPLATES if template.id == "spot")
    assert check(spot.text()).job_spec["scheduling"]["strategy"] == "SPOT"


def sent(text: str) -> dict[str, Any]:
    """The request of a spec whose references all have a value."""
    spec = check(text)
    values = {item.name: Value(f"value of {item.name}", Source.SECRETS) for item in spec.references}
    return build_request(spec, "name", {}, values)


def as_job(request: dict[str, Any], **more: Any) -> str:
    """The spec that is made of a job with this request."""
    raw = {
        **request,
        "name": "projects/1/locations/europe-west4/customJobs/77",
        "displayName": "past",
        "state": "JOB_STATE_FAILED",
        "createTime": "2026-01-02T03:04:05Z",
        "error": {"code": 3, "message": "x"},
        "webAccessUris": {"workerpool0-0": "https://x"},
        **more,
    }
    return spec_from_job(job_from_json(raw))


@pytest.mark.parametrize("template", TEMPLATES, ids=[template.id for template in TEMPLATES])
def test_a_past_job_begins_a_spec_that_asks_for_the_same(template: Template) -> None:
    request = sent(template.text())
    again = as_job(request, labels={OWN_LABEL: "x"})
    assert check(again).errors == ()
    assert sent(again)["jobSpec"] == request["jobSpec"]
    assert "labels" not in sent(again)


def test_what_the_service_sets_goes_and_what_the_user_set_stays() -> None:
    job = {
        "jobSpec": {
            "workerPoolSpecs": [
                {
                    "machineSpec": {"machineType": "n1-standard-4"},
                    "replicaCount": "1",
                    "containerSpec": {"imageUri": "python", "args": ["a\n  b\n", "yes", "${X}", "hf $HF"]},
                }
            ],
            "serviceAccount": "a@b.iam.gserviceaccount.com",
            "network": "projects/1/global/networks/n",
        },
        "labels": {"team": "kelp", OWN_LABEL: "x"},
        "encryptionSpec": {"kmsKeyName": "projects/p/locations/l/keyRings/r/cryptoKeys/k"},
    }
    text = as_job(job)
    read = yaml.safe_load(text)
    assert not OUTPUT_ONLY & read.keys()
    assert "displayName" not in read
    assert read["labels"] == {"team": "kelp"}
    assert read["encryptionSpec"] == job["encryptionSpec"]
    pool = read["jobSpec"]["workerPoolSpecs"][0]
    assert pool["replicaCount"] == 1
    assert pool["containerSpec"]["args"] == ["a\n  b\n", "yes", "${X}", "hf $HF"]
    assert read["jobSpec"]["serviceAccount"] == "a@b.iam.gserviceaccount.com"
    assert text.startswith("# From the job past (77), created ")


NAMES = st.one_of(
    st.sampled_from(["HF_TOKEN", "API_KEY", "MODE", "WANDB_API_KEY", "a b", "MAX_TOKENS"]),
    st.text(string.printable, max_size=8),
)
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from([TOKEN, f"x={TOKEN}", "${A}", "$${A}", "${", "512", "AKIA" + "Q7" * 8, "0" * 40]),
)


@given(
    env=st.lists(st.tuples(NAMES, VALUES), max_size=5),
    args=st.lists(VALUES, max_size=3),
    name=st.text(max_size=20),
)
def test_no_detected_secret_comes_into_a_spec_from_a_job(
    env: list[tuple[str, str]], args: list[str], name: str
) -> None:
    variables = [{"name": key, "value": value} for key, value in env]
    pool = {"containerSpec": {"imageUri": "python", "args": args, "env": variables}}
    text = as_job({"jobSpec": {"workerPoolSpecs": [pool]}}, displayName=name)
    assert TOKEN not in text
    assert not [finding for finding in find_secrets(text) if "token" in finding.kind]
    check(text)


@given(value=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40))
def test_a_plain_value_is_sent_again_as_it_was(value: str) -> None:
    variables = [{"name": "MODE", "value": value}]
    pool = {
        "machineSpec": {"machineType": "n1-standard-4"},
        "replicaCount": "1",
        "containerSpec": {"imageUri": "python", "env": variables},
    }
    text = as_job({"jobSpec": {"workerPoolSpecs": [pool]}})
    if "<HIDDEN" not in text:
        again = sent(text)["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]["env"]
        assert again == variables


@pytest.mark.parametrize("word", ["y", "N", "1e3", "on", "010", "1:30", "~", "0x1f", "plain", "-1", ".5"])
def test_words_of_a_past_job_stay_words(word: str) -> None:
    env = [{"name": "WORD", "value": word}]
    pool = {
        "machineSpec": {"machineType": "n1-standard-4"},
        "replicaCount": "1",
        "containerSpec": {"imageUri": "python:3.11", "args": [word], "env": env},
    }
    raw = {"name": "projects/1/locations/us-east1/customJobs/1", "jobSpec": {"workerPoolSpecs": [pool]}}
    found = check(spec_from_job(job_from_json(raw)))
    task = found.job_spec["workerPoolSpecs"][0]["containerSpec"]
    assert (task["args"], task["env"]) == ([word], env)
    assert not found.errors
