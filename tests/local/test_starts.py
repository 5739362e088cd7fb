"""Starting a server among others who do the same, over what an earlier one has left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.clients import Server, until
from tests.local.trials import processes_of, short_folder
from tests.support import clean_environment
from tui.local import launcher
from tui.local.jobs.runner import process_mark
from tui.local.private import make_private

ROOT = Path(__file__).parents[2]
STARTERS = 20
ENSURE = """
import sys
from dataclasses import asdict
from pathlib import Path
from tui.local import launcher
print(sorted(asdict(launcher.ensure(Path(sys.argv[1]))).items()))
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with short_folder() as folder:
        try:
            yield Path(folder, "data")
        finally:
            launcher.stop(Path(folder, "data"))


def start_at_once(data_dir: Path, count: int) -> set[str]:
    """What so many processes are told that ask for the server at the same time."""
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", ENSURE, str(data_dir)],
            cwd=ROOT,
            env=clean_environment(os.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(count)
    ]
    return {starter.communicate(timeout=60)[0] for starter in starters}


def test_twenty_processes_get_one_server(data_dir: Path) -> None:
    told = start_at_once(data_dir, STARTERS)
    assert len(told) == 1, told
    record = launcher.status(data_dir)
    assert record
    assert str(record.pid) in told.pop()
    assert set(processes_of(data_dir)) == {record.pid}


def test_they_get_one_server_also_after_a_crash(data_dir: Path) -> None:
    first = launcher.ensure(data_dir)
    os.kill(first.pid, signal.SIGKILL)
    told = start_at_once(data_dir, 5)
    assert len(told) == 1, told
    record = launcher.status(data_dir)
    assert record
    assert record.pid != first.pid
    assert record.http_url == first.http_url


@pytest.mark.parametrize(
    "left",
    [
        "",
        "{",
        "[]",
        '{"pid": "x"}',
        '{"pid": 1, "process_start": "", "http_url": ""}',
        '{"pid": -1, "process_start": "x", "http_url": "http://127.0.0.1:x"}',
        "\0\xff",
    ],
)
def test_whatever_an_earlier_server_left_is_no_server(data_dir: Path, left: str) -> None:
    make_private(data_dir)
    (data_dir / "server.json").write_text(left, encoding="latin-1")
    (data_dir / "last-port").write_text(left, encoding="latin-1")
    (data_dir / "grpc.sock").touch()
    assert launcher.status(data_dir) is None
    assert not launcher.stop(data_dir)
    record = launcher.ensure(data_dir)
    assert launcher.status(data_dir) == record


def test_a_record_with_a_living_process_of_the_same_number(data_dir: Path) -> None:
    record = launcher.ensure(data_dir)
    launcher.stop(data_dir)
    with subprocess.Popen(["sleep", "600"]) as other:
        try:
            content = {name: getattr(record, name) for name in ("version", "http_url", "process_start")}
            (data_dir / "server.json").write_text(json.dumps({**content, "pid": other.pid}))
            fresh = launcher.ensure(data_dir)
            assert fresh.pid != other.pid
            launcher.stop(data_dir)
            assert other.poll() is None
        finally:
            other.kill()


def test_a_second_server_by_hand_gives_way(local_server: Server) -> None:
    command = [sys.executable, "-m", "tui.local", "serve", "--data-dir", str(local_server.data_dir)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "another server uses" in done.stderr
    assert launcher.status(local_server.data_dir) == local_server.record
    local_server.enable("logging")
    assert list(local_server.entries()) == []


def test_a_stop_while_many_start(data_dir: Path) -> None:
    launcher.ensure(data_dir)
    told = start_at_once(data_dir, 5)
    launcher.stop(data_dir)
    assert len(told) == 1
    until(lambda: not processes_of(data_dir), "the end of every process")
    assert process_mark(os.getpid())
