"""`vertex-tui local fault` over a real local server."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tui import cli
from tui.cli_local_fault import call, job, log
from tui.local import launcher
from tui.local.faults.effects import CATALOGUE
from tui.services.paths import find_paths


@pytest.fixture
def folder() -> Iterator[Path]:
    """The local server's data directory of this test; whatever runs there is ended afterwards."""
    path = find_paths(os.environ).local_dir
    yield path
    launcher.stop(path)


def run(line: str) -> int:
    return cli.main(["local", "fault", *shlex.split(line)])


def test_faults_from_the_first_to_the_last(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 1
    assert "start it with: vertex-tui local up" in capsys.readouterr().err
    assert cli.main(["local", "up"]) == 0
    capsys.readouterr()
    assert launcher.status(folder) is not None
    assert run("list") == 0
    assert capsys.readouterr().err == "There are no faults; see vertex-tui local fault add --help\n"
    assert (
        run("add call CreateCustomJob error --code 503 --reason A --metadata b=c --retry-delay 2 --once") == 0
    )
    assert run("add call 'storage.objects.*' delay --seconds 1.5 --probability 0.2 --seed 7") == 0
    assert run("add call TailLogEntries break --after 3 --times 2") == 0
    assert run("add call CreateCustomJob drop --hang --quota 'project:1=60 a minute'") == 2
    assert run("add job 'spot-*' preempt --seconds 60") == 0
    assert run("add log '*' late --seconds 20") == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        "Fault 1: error of call CreateCustomJob, once.",
        "Fault 2: delay of call storage.objects.*, until it is removed with a probability of 0.2.",
        "Fault 3: break of call TailLogEntries, 2 times.",
        "Fault 4: preempt of job spot-*, until it is removed.",
        "Fault 5: late of log *, until it is removed.",
    ]
    assert captured.err == "vertex-tui: drop does not take --quota; it takes --hang\n"
    assert run("list") == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].split() == ["ID", "WHAT", "PATTERN", "EFFECT", "HAPPENED", "STILL", "OPTIONS"]
    assert rows[2].split() == [
        "2", "call", "storage.objects.*", "delay", "0", "always", "seconds=1.5", "probability=0.2", "seed=7",
    ]  # fmt: skip
    assert run("list --json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found[0]["options"] == {"code": "503", "reason": "A", "metadata": {"b": "c"}, "retry_delay": 2.0}
    assert found[2]["options"] == {"after": 3}
    assert run("remove 1") == 0
    assert run("remove 1") == 1
    assert run("clear") == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == ["Fault 1 is removed.", "4 faults removed."]
    assert captured.err == "vertex-tui: there is no fault 1\n"


def test_what_only_the_server_knows_to_be_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["local", "up"]) == 0
    assert launcher.status(folder) is not None
    assert run("add call CreateCustmJob error") == 1
    error = capsys.readouterr().err
    assert "has no method that fits 'CreateCustmJob'; did you mean CreateCustomJob?\n" in error
    assert run("""add call '*' error --detail '{"@type": "google.rpc.Hlp"}'""") == 1
    assert "unknown type 'google.rpc.Hlp'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("add call X eror", "unknown effect for a call: 'eror'; did you mean error?"),
        ("add call X error --code UNAVAILBLE", "unknown error code: 'UNAVAILBLE'; did you mean UNAVAILABLE?"),
        ("add call X error --code 418", "unknown HTTP status 418"),
        ("add call X error --metadata a", "'a' is not KEY=VALUE"),
        ("add call X error --metadata a=b", "metadata needs a reason"),
        ("add call X error --detail {", "'{' is not JSON"),
        ("add call X error --detail []", "'[]' is not an object with \"@type\""),
        ("add call X delay", "delay needs seconds"),
        ("add call X delay --seconds soon", "'soon' is not a valid float range"),
        ("add call X truncate --length short", "length must be whole or cut, not 'short'"),
        ("add call X error --once --times 3", "--once and --times are the same thing"),
        ("add call X error --probability 2", "2.0 is not in the range 0<x<=1"),
        ("add job X stockout --seconds 1", "stockout does not take --seconds; it takes none of its own"),
        ("add log X preempt", "unknown effect for a log: 'preempt'"),
        ("add nonsense", "No such command 'nonsense'"),
        ("remove x", "'x' is not a fault's number"),
        ("add call X", "Missing argument 'EFFECT'"),
    ],
)
def test_mistakes_are_told_without_a_server(
    line: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line) == 2
    error = capsys.readouterr().err
    assert error.startswith("vertex-tui: ")
    assert words in error
    assert error.count("\n") == 1


def test_every_effect_and_option_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("effects") == 0
    listed = capsys.readouterr().out
    options = {option for effect in CATALOGUE for option in effect.options}
    for effect in CATALOGUE:
        assert f"  {effect.name} " in listed
        assert effect.about in listed
    offered = {name for command in (call, job, log) for name in names_of(command)}
    assert offered - {"times", "once", "probability", "seed"} == options


def names_of(command: click.Command) -> set[str]:
    return {str(each.name) for each in command.params if isinstance(each, click.Option)}


def test_the_examples_of_the_help_and_the_page_work(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["local", "up"]) == 0
    assert launcher.status(folder) is not None
    capsys.readouterr()
    for line in ("--help", "add call --help", "add job --help", "add log --help"):
        assert run(line) == 0
    begin = "vertex-tui local fault "
    page = (Path(__file__).parents[1] / "docs" / "local.md").read_text(encoding="utf-8")
    shown = [
        each.partition("  # ")[0].strip()
        for each in [*capsys.readouterr().out.splitlines(), *page.splitlines()]
    ]
    examples = [each.removeprefix(begin) for each in shown if each.startswith(begin)]
    assert len(examples) > 25
    kept = [example for example in examples if not example.startswith("remove")]
    assert [example for example in kept if run(example)] == []
