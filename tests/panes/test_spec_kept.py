"""The Spec pane when things overlap or are missing: kept texts, saves, checks, names that are new."""

# ruff: noqa: ASYNC240  # small files on a disk of the test's own

from __future__ import annotations

import asyncio
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from tests.panes.spec_world import GOOD, SpecApp
from tests.support import wait_for
from tui.domain.spec.check import Spec
from tui.panes.spec_buffer import Buffer
from tui.panes.spec_lists import ProblemList
from tui.panes.spec_path import PathScreen
from tui.panes.spec_pick import PickScreen
from tui.services.handover import HandOver
from tui.services.journal import Journal
from tui.services.specfile import ABSENT, SpecFile, read_spec, save_spec
from tui.widgets.confirm import ConfirmScreen


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "job.yaml"
    path.write_text(GOOD)
    return path


def keep(app: SpecApp, path: Path, text: str, hours_ago: float, digest: str | None = None) -> None:
    """Leave an unsaved text of a file, as an earlier session would that had read it as it is now."""
    if digest is None:
        digest = read_spec(path).digest if path.is_file() and path.read_bytes() != b"\xff" else ABSENT
    moment = datetime.now(UTC) - timedelta(hours=hours_ago)
    journal = Journal(app.paths.journals_dir, clock=lambda: moment)
    journal.write(f"{hours_ago}", path, text, digest=digest)


async def declines(app: SpecApp, pilot: Pilot[None]) -> None:
    """ctrl+s asks, and the answer is no."""
    await pilot.press("ctrl+s")
    await wait_for(lambda: isinstance(app.screen, ConfirmScreen) and "Write over it?" in app.shown)
    await pilot.press("n")
    await wait_for(lambda: not isinstance(app.screen, ConfirmScreen))


@pytest.mark.parametrize("known", ["as it was", "not there", "not known"])
async def test_a_kept_text_is_not_written_over_what_came_after_the_crash(
    tmp_path: Path, spec: Path, known: str
) -> None:
    app = SpecApp(tmp_path, spec)
    keep(app, spec, "# typed\n" + GOOD, 1, {"not there": ABSENT, "not known": ""}.get(known))
    outside = GOOD + "# changed outside\n"
    spec.write_text(outside)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: "is back" in app.notice)
        assert "job.yaml was changed by another program since" in app.notice
        assert "alt+d shows the difference" in app.notice
        assert "job.yaml ● · changed outside" in app.shown
        await declines(app, pilot)
        assert spec.read_text() == outside
    again = SpecApp(tmp_path, spec)  # the same after a second crash
    async with again.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: "was changed by another program since" in again.notice)
        await declines(again, pilot)
        await pilot.press("alt+d")
        await wait_for(lambda: "+ # changed outside" in again.shown)
        await pilot.press("escape")
        await pilot.press("alt+r")
        await wait_for(lambda: again.editor.text == outside and not again.pane.unsaved)
        await pilot.press("ctrl+z", "ctrl+s")
        await wait_for(lambda: spec.read_text() == "# typed\n" + GOOD)


async def test_a_file_that_is_as_it_was_is_not_asked_about(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path, spec)
    keep(app, spec, "# typed\n" + GOOD, 1)
    spec.touch()
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: "is back" in app.notice)
        assert "changed" not in app.notice
        await pilot.press("ctrl+s")
        await wait_for(lambda: spec.read_text() == "# typed\n" + GOOD)


async def test_a_text_from_an_editor_is_not_written_over_what_came_after(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path, spec)
    with HandOver(app.paths.state_dir).lend("# typed\n", "job.yaml", spec, read_spec(spec).digest) as loan:
        loan.file.write_text("# typed\n# there\n")
    spec.write_text("# changed outside\n")
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: app.editor.text == "# typed\n# there\n")
        await wait_for(lambda: "changed by another program since" in app.notice)
        await declines(app, pilot)
    assert spec.read_text() == "# changed outside\n"


