"""The spec file, the secrets file and the journal on a real disk."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.services.typist import live_once
from tui.services.folders import look_in, meant_path
from tui.services.handover import HandOver, NoEditorError, editor_command
from tui.services.journal import Journal
from tui.services.open_files import OpenFiles
from tui.services.processes import SILENCE
from tui.services.recent import RecentFiles
from tui.services.secrets import SecretsError, SecretStore, value_layers
from tui.services.settings import Settings
from tui.services.specfile import (
    ChangedOnDiskError,
    SpecFileError,
    read_again,
    read_spec,
    save_spec,
    save_spec_as,
)

TOKEN = "hf_" + "aB3" * 12


@given(
    raw=st.one_of(
        st.text(max_size=80).map(lambda t: t.encode("utf-8", "replace")), st.just(b"\xef\xbb\xbfa: b\r\n")
    )
)
def test_an_untouched_file_is_saved_byte_identical(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    path = tmp_path_factory.mktemp("spec") / "job.yaml"
    path.write_bytes(raw)
    file = read_spec(path)
    saved = save_spec(file, file.text)
    assert path.read_bytes() == raw
    assert saved.stamp == read_spec(path).stamp


def test_mode_link_bom_and_endings_survive_an_edit(tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    real.write_bytes(b"\xef\xbb\xbfa: b\r\nc: d\r\n")
    real.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(real)
    file = read_spec(link)
    assert file.text == "a: b\nc: d\n"
    save_spec(file, "a: b\nx: y\nc: d\n")
    assert link.is_symlink()
    assert real.read_bytes() == b"\xef\xbb\xbfa: b\r\nx: y\r\nc: d\r\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [link, real] or len(list(tmp_path.iterdir())) == 2


def test_what_cannot_be_read_is_said_clearly(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_bytes(b"a: b\nc: \xff\n")
    (tmp_path / "big.yaml").write_bytes(b"#" * 5_000_000)
    os.mkfifo(tmp_path / "pipe.yaml")
    for name, words in {
        "bad.yaml": "Line 2 holds the byte 0xff",
        "big.yaml": "too large",
        "pipe.yaml": "no file",
        "missing.yaml": "No such file",
        ".": "folder",
    }.items():
        with pytest.raises(SpecFileError) as caught:
            read_spec(tmp_path / name)
        assert words in str(caught.value)


def test_changes_by_others_are_noticed_before_saving(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text("a: b\n")
    file = read_spec(path)
    path.write_text("a: other\n")
    assert read_again(file) is not file
    with pytest.raises(ChangedOnDiskError, match="changed by another"):
        save_spec(file, "mine\n")
    path.unlink()
    with pytest.raises(ChangedOnDiskError, match="removed"):
        save_spec(file, "mine\n")
    save_spec(file, "mine\n", force=True)
    assert path.read_text() == "mine\n"


def test_read_only_files_and_missing_folders_refuse(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text("a: b\n")
    file = read_spec(path)
    path.chmod(0o444)
    with pytest.raises(SpecFileError, match="read-only"):
        save_spec(file, "mine\n")
    with pytest.raises(SpecFileError, match="No such file"):
        save_spec_as(tmp_path / "none" / "job.yaml", "x")
    with pytest.raises(ChangedOnDiskError, match="exists"):
        save_spec_as(path, "x")
    with pytest.raises(SpecFileError, match="folder"):
        save_spec_as(tmp_path, "x")


def names(text: str, *, everything: bool = False) -> list[str]:
    return [entry.path.name for entry in look_in(text, everything=everything).entries]


def test_paths_are_completed(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "c.txt", ".hidden.yaml", "my-a.yml"):
        (tmp_path / name).touch()
    (tmp_path / "dir").mkdir()
    (tmp_path / "lost.yaml").symlink_to(tmp_path / "nowhere")
    assert names(f"{tmp_path}/") == ["dir", "a.yml", "b.yaml", "lost.yaml", "my-a.yml"]
    assert names(f"{tmp_path}/A")[:1] == ["a.yml"]
    assert "my-a.yml" in names(f"{tmp_path}/a.")
    assert names(f"{tmp_path}/.h") == [".hidden.yaml"]
    assert {"c.txt", ".hidden.yaml"} <= set(names(f"{tmp_path}/", everything=True))
    assert look_in("/no/such/folder/x").trouble
    assert meant_path("/a/b//c/d") == "/c/d"
    assert meant_path("/a/b/~/c") == "~/c"


def test_secrets_are_stored_privately_and_in_order(tmp_path: Path) -> None:
    store = SecretStore(tmp_path / "config" / "secrets.toml")
    assert store.values() == {}
    store.set("HF_TOKEN", TOKEN)
    store.set("B", 'a "quoted" value\n')
    assert store.get("B") == 'a "quoted" value\n'
    assert store.names() == ("B", "HF_TOKEN")
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    store.path.write_text("# mine\n" + store.path.read_text())
    store.set("B", "new")
    assert store.path.read_text().startswith("# mine\n")
    with pytest.raises(SecretsError):
        store.set("no name", "x")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660])
def test_a_secrets_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    store = SecretStore(tmp_path / "secrets.toml")
    store.set("A", "b")
    store.path.chmod(mode)
    with pytest.raises(SecretsError, match="chmod 600"):
        store.get("A")
    with pytest.raises(SecretsError):
        store.set("A", "c")


@pytest.mark.parametrize("text", ["A = 5\n", f"A = {TOKEN}\n", "\xff", "[A]\nB = 'c'\n"])
def test_a_wrong_secrets_file_is_an_error_without_its_contents(tmp_path: Path, text: str) -> None:
    store = SecretStore(tmp_path / "secrets.toml")
    store.path.write_text(text, encoding="latin-1")
    store.path.chmod(0o600)
    with pytest.raises(SecretsError) as caught:
        store.values()
    assert TOKEN not in str(caught.value)


def test_values_are_looked_for_in_order(tmp_path: Path) -> None:
    store = SecretStore(tmp_path / "secrets.toml")
    store.set("A", "secret")
    layers = value_layers(store, {"A": "environment"}, Settings(), "my-project", "europe-west4")
    assert [values.get("A") for _, values in layers] == ["secret", "environment", None]
    assert layers[2][1] == {
        "BUCKET_NAME": "my-project-outputs",
        "PROJECT_ID": "my-project",
        "REGION": "europe-west4",
    }


def test_the_journal_offers_text_back_and_holds_no_secret(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    file = tmp_path / "job.yaml"
    journal.write("k", file, f"value: {TOKEN}\nuser: typed\n")
    journal.write("other", None, "no name yet")
    kept = next((tmp_path / "spec").glob("*.json"))
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert all(TOKEN not in path.read_text() for path in (tmp_path / "spec").iterdir())
    first, second = sorted(journal.leftovers(), key=lambda item: item.text, reverse=True)
    assert (first.path, "user: typed" in first.text) == (file, True)
    assert (second.path, second.text) == (None, "no name yet")
    journal.clear("k")
    journal.forget(second)
    assert journal.leftovers() == []


def test_the_text_of_a_living_session_is_not_offered_to_another(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from tui.services.journal import Journal\n"
        "Journal(pathlib.Path(sys.argv[1])).write('k', None, 'theirs')\n"
        "print('written', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == "written\n"
    assert Journal(tmp_path).leftovers() == []
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()
    assert [item.text for item in Journal(tmp_path).leftovers()] == ["theirs"]


def test_old_and_damaged_journals_are_passed_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path, clock=lambda: datetime.now(UTC) - timedelta(days=200))
    journal.write("k", None, "old")
    (tmp_path / "spec" / "x.json").write_text("{")
    (tmp_path / "spec" / "y.json").write_text(json.dumps({"pid": 1}))
    assert Journal(tmp_path).leftovers() == []


@pytest.mark.parametrize("seed", [1, 100])
def test_a_kill_costs_at_most_the_last_second_of_typing(tmp_path: Path, seed: int) -> None:
    lives = [live_once(tmp_path, number, 1.5) for number in range(seed, seed + 3)]
    assert [problem for life in lives for problem in life.problems] == []
    assert sum(life.edits for life in lives) > 3


def test_a_text_taken_earlier_never_replaces_a_later_one(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    early, late = journal.ticket(), journal.ticket()
    journal.write("k", None, "late", late)
    journal.write("k", None, "early", early)
    assert [item.text for item in journal.leftovers()] == ["late"]
    slow = journal.ticket()
    journal.clear("k")
    journal.write("k", None, "slow", slow)
    assert journal.leftovers() == []


def from_another_host(file: Path, seconds_ago: float) -> None:
    """Make a note one of another host, last touched so long ago."""
    file.write_text(json.dumps({**json.loads(file.read_text()), "host": "gpu-box"}))
    moment = time.time() - seconds_ago
    os.utime(file, (moment, moment))


def test_a_text_of_another_host_is_offered_only_when_its_session_is_silent(tmp_path: Path) -> None:
    Journal(tmp_path).write("k", None, "theirs")
    (note,) = (tmp_path / "spec").glob("*.json")
    from_another_host(note, 60)
    mine = Journal(tmp_path)
    assert mine.leftovers() == []
    mine.write("own", None, "mine")
    assert [(item.text, item.host) for item in mine.leftovers()] == [("mine", "")]
    from_another_host(note, SILENCE + 60)
    assert [(item.text, item.host) for item in mine.leftovers()] == [("mine", ""), ("theirs", "gpu-box")]


def test_a_living_session_touches_what_it_keeps(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write("k", None, "text")
    (note,) = (tmp_path / "spec").glob("*.json")
    os.utime(note, (1, 1))
    journal.touch()
    assert time.time() - note.stat().st_mtime < 600
    journal.clear("k")
    journal.touch()
    assert not note.exists()


def test_a_note_of_another_host_counts_while_it_is_touched(tmp_path: Path) -> None:
    spec = tmp_path / "job.yaml"
    OpenFiles(tmp_path / "state").note([spec])
    (note,) = (tmp_path / "state" / "open-specs").iterdir()
    from_another_host(note, 60)
    mine = OpenFiles(tmp_path / "state")
    assert mine.others(spec) is not None
    from_another_host(note, SILENCE + 60)
    assert mine.others(spec) is None


def test_the_last_files_are_kept_in_order_and_damage_counts_as_none(tmp_path: Path) -> None:
    recent = RecentFiles(tmp_path / "state")
    assert recent.all() == ()
    for name in ("a", "b", "a"):
        recent.add(tmp_path / name)
    (tmp_path / "a").touch()
    assert [(item.path.name, item.missing) for item in recent.all()] == [("a", False), ("b", True)]
    recent.forget(tmp_path / "a")
    assert [item.path.name for item in RecentFiles(tmp_path / "state").all()] == ["b"]
    kept = tmp_path / "state" / "recent-specs.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    for damaged in ("{", "[1]", '[{"path": "x", "opened_at": "today"}]', "null"):
        kept.write_text(damaged)
        assert recent.all() == ()


def test_notes_of_sessions_that_are_gone_count_for_nothing(tmp_path: Path) -> None:
    spec = tmp_path / "job.yaml"
    notes = OpenFiles(tmp_path / "state")
    notes.note([spec])
    assert notes.others(spec) is None
    folder = tmp_path / "state" / "open-specs"
    record = json.loads(next(folder.iterdir()).read_text())
    (folder / "1.json").write_text(
        json.dumps({**record, "pid": 1, "started": psutil.Process(1).create_time()})
    )
    link = tmp_path / "link.yaml"
    link.symlink_to(spec)
    assert notes.others(link) is not None
    (folder / "1.json").write_text(json.dumps({**record, "pid": 1, "started": 5.0}))
    (folder / "2.json").write_text("{")
    assert notes.others(spec) is None
    assert not (folder / "1.json").exists()
    notes.note([])
    assert not list(folder.glob(f"{os.getpid()}.json"))


def test_the_editor_is_the_users_own_or_a_usual_one(tmp_path: Path) -> None:
    tool = tmp_path / "my-editor"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    path = str(tmp_path)
    assert editor_command({"VISUAL": "my-editor --wait", "PATH": path}) == ("my-editor", "--wait")
    assert editor_command({"VISUAL": " ", "EDITOR": str(tool), "PATH": ""}) == (str(tool),)
    (tmp_path / "vi").symlink_to(tool)
    assert editor_command({"PATH": path}) == (str(tmp_path / "vi"),)
    for wrong, words in {"none-such": "not installed", "my-editor 'x": "cannot be read"}.items():
        with pytest.raises(NoEditorError, match=words):
            editor_command({"EDITOR": wrong, "PATH": path})
    with pytest.raises(NoEditorError, match="no editor was found"):
        editor_command({"PATH": str(tmp_path / "empty")})


def test_a_lent_text_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    lent = HandOver(tmp_path / "state")
    with lent.lend(f"value: {TOKEN}\n", "job.yaml", None) as loan:
        assert loan.file.name == "job.yaml"
        assert stat.S_IMODE(loan.file.stat().st_mode) == 0o600
        assert stat.S_IMODE(loan.file.parent.stat().st_mode) == 0o700
        assert lent.left_over() == []
    assert not list((tmp_path / "state" / "editor").iterdir())


def abandoned(lent: HandOver, written: bytes) -> Path:
    """The file of a text that an editor wrote and that was not taken back, whatever the reason."""
    with suppress(KeyboardInterrupt), lent.lend("before", "job.yaml", None) as loan:
        loan.file.write_bytes(written)
        raise KeyboardInterrupt
    return loan.file


@pytest.mark.parametrize(("written", "kept"), [(b"after", True), (b"before", False), (b"\xff", True)])
def test_what_an_editor_wrote_stays_until_it_is_taken(tmp_path: Path, written: bytes, kept: bool) -> None:  # noqa: FBT001
    lent = HandOver(tmp_path)
    file = abandoned(lent, written)
    assert file.exists() == kept
    left = lent.left_over()
    assert [item.file for item in left] == [file] * kept
    assert [bool(item.trouble) for item in left] == [written == b"\xff"] * kept
    for item in left:
        lent.forget(item)
    assert not list((tmp_path / "editor").iterdir())


def test_a_taken_text_is_removed(tmp_path: Path) -> None:
    lent = HandOver(tmp_path)
    with lent.lend("before", "job.yaml", None) as loan:
        loan.file.write_text("after")
        loan.taken = True
    assert not loan.file.exists()


def test_a_text_lent_on_another_host_is_left_to_it(tmp_path: Path) -> None:
    file = abandoned(HandOver(tmp_path), b"after")
    from_another_host(file.parent / "note.json", SILENCE + 60)
    assert HandOver(tmp_path).left_over() == []


def test_a_text_that_was_out_when_the_app_was_killed_is_found(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from tui.services.handover import HandOver\n"
        "with HandOver(Path(sys.argv[1])).lend('before', 'job.yaml', Path('/spec.yaml')) as loan:\n"
        "    loan.file.write_text(sys.argv[2]); os._exit(9)"
    )
    for text in ("before", "after"):
        subprocess.run([sys.executable, "-c", code, str(tmp_path), text], check=False)
    lent = HandOver(tmp_path)
    (left,) = lent.left_over()
    assert (left.path, left.text) == (Path("/spec.yaml"), "after")
    lent.forget(left)
    assert not list((tmp_path / "editor").iterdir())
