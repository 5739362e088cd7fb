"""Brings records to a running server: read here, in the caller's process, and taken over there."""

from __future__ import annotations

from pathlib import Path

from tui.local.admin.client import AdminClient
from tui.local.launcher import LauncherError
from tui.local.recordings.files import JOB_FILE, Summary, read_job, stage_record
from tui.local.recordings.script import TOLD
from tui.local.recordings.staging import Staging


def load_record(
    client: AdminClient,
    data_dir: Path,
    folder: Path,
    *,
    speed: float | None = None,
    now: bool = False,
    replace: bool = False,
) -> tuple[Summary, list[str]]:
    """Have the server serve one record, whole or not at all; what was read, and APIs enabled for it.

    Args:
        client: of the server.
        data_dir: its data directory.
        folder: holds the record's files.
        speed: how many times as fast it is replayed; None to serve it at once.
        now: move all times so that the replay begins now.
        replace: in place of a job of the same id.

    Raises:
        RecordError: a file cannot be read; with file, line and column.
        LauncherError: the server refuses, such as a job that it has already.
        OSError: a file cannot be opened.
    """
    job_id = read_job(folder / JOB_FILE)[1].job_id
    if not replace and client.call("GET", f"recordings/{job_id}")["exists"]:
        raise LauncherError(f"there is a job {job_id} already; --replace puts this one in its place")
    with Staging(data_dir, "import") as staging:
        summary = stage_record(folder, staging, TOLD)
        name = staging.finish(said=summary.said)
    wanted = {"staged": name, "speed": speed, "now": now, "replace": replace}
    try:
        answer = client.call("POST", "recordings", wanted)
    except LauncherError:
        staging.remove()
        raise
    return summary, answer["enabled"]
