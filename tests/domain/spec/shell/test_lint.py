"""The lints: each finds what it is for, and what its fix leaves behind is right."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.domain.spec.shell.dirty_scripts import HIDDEN, OTHERS
from tests.domain.spec.shell.scripts import ENV
from tui.domain.spec.shell.findings import Finding
from tui.domain.spec.shell.lint import lint_script

FAILING = ("python", "uv")
WORKING = ("pip", "gsutil", "git", "hf", "nvidia-smi")
ROUNDS = 6


def found(script: str) -> list[Finding]:
    return lint_script(script, env=ENV)


def places(script: str) -> list[tuple[int, str]]:
    return [(script.count("\n", 0, item.at) + 1, item.code) for item in found(script)]


def fixed(script: str) -> str:
    """The script after every fix that is offered, one after another."""
    for _ in range(ROUNDS):
        finding = next((item for item in found(script) if item.changes), None)
        if finding is None:
            return script
        assert finding.title
        for change in sorted(finding.changes, key=lambda item: -item.start):
            script = script[: change.start] + change.text + script[change.end :]
    raise AssertionError("the fixes do not come to an end: " + script)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs of those names that fail or succeed at once."""
    folder = tmp_path_factory.mktemp("programs")
    for name in (*FAILING, *WORKING):
        path = folder / name
        path.write_text(f"#!/bin/sh\nexit {3 if name in FAILING else 0}\n", "utf-8")
        path.chmod(0o755)
    return folder


def run(script: str, programs: Path, folder: Path) -> int:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash")
    env = {"PATH": f"{programs}{os.pathsep}{os.defpath}", "BUCKET": "b", "RUN_NAME": "r", "HF_TOKEN": "t"}
    done = subprocess.run(
        [bash, "-c", script], cwd=folder, env=env, capture_output=True, check=False, timeout=30
    )
    return done.returncode


@pytest.mark.parametrize("name", HIDDEN | OTHERS)
def test_what_goes_wrong_is_found_on_its_line(name: str) -> None:
    script, expected = (HIDDEN | OTHERS)[name]
    assert places(script) == expected


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_said_of_a_hidden_failure_is_true(name: str, programs: Path, tmp_path: Path) -> None:
    assert run(HIDDEN[name][0], programs, tmp_path) == 0


@pytest.mark.parametrize("name", HIDDEN | OTHERS)
def test_the_fixes_put_it_right(name: str, programs: Path, tmp_path: Path) -> None:
    script, _ = (HIDDEN | OTHERS)[name]
    after = fixed(script)
    if after == script:
        return
    assert places(after) == []
    if name in HIDDEN:
        assert run(after, programs, tmp_path) != 0


WITHOUT_FIX = {
    "a group whose failure is asked for",
    "set -e switched off",
    "set -e too late",
    "set -e in a subshell only",
    "a filter",
    "a bare wait",
    "a bare wait for two",
    "nothing waits",
}


@pytest.mark.parametrize("name", HIDDEN)
def test_most_have_a_fix(name: str) -> None:
    script, _ = HIDDEN[name]
    assert (fixed(script) == script) == (name in WITHOUT_FIX)


@pytest.mark.parametrize(
    ("script", "begins"),
    [
        ("python a.py\ndate\n", "set -euo pipefail\n"),
        ("python a.py $NOWHERE\ndate\n", "set -eo pipefail\n"),
        ("source setup.sh\npython a.py $X\ndate\n", "set -eo pipefail\n"),
        ("ls | head -1\npython a.py\ndate\n", "set -eu\n"),
        ("# first\n\n  python a.py\ndate\n", "# first\n\nset -euo pipefail\n  python"),
    ],
)
def test_set_is_put_in_with_what_does_no_harm(script: str, begins: str) -> None:
    assert fixed(script).startswith(begins)


def test_a_plain_shell_gets_no_pipefail() -> None:
    (finding,) = lint_script("python a.py\ndate\n", bash=False)
    assert finding.changes[0].text == "set -eu\n"
    (finding,) = lint_script("set -e\npython a.py | tee log\n", bash=False)
    assert finding.code == "shell-pipe"
    assert not finding.changes


def test_options_of_the_command_line_count() -> None:
    script = "python a.py | tee log\ndate\n"
    assert not lint_script(script, options=frozenset({"errexit", "pipefail"}))
    assert [item.code for item in lint_script(script, options=frozenset({"errexit"}))] == ["shell-pipe"]


@pytest.mark.parametrize(
    ("script", "stay", "lost"),
    [
        ("python a.py --output_dir out", True, True),
        ("python a.py --output-dir=out/run1", True, True),
        ("python a.py training.output_dir=./out", True, True),
        ("python a.py --save_dir /tmp/out", True, True),
        ("python a.py --output_dir out", False, False),
        ("python a.py --output_dir $OUT", True, False),
        ("mkdir -p out; python a.py --data_dir out", True, False),
    ],
)
def test_results_that_stay_behind(script: str, *, stay: bool, lost: bool) -> None:
    codes = [item.code for item in lint_script(script, env=frozenset({"OUT"}), outputs_stay=stay)]
    assert codes == ["shell-outputs-lost"] * lost


def test_a_misspelt_name_is_put_right_everywhere() -> None:
    assert fixed("echo $BUKET ${BUKET} ${BUKET%/}") == "echo $BUCKET ${BUCKET} ${BUCKET%/}"


def test_nothing_is_said_of_what_is_not_understood() -> None:
    for script in ("python a.py; echo 'x", "if true; then python a.py; echo", "coproc x { a; }; )", "a\0b"):
        assert found(script) == []
