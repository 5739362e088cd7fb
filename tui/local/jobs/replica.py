"""One replica as the server sees it: a folder, and perhaps a runner process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui.local.jobs import runner

ROOT = Path(__file__).resolve().parents[3]
"""The folder that holds the package `tui`."""

_COLLECT_SECONDS = 5.0
"""How long a runner may take to exit after its last word."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a replica ended."""

    code: int
    """Exit status; 128 + n for signal n."""
    reason: str = ""
    """`Stopped`, `Timeout`, `StartError`, `OOM`, `Lost`, or empty."""
    message: str = ""
    time_ns: int = 0
    """When, in real time since the epoch; 0 if that is not known."""

    @property
    def failed(self) -> bool:
        """Whether it is more than the end of a program that did its work."""
        return self.code != 0 or bool(self.reason)


LOST = Outcome(-1, "Lost")
"""The runner is gone and has left no word."""


@dataclass(slots=True)
class Replica:
    """`workerpoolP-N`; its folder is below `jobs/ID` in the data directory, a new one for each start."""

    name: str
    folder: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _outcome: Outcome | None = field(default=None, repr=False)

    @property
    def output(self) -> Path:
        """What the replica printed."""
        return self.folder / "output.jsonl"

    def prepared(self) -> bool:
        """Whether it has all that a runner needs."""
        return (self.folder / "spec.json").exists()

    def prepare(self, spec: dict[str, Any]) -> None:
        """Write down what its runner needs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        runner.write_json(self.folder / "spec.json", spec)

    def started(self) -> bool:
        """Whether a runner has ever taken it."""
        return (self.folder / "runner.json").exists()

    def start(self) -> None:
        """Start a runner; it ends at once if another has the replica already."""
        code = (
            f"import sys; sys.path.append({str(ROOT)!r})\n"
            f"from tui.local.jobs.runner import main; main({str(self.folder)!r})"
        )
        self._process = subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-I", "-S", "-c", code],
            cwd=self.folder,
            env={"LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def outcome(self) -> Outcome | None:
        """How it ended; None while it runs."""
        if self._outcome is None:
            self._outcome = self._exit_file()
        if self._outcome is None and not self._alive():
            self._outcome = self._exit_file() or LOST
        return self._outcome

    def _exit_file(self) -> Outcome | None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            content = json.loads((self.folder / "exit.json").read_text(encoding="utf-8"))
            return Outcome(
                int(content["code"]), str(content["reason"]), str(content["message"]), int(content["time_ns"])
            )
        return None

    def _alive(self) -> bool:
        if self._process is not None and self._process.poll() is None:
            return True
        found = read_process(self.folder / "runner.json")
        return found is not None and runner.process_mark(found[0]) == found[1]

    def collect(self) -> None:
        """Collect the exit status of a runner that has ended or is about to. Blocking, for a moment."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_COLLECT_SECONDS)

    def let_go(self) -> None:
        """The runner goes on without this server; nobody here will wait for it."""
        if self._process is not None and self._process.poll() is None:
            self._process.returncode = 0

    def ask_to_stop(self) -> None:
        """SIGTERM to the runner, which ends the replica with everything below it."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to the runner and to everything below it: the last resort. It never runs again."""
        self._signal(signal.SIGKILL)
        bury(self.folder)

    def _signal(self, number: signal.Signals) -> None:
        found = read_process(self.folder / "runner.json")
        if found and found[0] != os.getpid() and runner.process_mark(found[0]) == found[1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(found[0], number)


def bury(folder: Path) -> None:
    """Make sure that nothing of a replica runs or ever will; blocking for some hundredths of a second.

    Its runner must be gone or about to go; one that comes late finds the replica taken.
    """
    if folder.exists() and not (folder / "runner.json").exists() and runner.claim(folder):
        ended = {"code": 0, "reason": "Stopped", "message": "", "time_ns": time.time_ns()}
        runner.write_json(folder / "exit.json", ended)
    kill_leftovers(folder)


def kill_leftovers(folder: Path) -> None:
    """End what a replica whose runner is gone has left: its process group, and whoever carries its mark."""
    found = read_process(folder / "child.json")
    if found and runner.process_mark(found[0]) == found[1]:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(found[0], signal.SIGKILL)
    for _ in range(20):
        marked = _marked(folder)
        for pid in marked:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not marked:
            return
        time.sleep(0.01)


def _marked(folder: Path) -> list[int]:
    """Processes that were started with a replica's mark, wherever they have moved since; Linux only."""
    mark = f"{runner.MARKER}={folder}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError, ValueError):
            if mark in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
    return found


def read_process(path: Path) -> tuple[int, str] | None:
    """Process number and mark from `runner.json` or `child.json`; None if it was never written."""
    with contextlib.suppress(FileNotFoundError):
        content = json.loads(path.read_text(encoding="utf-8"))
        return int(content["pid"]), str(content["mark"])
    return None
