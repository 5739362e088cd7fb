"""A job's spec, record and commands as text: complete, readable as YAML, and without a secret."""

from __future__ import annotations

import json
import shlex

import yaml

from tui.domain.joblist.spec_text import (
    HIDDEN,
    commands,
    create_command,
    has_whole_spec,
    job_json,
    spec_yaml,
    without_values,
)
from tui.domain.jobs import job_from_json

TOKEN = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ01234567"
RAW = {
    "name": "projects/123/locations/europe-west4/customJobs/77",
    "displayName": "ana's job",
    "state": "JOB_STATE_FAILED",
    "labels": {"team": "a", "vertex-tui-id": "k3l"},
    "encryptionSpec": {"kmsKeyName": "projects/p/locations/l/keyRings/r/cryptoKeys/k"},
    "jobSpec": {
        "workerPoolSpecs": [
            {
                "machineSpec": {"machineType": "g2-standard-4"},
                "replicaCount": "1",
                "containerSpec": {
                    "imageUri": "python:3.11",
                    "command": ["bash", "-c", f"set -e\nexport HF_TOKEN={TOKEN}\npython train.py\n"],
                    "env": [{"name": "HF_TOKEN", "value": TOKEN}, {"name": "PLAIN", "value": "tell-me"}],
                },
            }
        ],
        "scheduling": {"timeout": "7200s"},
    },
}
JOB = job_from_json(RAW)


def test_the_spec_reads_as_yaml_and_is_what_was_sent_but_for_values() -> None:
    text = spec_yaml(JOB)
    read = yaml.safe_load(text)
    sent = RAW["jobSpec"]
    assert isinstance(sent, dict)
    assert read["scheduling"] == sent["scheduling"]
    container = read["workerPoolSpecs"][0]["containerSpec"]
    assert container["env"] == [{"name": "HF_TOKEN", "value": HIDDEN}, {"name": "PLAIN", "value": HIDDEN}]
    assert container["command"][2].startswith("set -e\nexport HF_TOKEN=")
    assert "- |" in text, "a script stays readable"


def test_names_of_variables_are_shown_in_the_json() -> None:
    assert "HF_TOKEN" in job_json(JOB)
    assert "PLAIN" in job_json(JOB)


def test_no_secret_and_no_value_is_in_any_text() -> None:
    texts = [spec_yaml(JOB), job_json(JOB), *(command for _, command in commands(JOB, "kelp-train"))]
    for text in texts:
        assert TOKEN not in text
        assert "tell-me" not in text
    assert json.loads(job_json(JOB))["displayName"] == "ana's job"


def test_the_command_that_starts_it_again_survives_a_shell() -> None:
    words = shlex.split(create_command(JOB, "kelp-train").replace("\\\n", " "))
    assert "--display-name=ana's job" in words
    assert "--labels=team=a" in words, "the label of the first start is left out"
    assert "--project=kelp-train" in words
    assert "--kms-key=projects/p/locations/l/keyRings/r/cryptoKeys/k" in words
    assert words[-1] == "--config=job.yaml"


def test_only_a_living_job_is_cancelled_and_only_an_ended_one_deleted() -> None:
    ended = " ".join(command for _, command in commands(JOB, "p"))
    assert "DELETE" in ended
    assert "custom-jobs cancel" not in ended
    live = " ".join(c for _, c in commands(job_from_json({**RAW, "state": "JOB_STATE_RUNNING"}), "p"))
    assert "custom-jobs cancel 77" in live
    assert "DELETE" not in live


def test_a_list_kept_from_an_earlier_session_knows_only_machines() -> None:
    assert has_whole_spec(JOB)
    kept = {"workerPoolSpecs": [{"machineSpec": {"machineType": "e2-standard-4"}, "replicaCount": "1"}]}
    assert not has_whole_spec(job_from_json({**RAW, "jobSpec": kept}))
    assert has_whole_spec(job_from_json({**RAW, "jobSpec": {"persistentResourceId": "mine"}}))
    assert not has_whole_spec(job_from_json({"jobSpec": "odd"}))


def test_whatever_is_nested_ends_somewhere() -> None:
    deep: object = "x"
    for _ in range(500):
        deep = {"a": [deep]}
    assert "…" in json.dumps(without_values(deep), ensure_ascii=False)
