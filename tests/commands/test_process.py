"""Commands as processes: what they load, closed pipes, full disks, ctrl+c, pipes and NO_COLOR."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from tests.commands.test_check import GOOD, TUTORIAL
from tests.support import PATIENCE, subprocess_environment
from tests.terminal import Terminal
from tui import cli

ROOT = Path(__file__).parents[2]
VERTEX = (sys.executable, "-m", "tui")

WITHOUT_A_SCREEN = (
    ("--help",),
    ("--version",),
    ("check", "SPEC"),
    ("show", "SPEC", "--json"),
    ("config", "show"),
    ("doctor", "--local", "--json"),
    ("jobs", "--local"),
    ("job", "1", "--local"),
    ("cancel", "1", "--yes", "--local"),
    ("delete", "1", "--yes", "--local"),
    ("run", "SPEC", "--yes", "--local", "--set", "machineType=n1-nope-4"),
    ("logs", "1", "--local"),
    ("metrics", "1", "--local"),
    ("explain", "1", "--local"),
    ("export", "1", "OUT", "--local"),
    ("outputs", "1", "--local"),
    ("local", "status"),
)
"""Every command but the app; ids that are not there are as good as others to see what is loaded."""

ALL_IN_ONE = """
import io, sys
present = set(sys.modules)  # an installed package may load empty namespace packages at every start
from tui.cli import main
out, sys.stdout, sys.stderr = sys.stdout, io.StringIO(), io.StringIO()
for words in sys.argv[1:]:
    main(words.split())
    loaded = {name.partition(".")[0] for name in sys.modules.keys() - present}
    if loaded & {"textual", "rich", "textual_plot"} or {"tui.panes", "tui.widgets"} & sys.modules.keys():
        out.write(words + "\\n")
        break
"""
LIGHT = """
import sys
from tui.cli import main
main(sys.argv[1:])
print(*sys.modules)
"""


def environment(home: Path, **more: str) -> dict[str, str]:
    return {**subprocess_environment(home), "PYTHONPATH": str(ROOT), **more}


def vertex(
    home: Path, words: Sequence[str], shell: str = "", **more: str
) -> subprocess.CompletedProcess[bytes]:
    """The command, or it followed by what the shell is to make of its output."""
    whole = (
        ["bash", "-c", f'"$0" -m tui "$@" {shell}', sys.executable, *words] if shell else [*VERTEX, *words]
    )
    return subprocess.run(whole, env=environment(home, **more), capture_output=True, check=False, timeout=60)


def test_every_command_is_looked_at_below_and_documented() -> None:
    assert set(cli._LAZY) <= {words[0] for words in WITHOUT_A_SCREEN}
    headings = re.findall(r"^## (.*)$", (ROOT / "docs" / "commands.md").read_text("utf-8"), re.MULTILINE)
    assert set(cli._LAZY) <= {name for heading in headings for name in heading.split(", ")}


@pytest.mark.usefixtures("local")
def test_no_command_but_the_app_loads_what_draws_screens(home: Path, tmp_path: Path) -> None:
    spec = tmp_path / "good.yaml"
    spec.write_text(GOOD)
    names = {"SPEC": str(spec), "OUT": str(tmp_path / "out")}
    wanted = [words for words in WITHOUT_A_SCREEN if words[0] in cli._LAZY or words[0].startswith("-")]
    lines = [" ".join(names.get(word, word) for word in words) for words in wanted]
    done = subprocess.run(
        [sys.executable, "-c", ALL_IN_ONE, *lines],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("words", [["check"], ["show", "--json"]])
def test_a_check_loads_nothing_of_google_s(words: list[str], home: Path, tmp_path: Path) -> None:
    spec = tmp_path / "good.yaml"
    spec.write_text(GOOD)
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, *words, str(spec)],
        env=environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {
        "textual",
        "rich",
        "grpc",
        "google.auth",
        "google.protobuf",
        "proto",
        "aiohttp",
        "asyncio",
    }


def test_a_reader_that_goes_and_a_disk_that_is_full_end_it_quietly(home: Path) -> None:
    for words in (["check", str(TUTORIAL)], ["--help"]):
        piped = vertex(home, words, "| true", PYTHONUNBUFFERED="1")
        assert b"Traceback" not in piped.stderr
        assert b"BrokenPipe" not in piped.stderr
        full = vertex(home, words, "> /dev/full")
        assert full.returncode == 1
        assert b"No space left on device" in full.stderr
        assert b"Traceback" not in full.stderr
    assert vertex(home, ["check", str(TUTORIAL)], ">&- 2>&-").returncode == 1
    closed = vertex(home, ["check", "-"], "<&-")
    assert closed.returncode == 2
    assert b"-:1:1: error unreadable-file: Cannot read stdin" in closed.stdout


def test_colours_are_for_terminals_and_never_with_no_color(home: Path) -> None:
    coloured = re.compile(rb"\x1b\[")
    assert not coloured.search(vertex(home, ["check", str(TUTORIAL)]).stdout)
    shown = {}
    for value in ("", "1"):
        env = environment(home) | ({"NO_COLOR": value} if value else {})
        with Terminal([*VERTEX, "check", str(TUTORIAL)], env, columns=200) as terminal:
            terminal.wait(": error ")
            terminal.wait_exit()
            row = next(row for row, line in enumerate(terminal.screen.display) if ": error " in line)
            column = terminal.screen.display[row].index("error ")
            shown[value] = terminal.screen.buffer[row][column].fg
    assert shown == {"": "red", "1": "default"}


def test_ctrl_c_ends_a_command_that_waits_for_an_answer_with_130(home: Path) -> None:
    """A server that takes connections and says nothing, as a dead network does."""
    import socket  # noqa: PLC0415 (only here)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy = f"http://127.0.0.1:{silent.getsockname()[1]}"
        env = environment(home, HTTPS_PROXY=proxy, https_proxy=proxy, NO_PROXY="", no_proxy="")
        env["GOOGLE_APPLICATION_CREDENTIALS"] = str(_login(home))
        process = subprocess.Popen(
            [*VERTEX, "doctor", "--project", "kelp-train"],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        silent.settimeout(PATIENCE)
        connection, _ = silent.accept()
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        connection.close()
    assert process.returncode == cli.INTERRUPTED
    assert out == b""
    assert b"Traceback" not in err
    assert time.monotonic() - begin < PATIENCE


INTERRUPTED_EARLY = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            os.kill(os.getpid(), signal.SIGINT)
            sum(range(100_000))
sys.meta_path.insert(0, Finder())
from tui.entry import main
sys.exit(main())
"""


def test_ctrl_c_while_python_loads_is_quiet(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_EARLY], env=environment(home), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (cli.INTERRUPTED, b"", b"")


def _login(home: Path) -> Path:
    """A user's login whose refresh is never answered."""
    file = home / "login.json"
    file.write_text(
        '{"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c",'
        ' "quota_project_id": "kelp-train"}'
    )
    return file


def commands(group: click.Command, words: tuple[str, ...]) -> list[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(group, click.Group):
        return [(words, group)]
    context = click.Context(group)
    found: list[tuple[tuple[str, ...], click.Command]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found += commands(command, (*words, name))
    return found


def test_the_help_of_each_command_has_two_examples() -> None:
    for words, command in commands(cli.cli, ()):
        text = command.get_help(click.Context(command, info_name=" ".join(words)))
        examples = text.partition("Examples:")[2].partition("Options:")[0]
        assert len(re.findall(r"^\s+\S", examples, re.MULTILINE)) >= 2, words
        assert "vertex-tui" in examples
        assert os.linesep in text
