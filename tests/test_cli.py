"""The command line: what it starts, what it prints, how it complains and with which status it ends."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tui import __version__, cli
from tui.services.options import AppOptions
from tui.services.settings import SETTINGS, Source

ROOT = Path(__file__).parents[1]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[AppOptions]:
    """The options of each start of the app, on what passes for a terminal."""
    starts: list[AppOptions] = []

    def run_app(options: AppOptions) -> int:
        starts.append(options)
        return 0

    monkeypatch.setattr("tui.app.run_app", run_app)
    monkeypatch.setattr(cli, "_on_a_terminal", lambda: True)
    return starts


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 2) -> str:
    """The one line that a wrong command prints."""
    assert cli.main(arguments) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert printed.err.startswith("vertex-tui: ")
    return printed.err


def test_without_arguments_the_app_starts(started: list[AppOptions], home: Path) -> None:
    assert cli.main([]) == 0
    (options,) = started
    assert not options.local
    assert options.spec is None
    assert options.settings.region == "us-central1"
    assert options.paths.data_dir.is_relative_to(home)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--local", "--region", "europe-west4", "job.yaml"],
        ["job.yaml", "--local", "--region", "europe-west4"],
    ],
)
def test_options_go_before_or_after_the_spec(
    started: list[AppOptions], arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("job.yaml").touch()
    assert cli.main(arguments) == 0
    (options,) = started
    assert options.local
    assert options.spec == Path("job.yaml")
    assert options.settings.region == "europe-west4"
    assert options.origins["region"].text == "flag --region"
    assert options.origins["project"].source is Source.LOCAL


def test_a_spec_that_is_not_there_is_begun(started: list[AppOptions], tmp_path: Path) -> None:
    assert cli.main([str(tmp_path / "new.yaml")]) == 0
    assert cli.main([str(tmp_path / "new")]) == 0
    assert [options.spec for options in started] == [tmp_path / "new.yaml", tmp_path / "new"]
    assert not list(tmp_path.iterdir())


def test_a_command_goes_before_a_file_of_its_name(
    started: list[AppOptions],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config").touch()
    assert cli.main(["config", "path"]) == 0
    assert capsys.readouterr().out.endswith("config.toml\n")
    assert cli.main(["./config"]) == 0
    assert [options.spec for options in started] == [Path("config")]
    Path("open").touch()
    assert cli.main(["open"]) == 0
    assert started[-1].spec == Path("open")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing"], "there is no file or command missing; see vertex-tui --help"),
        (["gone/new.yaml"], "there is no folder gone for a new new.yaml; create it first"),
        (["confog"], "there is no file or command confog; did you mean vertex-tui config?"),
        (["."], ". is a folder"),
        (["--nope"], "No such option"),
        (["--transport", "http"], "see vertex-tui --help"),
        (["--region", "Mars"], "flag --region: region must be a region such as europe-west4, not 'Mars'"),
        (["--local", "--project", "kelp-train"], "leave out --project"),
        (["--config", "gone.toml"], "gone.toml: there is no such file"),
        (["--profile", "lab"], "there is no profile 'lab'; there are none"),
        (["config", "sho"], "see vertex-tui config --help"),
        (["config", "set", "regoin", "x"], "did you mean region?"),
        (["config", "set", "region"], "Missing argument 'VALUE'"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    started: list[AppOptions], capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert words in complaint(capsys, *arguments)
    assert started == []


def test_without_a_terminal_the_app_does_not_start(capsys: pytest.CaptureFixture[str]) -> None:
    assert "needs a terminal" in complaint(capsys)


def test_a_broken_configuration_is_told_before_the_app_starts(
    started: list[AppOptions], capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    file = home / "config" / "config.toml"
    file.parent.mkdir()
    file.write_text("[jobs]\npoll_second = 5\n")
    assert "config.toml:2:1: jobs.poll_second is not a key" in complaint(capsys)
    assert started == []


def test_config_shows_each_value_with_its_origin(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "set", "jobs.poll_seconds", "12"]) == 0
    assert cli.main(["config", "set", "project", "kelp-train", "--profile", "lab"]) == 0
    capsys.readouterr()
    assert cli.main(["--profile", "lab", "config", "show", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert list(shown) == ["profile", *(setting.key for setting in SETTINGS)]
    assert shown["profile"] == {"value": "lab", "origin": "flag --profile"}
    assert shown["project"]["value"] == "kelp-train"
    assert shown["project"]["origin"].endswith("config.toml:5 (profile lab)")
    assert shown["jobs.poll_seconds"]["value"] == 12.0
    assert shown["region"] == {"value": "us-central1", "origin": "default"}
    assert cli.main(["config", "show"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].split() == ["profile", '""', "default"]
    assert len(rows) == len(SETTINGS) + 1


def test_the_version_names_what_a_bug_report_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"vertex-tui {__version__}"
    assert {line.split()[0] for line in lines[1:]} >= {
        "Python",
        "textual",
        "grpcio",
        "google-cloud-aiplatform",
    }


def test_ctrl_c_and_a_closed_pipe_end_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(click.Group, "main", interrupted)
    assert cli.main([]) == cli.INTERRUPTED
    monkeypatch.undo()
    command = f"{shlex.quote(sys.executable)} -m tui config show | true"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["--help"], ["config", "--help"], ["config", "show"], ["local", "--help"]]
)
def test_commands_without_a_screen_load_neither_textual_nor_google(arguments: list[str]) -> None:
    code = "import sys; from tui.cli import main; main(sys.argv[1:]); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"textual", "rich", "grpc", "google.auth", "google.api_core", "tomlkit", "aiohttp"}


@pytest.mark.parametrize("group", ["local", "config"])
def test_a_group_alone_shows_its_help_and_nothing_else(
    group: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([group]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"Usage: vertex-tui {group} ")
    assert "see vertex-tui" not in said.err
