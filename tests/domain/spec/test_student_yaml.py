"""What somebody new to YAML and to Vertex AI writes: one problem each, that says what to do."""

from __future__ import annotations

import pytest

from tests.domain.spec.students import SPEC, check_fix, env, found_in, script
from tui.domain.spec.check import check
from tui.domain.spec.problems import Severity, apply_fix


def test_the_spec_itself_is_good() -> None:
    assert found_in(SPEC) == []


@pytest.mark.parametrize(
    "written",
    [
        "      env: {BUCKET: kelp, EPOCHS: 3}\n",
        '      env: {"BUCKET": "kelp", "EPOCHS": 3}\n',
        "      env:\n        BUCKET: kelp # where\n        EPOCHS: 3\n",
        "      env:\n      - BUCKET: kelp\n      - EPOCHS: 3\n",
        "      env:\n      - BUCKET=kelp\n      - EPOCHS=3\n",
        "      env: [BUCKET=kelp, EPOCHS=3]\n",
        "      env: [{BUCKET: kelp}, {EPOCHS: 3}]\n",
    ],
)
def test_an_env_in_the_form_of_docker_is_one_error_with_its_fix(written: str) -> None:
    text = env(written)
    assert [item[1] for item in found_in(text)] == ["env-form"]
    fixed = check_fix(text, "env-form")
    container = check(fixed).job_spec["workerPoolSpecs"][0]["containerSpec"]
    assert container["env"] == [{"name": "BUCKET", "value": "kelp"}, {"name": "EPOCHS", "value": "3"}]


def test_an_env_whose_values_cannot_be_moved_has_no_fix() -> None:
    (problem,) = check(env("      env:\n        BUCKET: |\n          kelp\n")).problems
    assert (problem.code, problem.fix) == ("env-form", None)


def test_an_empty_value_of_such_an_env_stays_empty() -> None:
    fixed = check_fix(env("      env:\n        BUCKET: kelp\n        N:\n"), "env-form")
    assert check(fixed).job_spec["workerPoolSpecs"][0]["containerSpec"]["env"][1] == {
        "name": "N",
        "value": "",
    }


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("region: us-central1", "--region"),
        ("zone: us-central1-a", "chooses the zone"),
        ("spot: true", "strategy: SPOT"),
        ("disk: 200", "below diskSpec"),
        ("gpus: 1", "acceleratorType and acceleratorCount"),
        ("image: python", "imageUri belongs below containerSpec"),
        ("serviceAccountName: a@p.iam.gserviceaccount.com", "did you mean serviceAccount?"),
        ("secrets: [a]", "${NAME}"),
        ("volumes: [a]", "/gcs/"),
        ("project: kelp", "--project"),
        ("memory: 16", "machineType"),
        ("zebra: 1", "which has baseOutputDirectory"),
    ],
)
def test_a_key_that_is_none_is_named_as_such_and_where_the_wish_belongs_is_said(key: str, words: str) -> None:
    (problem,) = check(SPEC + key + "\n").problems
    assert problem.severity is Severity.ERROR
    assert problem.message.startswith(f"“{key.partition(':')[0]}” is not a key of the spec")
    assert words in problem.message


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("scheduling:\n  timeout", "timeout", "misplaced-key"),
        ("  - machineSpec:\n      machineType", "  - machineType", "misplaced-key"),
        ("    containerSpec:", "    disk: 100\n    containerSpec:", "misplaced-key"),
        ("      - name: BUCKET", "      - key: BUCKET", "unknown-key"),
        ("imageUri", "image", "unknown-key"),
        ("command:", "entrypoint:", "unknown-key"),
        ("      env:", "      environment:", "unknown-key"),
        ("replicaCount", "replicas", "unknown-key"),
        ("machineSpec:\n      machineType: n1-standard-8", "machineSpec: n1-standard-8", "wrong-type"),
        ("scheduling:\n  timeout: 3600s", "scheduling: 3600s", "wrong-type"),
        ("scheduling", "baseOutputDirectory: gs://kelp/x\nscheduling", "wrong-type"),
        ("scheduling", 'baseOutputDirectory: "gs://kelp/x"\nscheduling', "wrong-type"),
        ("3600s", "2 hours", "bad-duration"),
        ("3600s", "1h30m", "bad-duration"),
        ("    containerSpec:", "    diskSpec: {bootDiskSizeGb: 200GB}\n    containerSpec:", "wrong-type"),
        ("  timeout: 3600s\n", "  timeout: 3600s\n  strategy: PREEMPTIBLE\n", "bad-enum"),
        ("n1-standard-8", "“n1-standard-8”", "curly-quotes"),
        ("replicaCount: 1", "replicaCount: “1”", "curly-quotes"),
        ("machineType: n1", "machineType = n1", "yaml-space"),
        ("    replicaCount", "    // one\n    replicaCount", "yaml-syntax"),
        ("      machineType", "\xa0\xa0\xa0\xa0\xa0\xa0machineType", "yaml-blank"),
        ("machineType: n1", "machineType:\xa0n1", "yaml-blank"),
        ("    replicaCount", "   \xa0replicaCount", "yaml-blank"),
        ("    replicaCount", "\treplicaCount", "yaml-tab"),
        ("    replicaCount", "\t\treplicaCount", "yaml-tab"),
        ("  timeout", "\ttimeout", "yaml-tab"),
        ("kelp", "@kelp", "yaml-syntax"),
        ("scheduling", "baseOutputDirectory: {outputUriPrefix: gs:/kelp/x}\nscheduling", "bad-output"),
        ("scheduling", "baseOutputDirectory: {outputUriPrefix: /gcs/kelp/x}\nscheduling", "bad-output"),
        ("scheduling:\n  timeout: 3600s\n", "", "no-timeout"),
        ("  timeout: 3600s\n", "  strategy: SPOT\n", "no-timeout"),
    ],
)
def test_it_is_one_problem_and_the_fix_leaves_none(old: str, new: str, code: str) -> None:
    assert old in SPEC
    text = SPEC.replace(old, new, 1)
    assert [item[1] for item in found_in(text)] == [code]
    assert found_in(check_fix(text, code)) == []


