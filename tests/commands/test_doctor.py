"""`vertex-tui doctor`: what it finds on a real server, what it changes there, and what it tells of both."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.commands.test_check import GOOD
from tui.commands.doctor_words import for_shell
from tui.domain import setup

ROW = [
    "id",
    "group",
    "title",
    "state",
    "blocks",
    "optional",
    "finding",
    "why",
    "said",
    "next",
    "command",
    "link",
    "fixes",
    "by_hand",
]


@pytest.mark.usefixtures("fresh")
def test_a_fresh_project_is_looked_at_put_right_and_ready(run: Run, tmp_path: Path) -> None:
    spec = tmp_path / "good.yaml"
    spec.write_text(GOOD)
    found = run("doctor", "--local", "--region", "europe-west4")
    assert found.status == 1
    assert "✗ failed APIs Vertex AI off" in found.lines
    assert "Fix: enable aiplatform.googleapis.com (--fix does it)" in found.lines
    assert found.lines[-1].startswith("✗ local-project in europe-west4: 2 to fix; vertex-tui doctor --fix")
    unasked = run("doctor", "--local", "--fix")
    assert (unasked.status, unasked.out) == (2, "")
    assert "say --yes" in unasked.err

    fixed = run("doctor", "--local", "--region", "europe-west4", "--fix", "--yes", "--spec", spec)
    assert fixed.status == 0, fixed.out
    listed = [line for line in fixed.err.splitlines() if line.startswith("  ")]
    assert "  create the bucket gs://local-project-outputs in europe-west4, with uniform access" in listed
    assert fixed.err.count("✓") == len(listed)
    assert fixed.lines[-1] == "✓ local-project in europe-west4: ready"
    again = run("doctor", "--local", "--region", "europe-west4", "--json", "--fix", "--yes")
    assert (again.status, again.json["ready"], again.json["changed"]) == (0, True, [])


@pytest.mark.usefixtures("local")
def test_json_has_the_documented_keys(run: Run) -> None:
    found = run("doctor", "--local", "--json")
    assert list(found.json) == [
        "project",
        "region",
        "local",
        "ready",
        "blocks",
        "summary",
        "spec_trouble",
        "checks",
        "changed",
        "failed",
    ]
    assert all(list(check) == ROW for check in found.json["checks"])
    assert found.json["local"] is True
    assert found.json["blocks"] is (found.status == 1)
    assert {check["id"] for check in found.json["checks"]} >= {"project", "region", "quota.spec"}


def test_without_a_project_each_row_waits_and_the_reason_is_told(run: Run) -> None:
    found = run("doctor")
    assert found.status == 1
    assert found.lines[-1] == "✗ no project in us-central1: No project is set"
    assert "– waiting APIs Vertex AI waits for the connection" in found.lines


@pytest.mark.usefixtures("local")
def test_the_spec_that_is_named_counts(run: Run, tmp_path: Path) -> None:
    assert run("doctor", "--local", "--spec", tmp_path / "gone.yaml").status == 2
    spec = tmp_path / "bad.yaml"
    spec.write_text(GOOD.replace("imageUri", "image"))
    found = run("doctor", "--local", "--spec", spec, "--json")
    assert found.status == 1
    assert found.json["spec_trouble"] == "the spec has 1 error"
    (cpus,) = (check for check in found.json["checks"] if check["title"] == "vCPUs (N1, E2)")
    assert (cpus["id"].partition(".")[0], cpus["state"]) == ("quota", "ok")


def test_options_that_contradict_each_other_are_refused_before_anything_is_asked(run: Run) -> None:
    for options in (("--yes",), ("--fix", "--read-only", "--yes"), ("--json", "--request")):
        found = run("doctor", *options)
        assert (found.status, found.out) == (2, "")


def texts() -> Iterator[str]:
    """Every text in the modules that make the rows."""
    folder = Path(str(setup.__file__)).parent
    for file in set(folder.glob("*.py")) - {folder / "assess.py"}:  # whose summary only the pane shows
        tree = ast.parse(file.read_text(encoding="utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                yield node.value


def test_no_row_speaks_of_a_key_of_the_app() -> None:
    for text in texts():
        shown = for_shell(text)
        assert not re.search(r"\b[a-z] (copies|fixes)\b|\(2\)", shown), text
        assert "press " not in shown.lower() or "ctrl" in shown, text
        assert "open spec" not in shown, text
