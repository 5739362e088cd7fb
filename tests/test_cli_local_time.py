"""`vertex-tui local time` on a real local server."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui import cli
from tui.local import launcher
from tui.services.paths import find_paths

MOMENT = r"On the local server it is \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, "


@pytest.fixture
def folder() -> Iterator[Path]:
    """The local server's data directory of this test; whatever runs there is ended afterwards."""
    path = find_paths(os.environ).local_dir
    yield path
    launcher.stop(path)


def test_time_is_shown_set_and_reset(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["local", "time"]) == 1
    assert launcher.status(folder) is None
    assert cli.main(["local", "up"]) == 0
    capsys.readouterr()

    def said(*arguments: str) -> str:
        assert cli.main(["local", "time", *arguments]) == 0
        return capsys.readouterr().out

    assert re.fullmatch(MOMENT + r"real time\.\n", said())
    behind = r"10d behind real time; time runs 1440 times as fast until it has caught up, in 10m\.\n"
    assert re.fullmatch(MOMENT + behind, said("--speed", "1440", "--since", "10d"))
    assert re.fullmatch(MOMENT + r"(10|9)d behind real time; .*\n", said())
    assert re.fullmatch(MOMENT + r"real time\.\n", said("--reset"))
    assert re.fullmatch(MOMENT + r"2d behind real time\.\n", said("--since", "48h"))
    said("--reset")
    ahead = r"\d+[sm] ahead of real time; time runs 60 times as fast and runs ahead: .*\n"
    assert re.fullmatch(MOMENT + ahead, said("--speed", "60"))
    launcher.stop(folder)
    assert cli.main(["local", "up"]) == 0
    capsys.readouterr()
    assert re.fullmatch(MOMENT + r"\d+[smhd] ahead of real time; time runs 60 times as fast .*\n", said())


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--since", "yesterday"], "'yesterday' is not a time such as 90s, 45m, 24h or 7d"),
        (["--since", "0h"], "is not a time such as"),
        (["--speed", "0"], "--speed"),
        (["--speed", "2", "--reset"], "--reset goes alone"),
    ],
)
def test_bad_times_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert cli.main(["local", "time", *arguments]) == 2
    assert problem in capsys.readouterr().err
    assert not folder.exists()
