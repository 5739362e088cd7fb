"""What the tests of `vertex-tui local …` share: a data directory of their own, and the lines printed."""

from __future__ import annotations

import os
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


def lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """What `vertex-tui local …` prints when all goes well, without the spaces that align it."""
    assert cli.main(["local", *arguments]) == 0
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
