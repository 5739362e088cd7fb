"""`vertex-tui local seed` on a real local server."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui import cli
from tui.local import launcher
from tui.services.paths import find_paths


@pytest.fixture
def folder() -> Iterator[Path]:
    """The local server's data directory of this test; whatever runs there is ended afterwards."""
    path = find_paths(os.environ).local_dir
    yield path
    launcher.stop(path)


def test_seed_fills_the_server_and_clear_empties_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["local", "seed", "--jobs", "15", "--entries", "1000", "--objects", "60"]
    assert cli.main(["local", "seed", "--clear"]) == 1
    assert "the local server is not running" in capsys.readouterr().err
    assert cli.main(small) == 0
    said = capsys.readouterr()
    assert re.fullmatch(r"Made up 15 jobs, 1,000 log entries and 60 objects in \d+\.\d s\.\n", said.out)
    assert said.err == ""
    assert cli.main(small) == 1
    assert "take another --seed" in capsys.readouterr().err
    assert cli.main([*small, "--seed", "7", "--bucket", "second", "--regions", "us-east1"]) == 0
    assert cli.main(["local", "seed", "--clear"]) == 0
    assert capsys.readouterr().out.endswith("Removed 30 jobs, 2,000 log entries and 120 objects.\n")
    assert cli.main(["local", "reset", "--yes"]) == 0
    assert not folder.exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--regions", "europe-west4,mars-1"], "not a region with custom jobs: mars-1"),
        (["--regions", ","], "not a region with custom jobs: (none)"),
        (["--jobs", "-1"], "--jobs"),
        (["--days", "0"], "--days"),
    ],
)
def test_bad_seeds_start_no_server(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert cli.main(["local", "seed", *arguments]) == 2
    assert problem in capsys.readouterr().err
    assert not folder.exists()