async def test_the_chosen_of_two_kept_texts_comes_back_and_the_other_stays(
    tmp_path: Path, spec: Path
) -> None:
    app = SpecApp(tmp_path)
    keep(app, spec, "# older\n", 5)
    keep(app, spec, "# newer\n", 1)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: app.shown.count("Restore the unsaved text of job.yaml") == 2)
        await pilot.press("down", "enter")
        await wait_for(lambda: app.editor.text == "# older\n")
        await wait_for(lambda: "is back" in app.notice)
        await pilot.press("ctrl+z")
        await wait_for(lambda: app.editor.text == GOOD)
    assert [item.text for item in Journal(app.paths.journals_dir).leftovers()] == ["# newer\n"]


@pytest.mark.parametrize("became", ["deleted", "not UTF-8", "a folder"])
async def test_a_kept_text_comes_back_whatever_became_of_its_file(
    tmp_path: Path, spec: Path, became: str
) -> None:
    spec.unlink()
    if became == "not UTF-8":
        spec.write_bytes(b"\xff")
    elif became == "a folder":
        spec.mkdir()
    app = SpecApp(tmp_path)
    keep(app, spec, "# kept\n", 1)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: "Restore the unsaved text of job.yaml" in app.shown)
        await pilot.press("enter")
        await wait_for(lambda: app.editor.text == "# kept\n" and "is back" in app.notice)
        assert (became in app.notice) == (became != "deleted")
        await pilot.press("ctrl+s")
        if became == "not UTF-8":
            await wait_for(lambda: isinstance(app.screen, ConfirmScreen))
            await pilot.press("y")
        if became == "a folder":
            await wait_for(lambda: "Add the name of a file" in app.notice)
        else:
            await wait_for(lambda: spec.read_bytes() == b"# kept\n")


async def test_what_an_editor_left_that_cannot_be_read_is_named_and_can_be_discarded(tmp_path: Path) -> None:
    app = SpecApp(tmp_path)
    lent = HandOver(app.paths.state_dir)
    with lent.lend("before", "job.yaml", None) as loan:
        loan.file.write_bytes(b"a: \xff\n")
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: "What an editor left of job.yaml" in app.shown)
        await pilot.press("enter")
        await wait_for(lambda: "not UTF-8" in app.notice and loan.file.parent.name in app.notice)
        await pilot.press("d")
        await wait_for(lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await wait_for(lambda: not loan.file.parent.exists())
        await wait_for(lambda: "What an editor left" not in app.shown)


async def test_two_saves_at_once_are_no_change_by_another_program(
    tmp_path: Path, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, begun = threading.Event(), threading.Event()

    def slow(file: SpecFile, text: str, *, force: bool = False) -> SpecFile:
        begun.set()
        gate.wait()
        return save_spec(file, text, force=force)

    monkeypatch.setattr("tui.panes.spec_disk.save_spec", slow)
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: app.editor.text == GOOD)
        await pilot.press("#", "ctrl+s")
        await wait_for(begun.is_set)
        await pilot.press("#", "ctrl+s")
        gate.set()
        await wait_for(lambda: spec.read_text() == "##" + GOOD and not app.pane.unsaved)
        assert "Saved job.yaml" in app.notice
        assert len(app.screen_stack) == 1


async def test_of_checks_that_wait_for_a_slow_one_only_the_newest_is_made(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path, spec)
    gate, seen = threading.Event(), list[str]()
    check = app.pane._check_text

    def slow(text: str) -> Spec:
        seen.append(text.partition("\n")[0])
        gate.wait()
        return check(text)

    app.pane._check_text = slow  # type: ignore[method-assign]
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: len(seen) == 1)
        for _ in range(3):
            await pilot.press("#")
            await asyncio.sleep(0.1)  # longer than the pause after which a check is asked for
        await pilot.press("ctrl+s")
        await wait_for(lambda: spec.read_text() == "###" + GOOD)
        gate.set()
        await wait_for(lambda: app.pane._spec_text == "###" + GOOD)
    assert seen == ["workerPoolSpecs:", "###workerPoolSpecs:"]


