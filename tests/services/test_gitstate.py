"""What git makes of a file with a secret, asked of the real git; and the line in `.gitignore`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.spec.git_secret import (
    CODE,
    NOT_IN_GIT,
    GitStanding,
    git_problem,
    ignore_pattern,
    tracked_lines,
    with_pattern,
)
from tui.domain.spec.problems import Problem, Severity
from tui.services.gitstate import GitIgnoreError, git_standing, ignore

LITERAL = Problem(3, 5, Severity.WARNING, "literal-secret", "x")


def git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words],
        cwd=folder,
        check=True,
        capture_output=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull},
    )


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A work tree with a spec in a folder of it."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    top = tmp_path / "tree"
    (top / "jobs").mkdir(parents=True)
    monkeypatch.delenv("GIT_DIR")
    git(top, "init", "-q")
    (top / "jobs" / "job.yaml").write_text("a: b\n")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    return top


def spec(tree: Path) -> Path:
    return tree / "jobs" / "job.yaml"


async def test_a_file_outside_is_in_no_work_tree(tmp_path: Path) -> None:
    assert await git_standing(tmp_path / "job.yaml") == NOT_IN_GIT
    assert await git_standing(tmp_path / "missing" / "job.yaml") == NOT_IN_GIT
    assert git_problem([LITERAL], NOT_IN_GIT) is None


async def test_without_git_nothing_is_known(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tree))
    assert await git_standing(spec(tree)) == NOT_IN_GIT


async def test_not_ignored_then_ignored(tree: Path) -> None:
    standing = await git_standing(spec(tree))
    assert (standing.relative, standing.tracked, standing.ignored) == ("jobs/job.yaml", False, False)
    problem = git_problem([LITERAL], standing)
    assert problem is not None
    assert (problem.code, problem.line) == (CODE, 3)
    assert problem.fix is not None
    assert problem.fix.title == "Add it to .gitignore"
    after = await ignore(standing)
    assert after.ignored
    assert git_problem([LITERAL], after) is None
    assert (tree / ".gitignore").read_bytes() == b"/jobs/job.yaml\n"
    await ignore(standing)
    assert (tree / ".gitignore").read_bytes() == b"/jobs/job.yaml\n"
    link = tree.parent / "link.yaml"
    link.symlink_to(spec(tree))
    assert (await git_standing(link)).ignored


async def test_a_tracked_file_is_told_apart_and_ignoring_is_not_enough(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GIT_DIR")
    git(tree, "add", "jobs/job.yaml")
    standing = await git_standing(spec(tree))
    assert standing.tracked
    problem = git_problem([LITERAL], standing)
    assert problem is not None
    assert "tracked by git" in problem.message
    words = "\n".join(tracked_lines(standing))
    assert "not enough" in words
    assert "rm --cached -- jobs/job.yaml" in words
    assert (await ignore(standing)).tracked


async def test_an_existing_file_keeps_its_bytes_mode_and_endings(tree: Path) -> None:
    file = tree / ".gitignore"
    file.write_bytes(b"*.log\r\n!keep\r\n")
    file.chmod(0o640)
    await ignore(await git_standing(spec(tree)))
    assert file.read_bytes() == b"*.log\r\n!keep\r\n/jobs/job.yaml\r\n"
    assert file.stat().st_mode & 0o777 == 0o640


async def test_a_deeper_rule_that_wins_is_told(tree: Path) -> None:
    (tree / "jobs" / ".gitignore").write_text("!job.yaml\n")
    with pytest.raises(GitIgnoreError, match="all the same"):
        await ignore(await git_standing(spec(tree)))


async def test_a_link_and_a_folder_are_left_alone(tree: Path) -> None:
    standing = await git_standing(spec(tree))
    (tree / ".gitignore").symlink_to(tree / "other")
    with pytest.raises(GitIgnoreError, match="link"):
        await ignore(standing)
    (tree / ".gitignore").unlink()
    (tree / ".gitignore").mkdir()
    with pytest.raises(GitIgnoreError):
        await ignore(standing)


@pytest.mark.parametrize(
    "name", [":job.yaml", "-x.yaml", "a*b.yaml", "#x.yaml", "!x [1].yaml", "ü \\ .yaml", "x "]
)
async def test_odd_names(tree: Path, name: str) -> None:
    (tree / name).write_text("x")
    (tree / "ab.yaml").write_text("x")
    standing = await git_standing(tree / name)
    assert standing.ignored is False
    assert (await ignore(standing)).ignored
    assert (await git_standing(tree / "ab.yaml")).ignored is False


async def test_git_that_hangs_or_distrusts_is_said(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    fake = folder / "git"
    fake.write_text("#!/bin/sh\nexec sleep 60\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    slow = await git_standing(spec(tree), patience=0.2)
    assert slow.tracked is None
    problem = git_problem([LITERAL], slow)
    assert problem is not None
    assert "did not answer" in problem.message
    assert problem.fix is None
    fake.write_text("#!/bin/sh\necho 'fatal: detected dubious ownership in repository' >&2\nexit 128\n")
    distrusted = await git_standing(spec(tree))
    assert "does not trust" in distrusted.trouble


def test_a_clean_file_has_no_problem() -> None:
    assert git_problem([], GitStanding("/t", "job.yaml", True, False)) is None  # noqa: FBT003


@given(
    st.binary(max_size=40), st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
)
def test_what_is_there_stays(before: bytes, name: str) -> None:
    pattern = ignore_pattern(name)
    assert pattern is not None
    after = with_pattern(before, pattern)
    assert after.startswith(before)
    assert after.splitlines()[-1] == pattern.encode() or "\x85" in name or "\u2028" in name
