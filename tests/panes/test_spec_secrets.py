"""Secrets by keys: listed without values, moved out of the file, kept out of git, and never shown or kept."""

# small files on a disk of the test's own

from __future__ import annotations

import logging
import os
import re
import subprocess
from pathlib import Path

import pytest
from textual.widgets import OptionList

from tests.panes.spec_world import GOOD, FakeGateway, SpecApp
from tests.support import wait_for
from tui.panes.spec_buffer import Buffer
from tui.panes.spec_dialogs import RequestScreen, SecretScreen
from tui.panes.spec_preflight import StartScreen
from tui.panes.spec_secrets import SecretsScreen
from tui.services.secrets import SecretsError, SecretStore
from tui.widgets.confirm import ConfirmScreen

TOKEN = "hf_" + "aB3" * 12
RANDOM = "xK9vQ2mZ8pL4wT7bR1"
KEY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"
PLANTED = f"""\
workerPoolSpecs:
  - machineSpec: {{machineType: n1-standard-4}}
    replicaCount: 1
    containerSpec:
      imageUri: python:3.11
      command: [bash, -c]
      args:
        - |
          set -e
          export OTHER_TOKEN={RANDOM}
          python train.py
      env:
        - name: HF_TOKEN
          value: {TOKEN}
        - name: MY_API_KEY
          value: {RANDOM}
        - name: SIGNING
          value: |
            -----BEGIN PRIVATE KEY-----
            {KEY}
            {KEY}
            -----END PRIVATE KEY-----
"""


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    place = tmp_path / "work"
    place.mkdir()
    return place


def clean(text: str) -> None:
    """None of the planted values is in it."""
    assert not [value for value in (TOKEN, RANDOM, KEY) if value in text or value[:12] in text]


def everything_below(home: Path, but: Path) -> str:
    files = [path for path in home.rglob("*") if path.is_file() and not path.is_relative_to(but)]
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files)


async def test_a_planted_secret_is_nowhere_but_in_its_file(
    tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    path = folder / "job.yaml"
    path.write_text(PLANTED)
    app = SpecApp(tmp_path, path, FakeGateway())
    copied: list[str] = []
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_for(lambda: app.editor.has_focus)
        clean(app.shown)
        await wait_for(lambda: [code for _, code in app.found].count("literal-secret") == 4)
        clean(app.shown)
        assert "•••••" in app.shown
        await pilot.press("ctrl+home", "#", "enter")
        await wait_for(
            lambda: list(tmp_path.rglob("journals/spec/*.json")) or list(tmp_path.rglob("spec/*.json"))
        )
        clean(app.shown)
        clean(everything_below(tmp_path, folder))
        await pilot.press("alt+x")
        await wait_for(lambda: isinstance(app.screen, RequestScreen))
        monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
        clean(app.shown)
        await pilot.press("c", "end")
        await wait_for(lambda: copied)
        clean(app.shown)
        clean("\n".join(copied))
        await pilot.press("escape")
        await wait_for(lambda: app.screen is app.screen_stack[0])
        await pilot.press("ctrl+r")
        await wait_for(lambda: app.screen is not app.screen_stack[0] and "line 15" in app.shown)
        clean(app.shown)
        await pilot.press("escape")
        await wait_for(lambda: app.screen is app.screen_stack[0])
        clean(app.notice)
    clean(everything_below(tmp_path, folder))
    clean(caplog.text)
    assert path.read_text() == PLANTED


async def test_the_list_sets_without_echo_and_deletes_after_a_question(tmp_path: Path, folder: Path) -> None:
    path = folder / "job.yaml"
    path.write_text(GOOD)
    app = SpecApp(tmp_path, path)
    store = SecretStore(app.paths.secrets_file)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: (9, "unset-reference") in app.found)
        await pilot.press("alt+s")
        await wait_for(lambda: isinstance(app.screen, SecretsScreen))
        await wait_for(lambda: "missing" in app.shown)
        assert "line 9" in app.shown
        await pilot.press("enter")
        await wait_for(lambda: isinstance(app.screen, SecretScreen))
        await pilot.press(*RANDOM)
        clean(app.shown)
        await pilot.press("enter")
        await wait_for(lambda: "✓ HF_TOKEN is set" in app.shown)
        clean(app.shown)
        assert store.get("HF_TOKEN") == RANDOM
        await pilot.press("d")
        await wait_for(lambda: isinstance(app.screen, ConfirmScreen))
        await wait_for(lambda: app.screen.open_for_keys)  # type: ignore[attr-defined]
        assert "This spec uses it: line 9." in app.shown
        await pilot.press("n")
        await wait_for(lambda: isinstance(app.screen, SecretsScreen))
        assert store.get("HF_TOKEN") == RANDOM
        await pilot.press("d")
        await wait_for(lambda: isinstance(app.screen, ConfirmScreen) and app.screen.open_for_keys)
        await pilot.press("y")
        await wait_for(lambda: "HF_TOKEN is deleted" in app.shown)
        assert store.names() == ()
        await pilot.press("escape")
        await wait_for(lambda: app.editor.has_focus)


