"""`vertex-tui local quota` over a real local server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli_local import folder, lines
from tui import cli
from tui.local import launcher

__all__ = ["folder"]

L4 = "aiplatform.googleapis.com/custom_model_training_nvidia_l4_gpus"


def test_quotas_are_shown_and_changed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    launcher.ensure(folder)
    assert lines(capsys, "quota") == ["No quota was changed, and no job uses any."]
    assert lines(capsys, "quota", "set", "nvidia_l4_gpus", "4") == [
        "The quota nvidia_l4_gpus in every region is now 4."
    ]
    assert lines(capsys, "quota", "set", L4, "8", "--region", "europe-west4") == [
        "The quota nvidia_l4_gpus in europe-west4 is now 8."
    ]
    assert lines(capsys, "quota", "set", "cpus", "unlimited", "--region", "us-west1") == [
        "The quota cpus in us-west1 is now unlimited."
    ]
    assert lines(capsys, "quota") == [
        "QUOTA REGION USED LIMIT DEFAULT",
        "nvidia_l4_gpus all others 4",
        "nvidia_l4_gpus europe-west4 0 8 0",
        "cpus us-west1 0 unlimited 2,200",
    ]
    assert lines(capsys, "quota", "set", "nvidia_l4_gpus", "default") == [
        "The quota nvidia_l4_gpus in every region is now back at its default."
    ]
    assert cli.main(["local", "quota", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["name"], row["region"], row["limit"], row["default"], row["used"]) == (
        "cpus",
        "us-west1",
        -1,
        2200,
        0,
    )
    assert cli.main(["local", "quota", "set", "pd_ssd", "7", "--region", "us-west1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["limit"] == 7


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("nvidia_l4_gpu", "1"), "there is no quota called 'nvidia_l4_gpu'; did you mean nvidia_l4_gpus or"),
        (("zebra", "1"), "there is no quota called 'zebra'\n"),
        (("cpus", "1", "--region", "europe-west44"), "did you mean europe-west4 or"),
        (("cpus", "many"), "'many' is not a number, `unlimited` or `default`"),
        (("cpus", "1.5"), "'1.5' is not a number"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["local", "quota", "set", *arguments]) == 2
    assert complaint in capsys.readouterr().err


def test_no_server(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["local", "quota"]) == 1
    assert "vertex-tui local up" in capsys.readouterr().err
