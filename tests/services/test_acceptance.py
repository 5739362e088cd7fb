"""What was accepted is kept per project, in a private file, and never guessed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tui.services.acceptance import FILE, AcceptanceError, Acceptances


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
