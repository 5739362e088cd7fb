"""A misspelt key is told, and not what follows from it."""

from __future__ import annotations

import pytest

from tests.domain.spec.test_rules import POOL, holds, problems
from tui.domain.spec.problems import Severity, apply_fix


@pytest.mark.parametrize(
    ("old", "new", "near"),
    [
        ("workerPoolSpecs", "workerPoolSpec", "workerPoolSpecs"),
        ("workerPoolSpecs", "worker_pool_spec", "worker_pool_specs"),
        ("machineSpec", "machineSpecs", "machineSpec"),
        ("machineType", "machinetype", "machineType"),
        ("acceleratorType", "acceleratortype", "acceleratorType"),
        ("replicaCount", "replicas_count", "replica_count"),
        ("containerSpec", "containerSpecs", "containerSpec"),
        ("imageUri", "imageURL", "imageUri"),
        ("        - name: A\n          value: a", "        - name: A\n          values: a", "value"),
        ("scheduling", "schedulling", "scheduling"),
        ("timeout", "timeOut", "timeout"),
    ],
)
def test_of_a_misspelt_key_only_the_cause_is_told(old: str, new: str, near: str) -> None:
    text = POOL.replace(old, new, 1)
    (problem,) = problems(text)
    assert (problem.code, problem.severity) == ("unknown-key", Severity.ERROR)
    assert f"did you mean {near}?" in problem.message
    assert problem.fix is not None
    assert not problems(apply_fix(text, problem.fix))


def test_of_a_misspelt_job_spec_only_the_cause_is_told() -> None:
    text = "displayName: a\njobspec:\n" + "".join(f"  {row}\n" for row in POOL.splitlines())
    holds(text, 2, "unknown-key", fixed=True)


def test_a_misspelt_key_beside_the_right_one_explains_nothing() -> None:
    text = POOL.replace("    containerSpec:", "    containerSpecs: {}\n    containerSpec:").replace(
        "imageUri: python:3.11", "imageUri: ''"
    )
    assert [item.code for item in problems(text)] == ["unknown-key", "required"]


def test_a_misspelt_env_explains_variables_without_a_value() -> None:
    text = POOL.replace("command: [python]\n      args: [-m, task]", "command: [bash, -c, 'echo $A']")
    assert not problems(text)
    holds(text.replace("      env:", "      envs:"), 13, "unknown-key", fixed=True)
