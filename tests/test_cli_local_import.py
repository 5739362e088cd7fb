"""`vertex-tui local import` on a real local server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.records import ID, entry, job, log, write
from tui import cli
from tui.local import launcher
from tui.services.paths import find_paths

OTHER = "projects/other/locations/europe-west4/customJobs/42"


@pytest.fixture
def folder() -> Iterator[Path]:
    """The local server's data directory of this test; whatever runs there is ended afterwards."""
    path = find_paths(os.environ).local_dir
    yield path
    launcher.stop(path)


def test_records_are_imported_each_for_itself(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = entry("by hand", "2026-03-01T10:06:00Z", "z", resource={"type": "global"}, novel=1)
    write(tmp_path / "a", job(), [*log(), foreign])
    write(tmp_path / "b", job(name=OTHER), ["{", ""])
    write(tmp_path / "c", job(name=OTHER.replace("42", "43"), error=None, state="JOB_STATE_SUCCEEDED"), None)
    assert cli.main(["local", "import", str(tmp_path)]) == 1
    said = capsys.readouterr()
    reason = "Expecting property name enclosed in double quotes"
    assert said.out.splitlines() == [
        f"{tmp_path}/a: job {ID} in us-central1, failed, 8 log entries",
        "  there more than once, kept once: 1 entry",
        "  not naming the job, so that its log does not show them: 1 entry",
        "  unknown to this version, left out: 1 field: novel (1)",
        f"{tmp_path}/c: job 43 in europe-west4, succeeded, 0 log entries",
        "  without a log: log.jsonl is not there or empty",
    ]
    assert said.err.splitlines() == [
        "enabled aiplatform.googleapis.com, without which nobody sees jobs and logs",
        f"{tmp_path}/b: not imported: {tmp_path}/b/log.jsonl:1:2: {reason}",
        "vertex-tui: 1 of 3 records were not imported",
    ]
    assert launcher.status(folder) is not None
    assert cli.main(["local", "import", str(tmp_path / "a")]) == 1
    assert f"there is a job {ID} already; --replace puts this one in its place" in capsys.readouterr().err
    assert cli.main(["local", "import", str(tmp_path / "a"), "--replace", "--speed", "2.5", "--now"]) == 0
    assert "failed, 8 log entries, replayed 2.5 times as fast" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["EMPTY"], "no job.json there, nor in a folder below it"),
        (["EMPTY", "--now"], "--now says when a replay begins; add --speed, e.g. --speed 1"),
        (["EMPTY", "--speed", "0"], "0.0 is not in the range x>0"),
        (["nowhere"], "does not exist"),
    ],
)
def test_what_cannot_be_imported_starts_no_server(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    given = [str(tmp_path) if each == "EMPTY" else each for each in arguments]
    assert cli.main(["local", "import", *given]) == 2
    assert problem in capsys.readouterr().err
    assert not folder.exists()
