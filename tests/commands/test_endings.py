"""How commands end when the user stops them, when nobody reads them, and when nothing can be written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.commands.test_jobs import made, started
from tests.commands.test_run import SPEC
from tests.local.clients import PARENT, REGION, Server
from tests.support import PATIENCE, wait_until

HERE = ("--local", "--region", REGION)
COMMAND = (sys.executable, "-m", "tui")
INTERRUPTED, READER_GONE = 130, 141


def begin(arguments: Sequence[object]) -> subprocess.Popen[str]:
    """A command as a shell starts it, with pipes."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def happened(run: Run, fault: int) -> int:
    """How often a fault did."""
    rows = (line.split() for line in run("local", "fault", "list").lines[1:])
    return next((int(row[4]) for row in rows if row[0] == str(fault)), 0)


def delayed(run: Run, method: str, seconds: float = 60) -> int:
    """Let calls of a method take so long that a command can be stopped in their midst; the fault's number."""
    said = run("local", "fault", "add", "call", method, "delay", "--seconds", seconds)
    return int(said.out.removeprefix("Fault ").partition(":")[0])


@pytest.fixture(autouse=True)
def _source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("ListCustomJobs", ("jobs",)),
        ("GetCustomJob", ("job", "ID")),
        ("CancelCustomJob", ("cancel", "LIVE", "--yes")),
        ("ListLogEntries", ("logs", "ID")),
        ("ListLogEntries", ("metrics", "ID", "--json")),
        ("ListLogEntries", ("explain", "ID")),
        ("ListLogEntries", ("export", "ID", "record/of/it")),
    ],
)
def test_ctrl_c_ends_a_command_at_once(
    local: Server,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    arguments: Sequence[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    ids = {"ID": made(local, f"stopped-{method}"), "LIVE": ""}
    if "LIVE" in arguments:
        ids["LIVE"] = started(local, "stopped-live")
    fault = delayed(run, method)
    try:
        process = begin([*(ids.get(each, each) for each in arguments), *HERE])
        wait_until(lambda: happened(run, fault), what="the call")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        assert run("local", "fault", "clear").status == 0
    assert process.returncode == INTERRUPTED, err
    assert out == ""
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())
    if ids["LIVE"]:
        run("cancel", ids["LIVE"], *HERE, "--yes")
        local.ended(f"{PARENT}/customJobs/{ids['LIVE']}")


@pytest.mark.usefixtures("local")
def test_ctrl_c_leaves_a_job_that_is_followed_running(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_TOKEN", "quite-a-secret-1234")
    Path("long.yaml").write_text(SPEC.replace("exit $CODE", "echo begun; sleep 300"))
    process = begin(["run", "long.yaml", *HERE, "--name", "left-running", "--follow"])
    assert process.stdout is not None
    assert any("begun" in line for line in process.stdout)  # a line of the log, while the job runs
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == INTERRUPTED
    (job,) = run("jobs", *HERE, "--filter", "left-running", "--json").json
    assert job["state"] == "JOB_STATE_RUNNING"
    assert err.strip().splitlines()[-2:] == [
        f"The job goes on. To come back: vertex-tui logs {job['id']} --follow --local --region {REGION}",
        f"To stop it: vertex-tui cancel {job['id']} --local --region {REGION}",
    ]
    following = begin(["logs", job["id"], *HERE, "--follow"])
    assert following.stdout is not None
    assert following.stdout.readline()
    following.stdout.close()  # the reader goes
    assert run("cancel", job["id"], *HERE, "--yes").status == 0
    assert following.wait(PATIENCE) == READER_GONE
    assert following.stderr is not None
    assert "Traceback" not in following.stderr.read()
    following.stderr.close()


def test_a_reader_that_goes_and_no_output_at_all_are_no_error_of_ours(local: Server, tmp_path: Path) -> None:
    number = made(local, "many-lines", "for i in $(seq 3000); do echo a line that is rather long $i; done")
    reading, writing = os.pipe()
    os.close(reading)
    for arguments in (["logs", number], ["job", number], ["jobs", "--json"]):
        done = subprocess.run(
            [*COMMAND, *arguments, *HERE], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (READER_GONE, ""), arguments
    os.close(writing)
    full = subprocess.run(
        ["sh", "-c", 'exec "$@" >/dev/full', "sh", *COMMAND, "logs", number, *HERE],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert full.returncode == 1
    assert full.stderr == "vertex-tui: No space left on device; nothing more was done\n"
    none = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "logs", number, *HERE],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert none.returncode == 1
    assert (
        none.stderr
        == "vertex-tui: stdout is closed, so the result could not be printed; nothing more was done\n"
    )


@pytest.mark.usefixtures("local")
def test_ctrl_c_before_a_job_is_sent_says_that_nothing_was_started(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_TOKEN", "quite-a-secret-1234")
    Path("job.yaml").write_text(SPEC)
    fault = delayed(run, "ListCustomJobs")
    try:
        process = begin(["run", "job.yaml", *HERE])
        wait_until(lambda: happened(run, fault), what="the call")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        assert run("local", "fault", "clear").status == 0
    assert (process.returncode, out) == (INTERRUPTED, "")
    assert err.rstrip().endswith("Nothing was started.")


@pytest.mark.usefixtures("local")
def test_ctrl_c_while_a_job_is_sent_waits_for_the_reply_and_says_what_became_of_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_TOKEN", "quite-a-secret-1234")
    Path("job.yaml").write_text(SPEC)
    fault = delayed(run, "CreateCustomJob", 1)
    try:
        process = begin(["run", "job.yaml", *HERE, "--name", "sent-anyway"])
        wait_until(lambda: happened(run, fault), what="the call")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        assert run("local", "fault", "clear").status == 0
    (job,) = run("jobs", *HERE, "--filter", "sent-anyway", "--json").json
    assert (process.returncode, out) == (INTERRUPTED, f"{job['name']}\n")
    assert "It is being sent; the reply is awaited" in err
    assert f"It was started: {job['name']}" in err
    assert f"To stop it: vertex-tui cancel {job['id']} --local --region {REGION}" in err
    for target in ("/dev/full", "&-"):
        done = subprocess.run(
            [
                "sh",
                "-c",
                f'exec "$@" >{target}',
                "sh",
                *COMMAND,
                "run",
                "job.yaml",
                *HERE,
                "--name",
                "unsaid",
            ],
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "The job was started: projects/" in done.stderr
