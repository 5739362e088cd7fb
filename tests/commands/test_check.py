"""`vertex-tui check`: places, codes, exit statuses, and files that are none."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tui.domain.spec.check import check
from tui.services.secrets import SecretStore

TUTORIAL = Path(__file__).parents[1] / "data" / "tutorial_job.yaml"
GOOD = """
workerPoolSpecs:
  - machineSpec:
      machineType: n1-standard-4
    replicaCount: 1
    containerSpec:
      imageUri: python:3.12
      command: [python, -c, "print(1)"]
scheduling:
  timeout: 3600s
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.yaml").write_text(GOOD)


def test_each_problem_is_a_line_that_editors_jump_to(run: Run) -> None:
    printed = run("check", TUTORIAL)
    assert printed.status == 1
    lines = printed.out.splitlines()
    assert f"{TUTORIAL}:23:18: error placeholder: <YOUR_HF_TOKEN> is a placeholder." in lines
    assert sum(": error " in line for line in lines) == 4
    assert printed.err == f"{TUTORIAL}: 4 errors, 3 warnings\n"


def test_the_problems_are_those_of_the_pane(run: Run) -> None:
    shown = [(item["line"], item["code"]) for item in run("check", "--json", TUTORIAL).json]
    spec = check(TUTORIAL.read_text(), set(), region="us-central1")
    pane = [(problem.line, problem.code) for problem in spec.problems]
    assert [item for item in shown if item[1] != "image-ended"] == pane  # that one asks what day it is


def test_json_has_the_documented_keys_and_nothing_for_a_good_spec(run: Run) -> None:
    printed = run("check", "good.yaml", "--json")
    assert (printed.status, printed.json) == (0, [])
    Path("bad.yaml").write_text(GOOD.replace("machineType", "machinType"))
    (problem, *_) = run("check", "--json", "bad.yaml").json
    assert list(problem) == ["file", "line", "column", "severity", "code", "message"]
    assert problem["file"] == "bad.yaml"
    assert (problem["line"], problem["column"]) == (4, 7)


def test_warnings_alone_are_no_failure(run: Run) -> None:
    Path("long.yaml").write_text(GOOD.partition("scheduling:")[0])
    printed = run("check", "long.yaml")
    assert printed.status == 0
    assert "warning no-timeout" in printed.out
    assert run("check", "good.yaml").err == "good.yaml: no problems\n"


def test_files_that_cannot_be_read_do_not_keep_the_others_from_being_checked(run: Run) -> None:
    Path("binary").write_bytes(bytes(range(256)))
    Path("sixteen.yaml").write_bytes(GOOD.encode("utf-16"))
    printed = run("check", "binary", "good.yaml", "gone.yaml", ".", "sixteen.yaml")
    assert printed.status == 1
    assert [line.split(":")[0] for line in printed.out.splitlines()] == [
        "binary",
        "gone.yaml",
        ".",
        "sixteen.yaml",
    ]
    assert all(":1:1: error unreadable-file: " in line for line in printed.out.splitlines())
    assert run("check", "gone.yaml", "--json").json[0]["code"] == "unreadable-file"
    assert run("check", "gone.yaml", "binary").status == 2


def test_stdin_is_a_spec_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"workerPoolSpecs: 7\n")))
    printed = run("check", "-")
    assert printed.status == 1
    assert "-:1:18: error wrong-type: " in printed.out
    reading, writing = os.pipe()
    os.write(writing, b"workerPoolSpecs: 7\n")
    os.close(writing)
    piped = run("check", f"/dev/fd/{reading}")  # as <(…) is named
    os.close(reading)
    assert f"/dev/fd/{reading}:1:18: error wrong-type: " in piped.out


def test_a_hostile_file_moves_no_cursor_and_its_json_stays_json(run: Run) -> None:
    name = "\x1b[2Jevil\u202e.yaml"
    Path(name).write_text('workerPoolSpecs: "\x9b31m"\n')
    printed = run("check", name)
    assert not set(printed.out + printed.err) & {"\x1b", "\x9b", "\u202e"}
    text = run("check", "--json", name).out
    assert not set(text) & {"\x1b", "\x9b", "\u202e"}
    assert {item["file"] for item in json.loads(text)} == {name}


def test_the_secrets_the_settings_and_the_region_count(run: Run, home: Path) -> None:
    Path("named.yaml").write_text(
        GOOD.replace("      command", "      env:\n        - name: A\n          value: ${A}\n      command")
    )
    assert "unset-reference" in run("check", "named.yaml").out
    SecretStore(home / "config" / "secrets.toml").set("A", "value")
    assert "unset-reference" not in run("check", "named.yaml").out
    Path("gpu.yaml").write_text(GOOD.replace("n1-standard-4", "a3-megagpu-8g"))
    here, there = (
        run("check", "--json", "gpu.yaml", "--region", region).json
        for region in ("us-central1", "africa-south1")
    )
    assert len(there) > len(here)
    assert run("config", "set", "jobs.price_limit", "0.01").status == 0
    assert "over-limit" in {item["code"] for item in run("check", "--json", "good.yaml").json}
    assert run("check", "--local", "--json", "good.yaml").json == []


def test_a_secret_that_git_would_take_along_is_named(run: Run, tmp_path: Path) -> None:
    token = "0f3c" * 10
    text = GOOD.replace(
        "      command", f"      env:\n        - name: WANDB_API_KEY\n          value: {token}\n      command"
    )
    Path("secret.yaml").write_text(text)
    assert "secret-in-git" not in run("check", "secret.yaml").out
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    printed = run("check", "secret.yaml")
    assert printed.status == 0
    assert "warning secret-in-git" in printed.out
    assert token not in printed.out + printed.err
