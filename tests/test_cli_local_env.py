"""`vertex-tui local env`, as shells evaluate it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui import cli
from tui.local import launcher
from tui.services.paths import find_paths

ROOT = Path(__file__).parents[1]
SHELLS = ("sh", "bash", "zsh", "fish")
ENTER = {"fish": "{program} local env --shell fish | source"}
LEAVE = {"fish": "{program} local env --unset --shell fish | source"}
ODD = 'it\'s \\ "$HOME" `id` \n;*'
"""A value with all that a shell could stumble over."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of our own with spaces and quotes in its name, for all tests here."""
    return tmp_path_factory.mktemp("it's a $HOME")


@pytest.fixture
def environ(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A server runs for this environment."""
    monkeypatch.setenv("VERTEX_TUI_HOME", str(place))
    folder = find_paths(os.environ).local_dir
    launcher.ensure(folder)
    yield {**os.environ, "PYTHONPATH": str(ROOT)}
    launcher.stop(folder)


def show(*steps: str) -> str:
    """A script that prints its environment after the steps."""
    program = f"{sys.executable} -m tui"
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    return "\n".join([*(step.format(program=program) for step in steps), f"{sys.executable} -c '{code}'"])


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_enters_and_leaves(environ: dict[str, str], shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    environ |= {"HTTPS_PROXY": "http://ana:p%20w@proxy.example:3128", "GOOGLE_CLOUD_PROJECT": ODD}
    enter = ENTER.get(shell, 'eval "$({program} local env --shell ' + shell + ')"')
    leave = LEAVE.get(shell, 'eval "$({program} local env --unset)"')

    def after(*steps: str) -> dict[str, str]:
        done = subprocess.run(
            [shell, "-c", show(*steps)], env=environ, capture_output=True, text=True, check=True
        )
        assert not done.stderr
        result: dict[str, str] = json.loads(done.stdout)
        return result

    plain, once, twice, left = after(), after(enter), after(enter, enter), after(enter, enter, leave)
    assert once == twice
    assert once["GOOGLE_CLOUD_PROJECT"] == "local-project"
    assert Path(once["GOOGLE_APPLICATION_CREDENTIALS"]).exists()
    assert once["HTTPS_PROXY"].startswith("http://127.0.0.1:")
    assert left == plain


def test_the_region_is_the_users(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    del environ
    assert cli.main(["local", "env", "--region", "asia-east1"]) == 0
    assert "export CLOUDSDK_AI_REGION=asia-east1\n" in capsys.readouterr().out


def test_leaving_needs_no_server(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli.main(["local", "env", "--unset"]) == 0
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("VERTEX_TUI_LOCAL_BEFORE", json.dumps({"HTTPS_PROXY": None, "NO_PROXY": "a b"}))
    assert cli.main(["local", "env", "--unset"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "unset HTTPS_PROXY",
        "export NO_PROXY='a b'",
        "unset VERTEX_TUI_LOCAL_BEFORE",
    ]


def test_damaged_certificates_are_said(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    folder = find_paths(environ).local_dir / "front-door"
    assert cli.main(["local", "env"]) == 0
    (folder / "authority.pem").write_text("nonsense")
    capsys.readouterr()
    assert cli.main(["local", "env"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "certificates are damaged" in captured.err
    shutil.rmtree(folder)
    assert cli.main(["local", "env"]) == 0