PLACEHOLDERS = GOOD.replace("${HF_TOKEN}", "<YOUR_HF_TOKEN>").replace(
    "        - name: BUCKET_NAME\n",
    "        - {name: WANDB_API_KEY, value: <YOUR_WANDB_API_KEY>}\n        - name: BUCKET_NAME\n",
)


async def test_placeholders_are_listed_set_and_become_names(tmp_path: Path, folder: Path) -> None:
    path = folder / "job.yaml"
    path.write_text(PLACEHOLDERS)
    app = SpecApp(tmp_path, path)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: (9, "placeholder") in app.found)
        await pilot.press("alt+s")
        await wait_for(lambda: app.shown.count("placeholder in the file") == 2)
        assert "A placeholder cannot be sent" in app.shown
        await pilot.press("enter")
        await wait_for(lambda: isinstance(app.screen, SecretScreen))
        await pilot.press(*RANDOM, "enter")
        await wait_for(lambda: "✓ HF_TOKEN is set: line 9 says ${HF_TOKEN} now" in app.shown)
        assert SecretStore(app.paths.secrets_file).get("HF_TOKEN") == RANDOM
        assert "value: ${HF_TOKEN}" in app.editor.text
        await pilot.press("down", "w")
        await wait_for(lambda: "✓ Line 10 says ${WANDB_API_KEY} now" in app.shown)
        assert "placeholder in the file" not in app.shown
        assert 'value: "${WANDB_API_KEY}"}' in app.editor.text
        await pilot.press("escape", "ctrl+z", "ctrl+z")
        await wait_for(lambda: app.editor.text == PLACEHOLDERS)


async def test_a_file_that_others_can_read_is_said_in_the_list(tmp_path: Path, folder: Path) -> None:
    path = folder / "job.yaml"
    path.write_text(GOOD)
    app = SpecApp(tmp_path, path)
    app.paths.secrets_file.parent.mkdir(parents=True, exist_ok=True)
    app.paths.secrets_file.write_text('HF_TOKEN = "x"\n')
    app.paths.secrets_file.chmod(0o644)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: app.editor.has_focus)
        await pilot.press("alt+s")
        await wait_for(lambda: "Others can read the secrets file" in app.shown)


async def test_a_secret_in_a_work_tree_is_told_and_the_file_ignored(tmp_path: Path, folder: Path) -> None:
    git(folder, "init", "-q")
    path = folder / "job.yaml"
    path.write_text(GOOD.replace("${HF_TOKEN}", TOKEN))
    app = SpecApp(tmp_path, path)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_for(lambda: (9, "secret-in-git") in app.found)
        await wait_for(lambda: "git does not ignore it" in app.shown)
        listed = app.query_one("#spec-problems")
        await pilot.press("escape")
        codes = [code for _, code in app.found]
        listed.highlighted = codes.index("secret-in-git")  # type: ignore[attr-defined]
        await pilot.press("f")
        await wait_for(lambda: isinstance(app.screen, ConfirmScreen) and app.screen.open_for_keys)
        assert "Adds the line /job.yaml to" in app.shown
        await pilot.press("y")
        await wait_for(lambda: "job.yaml is in .gitignore now" in app.notice)
        await wait_for(lambda: "secret-in-git" not in [code for _, code in app.found])
    assert (folder / ".gitignore").read_text() == "/job.yaml\n"


