"""The Spec pane on a real terminal: the user's own editor, and a kill while a text is in it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.panes.spec_world import GOOD
from tests.support import subprocess_environment, wait_until
from tests.terminal import Terminal

ROOT = Path(__file__).parents[2]


def an_editor(folder: Path, name: str, script: str) -> str:
    """A program that gets the file as its last argument, in `$file`."""
    path = folder / name
    path.write_text(f"#!/bin/sh\nfor file; do :; done\n{script}\n")
    path.chmod(0o755)
    return str(path)


def start(folder: Path, spec: Path, **variables: str) -> Terminal:
    environ = {**subprocess_environment(folder), "PYTHONPATH": str(ROOT), **variables}
    environ = {name: value for name, value in environ.items() if value}
    return Terminal([sys.executable, "-m", "tui", str(spec), "--project", "kelp-train"], environ)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "job.yaml"
    path.write_text(GOOD)
    return path


def test_a_saved_file_is_edited_itself_and_comes_back_as_one_change(tmp_path: Path, spec: Path) -> None:
    script = 'test -t 0 && test -t 1 && test -t 2 && echo "# a terminal" >> "$file"; echo "# $1" >> "$file"'
    editor = an_editor(tmp_path, "vim", script)
    with start(tmp_path, spec, VISUAL=editor) as terminal:
        terminal.wait("machineType")
        terminal.press("down", "down", "alt+e")
        terminal.wait("The text is back from vim")
        assert spec.read_text() == GOOD + "# a terminal\n# +3\n"
        assert "job.yaml ●" not in terminal.text
        terminal.press("ctrl+z")
        terminal.wait("job.yaml ●")
        terminal.press("ctrl+q")
        terminal.wait_exit()
    assert not list((tmp_path / "state" / "editor").glob("*"))


def test_an_unsaved_text_goes_through_a_private_file(tmp_path: Path, spec: Path) -> None:
    seen = tmp_path / "seen"
    script = f'ls -ld "$file" "$(dirname "$file")" > {seen}; cat "$file" >> {seen}; echo "# more" >> "$file"'
    with start(tmp_path, spec, EDITOR=an_editor(tmp_path, "ed-like", script)) as terminal:
        terminal.wait("machineType")
        terminal.type("#")
        terminal.press("alt+e")
        terminal.wait("The text is back from ed-like", "job.yaml ●")
        terminal.press("ctrl+s")
        terminal.wait("Saved job.yaml")
    assert seen.read_text().startswith("drwx------ ")
    assert "\n-rw------- " in seen.read_text()
    assert "#" + GOOD in seen.read_text()
    assert spec.read_text() == "#" + GOOD + "# more\n"
    assert not list((tmp_path / "state" / "editor").iterdir())


@pytest.mark.parametrize(
    ("script", "words"),
    [("exit 3", "ended with status 3"), ("true", "changed nothing"), (None, "which is not installed here")],
)
def test_an_editor_that_fails_or_is_missing_changes_nothing(
    tmp_path: Path, spec: Path, script: str | None, words: str
) -> None:
    editor = an_editor(tmp_path, "own-editor", script) if script else "no-such-editor"
    with start(tmp_path, spec, EDITOR=editor) as terminal:
        terminal.wait("machineType")
        terminal.press("alt+e")
        if script == "exit 3":
            terminal.wait("Enter goes back")
            os.write(terminal._fd, b"\r")
        terminal.wait(words, "machineType")
    assert spec.read_text() == GOOD


def test_what_an_editor_wrote_and_cannot_be_read_is_named_and_kept(tmp_path: Path, spec: Path) -> None:
    script = "printf 'caf\\351\\n' > \"$file\""
    with start(tmp_path, spec, EDITOR=an_editor(tmp_path, "latin", script)) as terminal:
        terminal.wait("machineType")
        terminal.type("#")
        terminal.press("alt+e")
        terminal.wait("job.yaml is not UTF-8", "What the editor wrote is")
        (file,) = (tmp_path / "state" / "editor").glob("*/job.yaml")
        terminal.wait(file.parent.name)
        assert file.read_bytes() == b"caf\351\n"
        terminal.press("ctrl+s")
        terminal.wait("Saved job.yaml")
    assert spec.read_text() == "#" + GOOD


def test_keys_typed_right_behind_the_enter_of_a_dialog_reach_the_editor(tmp_path: Path, spec: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("# other\n")
    with start(tmp_path, spec) as terminal:
        terminal.wait("machineType")
        terminal.press("ctrl+o")
        terminal.wait("Open a job spec", "other.yaml")
        terminal.type("oth\rfirst ")
        terminal.wait("first # other")
        terminal.press("ctrl+t")
        terminal.wait("Save as")
        terminal.type(f"/{tmp_path}/third.yaml\rsecond ")
        terminal.wait("Saved third.yaml", "first second # other")
        terminal.press("alt+o")
        terminal.wait("Files", "type to filter")
        terminal.type("job\r# third ")
        terminal.wait("# third workerPoolSpecs")
    assert (tmp_path / "third.yaml").read_text() == "first # other\n"


def test_a_kill_while_the_editor_has_the_text_loses_nothing(tmp_path: Path, spec: Path) -> None:
    script = 'echo "# written there" >> "$file"; trap "" HUP; echo waiting; sleep 60'
    with start(tmp_path, spec, EDITOR=an_editor(tmp_path, "slow", script)) as terminal:
        terminal.wait("machineType")
        terminal.type("#")
        terminal.press("alt+e")
        terminal.wait("waiting")
        terminal.send_signal(signal.SIGKILL)
        wait_until(lambda: list((tmp_path / "state" / "editor").glob("*/job.yaml")))
    with start(tmp_path, spec, EDITOR="true") as terminal:
        terminal.wait("Your unsaved text", "is back")
        terminal.press("ctrl+s")
        terminal.wait("Saved job.yaml")
    assert spec.read_text() == "#" + GOOD + "# written there\n"
