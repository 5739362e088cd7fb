"""The question before a change: everything is listed, only a yes goes on, silence is refused."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from tests.support import subprocess_environment
from tests.terminal import Terminal
from tui.cli_common import CommandLineError
from tui.commands.confirm import confirm

SCRIPT = """
import asyncio
from tui.commands.confirm import confirm

async def ask():
    try:
        confirm("Delete these 2 jobs?", ["job one", "job \\x1b[2Jtwo"], yes=False)
    finally:
        await asyncio.sleep(0)
        print("closed")
    print("done")

try:
    asyncio.run(ask())
except KeyboardInterrupt:
    print("interrupted")
"""


def test_without_a_terminal_only_yes_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(CommandLineError, match="say --yes") as refused:
        confirm("Delete it?", ["job one"], yes=False)
    assert refused.value.status == 2
    assert capsys.readouterr().err == ""
    confirm("Delete it?", ["job one"], yes=True)
    assert capsys.readouterr().err == "  job one\n"


@pytest.mark.parametrize(
    ("keys", "done"), [("x\ry\r", True), ("\r", False), ("\x04", False), ("\x03", False)]
)
def test_on_a_terminal_only_a_yes_goes_on(keys: str, done: bool, tmp_path: Path) -> None:  # noqa: FBT001
    with Terminal([sys.executable, "-c", SCRIPT], subprocess_environment(tmp_path)) as shown:
        shown.wait("Delete these 2 jobs? [y/N]")
        assert "job one" in shown.text
        assert "job ␛[2Jtwo" in shown.text
        shown.type(keys)
        shown.wait_exit()
        assert "closed" in shown.text
        assert ("done" in shown.text) is done
