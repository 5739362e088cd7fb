"""One replica as the server sees it: a folder, and perhaps a runner process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui.local.jobs import runner


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a replica ended."""

    code: int
    """Exit status; 128 + n for signal n."""
    reason: str = ""
    """`Stopped`, `Timeout`, `StartError`, `Lost`, or empty."""
    message: str = ""


LOST = Outcome(-1, "Lost")
"""The runner is gone and has left no word."""


@dataclass(slots=True)
class Replica:
    """`workerpoolP-N`; its folder is `jobs/ID/NAME` in the data directory."""

    name: str
    folder: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def output(self) -> Path:
        """What the replica printed."""
        return self.folder / "output.jsonl"

    def started(self) -> bool:
        """Whether a runner has ever taken it."""
        return (self.folder / "runner.json").exists()

    def start(self, spec: dict[str, Any]) -> None:
        """Write the spec and start a runner."""
        self.folder.mkdir(parents=True, exist_ok=True)
        runner.write_json(self.folder / "spec.json", spec)
        self._process = subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-I", "-S", runner.__file__, str(self.folder)],
            cwd=self.folder,
            env={"LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def outcome(self) -> Outcome | None:
        """How it ended; None while it runs."""
        found = self._exit_file()
        if found or self._alive():
            return found
        return self._exit_file() or LOST

    def _exit_file(self) -> Outcome | None:
        with contextlib.suppress(FileNotFoundError):
            content = json.loads((self.folder / "exit.json").read_text(encoding="utf-8"))
            return Outcome(int(content["code"]), str(content["reason"]), str(content["message"]))
        return None

    def _alive(self) -> bool:
        if self._process is not None:
            return self._process.poll() is None
        runner_file = read_process(self.folder / "runner.json")
        return runner_file is not None and runner.process_mark(runner_file[0]) == runner_file[1]

    def ask_to_stop(self) -> None:
        """SIGTERM to the runner, which ends the replica with everything below it."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to the runner and to the replica's process group: the last resort."""
        self._signal(signal.SIGKILL)
        kill_leftovers(self.folder)

    def _signal(self, number: signal.Signals) -> None:
        found = read_process(self.folder / "runner.json")
        if found and runner.process_mark(found[0]) == found[1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(found[0], number)

    def reap(self) -> None:
        """Collect the runner's exit status if it is ours."""
        if self._process is not None:
            self._process.poll()


def kill_leftovers(folder: Path) -> None:
    """End the process group of a replica whose runner is gone."""
    found = read_process(folder / "child.json")
    if found and runner.process_mark(found[0]) == found[1]:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(found[0], signal.SIGKILL)


def read_process(path: Path) -> tuple[int, str] | None:
    """Process number and mark from `runner.json` or `child.json`; None if it was never written."""
    with contextlib.suppress(FileNotFoundError):
        content = json.loads(path.read_text(encoding="utf-8"))
        return int(content["pid"]), str(content["mark"])
    return None
