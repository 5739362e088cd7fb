"""The Spec pane and files: several at a time, the last ones, other programs and sessions; nothing lost."""

# ruff: noqa: ASYNC240  # small files on a disk of the test's own

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from tests.panes.spec_world import GOOD, SpecApp
from tests.support import wait_for
from tui.domain.jobs import job_from_json
from tui.panes.spec_dialogs import DifferenceScreen
from tui.panes.spec_path import PathScreen
from tui.panes.spec_pick import PickScreen
from tui.services.jobwatch import JobsSnapshot
from tui.services.recent import RecentFiles
from tui.widgets.confirm import ConfirmScreen

TOKEN = "hf_" + "aB3" * 12


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "job.yaml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def other(tmp_path: Path) -> Path:
    path = tmp_path / "other.yaml"
    path.write_text("# other\n" + GOOD)
    return path


async def opened(app: SpecApp, path: Path) -> None:
    await wait_for(lambda: app.editor.has_focus and app.editor.text == path.read_text())


def replace(path: Path, text: str) -> None:
    """Write as other programs do, at a later time than before."""
    path.write_text(text)
    later = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))


async def test_several_files_keep_their_text_place_and_history(
    tmp_path: Path, spec: Path, other: Path
) -> None:
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, spec)
        await pilot.press("down", "down", *"#x")
        await app.pane.open_file(other)
        await wait_for(lambda: "job.yaml ●" in app.shown and "[other.yaml]" in app.shown)
        assert app.editor.cursor_location == (0, 0)
        await pilot.press("alt+left")
        await wait_for(lambda: "[job.yaml ●]" in app.shown)
        assert app.editor.cursor_location == (2, 2)
        await pilot.press("ctrl+z", "ctrl+z")
        await wait_for(lambda: app.editor.text == GOOD)
        await pilot.press("alt+b")
        await wait_for(lambda: isinstance(app.screen, PickScreen))
        await pilot.press(*"oth", "enter")
        await wait_for(lambda: app.editor.text == other.read_text())
        await pilot.press("alt+w")
        await wait_for(lambda: app.editor.text == GOOD)
        assert "[job.yaml]" not in app.shown


