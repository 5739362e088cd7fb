"""`vertex-tui local project` over a real local server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli_local import folder, lines
from tui import cli
from tui.cli_local_project import KEYS
from tui.local import launcher
from tui.local.admin import project as admin

__all__ = ["folder"]

USABLE = ["billing on", "state active", "me owner", "locations any", "require_key off"]


def test_it_is_shown_set_and_reset(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    launcher.ensure(folder)
    assert lines(capsys, "project") == lines(capsys, "project", "show") == USABLE
    assert lines(capsys, "project", "set", "billing=off", "me=viewer,aiplatform.user", "require-key=on") == [
        "billing off",
        "state active",
        "me viewer,aiplatform.user",
        "locations any",
        "require_key on",
    ]
    assert json.loads("".join(lines(capsys, "project", "set", "locations=in:eu-locations", "--json"))) == {
        "billing": "off",
        "state": "active",
        "me": "viewer,aiplatform.user",
        "locations": "in:eu-locations",
        "require_key": "on",
    }
    assert cli.main(["local", "project", "set", "billing=on", "me=vewer"]) == 1
    assert "did you mean viewer" in capsys.readouterr().err
    assert lines(capsys, "project")[0] == "billing off"
    assert lines(capsys, "project", "reset") == USABLE
    assert json.loads("".join(lines(capsys, "project", "show", "--json")))["me"] == "owner"


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("billing", "'billing' is not of the form KEY=VALUE"),
        ("billing=", "'billing=' is not of the form KEY=VALUE"),
        ("biling=off", "there is nothing called 'biling' to set; did you mean billing?"),
        ("zebra=off", "known are billing, state, me, locations, require_key"),
    ],
)
def test_mistakes(setting: str, complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["local", "project", "set", setting]) == 2
    assert complaint in capsys.readouterr().err


def test_no_server(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["local", "project"]) == 1
    assert "vertex-tui local up" in capsys.readouterr().err


def test_the_help_names_what_the_server_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert tuple(KEYS) == admin.KEYS
    assert cli.main(["local", "project", "set", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {key} " in shown for key in KEYS)
