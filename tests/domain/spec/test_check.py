"""The checks: every finding on its line, fixes that fix, and nothing said about a clean spec."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.make_schema import make_schema
from tui.domain.spec.check import Shape, check
from tui.domain.spec.problems import Edit, Fix, Place, Severity, apply_fix
from tui.domain.spec.templates import CPU_JOB

DATA = Path(__file__).parents[2] / "data"

GOOD = """\
workerPoolSpecs:
  - machineSpec:
      machineType: n1-standard-4
    replicaCount: 1
    containerSpec:
      imageUri: python:3.11
      args: ["a"]
      env:
        - name: A
          value: b
scheduling:
  timeout: 3600s
"""


def codes(text: str) -> list[tuple[int, str]]:
    return [(item.line, item.code) for item in check(text).problems]


def test_the_schema_is_what_the_protos_say() -> None:
    written = (Path(__file__).parents[3] / "tui/domain/spec/schema.json").read_text("utf-8")
    assert written == make_schema(), "run python -m tools.make_schema"


def test_a_good_spec_has_no_problems() -> None:
    assert codes(GOOD) == []
    assert codes(CPU_JOB) == []


def test_the_tutorial_shows_its_placeholders_each_on_its_line_and_the_fixes_put_them_right() -> None:
    text = (DATA / "tutorial_job.yaml").read_text("utf-8")
    own = [(line, code) for line, code in codes(text) if not code.startswith("shell-")]
    assert own == [(1, "no-timeout"), *((line, "placeholder") for line in (23, 25, 27, 29))]
    while problem := next((item for item in check(text).problems if item.fix), None):
        assert problem.fix is not None
        text = apply_fix(text, problem.fix)
    spec = check(text)
    assert [item.code for item in spec.problems if not item.code.startswith("shell-")] == ["env-stored"]
    assert [item.name for item in spec.references] == [
        "HF_TOKEN",
        "WANDB_API_KEY",
        "WANDB_PROJECT",
        "BUCKET_NAME",
    ]


def test_the_tutorial_shows_the_state_of_its_image_on_its_line() -> None:
    text = (DATA / "tutorial_job.yaml").read_text("utf-8")
    found = check(text, region="europe-west4", today=date(2026, 11, 22)).problems
    (problem,) = (item for item in found if item.code == "image-ended")
    assert (problem.line, problem.column, problem.severity) == (8, 17, Severity.WARNING)
    assert "PyTorch 2.0" in problem.message


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ("machineType:", "machinetype:", 3, "unknown-key"),
        ("machineType:", "zebra:", 3, "unknown-key"),
        ('["a"]', "[5]", 7, "needs-quotes"),
        ('["a"]', "[yes]", 7, "needs-quotes"),
        ('["a"]', "[2024-01-01]", 7, "needs-quotes"),
        ('["a"]', "[{b: c}]", 7, "wrong-type"),
        ("replicaCount: 1", "replicaCount: two", 4, "wrong-type"),
        ("replicaCount: 1", "replicaCount: 2", 4, "replicas"),
        ("replicaCount: 1", "replicaCount: 99999999999999999999", 4, "out-of-range"),
        ("n1-standard-4", "n1-standard-4\n      acceleratorCount: 1", 4, "accelerator"),
        ("n1-standard-4", "n1-standard-4\n      acceleratorType: NVIDIA_L5", 4, "bad-enum"),
        ("name: A", "name: 1A", 9, "env-name"),
        ("value: b", "value: b\n        - name: A\n          value: c", 11, "env-twice"),
        ("value: b", "other: b", 10, "unknown-key"),
        ("value: b", "value: '${B'", 10, "bad-reference"),
        ("value: b", "value: <BUCKET>", 10, "placeholder"),
        ("imageUri: python:3.11", "command: [x]", 5, "required"),
        ("      imageUri", "      image_uri: a\n      imageUri", 7, "yaml-duplicate-key"),
        (
            "containerSpec",
            "pythonPackageSpec: {executorImageUri: a, packageUris: [b], pythonModule: c}\n    containerSpec",
            6,
            "both-tasks",
        ),
        (
            GOOD[GOOD.index("containerSpec") : -1],
            "diskSpec: {}",
            2,
            "no-task",
        ),
        ("3600s", "1h", 12, "bad-duration"),
        ("3600s", "1:30:00", 12, "bad-duration"),
        ("timeout: 3600s", "strategy: spot", 12, "bad-enum"),
        ("workerPoolSpecs", "enableWebAccess: 'true'\nworkerPoolSpecs", 1, "wrong-type"),
        ("workerPoolSpecs", "displayName: x\nworkerPoolSpecs", 1, "misplaced-key"),
        ("workerPoolSpecs", "network:\nworkerPoolSpecs", 1, "empty-value"),
        ("workerPoolSpecs", "baseOutputDirectory: {outputUriPrefix: /tmp}\nworkerPoolSpecs", 1, "bad-output"),
    ],
)
def test_a_fault_is_found_on_its_line_and_a_fix_fixes_it(old: str, new: str, line: int, code: str) -> None:
    text = GOOD.replace(old, new, 1)
    assert (line, code) in codes(text)
    problem = next(item for item in check(text).problems if item.code == code)
    if problem.fix is not None:
        assert (problem.line, code) not in codes(apply_fix(text, problem.fix))


def test_values_may_be_written_in_every_form_that_the_service_reads() -> None:
    snake = GOOD.replace("workerPoolSpecs", "worker_pool_specs").replace("imageUri", "image_uri")
    for text in (
        snake,
        GOOD.replace("replicaCount: 1", "replicaCount: '1'"),
        GOOD.replace('["a"]', "[\n  'a']"),
    ):
        assert not check(text).problems
        assert check(text).job == check(GOOD).job


def test_one_mapping_is_a_list_of_one_as_gcloud_reads_it() -> None:
    text = GOOD.replace("  - machineSpec", "    machineSpec")
    spec = check(text)
    assert [(item.code, item.severity) for item in spec.problems] == [("one-not-list", Severity.INFO)]
    assert spec.job == check(GOOD).job


def test_both_shapes_are_told_apart() -> None:
    whole = "displayName: name\nlabels: {a: b}\nstate: JOB_STATE_FAILED\njobSpec:\n" + "".join(
        f"  {line}\n" for line in GOOD.splitlines()
    )
    spec = check(whole)
    assert spec.shape is Shape.JOB
    assert [item.code for item in spec.problems] == ["output-only"]
    assert spec.job_spec == check(GOOD).job_spec
    assert check(GOOD).shape is Shape.SPEC
    assert ("misplaced-key") in [item.code for item in check("jobSpec: {}\nscheduling: {}\n").problems]


def test_labels_and_names_of_a_whole_job_are_checked() -> None:
    text = f"displayName: {'x' * 129}\nlabels:\n  A: b\n  vertex-tui-id: c\njobSpec: {{}}\n"
    assert [code for _, code in codes(text)] == ["long-name", "bad-label", "own-label", "no-pools"]


def test_merge_keys_and_anchors_work() -> None:
    text, _, rest = GOOD.replace("workerPoolSpecs:\n", "").partition("scheduling:")
    text = text.replace("  - machineSpec", "- &pool\n    machineSpec")
    spec = check("workerPoolSpecs:\n" + text + "- <<: *pool\n  replicaCount: 3\nscheduling:" + rest)
    assert not spec.problems
    first, second = spec.job_spec["workerPoolSpecs"]
    assert second == {**first, "replicaCount": "3"}


def test_literal_secrets_are_found_and_moved() -> None:
    token = "hf_" + "aB3" * 12
    text = GOOD.replace("name: A", "name: HF_TOKEN").replace("value: b", f"value: {token}")
    (problem,) = check(text).problems
    assert (problem.code, problem.line, problem.severity) == ("literal-secret", 10, Severity.WARNING)
    assert token not in problem.message
    assert token not in repr(problem)
    assert problem.fix is not None
    assert problem.fix.secret == ("HF_TOKEN", token)
    assert "value: ${HF_TOKEN}" in apply_fix(text, problem.fix)


def test_names_without_a_value_are_told() -> None:
    text = GOOD.replace("value: b", "value: ${B}-${C:-c}")
    assert [item.code for item in check(text, {"X"}).problems] == ["env-stored", "unset-reference"]
    assert [item.code for item in check(text, {"B"}).problems] == ["env-stored"]


@given(st.text("ab\n", max_size=30), st.data())
def test_a_fix_changes_only_its_place(text: str, data: st.DataObject) -> None:
    lines = text.split("\n")
    row = data.draw(st.integers(0, len(lines) - 1))
    start = data.draw(st.integers(0, len(lines[row])))
    end = data.draw(st.integers(start, len(lines[row])))
    fixed = apply_fix(text, Fix("", (Edit(Place(row + 1, start + 1), Place(row + 1, end + 1), "NEW"),)))
    lines[row] = lines[row][:start] + "NEW" + lines[row][end:]
    assert fixed == "\n".join(lines)