async def test_a_name_that_is_new_is_begun_and_saved_there(tmp_path: Path) -> None:
    path = tmp_path / "fresh.yaml"
    app = SpecApp(tmp_path, path)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: "fresh.yaml is a new file" in app.notice)
        assert "ctrl+n begins with a template" in app.notice
        assert "fresh.yaml · new file" in app.shown
        assert app.editor.has_focus
        await pilot.press("ctrl+n")
        await wait_for(lambda: isinstance(app.screen, PickScreen))
        await pilot.press("enter")
        await wait_for(lambda: "workerPoolSpecs" in app.editor.text)
        assert len(app.pane._buffers) == 1
        await pilot.press("ctrl+s")
        await wait_for(lambda: "Saved fresh.yaml" in app.notice)
        assert path.read_text() == app.editor.text
        assert "new file" not in app.shown


async def test_a_new_name_that_somebody_took_meanwhile_is_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "fresh.yaml"
    app = SpecApp(tmp_path, path)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: app.editor.has_focus)
        await pilot.press("#")
        path.write_text("theirs\n")
        await pilot.press("ctrl+s")
        await wait_for(lambda: isinstance(app.screen, ConfirmScreen) and "exists already" in app.shown)
        await pilot.press("n")
    assert path.read_text() == "theirs\n"
    again = SpecApp(tmp_path, path)
    async with again.run_test(size=(100, 30)):
        await wait_for(lambda: again.editor.text == "#")


async def test_rows_of_the_open_dialog_keep_to_one_line(tmp_path: Path) -> None:
    for number in range(30):
        path = tmp_path / f"a-job-spec-with-a-rather-long-name-that-has-to-be-cut-{number:02}.yaml"
        path.write_text("#" * 3000)
        os.utime(path, (1_600_000_000, 1_600_000_000))
    app = SpecApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: "Begin a new spec" in app.shown)
        await pilot.press("o")
        await wait_for(lambda: isinstance(app.screen, PathScreen))
        app.screen.query_one(Input).value = f"{tmp_path}/"
        listed = app.screen.query_one(OptionList)
        await wait_for(lambda: listed.option_count >= 30 and "2.9 KiB" in app.shown)
        rows = [line for line in app.shown.splitlines() if "a-job-spec" in line]
        assert rows
        assert all("2.9 KiB" in row and row.rstrip(" │▁▂▃▄▅▆▇█").endswith("d") for row in rows)
        assert listed.virtual_size.height == listed.option_count


async def test_new_texts_are_numbered(tmp_path: Path) -> None:
    app = SpecApp(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        for text in ("one", "two"):
            app.pane._show_buffer(Buffer(text))
        await wait_for(lambda: "[new job spec 2]" in app.shown and " new job spec  " in app.shown)
        await pilot.press("alt+left")
        await wait_for(lambda: app.editor.text == "one")
        await pilot.press("alt+w")
        await wait_for(lambda: app.editor.text == "two")
        app.pane._show_buffer(Buffer("three"))
        assert [buffer.title for buffer in app.pane._buffers] == ["new job spec 2", "new job spec"]


async def test_no_verdict_on_a_text_before_it_was_checked(tmp_path: Path, spec: Path) -> None:
    spec.write_text("# vertex-tui: ignore-file no-timeout, masked-failure\n" + GOOD)
    app = SpecApp(tmp_path, spec)
    gate, check = threading.Event(), app.pane._check_text

    def slow(text: str) -> Spec:
        if text == "a: [":
            gate.wait()
        return check(text)

    app.pane._check_text = slow  # type: ignore[method-assign]
    async with app.run_test(size=(100, 30)):
        listed = app.query_one(ProblemList)
        await wait_for(lambda: listed._checked)
        app.pane._show_buffer(Buffer("a: ["))
        await wait_for(lambda: "Checking …" in app.shown)
        assert "No problems" not in app.shown
        assert "read as" not in str(listed.border_subtitle)
        gate.set()
        await wait_for(lambda: "Not readable as YAML" in app.shown)


async def test_kept_text_is_told_on_the_tab_until_it_is_back_or_discarded(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path)
    keep(app, spec, "# kept\n", 1)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: app.badges == [("●", "warning")])
        await wait_for(lambda: "Restore the unsaved text of job.yaml" in app.shown)
        await pilot.press("d")
        await wait_for(lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await wait_for(lambda: app.badges[-1] == ("", ""))
