"""The spec file, the secrets file and the journal on a real disk."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.services.journal import Journal
from tui.services.secrets import SecretsError, SecretStore, value_layers
from tui.services.settings import Settings
from tui.services.specfile import (
    ChangedOnDiskError,
    SpecFileError,
    changed_on_disk,
    matching_paths,
    meant_path,
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
    assert changed_on_disk(file)
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


def test_paths_are_completed(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "c.txt", ".hidden.yaml"):
        (tmp_path / name).touch()
    (tmp_path / "dir").mkdir()
    assert [path.name for path in matching_paths(f"{tmp_path}/")] == ["dir", "a.yml", "b.yaml"]
    assert [path.name for path in matching_paths(f"{tmp_path}/A")] == ["a.yml"]
    assert matching_paths("/no/such/folder/x") == ()
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
