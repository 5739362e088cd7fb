"""Scripts and command lines inside the file: found in their place, put right in their place, or silenced."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tui.domain.spec.check import check
from tui.domain.spec.problems import Problem, Severity, apply_fix

DATA = Path(__file__).parents[2] / "data"

HEAD = """\
workerPoolSpecs:
  - machineSpec:
      machineType: n1-standard-4
    replicaCount: 1
    containerSpec:
      imageUri: python:3.11
"""
TAIL = "scheduling: {timeout: 3600s}\n"
FIRST = HEAD.count("\n") + 1
"""The line of what is put between."""


def spec(body: str, tail: str = TAIL) -> str:
    return HEAD + "".join(f"      {line}\n" if line else "\n" for line in body.split("\n")) + tail


def shell(text: str) -> list[Problem]:
    return [item for item in check(text).problems if "shell-" in item.code or "ignore" in item.code]


def told(text: str) -> list[tuple[int, int, str]]:
    return [(item.line - FIRST + 1, item.column, item.code) for item in shell(text)]


def fixed(text: str) -> str:
    for _ in range(6):
        problem = next((item for item in shell(text) if item.fix), None)
        if problem is None:
            return text
        assert problem.fix is not None
        text = apply_fix(text, problem.fix)
    raise AssertionError(text)


def test_the_tutorials_hidden_failure_is_shown_on_its_line_and_the_fix_puts_it_right() -> None:
    text = (DATA / "tutorial_job.yaml").read_text("utf-8")
    (problem,) = shell(text)
    lines = text.split("\n")
    assert problem.code == "shell-hidden-failure"
    assert problem.severity is Severity.WARNING
    assert lines[problem.line - 1].lstrip().startswith("uv run python -m scripts.run_train")
    assert lines[problem.line - 1][problem.column - 1 :].startswith("uv run")
    assert lines[problem.line].lstrip().startswith("gsutil")
    after = fixed(text)
    assert shell(after) == []
    changed = [number for number, line in enumerate(after.split("\n"), 1) if line != lines[number - 1]]
    assert changed == [problem.line]
    (script,) = check(after).job_spec["workerPoolSpecs"][0]["containerSpec"]["args"]
    bash = shutil.which("bash")
    if bash is not None:
        done = subprocess.run([bash, "-n", "-c", script], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")


def test_the_tutorial_as_windows_writes_it_is_told_the_same() -> None:
    text = (DATA / "tutorial_job.yaml").read_text("utf-8")
    assert [item.place for item in shell(text.replace("\n", "\r\n"))] == [item.place for item in shell(text)]


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        ("command: [bash, -c]\nargs:\n  - |\n    date\n    python a.py\n    date", 5, 11),
        ("command: [bash, -c]\nargs:\n  - |2-\n      date\n      python a.py\n      date", 5, 13),
        ("command: [bash, -c]\nargs: ['date; python a.py; date']", 2, 21),
        ('command: [bash, -c, "date\\n\\tpython a.py\\ndate"]', 1, 36),
        ("command: [bash, -c, date; python a.py; date]", 1, 33),
        ("command:\n  - bash\n  - -c\n  - date;\n    python a.py;\n    date", 5, 11),
        ("args: [/bin/sh, -c, date; python a.py; date]", 1, 33),
        ("command: [env, A=1, bash, -uc]\nargs:\n  - >\n    date;\n    python a.py $A;\n\n    date", 5, 11),
        ("command: [tini, --, bash, -c]\nargs: [python a.py; date]", 2, 14),
    ],
)
def test_every_way_to_write_a_script_is_looked_into(body: str, line: int, column: int) -> None:
    assert told(spec(body)) == [(line, column, "shell-hidden-failure")]
    after = fixed(spec(body))
    assert shell(after) == []
    assert "set -e" in after


@pytest.mark.parametrize(
    "body",
    [
        "command: [bash, -ec]\nargs: [python a.py; date]",
        "command: [bash, -e, -c]\nargs: [python a.py; date]",
        "command: [bash, -euxo, pipefail, -c]\nargs: [python a.py | tee b; date]",
        "command: [bash, -o, errexit, -c, python a.py; date]",
        'command: [python, -c]\nargs: [\'import os; print(os.environ["HOME"]); a = "$X"\']',
        "command: [python, a.py]\nargs: [--lr, '0.1', --name=hello world, --text, 'a b -c d']",
        "command: [python, a.py]\nargs: [$(BUCKET), '$5', a$b, '$$X', cost in $]",
        "command: [bash, -c, 'python a.py \"$@\"', _, --lr, '1']",
        "command: [bash, -c, python a.py, bash]",
        'command: [bash, -c, \'exec "$0" "$@"\', python, a.py]',
        "command: [bash, run.sh]\nargs: [--lr, '1']",
        "command: [bash, run.sh, --output_dir, /gcs/b/out]",
        "args: ['--lr 0.1', $BUCKET]",
        "command: [/opt/my tool/run.sh]",
        "command: [perl, -e, 'print $ENV']",
        "command: []",
        "args: [bash]",
        "command: [zsh, -c]\nargs: ['print -l a']",
        "env: [{name: B, value: x}]\ncommand: [bash, -c, 'gsutil cp a gs://$B && python a.py --out_dir x']",
        "command: [python, a.py, --output_dir, x, --bucket, y]",
    ],
)
def test_nothing_is_said_of_what_is_right(body: str) -> None:
    assert told(spec(body)) == []


@pytest.mark.parametrize(
    ("body", "expected", "after"),
    [
        (
            'command: ["python train.py --x 1"]',
            (1, 17, "shell-one-item"),
            'command: [python, train.py, "--x", "1"]',
        ),
        (
            "command:\n  - python train.py",
            (2, 11, "shell-one-item"),
            "command:\n        - python\n        - train.py",
        ),
        ("command: python train.py", (1, 16, "shell-one-item"), "command: [python, train.py]"),
        ("command: ['python a.py > log']", (1, 17, "shell-one-item"), None),
        ("command: ['bash -c', date]", (1, 17, "shell-one-item"), 'command: [bash, "-c", date]'),
        (
            "command: [python, a.py]\nargs: ['--lr 0.1']",
            (2, 14, "shell-one-item"),
            'args: ["--lr", "0.1"]',
        ),
        ("command: [python, a.py --lr 1]", (1, 25, "shell-one-item"), '[python, a.py, "--lr", "1"]'),
        ("command: [bash, -c]", (1, 23, "shell-no-script"), None),
        ("command: [bash, -c]\nargs: [python, train.py]", (2, 22, "shell-extra-args"), None),
        ("command: [bash, -c]\nargs:\n  - python train.py\n  - --lr=1", (4, 11, "shell-extra-args"), None),
        (
            "command: [bash, -c]\nargs: ['python a.py \"$@\"', --lr, '1']",
            (2, 34, "shell-extra-args"),
            '\'python a.py "$@"\', "_", --lr,',
        ),
        ("command: [python, a.py, --out=$BUCKET]", (1, 31, "shell-unexpanded"), None),
        ("command: [python, a.py]\nargs: ['${AIP_MODEL_DIR}/x']", (2, 14, "shell-unexpanded"), None),
        ("command: [bash, run.sh, $BUCKET]", (1, 31, "shell-unexpanded"), None),
        ("command: [python, a.py, --output_dir, out]", (1, 45, "shell-outputs-lost"), None),
        ("command: [bash, -c, python a.py --output_dir out]", (1, 52, "shell-outputs-lost"), None),
        ("command: [bash, -c, 'echo $NOWHERE']", (1, 34, "shell-unset-variable"), None),
    ],
)
def test_the_items_of_a_command_line(body: str, expected: tuple[int, int, str], after: str | None) -> None:
    text = spec(body)
    assert told(text) == [expected]
    (problem,) = shell(text)
    assert (problem.fix is not None) == (after is not None)
    if problem.fix is not None and after is not None:
        changed = apply_fix(text, problem.fix)
        assert after in changed
        assert "shell-" not in "".join(code for _, _, code in told(changed)).replace(
            "shell-hidden-failure", ""
        )


def test_a_python_package_has_no_shell() -> None:
    text = HEAD.split("    containerSpec", maxsplit=1)[0] + (
        "    pythonPackageSpec:\n      executorImageUri: a:latest\n      packageUris: [gs://b/p.tar.gz]\n"
        "      pythonModule: a.b\n      args: ['--lr 0.1', --output_dir, out]\n"
    )
    assert [item.code for item in shell(text + TAIL)] == ["shell-one-item", "shell-outputs-lost"]


@pytest.mark.parametrize(
    "tail",
    [
        TAIL + "baseOutputDirectory: {outputUriPrefix: gs://b/x}\n",
        "      env: [{name: BUCKET, value: b}]\n" + TAIL,
        "    nfsMounts: [{server: 10.0.0.2, path: /a, mountPoint: b}]\n" + TAIL,
    ],
)
def test_results_may_leave_by_other_ways(tail: str) -> None:
    assert told(spec("command: [python, a.py, --output_dir, out]", tail)) == []


def test_variables_of_env_are_known_and_others_are_not() -> None:
    body = "command: [bash, -c, 'echo $A $AIP_MODEL_DIR $CLUSTER_SPEC $B']\nenv: [{name: A, value: x}]"
    assert told(spec(body)) == [(1, 66, "shell-unset-variable")]


def test_secrets_in_a_script_are_not_in_the_message() -> None:
    token = "hf_" + "aB3" * 12
    (problem,) = shell(spec(f"command: [bash, -c, python a.py --token {token}; date]"))
    assert token not in problem.message


SCRIPT = "command: [bash, -c]\nargs:\n  - |\n"


@pytest.mark.parametrize(
    "body",
    [
        SCRIPT + "    python a.py  # vertex-tui: ignore shell-hidden-failure\n    date",
        SCRIPT + "    # vertex-tui: ignore shell-pipe, shell-hidden-failure\n    python a.py\n    date",
        SCRIPT + "    # vertex-tui: ignore shell-hidden-failure\n    # because\n\n    python a.py\n    date",
        SCRIPT + "    python a.py\n    date  #vertex-tui:ignore-file shell-hidden-failure",
        "# vertex-tui: ignore-file shell-hidden-failure - we know\n" + SCRIPT + "    python a.py\n    date",
        "command: [bash, -c, python a.py; date] # vertex-tui: ignore shell-hidden-failure",
    ],
)
def test_a_comment_silences_a_rule(body: str) -> None:
    assert told(spec(body)) == []
    assert told(spec(body).replace("\n", "\r\n")) == []
    assert "shell-hidden-failure" in [
        code for _, _, code in told(spec(body).replace("vertex-tui:", "other:"))
    ]


@pytest.mark.parametrize(
    "body",
    [
        SCRIPT + "    date # vertex-tui: ignore shell-hidden-failure\n    python a.py\n    date",
        SCRIPT + "    # vertex-tui: ignore shell-pipe\n    python a.py\n    date",
        SCRIPT + "    # a\n    echo x# vertex-tui: ignore shell-hidden-failure\n    python a.py\n    date",
    ],
)
def test_a_comment_elsewhere_silences_nothing(body: str) -> None:
    assert "shell-hidden-failure" in [code for _, _, code in told(spec(body))]


def test_infos_are_silenced_and_errors_are_not() -> None:
    assert not shell(HEAD + "network:  # vertex-tui: ignore empty-value\n" + TAIL)
    text = spec("args: [5]  # vertex-tui: ignore needs-quotes")
    problems = check(text).problems
    assert [item.code for item in problems] == ["needs-quotes", "ignore-error"]
    assert problems[1].severity is Severity.INFO


def test_an_unknown_code_is_told_with_the_nearest() -> None:
    text = spec("args: [x]  # vertex-tui: ignore shell-pip, zebra")
    first, second = shell(text)
    assert (first.code, first.column) == ("unknown-ignore", 39)
    assert "shell-pipe?" in first.message
    assert first.fix is not None
    assert "ignore shell-pipe, zebra" in apply_fix(text, first.fix)
    assert (second.code, second.fix) == ("unknown-ignore", None)


def test_many_comments_are_survived() -> None:
    text = spec("args: [x]") + "# vertex-tui: ignore no-timeout, x\n" * 5_000
    assert len(check(text).problems) < 500


@pytest.mark.parametrize(
    "script",
    ["$(" * 10_000, "(" * 10_000, "'" * 10_001, "python a.py; " * 20_000],
    ids=["substitutions", "subshells", "quotes", "commands"],
)
def test_a_hostile_script_is_survived_in_the_file(script: str) -> None:
    body = SCRIPT + "\n".join(f"    {part}" for part in (script, "date"))
    check(spec(body))


def test_five_megabytes_are_said_to_be_too_much() -> None:
    text = spec(SCRIPT + "    python train.py\n" * 270_000)
    assert [item.code for item in check(text).problems] == ["yaml-too-big"]


@given(st.text("ab|>-\n '\"#$;&:[]{},\\\r\x85", max_size=60))
@examples(200)
def test_any_value_in_the_place_of_a_script_is_survived(value: str) -> None:
    text = HEAD + "      command: [bash, -c]\n      args:\n        - " + value + "\n"
    for problem in check(text).problems:
        assert problem.line >= 1
        if problem.fix is not None and "\r" not in text and "\x85" not in text:
            apply_fix(text, problem.fix)


def test_the_tutorials_job_fails_when_the_training_fails_only_after_the_fix(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash")
    for name, status in (("uv", 'test "$1" != run'), ("curl", "true"), ("git", "true"), ("gsutil", "true")):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{status}\n", "utf-8")
        program.chmod(0o755)
    (tmp_path / "finetuning-gemma-1b-aims-gcp-tutorial").mkdir()
    (tmp_path / ".local/bin").mkdir(parents=True)
    (tmp_path / ".local/bin/env").write_text("", "utf-8")
    text = (DATA / "tutorial_job.yaml").read_text("utf-8")
    env = {"PATH": f"{tmp_path}{os.pathsep}{os.defpath}", "HOME": str(tmp_path), "BUCKET_NAME": "b"}
    ended = []
    for version in (text, fixed(text)):
        (script,) = check(version).job_spec["workerPoolSpecs"][0]["containerSpec"]["args"]
        done = subprocess.run(
            [bash, "-c", script], cwd=tmp_path, env=env, capture_output=True, check=False, timeout=30
        )
        ended.append(done.returncode)
    assert ended == [0, 1]
