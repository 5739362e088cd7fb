"""A clean script gets no warning: otherwise nobody would trust the others."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.domain.spec.shell.scripts import CLEAN, ENV
from tui.domain.spec.check import check
from tui.domain.spec.shell.lint import lint_script
from tui.domain.spec.shell.reader import read
from tui.domain.spec.templates import CPU_JOB

ROOT = Path(__file__).parents[4]


def test_there_are_enough() -> None:
    assert len(CLEAN) >= 50


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_script_is_read_and_nothing_is_said(name: str) -> None:
    script = CLEAN[name]
    assert read(script) is not None
    found = lint_script(script, env=ENV)
    assert [(script.count("\n", 0, item.at) + 1, item.code, item.message) for item in found] == []


@pytest.mark.parametrize("name", CLEAN)
def test_bash_reads_it_too(name: str) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash")
    done = subprocess.run([bash, "-n", "-c", CLEAN[name]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr


def shell_codes(text: str) -> list[tuple[int, str]]:
    return [(item.line, item.code) for item in check(text).problems if item.code.startswith("shell-")]


@pytest.mark.parametrize("path", sorted((ROOT / "examples").rglob("*.yaml")))
def test_the_examples_are_clean(path: Path) -> None:
    assert shell_codes(path.read_text("utf-8")) == []


def test_the_template_is_clean() -> None:
    assert shell_codes(CPU_JOB) == []