def test_json_gets_its_timeout_as_json() -> None:
    text = (
        '{"workerPoolSpecs": [{"machineSpec": {"machineType": "n1-standard-8"}, "replicaCount": 1, '
        '"containerSpec": {"imageUri": "python"}}]}'
    )
    fixed = check_fix(text, "no-timeout")
    assert fixed.startswith('{"scheduling": {"timeout": "86400s"}, "workerPoolSpecs"')
    assert found_in(fixed) == []


def test_a_scheduling_without_anything_gets_the_timeout_below_it() -> None:
    fixed = check_fix(SPEC.replace("  timeout: 3600s\n", ""), "no-timeout")
    assert check(fixed).job_spec["scheduling"] == {"timeout": "86400s"}


def test_tabs_everywhere_become_spaces() -> None:
    lines = [line.lstrip(" ") for line in SPEC.split("\n")]
    depths = [(len(line) - len(bare)) // 2 for line, bare in zip(SPEC.split("\n"), lines, strict=True)]
    text = "\n".join("\t" * depth + bare for depth, bare in zip(depths, lines, strict=True))
    assert check(check_fix(text, "yaml-tab")).job == check(SPEC).job


def test_a_tab_that_may_mean_two_things_has_no_fix() -> None:
    text = "a:\n  b:\n    c: 1\n\td: 2\n"
    (problem,) = check(text).problems
    assert (problem.code, problem.fix) == ("yaml-tab", None)


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("L4", "NVIDIA_L4"),
        ("T4", "NVIDIA_TESLA_T4"),
        ("V100", "NVIDIA_TESLA_V100"),
        ("A100", "NVIDIA_TESLA_A100"),
        ("A100-40GB", "NVIDIA_TESLA_A100"),
        ("A100-80GB", "NVIDIA_A100_80GB"),
        ("H100", "NVIDIA_H100_80GB"),
        ("h100-80gb", "NVIDIA_H100_80GB"),
        ("H200", "NVIDIA_H200_141GB"),
        ("nvidia-tesla-t4", "NVIDIA_TESLA_T4"),
        ("Nvidia L4", "NVIDIA_L4"),
    ],
)
def test_an_accelerator_is_known_by_its_usual_name(alias: str, name: str) -> None:
    text = SPEC.replace("n1-standard-8\n", f"n1-standard-8\n      acceleratorType: {alias}\n")
    (problem,) = (item for item in check(text).problems if item.code == "bad-enum")
    assert f"did you mean {name}?" in problem.message
    assert problem.fix is not None
    assert f"acceleratorType: {name}\n" in apply_fix(text, problem.fix)


