"""`KEY=VALUE` of the command line: which field is meant, and that nothing else is touched."""

from __future__ import annotations

import copy
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.domain.spec.assign import assign
from tui.domain.spec.check import check
from tui.domain.spec.override import OverrideError
from tui.domain.spec.schema import custom_job_schema

TUTORIAL = (Path(__file__).parents[2] / "data" / "tutorial_job.yaml").read_text()
JOB = check(TUTORIAL).job
PACKAGE: dict[str, Any] = {
    "jobSpec": {
        "workerPoolSpecs": [
            {"pythonPackageSpec": {"pythonModule": "m", "args": []}},
            {"containerSpec": {"imageUri": "i", "env": [{"name": "A", "value": "1"}]}},
        ]
    }
}


def pools(job: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = job["jobSpec"]["workerPoolSpecs"]
    return found


def test_a_short_name_means_the_task_that_the_pool_has() -> None:
    assert pools(assign(JOB, "args", "a b"))[0]["containerSpec"]["args"] == ["a", "b"]
    assert pools(assign(PACKAGE, "args", "a b"))[0]["pythonPackageSpec"]["args"] == ["a", "b"]
    assert pools(assign({"jobSpec": {"workerPoolSpecs": [{}]}}, "image_uri", "i"))[0] == {
        "containerSpec": {"imageUri": "i"}
    }


def test_a_variable_is_set_in_its_place_in_every_container_and_nothing_else_moves() -> None:
    changed = pools(assign(PACKAGE, "env.A", "2"))
    assert changed[0]["pythonPackageSpec"]["env"] == [{"name": "A", "value": "2"}]
    assert changed[1]["containerSpec"]["env"] == [{"name": "A", "value": "2"}]
    env = pools(assign(JOB, "env.WANDB_API_KEY", "x"))[0]["containerSpec"]["env"]
    names = [variable["name"] for variable in pools(dict(JOB))[0]["containerSpec"]["env"]]
    assert [variable["name"] for variable in env] == names
    gone = pools(assign(JOB, "env.WANDB_API_KEY", ""))[0]["containerSpec"]["env"]
    assert [variable["name"] for variable in gone] == [name for name in names if name != "WANDB_API_KEY"]


def test_there_has_to_be_something_to_set_it_in() -> None:
    for key in ("machineType", "env.A", "workerPoolSpecs.0.replicaCount"):
        with pytest.raises(OverrideError):
            assign({"jobSpec": {}}, key, "1")


KEYS = sorted(field for message in custom_job_schema().messages.values() for field in message)


@given(
    st.lists(
        st.one_of(st.sampled_from(KEYS), st.sampled_from(["0", "1", "env", ""]), st.text(max_size=6)),
        max_size=5,
    ),
    st.one_of(st.sampled_from(["", "1", "true", "2h", "[", "x y"]), st.text(max_size=8)),
)
@settings(max_examples=100)
def test_any_key_is_set_or_refused_and_the_job_given_stays(parts: list[str], text: str) -> None:
    job = copy.deepcopy(dict(JOB))
    with suppress(OverrideError):
        assert isinstance(assign(job, ".".join(parts), text), dict)
    assert job == JOB
