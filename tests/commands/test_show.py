"""`vertex-tui show`: the job that would be sent, nothing of it secret, and what is set for once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.commands.test_check import GOOD, TUTORIAL
from tui.services.secrets import SecretStore

FILLED = (
    *("--set", "env.HF_TOKEN=${HF_TOKEN}"),
    *("--set", "env.WANDB_API_KEY=${WANDB_API_KEY:-none}"),
    *("--set", "env.WANDB_PROJECT=kelp"),
    *("--set", "env.BUCKET_NAME=${BUCKET_NAME}"),
)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.yaml").write_text(GOOD)


def pool(job: dict[str, object]) -> dict[str, object]:
    spec = job["jobSpec"]
    assert isinstance(spec, dict)
    found: dict[str, object] = spec["workerPoolSpecs"][0]
    return found


def test_the_job_is_the_api_s_json_with_its_name_and_labels(run: Run) -> None:
    printed = run("show", "good.yaml", "--project", "kelp-train", "--name", "one", "--set", "labels.team=a")
    assert printed.status == 0
    assert printed.err == "Would be sent to project kelp-train in us-central1.\n"
    assert printed.json["displayName"] == "one"
    assert printed.json["labels"]["team"] == "a"
    assert pool(printed.json)["machineSpec"] == {"machineType": "n1-standard-4"}
    assert run("show", "good.yaml", "--json").err == ""


def test_secrets_are_hidden_and_what_is_missing_is_named(run: Run, home: Path) -> None:
    SecretStore(home / "config" / "secrets.toml").set("HF_TOKEN", "hf_secret_of_mine")
    printed = run("show", TUTORIAL, "--local", *FILLED)
    assert printed.status == 0, printed.err
    env = {item["name"]: item["value"] for item in pool(printed.json)["containerSpec"]["env"]}  # type: ignore[index]
    assert "hf_secret_of_mine" not in printed.out + printed.err
    assert env["HF_TOKEN"].startswith("•")
    assert env["WANDB_API_KEY"].startswith("•")
    assert env["WANDB_PROJECT"] == "kelp"
    assert env["BUCKET_NAME"] == "local-project-outputs"
    unset = run("show", TUTORIAL, "--local", *FILLED[2:], "--set", "env.HF_TOKEN=${NOT_THERE}")
    assert "NOT_THERE has no value yet" in unset.err
    assert "<NOT_THERE: not set>" in unset.out
    given = run("show", TUTORIAL, "--local", *FILLED, "--set", "HF_TOKEN=on-the-line", "--json")
    assert "on-the-line" not in given.out


def test_a_spec_with_errors_shows_no_job(run: Run) -> None:
    printed = run("show", TUTORIAL)
    assert printed.status == 1
    assert printed.out == ""
    assert f"{TUTORIAL}:23:18: error placeholder" in printed.err
    assert printed.err.splitlines()[-1].endswith("has 4 errors, named above; put that right first")
    assert run("show", "gone.yaml").status == 2


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("machineTyp=x", "is no field of a custom job; did you mean machineType?"),
        ("machineType", "write KEY=VALUE"),
        ("machineType=n1-nope-4", "has no machine type"),
        ("replicaCount=many", "is a whole number"),
        ("enableWebAccess=maybe", "is true or false"),
        ("args.3=x", "has no item 3"),
        ("workerPoolSpecs.9.replicaCount=2", "has no item 9"),
        ("scheduling=x", "name the field that is meant"),
        ("state=x", "is set by the service alone"),
        ("env.=x", "write env.NAME=VALUE"),
        ("labels=x", "write labels.NAME=VALUE"),
        ("timeout=soon", "write a length of time"),
        ("serviceAccount.x=1", "has no parts"),
    ],
)
def test_what_cannot_be_set_is_a_mistake_in_one_line(run: Run, given: str, words: str) -> None:
    printed = run("show", "good.yaml", "--set", given)
    assert printed.status == 2
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert words.lower() in printed.err.lower()


def test_fields_are_set_by_short_names_and_by_paths(run: Run) -> None:
    sets = {
        "machineType": "n1-standard-8",
        "timeout": "1h 30m",
        "workerPoolSpecs.0.replica_count": "1",
        "args": "--epochs 3 'two words'",
        "env.A": "b=c",
        "jobSpec.scheduling.strategy": "spot",
        "enableWebAccess": "true",
        "imageUri": "python:3.13",
    }
    job = run(
        "show", "good.yaml", *(word for key, text in sets.items() for word in ("--set", f"{key}={text}"))
    ).json
    assert pool(job)["machineSpec"] == {"machineType": "n1-standard-8"}
    container = pool(job)["containerSpec"]
    assert isinstance(container, dict)
    assert container["args"] == ["--epochs", "3", "two words"]
    assert container["env"] == [{"name": "A", "value": "b=c"}]
    assert container["imageUri"] == "python:3.13"
    assert job["jobSpec"]["scheduling"] == {"timeout": "5400s", "strategy": "SPOT"}
    assert job["jobSpec"]["enableWebAccess"] is True
    assert "timeout" not in run("show", "good.yaml", "--set", "timeout=").json["jobSpec"].get(
        "scheduling", {}
    )


def test_gcloud_is_the_command_and_what_it_would_not_do_is_told(run: Run) -> None:
    assert run("show", "good.yaml", "--gcloud").status == 2  # no project is known
    printed = run(
        "show", "good.yaml", "--gcloud", "--project", "kelp-train", "--set", "timeout=2h", "--name", "a b"
    )
    assert printed.status == 0
    words = printed.out.replace("\\\n", " ").split()
    assert words[:4] == ["gcloud", "ai", "custom-jobs", "create"]
    assert "--project=kelp-train" in words
    assert "--config=good.yaml" in words
    assert "what --set changes is not in it" in printed.err
    assert run("show", "good.yaml", "--gcloud", "--json").status == 2