async def test_closing_an_unsaved_text_asks_and_the_last_leads_to_the_beginning(
    tmp_path: Path, spec: Path
) -> None:
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, spec)
        await pilot.press("#", "alt+w")
        await wait_for(lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("escape", "alt+w")
        await wait_for(lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await wait_for(lambda: "Opened last" in app.shown)
        await wait_for(lambda: app.badges[-1:] == [("", "")])
        assert spec.read_text() == GOOD
        assert "Restore" not in app.shown
        await pilot.press("end", "enter")
        await opened(app, spec)


async def test_the_last_files_are_offered_and_one_that_is_gone_says_so(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path)
    recent = RecentFiles(app.paths.state_dir)
    recent.add(spec)
    recent.add(tmp_path / "gone.yaml")
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: "gone.yaml" in app.shown)
        assert "not there any more" in app.shown
        await pilot.press("end", "up", "enter")
        await wait_for(lambda: "Cannot read gone.yaml" in app.notice)
        await pilot.press("d")
        await wait_for(lambda: "gone.yaml" not in app.shown.partition("Opened last")[2].partition("╰")[0])
        await pilot.press("end", "enter")
        await opened(app, spec)
    assert [item.path for item in recent.all()] == [spec]


async def test_a_change_by_another_program_is_offered(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(app, spec)
        replace(spec, "# theirs\n" + GOOD)
        await wait_for(lambda: "changed by another program" in app.notice)
        assert "changed outside" in app.shown
        await pilot.press("alt+d")
        await wait_for(lambda: isinstance(app.screen, DifferenceScreen) and "+ # theirs" in app.shown)
        await pilot.press("escape", "alt+r")
        await wait_for(lambda: app.editor.text == "# theirs\n" + GOOD)
        assert not app.pane.unsaved
        await pilot.press("ctrl+z")
        await wait_for(lambda: app.editor.text == GOOD)
        assert app.pane.unsaved


async def test_ones_own_text_can_be_kept_and_written_over_a_change(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(app, spec)
        await pilot.press("#")
        replace(spec, "theirs: 1\n")
        await wait_for(lambda: "changed by another program" in app.notice)
        await pilot.press("alt+k")
        await wait_for(lambda: "Your text is kept" in app.notice)
        await pilot.press("ctrl+s")
        await wait_for(lambda: spec.read_text() == "#" + GOOD)


async def test_a_file_that_was_only_touched_or_holds_the_same_text_is_no_change(
    tmp_path: Path, spec: Path
) -> None:
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(app, spec)
        await pilot.press("#")
        stamp = spec.stat().st_mtime_ns
        replace(spec, "#" + GOOD)
        await wait_for(lambda: not app.pane.unsaved)
        assert spec.stat().st_mtime_ns > stamp
        assert "changed outside" not in app.shown


async def test_a_removed_file_is_said_and_its_text_is_kept(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(app, spec)
        spec.unlink()
        await wait_for(lambda: "job.yaml was removed" in app.notice)
        assert app.pane.unsaved
        await wait_for(lambda: list((app.paths.journals_dir / "spec").glob("*.json")))
        await pilot.press("ctrl+s")
        await wait_for(lambda: spec.is_file() and spec.read_text() == GOOD)
        await wait_for(lambda: not app.pane.unsaved)


@contextmanager
def another_session(home: Path, spec: Path) -> Iterator[None]:
    code = (
        "import sys; from pathlib import Path; from tui.services.open_files import OpenFiles\n"
        "OpenFiles(Path(sys.argv[1])).note([Path(sys.argv[2])]); print('open', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(home), str(spec)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"open\n"
        yield
    finally:
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()


async def test_a_file_open_in_another_session_is_said_and_the_last_writer_is_warned(
    tmp_path: Path, spec: Path
) -> None:
    app = SpecApp(tmp_path, spec)
    with another_session(app.paths.state_dir, spec):
        async with app.run_test(size=(120, 30)) as pilot:
            await wait_for(lambda: "also open in another session since" in app.notice)
            assert "also open elsewhere" in app.shown
            replace(spec, "theirs: 1\n")
            await pilot.press("#", "ctrl+s")
            await wait_for(lambda: isinstance(app.screen, ConfirmScreen))
            assert "Another session has it open since" in app.shown
            await pilot.press("n")
    assert spec.read_text() == "theirs: 1\n"
    again = SpecApp(tmp_path, spec)
    async with again.run_test(size=(120, 30)):
        await wait_for(lambda: again.editor.has_focus)
        assert "another session" not in again.notice


async def test_a_read_only_file_says_so_and_is_saved_elsewhere(tmp_path: Path, spec: Path) -> None:
    spec.chmod(0o444)
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: "read-only" in app.shown)
        await pilot.press("#", "ctrl+s")
        await wait_for(lambda: "Save it under another name with ctrl+t" in app.notice)
        await pilot.press("ctrl+t")
        await wait_for(lambda: isinstance(app.screen, PathScreen))
        app.screen.query_one(Input).value = str(tmp_path / "mine.yaml")
        await pilot.press("enter")
        await wait_for(lambda: "Saved mine.yaml" in app.notice)
    assert (tmp_path / "mine.yaml").read_text() == "#" + GOOD
    assert spec.read_text() == GOOD


async def test_a_full_disk_loses_nothing_and_is_said(
    tmp_path: Path, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(app, spec)
        with monkeypatch.context() as patch:
            patch.setattr("tui.services.files.os.fsync", full)
            await pilot.press("#")
            await wait_for(lambda: "Unsaved text cannot be kept" in app.notice)
            assert "No space left" in app.notice
            await pilot.press("ctrl+s")
            await wait_for(lambda: "Cannot write job.yaml" in app.notice)
            assert app.editor.text == "#" + GOOD
            assert spec.read_text() == GOOD
            assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"job.yaml"}
        await pilot.press("ctrl+s")
        await wait_for(lambda: spec.read_text() == "#" + GOOD)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"a: \xff\n", "not UTF-8. Line 1 holds the byte 0xff"),
        (
            "a: b\n".encode("utf-16"),
            "UTF-16: its first bytes are ff fe. Convert it: iconv -f UTF-16",
        ),
        (b"#" * 5_000_000, "too large"),
    ],
)
async def test_what_cannot_be_edited_is_said_and_left_alone(
    tmp_path: Path, spec: Path, raw: bytes, words: str
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(raw)
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(100, 30)):
        await opened(app, spec)
        await app.pane.open_file(bad)
        await wait_for(lambda: words in app.notice)
        assert app.editor.text == GOOD
    assert bad.read_bytes() == raw


@pytest.mark.parametrize("raw", [b"", b"a: \x00b\n", b"\xef\xbb\xbfa: b\r\nc: d", b"a: b\rc: d\n\n\n"])
async def test_odd_files_are_shown_and_saved_as_they_were(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "odd.yaml"
    path.write_bytes(raw)
    app = SpecApp(tmp_path, path)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: "odd.yaml" in app.shown)
        assert not app.pane.unsaved
        await pilot.press("ctrl+s")
        await wait_for(lambda: "Saved odd.yaml" in app.notice)
    assert path.read_bytes() == raw


async def test_the_picker_goes_through_folders_and_shows_hidden_files_on_demand(
    tmp_path: Path, other: Path
) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "inner.yaml").write_text(GOOD)
    (tmp_path / ".hidden.yaml").write_text("# hidden\n")
    app = SpecApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: "Begin a new spec" in app.shown)
        await pilot.press("o")
        await wait_for(lambda: isinstance(app.screen, PathScreen))
        app.screen.query_one(Input).value = f"{tmp_path}/deep/"
        await wait_for(lambda: "inner.yaml" in app.shown)
        await pilot.press("alt+up")
        await wait_for(lambda: other.name in app.shown)
        assert ".hidden.yaml" not in app.shown
        await pilot.press("alt+h")
        await wait_for(lambda: ".hidden.yaml" in app.shown)
        await pilot.press(*"dee", "enter")
        await wait_for(lambda: "inner.yaml" in app.shown)
        await pilot.press("down", "enter")
        await wait_for(lambda: app.editor.text == GOOD)


