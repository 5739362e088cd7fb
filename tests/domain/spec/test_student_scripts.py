"""What somebody new to shells writes into a job's script, and placeholders that were never filled in."""

from __future__ import annotations

import pytest

from tests.domain.spec.students import SPEC, check_fix, env, found_in, script
from tui.domain.spec.check import check
from tui.domain.spec.problems import Severity

MAC = "/Users" + "/ana"
NOTE = "todo".upper()
SAVE = "gsutil cp -r out gs://$BUCKET/run"


@pytest.mark.parametrize(
    "code",
    [
        "import sys; print('a'); sys.exit('x')",
        "import torch; print(torch.zeros(1)); raise SystemExit(3)",
        "from train import main; main()",
    ],
)
def test_work_behind_python_c_is_work(code: str) -> None:
    text = script(f'python3 -c "{code}"', SAVE)
    assert found_in(text) == [(10, "shell-hidden-failure")]
    assert found_in(check_fix(text, "shell-hidden-failure")) == []


@pytest.mark.parametrize(
    "code",
    [
        "import torch; print(torch.__version__)",
        "print('hello')",
        "import torch",
        "import nltk; nltk.download('punkt')",
    ],
)
def test_python_c_that_only_looks_something_up_is_none(code: str) -> None:
    assert found_in(script(f'python3 -c "{code}"', f"python train.py && {SAVE}")) == []


@pytest.mark.parametrize("behind", [" ", "  ", "\t", "  # the rate"])
def test_what_stands_behind_a_backslash_is_told_alone_and_taken_away(behind: str) -> None:
    text = script(f"python train.py \\{behind}", "  --lr 0.1", SAVE)
    assert found_in(text) == [(10, "shell-continuation")]
    assert "python train.py \\\n" in check_fix(text, "shell-continuation")


def test_a_backslash_that_is_missing_is_added() -> None:
    text = script("set -e", "python train.py \\", "  --lr 0.1", "  --epochs 3", SAVE)
    assert found_in(text) == [(13, "shell-continuation")]
    assert found_in(check_fix(text, "shell-continuation")) == []


def test_a_comment_between_continued_lines_is_told() -> None:
    text = script("set -e", "python train.py \\", "  # --lr 0.1 \\", "  --epochs 3", SAVE)
    (problem,) = check(text).problems
    assert (problem.line, problem.code, problem.fix) == (13, "shell-continuation", None)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("python train.py --name “my run”", "shell-letters"),
        ("python train.py --name=“a”", "shell-letters"),
        ("python train.py –epochs 3", "shell-letters"),
        ("python train.py —epochs 3", "shell-letters"),
        ("python train.py\xa0--epochs 3", "shell-letters"),
        ("EPOCHS = 3", "shell-typo"),
        ("!pip install torch", "shell-typo"),
        ("gsutil cp a gs:/$BUCKET/x", "shell-typo"),
        ("gsutil cp a gcs://$BUCKET/x", "shell-typo"),
        ("gsutil cp a gs://BUCKET/x", "placeholder"),
    ],
)
def test_a_slip_is_one_warning_and_the_fix_leaves_none(line: str, code: str) -> None:
    text = script("set -e", line, "python train.py", SAVE)
    assert found_in(text) == [(11, code)]
    assert found_in(check_fix(text, code)) == []


@pytest.mark.parametrize("path", [f"{MAC}/train.py", "C:\\\\data\\\\a.csv", f"--data={MAC}/data"])
def test_a_path_of_ones_own_machine_is_told(path: str) -> None:
    assert found_in(script("set -e", f"python {path}", SAVE)) == [(11, "shell-typo")]


@pytest.mark.parametrize(
    "line",
    [
        'echo "“quoted” – and a dash"',
        "echo '—x'",
        "[ 1 = 1 ]",
        'if [ "$BUCKET" = kelp ]; then echo a; fi',
        "! grep -q x y",
        "echo a \\\n            b",
        "cat <<'EOF'\n          --epochs 3 \\ \n          EOF",
        "python train.py # YOUR_NAME, your-bucket",
        "YOUR_NAME=ana; echo $YOUR_NAME",
        "echo ${YOUR_TOKEN:-none}",
        "echo 'train your-self'",
        "expr 3 = 3",
    ],
)
def test_what_is_meant_so_is_left_alone(line: str) -> None:
    assert found_in(script("set -e", line, "python train.py", SAVE)) == []