async def test_a_tracked_file_gets_the_commands_and_moving_the_secret_ends_it(
    tmp_path: Path, folder: Path
) -> None:
    git(folder, "init", "-q")
    path = folder / "job.yaml"
    path.write_text(GOOD.replace("${HF_TOKEN}", TOKEN))
    git(folder, "add", "job.yaml")
    app = SpecApp(tmp_path, path)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_for(lambda: "tracked by git" in app.shown)
        await pilot.press("escape")
        listed = app.query_one("#spec-problems")
        codes = [code for _, code in app.found]
        listed.highlighted = codes.index("secret-in-git")  # type: ignore[attr-defined]
        await pilot.press("f")
        await wait_for(lambda: isinstance(app.screen, ConfirmScreen) and app.screen.open_for_keys)
        assert "Ignoring the file is not enough" in app.shown
        assert "rm --cached -- job.yaml" in app.shown
        await pilot.press("n")
        await wait_for(lambda: app.screen is app.screen_stack[0])
        listed.highlighted = codes.index("literal-secret")  # type: ignore[attr-defined]
        await pilot.press("f")
        await wait_for(lambda: "value: ${HF_TOKEN}" in app.editor.text)
        await wait_for(lambda: "secret-in-git" not in [code for _, code in app.found])
    assert SecretStore(app.paths.secrets_file).get("HF_TOKEN") == TOKEN
    assert not (folder / ".gitignore").exists()


def test_deleting_keeps_comments_and_the_mode(tmp_path: Path) -> None:
    store = SecretStore(tmp_path / "secrets.toml")
    store.set("A", "1234")
    store.set("B", "5678")
    store.path.write_text(store.path.read_text() + "# mine\n")
    store.delete("A")
    store.delete("MISSING")
    assert store.values() == {"B": "5678"}
    assert "# mine" in store.path.read_text()
    assert store.path.stat().st_mode & 0o777 == 0o600
    store.path.chmod(0o640)
    with pytest.raises(SecretsError):
        store.delete("B")


@pytest.mark.parametrize("columns", [80, 160])
async def test_each_secret_keeps_to_one_line(folder: Path, columns: int) -> None:
    app = SpecApp(folder.parent, gateway=FakeGateway())
    store = SecretStore(app.paths.secrets_file)
    for name in ("HF_TOKEN", "A_SECRET_OF_A_NAME_THAT_IS_LONGER_THAN_MOST", "KELP_API_KEY_OF_THE_TEAM"):
        store.set(name, "typed")
    async with app.run_test(size=(columns, 30)) as pilot:
        app.pane._show_buffer(Buffer(GOOD))
        await pilot.press("alt+s")
        await wait_for(lambda: isinstance(app.screen, SecretsScreen) and "HF_TOKEN" in app.shown)
        listed = app.screen.query_one("#secrets-list", OptionList)
        await wait_for(lambda: listed.option_count == 3 and listed.virtual_size.height == 3)
        rows = [line for line in app.shown.splitlines() if "✓" in line]
        assert len(rows) == 3
        assert columns == 80 or sum("not used in this spec" in row for row in rows) == 2


async def test_secrets_in_the_text_are_counted_before_the_start(folder: Path) -> None:
    spec = folder / "job.yaml"
    value = "          value: ${HF_TOKEN}\n        - name: BUCKET_NAME\n          value: ${BUCKET_NAME}\n"
    literals = f"          value: {TOKEN}\n        - name: MY_API_KEY\n          value: {RANDOM}\n"
    spec.write_text(GOOD.replace(value, literals))
    app = SpecApp(folder.parent, spec, FakeGateway())
    async with app.run_test(size=(80, 40)) as pilot:
        await wait_for(lambda: app.editor.text and app.editor.has_focus)
        await pilot.press("ctrl+r")
        await wait_for(lambda: isinstance(app.screen, StartScreen))
        assert isinstance(app.screen, StartScreen)
        told = re.sub(r"\s+", " ", " ".join(str(line) for line in app.screen.question.lines))
        assert "⚠ 2 secrets stand in the text itself" in told
        assert "✓ nothing to fill in" in told
        assert "no secrets" not in told