async def test_a_past_job_becomes_a_spec_without_its_secrets(tmp_path: Path) -> None:
    env = [{"name": "HF_TOKEN", "value": TOKEN}, {"name": "MODE", "value": "a ${B}"}]
    pool = {
        "machineSpec": {"machineType": "n1-standard-4"},
        "replicaCount": "1",
        "containerSpec": {"imageUri": "python:3.11", "args": ["a\nb\n"], "env": env},
    }
    raw = {
        "name": "projects/1/locations/r/customJobs/7",
        "displayName": "past one",
        "state": "JOB_STATE_FAILED",
        "jobSpec": {"workerPoolSpecs": [pool], "serviceAccount": "a@b.iam.gserviceaccount.com"},
    }
    app = SpecApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: "Begin with a past job" in app.shown)
        await pilot.press("p")
        await wait_for(lambda: "No job is known yet" in app.shown)
        await pilot.press("escape")
        app.pane.jobs = JobsSnapshot(jobs=(job_from_json(raw),))
        await pilot.press("p")
        await wait_for(lambda: "past one" in app.shown)
        await pilot.press("enter")
        await wait_for(lambda: "value: ${HF_TOKEN}" in app.editor.text)
        assert "value: a $${B}" in app.editor.text
        assert "serviceAccount: a@b.iam.gserviceaccount.com" in app.editor.text
        assert TOKEN not in app.editor.text


async def alt(pilot: Pilot[Any], letter: str) -> None:
    """Press alt and a letter as a terminal sends them: with the letter as their character."""
    pilot.app.post_message(events.Key(f"alt+{letter}", letter))
    await pilot.pause()


async def test_alt_and_a_letter_type_nothing(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, spec)
        await alt(pilot, "b")
        await wait_for(lambda: isinstance(app.screen, PickScreen))
        await pilot.press("escape")
        await alt(pilot, "z")
        assert app.editor.text == GOOD