def test_gs_before_a_variable_that_begins_with_gs_is_told_and_taken_away() -> None:
    text = env("      env:\n      - name: BUCKET\n        value: gs://kelp\n")
    assert found_in(text) == [(12, "shell-double-scheme")]
    fixed = check_fix(text, "shell-double-scheme")
    assert "out $BUCKET/run" in fixed
    assert found_in(fixed) == []


def test_such_a_variable_may_be_set_in_the_script() -> None:
    text = script(
        "set -e", "OUT=gs://kelp/x", "python train.py", "gsutil cp a gs://$OUT/", 'gsutil cp b "$OUT"'
    )
    assert found_in(text) == [(13, "shell-double-scheme")]
    assert found_in(check_fix(text, "shell-double-scheme")) == []


def test_a_variable_of_a_shell_in_a_value_of_env_is_told() -> None:
    more = "      env:\n      - name: BUCKET\n        value: kelp\n      - name: OUT\n        value: gs://$BUCKET/x\n"
    assert found_in(env(more)) == [(17, "shell-unexpanded")]
    assert "gs://$(BUCKET)/x" in check_fix(env(more), "shell-unexpanded")


@pytest.mark.parametrize("value", ["YOUR_BUCKET_NAME", "YOUR_GCS_BUCKET_NAME", "<YOUR_BUCKET>"])
def test_a_sure_placeholder_is_an_error(value: str) -> None:
    (problem,) = check(SPEC.replace("kelp", value)).problems
    assert (problem.line, problem.column) == (15, 16)
    assert (problem.code, problem.severity) == ("placeholder", Severity.ERROR)
    assert "${BUCKET}" in check_fix(SPEC.replace("kelp", value), "placeholder")


@pytest.mark.parametrize(
    "value",
    ["your-bucket-name", "your-bucket", "changeme", "CHANGE_ME", "xxx", "'...'", NOTE, "your_project_id"],
)
def test_what_may_be_a_value_after_all_is_a_warning(value: str) -> None:
    (problem,) = check(SPEC.replace("kelp", value)).problems
    assert (problem.code, problem.severity) == ("placeholder", Severity.WARNING)


@pytest.mark.parametrize(
    "value",
    [
        "your",
        "yourself",
        "gs://kelp/your-model-runs-2",
        "xx",
        "todo-app",
        f"{NOTE}S",
        "my-bucket",
        "a...b",
        "X",
    ],
)
def test_what_is_no_placeholder_is_left_alone(value: str) -> None:
    text = SPEC.replace("kelp", value).replace("gs://$BUCKET", "gs://a/$BUCKET")
    assert found_in(text) == []


@pytest.mark.parametrize(
    ("line", "column", "severity"),
    [
        ("baseOutputDirectory: {outputUriPrefix: gs://YOUR_BUCKET/x}", 45, Severity.ERROR),
        ("baseOutputDirectory: {outputUriPrefix: gs://BUCKET_NAME/x}", 45, Severity.ERROR),
        ("baseOutputDirectory: {outputUriPrefix: gs://your-bucket/x}", 45, Severity.WARNING),
        ("serviceAccount: trainer@PROJECT_ID.iam.gserviceaccount.com", 25, Severity.ERROR),
    ],
)
def test_a_placeholder_in_a_name_is_told_where_it_stands(line: str, column: int, severity: Severity) -> None:
    (problem,) = check(f"{SPEC}{line}\n").problems
    assert (problem.line, problem.column) == (18, column)
    assert (problem.code, problem.severity) == ("placeholder", severity)


def test_a_placeholder_in_an_image_is_told_instead_of_its_capitals() -> None:
    (problem,) = check(SPEC.replace("python:3.11", "us-docker.pkg.dev/PROJECT_ID/repo/image:v1")).problems
    assert (problem.line, problem.column, problem.code) == (6, 35, "placeholder")


def test_each_placeholder_of_a_script_is_told_where_it_stands() -> None:
    text = script(
        "set -e", "python a.py", "gsutil cp x gs://YOUR_BUCKET/x", "gsutil cp y gs://your-bucket-name/"
    )
    found = [(item.line, item.column) for item in check(text).problems if item.code == "placeholder"]
    assert found == [(12, 28), (13, 28)]


def test_long_dashes_before_arguments_are_told() -> None:
    text = SPEC.replace("[bash, -c]", "[python, train.py]").split("      args:\n")[0]
    text += "      args: [–epochs, '3']\nscheduling: {timeout: 3600s}\n"
    assert found_in(text) == [(8, "shell-letters")]
    assert found_in(check_fix(text, "shell-letters")) == []
