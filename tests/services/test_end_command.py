"""The user's command for the end of a job: what it is given, where its output goes, when it is stopped."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support import wait_for
from tui.domain.jobs import Job, JobState
from tui.services.end_command import end_environment, run_end_command

EVIL = "a; touch owned $(touch owned) `touch owned` \x1b]0;x\x07\n' \""
JOB = Job("projects/1/locations/r/customJobs/7", EVIL, JobState.FAILED)
TELL = 'printf "%s|%s|%s" "$VERTEX_TUI_JOB_NAME" "$VERTEX_TUI_JOB_ID" "$VERTEX_TUI_JOB_STATE" > told'


async def run(command: str, folder: Path, *, seconds: float = 20, job: Job = JOB) -> tuple[str, str]:
    """What went wrong, and the log."""
    said: list[str] = []
    log = folder / "state" / "debug.log"
    whole = f"cd '{folder}' && {{ {command}; }}"
    thread = run_end_command(whole, job, log, os.environ, seconds=seconds, done=said.append)
    await wait_for(lambda: said)
    thread.join()
    return said[0], log.read_text()


async def test_the_job_is_told_by_variables_and_never_by_words_of_the_command(tmp_path: Path) -> None:
    trouble, log = await run(f"{TELL}; echo out; echo err >&2", tmp_path)
    assert trouble == ""
    name, number, state = (tmp_path / "told").read_text().rsplit("|", 2)
    assert (number, state) == ("7", "failed")
    assert name.startswith("a; touch owned $(touch owned)")
    assert "\x1b" not in name
    assert not _files(tmp_path, "owned")
    assert "jobs.end_command for 7" in log
    assert "out\nerr\n" in log


async def test_a_failure_and_one_that_hangs_are_told(tmp_path: Path) -> None:
    assert (await run("exit 3", tmp_path))[0] == "It ended with 3"
    trouble, _ = await run("sleep 600 & echo $! > child; wait", tmp_path, seconds=1)
    assert "stopped after 1 s" in trouble
    child = int((tmp_path / "child").read_text())
    await wait_for(lambda: not _runs(child))


async def test_it_has_a_session_of_its_own(tmp_path: Path) -> None:
    await run("ps -o sid= -p $$ > sid || echo 0 > sid", tmp_path)
    assert int((tmp_path / "sid").read_text()) != os.getsid(0)


def test_a_name_that_no_environment_can_hold_is_made_to_fit() -> None:
    job = Job("x/customJobs/1", "a\0b" * 400, JobState.PARTIALLY_SUCCEEDED)
    made = end_environment(job, {"PATH": "/bin"})
    assert "\0" not in made["VERTEX_TUI_JOB_NAME"]
    assert made["VERTEX_TUI_JOB_STATE"] == "partially_succeeded"
    assert made["PATH"] == "/bin"


async def test_a_log_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "debug.log").mkdir()
    said: list[str] = []
    run_end_command("true", JOB, tmp_path / "debug.log", os.environ, done=said.append)
    await wait_for(lambda: said)
    assert "could not be started" in said[0]


def _files(folder: Path, name: str) -> list[Path]:
    return list(folder.rglob(name))


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
