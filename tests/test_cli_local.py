"""`vertex-tui local` over a real local server."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import Terminal
from tui import cli
from tui.local import launcher
from tui.services.paths import find_paths

ROOT = Path(__file__).parents[1]


@pytest.fixture
def folder() -> Iterator[Path]:
    """The local server's data directory of this test; whatever runs there is ended afterwards."""
    path = find_paths(os.environ).local_dir
    yield path
    launcher.stop(path)


def test_up_status_env_down(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["local", "status"]) == 1
    assert capsys.readouterr().err == (
        "vertex-tui: the local server is not running; start it with: vertex-tui local up\n"
    )
    assert cli.main(["local", "env"]) == 1
    assert cli.main(["local", "up"]) == 0
    assert cli.main(["local", "up"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second
    record = launcher.status(folder)
    assert record is not None
    assert str(record.pid) in first
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert cli.main(["local", "status"]) == 0
    assert capsys.readouterr().out.splitlines() == [first]
    assert cli.main(["local", "down"]) == 0
    assert launcher.status(folder) is None
    assert cli.main(["local", "down"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "The local server is stopped.",
        "The local server was not running.",
    ]


def test_env_can_be_evaluated_by_a_shell(folder: Path) -> None:
    assert cli.main(["local", "up"]) == 0
    record = launcher.status(folder)
    assert record is not None
    vertex_tui = f"{sys.executable} -m tui"
    names = '"$STORAGE_EMULATOR_HOST" "$NO_PROXY" "$CLOUDSDK_CONFIG"'
    script = f'eval "$({vertex_tui} local env)"; printf "%s\\n" {names}'
    done = subprocess.run(["sh", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    server, loopback, gcloud = done.stdout.splitlines()
    assert server == record.http_url
    assert "127.0.0.1" in loopback
    assert Path(gcloud).is_relative_to(folder)


def test_reset_asks_and_deletes_only_after_a_yes(
    folder: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["local", "up"]) == 0
    done = subprocess.run(
        [sys.executable, "-m", "tui", "local", "reset"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "say --yes" in done.stderr
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with Terminal([sys.executable, "-m", "tui", "local", "reset"], environ, columns=200) as terminal:
        terminal.wait(
            "Stop the local server and delete all its jobs, logs and files in ~/data/local?", "[y/N]"
        )
        terminal.press("enter")
        assert terminal.wait_exit() == 1
    assert launcher.status(folder) is not None
    assert cli.main(["local", "reset", "--yes"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "The local server is as new."
    assert launcher.status(folder) is None
    assert not folder.exists()
    assert home.exists()
