"""Runs the user's own command when a watched job has ended (the setting `jobs.end_command`)."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tui.domain.jobs import Job
from tui.domain.text import printable
from tui.services.paths import private_dir

SECONDS = 300.0
"""After which it is stopped, with all that it has started, while the app runs."""
LONGEST_NAME = 512


def end_environment(job: Job, environ: Mapping[str, str]) -> dict[str, str]:
    """What the command is given: the job's words are values here, never a part of the command."""
    return {
        **environ,
        "VERTEX_TUI_JOB_NAME": printable(job.display_name)[:LONGEST_NAME],
        "VERTEX_TUI_JOB_ID": printable(job.job_id),
        "VERTEX_TUI_JOB_STATE": job.state.name.lower(),
    }


def run_end_command(
    command: str,
    job: Job,
    log: Path,
    environ: Mapping[str, str],
    *,
    seconds: float = SECONDS,
    done: Callable[[str], object] = lambda _words: None,
) -> threading.Thread:
    """Start the command in a session of its own, so that it outlives the app; its output goes to `log`.

    Returns at once; `done` is called in the returned thread, with an empty text or with what went wrong.
    """

    def work() -> None:
        done(_run(command, job, log, environ, seconds))

    thread = threading.Thread(target=work, name="end command", daemon=True)
    thread.start()
    return thread


def _run(command: str, job: Job, log: Path, environ: Mapping[str, str], seconds: float) -> str:
    try:
        private_dir(log.parent)
        with log.open("ab") as output:
            when = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            output.write(f"{when} jobs.end_command for {printable(job.job_id)}\n".encode())
            output.flush()
            process = subprocess.Popen(  # noqa: S602 (the user's own words; the job's are in the environment)
                command,
                shell=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=end_environment(job, environ),
                start_new_session=True,
            )
    except (OSError, ValueError) as failure:
        return f"It could not be started: {failure}"
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return f"It was stopped after {seconds:g} s"
    return "" if status == 0 else f"It ended with {status}"