def test_two_of_an_accelerator_name_the_machine_that_has_two() -> None:
    accelerator = "g2-standard-4\n      acceleratorType: NVIDIA_L4\n      acceleratorCount: 2"
    text = SPEC.replace("n1-standard-8", accelerator)
    assert [item[1] for item in found_in(text)] == ["accelerator-machine", "accelerator"]
    assert found_in(check_fix(text, "accelerator")) == []
    bigger = check_fix(text, "accelerator-machine")
    assert "machineType: g2-standard-24\n" in bigger
    assert found_in(bigger) == []


@pytest.mark.parametrize(
    ("name", "words"), [("a100", "a2-highgpu-1g"), ("NVIDIA_L4", "g2-standard-4"), ("H100", "a3-highgpu")]
)
def test_an_accelerator_in_the_place_of_a_machine_names_machines(name: str, words: str) -> None:
    (problem,) = check(SPEC.replace("n1-standard-8", name)).problems
    assert problem.code == "unknown-machine"
    assert words in problem.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec: {}\n", "a Kubernetes manifest"),
        ("services:\n  a: {image: python}\n", "Docker Compose"),
        ("trainingInput:\n  scaleTier: CUSTOM\n", "AI Platform Training"),
    ],
)
def test_a_file_for_another_program_is_called_so_on_its_first_line(text: str, words: str) -> None:
    (problem,) = check(text).problems
    assert (problem.line, problem.code) == (1, "other-format")
    assert words in problem.message


def test_a_conflict_of_git_is_told_at_each_of_its_lines_and_nothing_else() -> None:
    text = SPEC.replace(
        "    replicaCount: 1\n",
        "<<<<<<< HEAD\n    replicaCount: 1\n=======\n    replicaCount: 2\n>>>>>>> main\n",
    )
    assert found_in(text) == [(4, "git-conflict"), (6, "git-conflict"), (8, "git-conflict")]


def test_a_line_of_equals_signs_is_no_conflict() -> None:
    assert found_in(script("set -e", "cat <<EOF", "=======", "<<<<<<< a", "EOF", "python a.py")) == []


@pytest.mark.parametrize(
    "line", ['echo "loss: 3" && python train.py', 'echo "loss: 3" && echo "b: 2"', "echo it's: 3"]
)
def test_a_colon_in_an_item_is_blamed_and_the_item_quoted(line: str) -> None:
    text = script("x").replace("        - |\n          x\n", f"        - {line}\n")
    (problem,) = check(text).problems
    assert problem.code in {"yaml-colon", "yaml-syntax"}
    assert problem.line == 9
    assert problem.fix is not None
    fixed = check(apply_fix(text, problem.fix))
    assert fixed.job_spec["workerPoolSpecs"][0]["containerSpec"]["args"] == [line]


def test_a_text_in_curly_quotes_may_be_wanted_where_any_text_may_stand() -> None:
    (problem,) = check(SPEC.replace("kelp", "“kelp”")).problems
    assert (problem.code, problem.severity) == ("curly-quotes", Severity.WARNING)


def test_an_image_is_told_by_what_is_wrong_with_it() -> None:
    for image, words in (("gcr.io/kelp/My-Image", "no capitals"), ("./Dockerfile", "build an image")):
        (problem,) = check(SPEC.replace("python:3.11", image)).problems
        assert words in problem.message
