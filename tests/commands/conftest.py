"""One local server for all tests of the commands that only add to it, and what a command prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.local.clients import Server
from tests.local.conftest import enabled_server, fresh_server
from tui import cli


@pytest.fixture(scope="session")
def commands_server() -> Iterator[Server]:
    """A server with the APIs enabled; `local` puts it under a test's own folders."""
    with enabled_server() as server:
        yield server


@pytest.fixture
def local(commands_server: Server, home: Path) -> Server:
    """The shared server as that of this test's `--local`."""
    data = home / "data"
    data.mkdir(mode=0o700)
    (data / "local").symlink_to(commands_server.data_dir)
    return commands_server


@pytest.fixture
def fresh(home: Path) -> Iterator[Server]:
    """A server of this test alone, on which nothing is set up, as that of `--local`."""
    with fresh_server() as server:
        (home / "data").mkdir(mode=0o700)
        (home / "data" / "local").symlink_to(server.data_dir)
        yield server


@dataclass(frozen=True)
class Printed:
    """What one command printed, and how it ended."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of the result, without the blanks that align them."""
        return [" ".join(line.split()) for line in self.out.splitlines()]

    @property
    def json(self) -> Any:
        """The result as JSON."""
        return json.loads(self.out)


Run = Callable[..., Printed]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `vertex-tui …` in this process."""

    def run(*arguments: object) -> Printed:
        capsys.readouterr()
        status = cli.main([str(argument) for argument in arguments])
        found = capsys.readouterr()
        return Printed(status, found.out, found.err)

    return run
