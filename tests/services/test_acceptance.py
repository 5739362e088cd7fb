"""What was accepted is kept per project, in a private file, and never guessed."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tui.services import file_lock
from tui.services.acceptance import FILE, AcceptanceError, Acceptances
from tui.services.file_lock import locked

ROOT = Path(__file__).parents[2]
ROWS = 40
WRITER = """
import sys
from pathlib import Path
from tui.services.acceptance import Acceptances
mine = Acceptances(Path(sys.argv[1]), "kelp")
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    mine.change(f"{sys.argv[2]}.{number}", "as it is")
"""
"""A session that accepts rows one after the other as soon as it is told to."""


def test_findings_are_kept_per_project(tmp_path: Path) -> None:
    kelp, reef = Acceptances(tmp_path, "kelp"), Acceptances(tmp_path, "reef")
    assert kelp.read() == {}
    assert kelp.change("bucket", "in us-east1") == {"bucket": "in us-east1"}
    reef.change("billing", "not told")
    assert Acceptances(tmp_path, "kelp").read() == {"bucket": "in us-east1"}
    assert kelp.change("bucket", "") == {}
    assert reef.read() == {"billing": "not told"}
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_the_local_project_is_not_a_real_one_of_its_name(tmp_path: Path) -> None:
    Acceptances(tmp_path, "local-project", local=True).change("bucket", "x")
    assert Acceptances(tmp_path, "local-project").read() == {}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kelp": 1}', '{"kelp": {"a": 1}}', "[" * 100_000])
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(AcceptanceError, match="damaged"):
        Acceptances(tmp_path, "kelp").change("bucket", "x")
    assert (tmp_path / FILE).read_text() == text


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AcceptanceError):
        Acceptances(tmp_path / "file" / "state", "kelp").change("bucket", "x")


def test_of_two_sessions_that_accept_at_once_none_loses_a_row(tmp_path: Path) -> None:
    sessions = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), name, str(ROWS)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("ana", "ben")
    ]
    for session in sessions:
        assert session.stdout is not None
        assert session.stdout.readline() == "ready\n"
    for session in sessions:
        assert session.stdin is not None
        session.stdin.write("go\n")
        session.stdin.flush()
    for session in sessions:
        session.communicate(timeout=60)
        assert session.returncode == 0
    wanted = {f"{name}.{number}" for name in ("ana", "ben") for number in range(ROWS)}
    assert Acceptances(tmp_path, "kelp").read().keys() == wanted


def test_a_session_that_never_lets_go_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_lock, "WITHIN", 0.0)
    kelp = Acceptances(tmp_path, "kelp")
    with locked(tmp_path / FILE), pytest.raises(AcceptanceError, match="another session holds the file"):
        kelp.change("bucket", "x")
    assert kelp.change("bucket", "x") == {"bucket": "x"}
