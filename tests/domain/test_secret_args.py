"""Secrets in command lines are found by their option too, hidden, named, and put back where they were."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.domain.joblist.spec_text import job_json, spec_yaml
from tui.domain.jobs import Job, job_from_json
from tui.domain.secret_args import SecretNames, hide_args, named_args, references_of, refilled_args
from tui.domain.spec.check import check
from tui.domain.spec.from_job import clone_words, new_spec
from tui.domain.spec.override import holds_secret
from tui.domain.spec.references import Source, Value
from tui.domain.spec.request import build_request, preview

KEY = "0123456789abcdef0123456789abcdef01234567"
API = "sk-proj-1234567890abcdefghijkl"
TOKEN = "hf_" + "aB3" * 12
ENV = {
    "HF_TOKEN": TOKEN,
    "DB_PASS": "hunter2secret",
    "EPOCHS": "3",
    "URL": "postgres://u:pw9secret@h/db",
}
ARGS = ["a=1\nprint('x')\n", f"--api_key={API}", "--wandb-key", KEY, "--pass", "abcd", "--lr", "0.1"]
SECRETS = (KEY, API, TOKEN, "hunter2secret", "pw9secret", "abcd")


def job(args: list[str], env: dict[str, str] | None = None) -> Job:
    variables = [{"name": name, "value": value} for name, value in (env or {}).items()]
    container = {"imageUri": "python:3.11", "command": ["bash", "-c"], "args": args, "env": variables}
    machine = {"machineType": "n1-standard-4"}
    pool = {"machineSpec": machine, "replicaCount": "1", "containerSpec": container}
    raw = {"name": "projects/1/locations/us-east1/customJobs/1", "jobSpec": {"workerPoolSpecs": [pool]}}
    return job_from_json(raw)


def sent(found: Job) -> dict[str, Any]:
    """The container that a clone of a job asks for, with the job's own values."""
    made = new_spec(found)
    values = {name: Value(value, Source.PAST_JOB) for name, value in made.secrets.items()}
    request = build_request(check(made.text), "n", {}, values)
    container: dict[str, Any] = request["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]
    return container


def test_every_secret_of_a_job_becomes_a_reference_and_is_sent_again() -> None:
    found = job(ARGS, ENV)
    made = new_spec(found)
    assert not [secret for secret in SECRETS if secret in made.text]
    assert sorted(made.secrets) == ["API_KEY", "DB_PASS", "HF_TOKEN", "PASS", "URL", "WANDB_KEY"]
    assert made.in_args == {"API_KEY", "WANDB_KEY", "PASS"}
    assert not made.hidden
    spec = check(made.text)
    assert not spec.errors
    assert not [problem for problem in spec.problems if problem.code == "literal-secret"]
    assert {item.name for item in spec.references} == set(made.secrets)
    assert sent(found) == found.raw["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]
    values = {name: Value(value, Source.PAST_JOB) for name, value in made.secrets.items()}
    assert not [secret for secret in SECRETS if secret in preview(spec, "n", {}, values)]
    words = clone_words(made)
    assert all(f"${{{name}}}" in words for name in made.secrets)
    assert KEY not in repr(made)


def test_views_hide_the_same() -> None:
    found = job(ARGS, ENV)
    assert not [
        secret for secret in SECRETS for text in (spec_yaml(found), job_json(found)) if secret in text
    ]
    assert holds_secret(["--pass", "abcd"])
    assert not holds_secret(["--lr", "0.1", "--pad-token", "[PAD]", "--forward-pass", "fast"])


def test_one_name_stands_for_one_value() -> None:
    found = job(["--db-pass", "otherword", "--db-pass=hunter2secret", API], ENV)
    made = new_spec(found)
    expected = {"DB_PASS": "hunter2secret", "DB_PASS_2": "otherword", "ARG_SECRET": API}
    assert expected.items() <= made.secrets.items()
    assert "--db-pass=${DB_PASS}" in made.text
    assert sent(found)["args"] == found.raw["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]["args"]


@pytest.mark.parametrize(
    "item", ["${API_KEY}", "--api-key=${X}", "$${API_KEY}", "${MODE}", "echo ${API_KEY}"]
)
def test_what_reads_as_a_reference_is_sent_as_it_was(item: str) -> None:
    assert sent(job(["--api_key", item]))["args"] == ["--api_key", item]


def test_what_is_hidden_in_a_script_is_told() -> None:
    made = new_spec(job([f"wandb login {KEY}\nexport A_TOKEN={TOKEN}\n"]))
    assert made.hidden == 2
    assert "2 secrets within a text" in clone_words(made)
    assert clone_words(new_spec(job(["--lr", "1"]))) == "No secret was found in it."


ITEMS = st.sampled_from(
    [*ARGS, "--token", TOKEN, "${API_KEY}", "$${API_KEY}", "--x=${WANDB_KEY}", "", "-", "--", "=", "--url"]
) | st.text(max_size=6)


@settings(max_examples=50)
@given(st.lists(ITEMS, max_size=5))
def test_arguments_come_back_as_they_were(args: list[str]) -> None:
    names = SecretNames(references_of(args))
    shown = named_args(args, names)
    assert refilled_args(shown, names.values) == args
    assert not any(secret in " ".join(hide_args(args)) for secret in (API, TOKEN))
