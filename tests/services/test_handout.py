"""Copied texts reach a private file, without secrets, whatever the terminal does with them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.secrets import HIDDEN
from tui.services import handout
from tui.services.handout import cleaned, copies_file, hand_out, keep, said, to_helper
from tui.services.paths import Paths
from tui.services.secrets import SecretStore

SECRET = "correct-horse-battery"  # noqa: S105
TOKEN = "hf_" + "notAtokenNotAtokenNotAtoken123"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "config" / "config.toml", tmp_path / "state", tmp_path / "data")


def helper(folder: Path, name: str, script: str) -> dict[str, str]:
    """An environment in which a program of that name takes texts."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def test_the_last_text_alone_is_kept_for_its_owner_only(paths: Paths) -> None:
    keep(paths, "one\ntwo\n")
    path = keep(paths, "three ✓")
    assert path == copies_file(paths)
    assert path.read_text(encoding="utf-8") == "three ✓"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_secrets_stay_inside(paths: Paths) -> None:
    path = keep(paths, f"A={SECRET} B={TOKEN}\n", (SECRET,))
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"A={HIDDEN} B=")
    assert SECRET not in text
    assert "hf_" not in text


@given(st.text(), st.lists(st.text(min_size=4, max_size=12), max_size=3))
def test_no_value_is_in_a_cleaned_text(text: str, values: list[str]) -> None:
    shown = cleaned(text + "".join(values), values)
    assert not any(value in shown for value in values if not set(value) & {*HIDDEN})


def test_text_that_is_no_utf8_is_kept_all_the_same(paths: Paths) -> None:
    assert keep(paths, "\ud800 odd").read_bytes() == b"? odd"


def test_the_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / ".local" / "state" / "vertex-tui" / "copied.txt"
    assert said("the request", path, 14) == (
        "Copied the request (14 lines); also in ~/.local/state/vertex-tui/copied.txt"
    )
    assert said("the job's id", None, 1) == "Copied the job's id"


async def test_a_text_is_sent_kept_and_told(paths: Paths) -> None:
    sent: list[str] = []
    note = await hand_out(
        f"a\n{SECRET}\n", "the request", paths=paths, environ={}, send=sent.append, values=[SECRET]
    )
    assert sent == [f"a\n{HIDDEN}\n"]
    assert copies_file(paths).read_text(encoding="utf-8") == sent[0]
    assert note.startswith("Copied the request (2 lines); also in ")


async def test_the_values_of_the_secrets_file_never_leave(paths: Paths) -> None:
    SecretStore(paths.secrets_file).set("PLAIN", "nobody-guesses-this")
    sent: list[str] = []
    await hand_out("x nobody-guesses-this y", "one line", paths=paths, environ={}, send=sent.append)
    assert sent == [f"x {HIDDEN} y"]
    assert copies_file(paths).read_text() == sent[0]
    paths.secrets_file.chmod(0o644)  # then nothing is filled in from it either
    await hand_out("a", "one line", paths=paths, environ={}, send=sent.append)
    assert sent[1] == "a"


async def test_a_full_disk_does_not_stop_the_copying(paths: Paths) -> None:
    paths.state_dir.write_text("a file where the folder should be")
    sent: list[str] = []
    note = await hand_out("a", "the command", paths=paths, environ={}, send=sent.append)
    assert (note, sent) == ("Copied the command", ["a"])


async def test_tmux_is_asked_to_set_the_clipboard_itself(tmp_path: Path) -> None:
    environ = helper(tmp_path, "tmux", f'echo "$@" > {tmp_path}/said; cat > {tmp_path}/taken')
    assert await to_helper("text ✓\n", {**environ, "TMUX": "/tmp/t,1,0"})  # noqa: S108
    assert (tmp_path / "said").read_text() == "load-buffer -w -\n"
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "text ✓\n"
    assert not await to_helper("text", environ)


async def test_apples_terminal_has_a_program_for_it(tmp_path: Path) -> None:
    environ = helper(tmp_path, "pbcopy", f"cat > {tmp_path}/taken")
    assert await to_helper("text", {**environ, "TERM_PROGRAM": "Apple_Terminal"})
    assert (tmp_path / "taken").read_text() == "text"
    assert not await to_helper("text", {**environ, "TERM_PROGRAM": "Apple_Terminal", "SSH_TTY": "/dev/pts/0"})


@pytest.mark.parametrize("script", ["exit 1", "exec sleep 60", "exec 0<&-; exit 3"])
async def test_a_helper_that_fails_costs_nothing(
    tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "sleep" in script:
        monkeypatch.setattr(handout, "HELPER_SECONDS", 0.1)
    environ = {**helper(tmp_path, "tmux", script), "TMUX": "x"}
    assert not await to_helper("x" * 1_000_000, environ)
    assert not await to_helper("x", {"TMUX": "x", "PATH": "/nowhere"})
