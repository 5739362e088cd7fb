"""The small process over one replica: starts it, records its output and its end, leaves nothing behind.

Run without site packages; standard library only, so that it starts fast and outlives the server. Its folder
holds `spec.json`; the runner writes `runner.json` (who runs), `child.json` (the replica's main process),
`output.jsonl` (one `[nanoseconds, stream, text]` a line) and at last `exit.json`. SIGTERM asks it to end the
replica.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from tui.local.jobs.lines import Lines
from tui.local.jobs.memory import tree_memory

STDOUT, STDERR = 1, 2
MARKER = "VERTEX_TUI_REPLICA"
"""A variable that every process of a replica inherits: by it they are found when their runner is gone."""
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_TICK = 0.05
"""Seconds between two looks while a progress bar or an end is awaited."""
_PAUSE = 0.5
"""Seconds between two looks when nothing is awaited but output, which wakes at once."""
_MOST_WAITING = 1024 * 1024
"""Bytes of output that wait for space on a full disk before the replica is made to wait as well."""
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_MEMORY_SECONDS = 0.25
"""Seconds between two looks at the memory of a replica with a limit."""


def process_mark(pid: int) -> str | None:
    """What tells a process from a later one with the same number; None if there is no such process.

    On Linux the boot id and the start in clock ticks; elsewhere the start time as `ps` prints it.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        fields = stat.rpartition(")")[2].split()
        if fields[0] in "ZX":
            return None
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text(encoding='ascii').strip()}:{fields[19]}"
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return None
    listed = subprocess.run(  # noqa: S603 (fixed command)
        ["/bin/ps", "-o", "lstart=,stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    line = listed.stdout.strip()
    return None if not line or line.split()[-1].startswith("Z") else line.rpartition(" ")[0].strip()


class Recorder:
    """Appends entries to `output.jsonl`, with times that never repeat."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._waiting = bytearray()
        self._last = 0

    @property
    def blocked(self) -> bool:
        """Whether so much waits for space on the disk that no more should be read."""
        return len(self._waiting) > _MOST_WAITING

    def emit(self, stream: int, line: bytes) -> None:
        """Record one line of a stream."""
        self._last = max(time.time_ns(), self._last + 1)
        text = line.decode("utf-8", "replace")
        self._waiting += json.dumps([self._last, stream, text]).encode() + b"\n"

    def flush(self) -> bool:
        """Hand everything to the system; on a full disk it waits for the next time. Whether nothing waits."""
        while self._waiting:
            try:
                written = os.write(self._file, self._waiting)
            except OSError as error:
                if error.errno not in _NO_SPACE:
                    raise
                return False
            del self._waiting[:written]
        return True


class Runner:
    """One replica from start to end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._spec: dict[str, Any] = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
        self._recorder = Recorder(folder / "output.jsonl")
        self._process: subprocess.Popen[bytes] | None = None
        self._reason = ""
        self._kill_at: float | None = None
        self._deadline = time.monotonic() + float(self._spec["timeout_seconds"])
        self._memory = int(self._spec.get("memory_bytes", 0))
        self._weigh_at = 0.0
        self._selector = selectors.DefaultSelector()
        self._lines: list[Lines] = []
        self._woken, self._waker = os.pipe()

    def run(self) -> None:
        """Start the replica, follow it to its end, record the end."""
        self._listen()
        if self._reason:
            self._finish(0, self._reason, "")
            return
        try:
            self._start()
        except (OSError, ValueError) as error:
            self._finish(128, "StartError", _start_error(self._spec["argv"][0], error))
            return
        if self._reason:
            self._signal_all(signal.SIGTERM)
        self._follow()
        code = self._process.returncode if self._process else 0
        code = 128 - code if code < 0 else code
        self._finish(code, self._reason, "")

    def _listen(self) -> None:
        """Let a signal, of a child's end too, wake the loop."""
        for descriptor in (self._woken, self._waker):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGTERM, self._on_term)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        self._selector.register(self._woken, selectors.EVENT_READ)

    def _start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (the user's own command, as asked)
            self._spec["argv"],
            cwd=self._spec["cwd"],
            env=self._spec["env"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_die_with_parent(),  # noqa: PLW1509 (one thread; see there)
        )
        write_json(
            self._folder / "child.json", {"pid": self._process.pid, "mark": process_mark(self._process.pid)}
        )
        for stream, pipe in ((STDOUT, self._process.stdout), (STDERR, self._process.stderr)):
            if pipe:
                os.set_blocking(pipe.fileno(), False)
                lines = Lines(functools.partial(self._recorder.emit, stream))
                self._lines.append(lines)
                self._selector.register(pipe, selectors.EVENT_READ, lines)

    def _follow(self) -> None:
        """Read until the replica's main process has ended, then end what it left behind."""
        while self._process and self._process.poll() is None:
            self._read(self._pause())
            self._collect_orphans()
            self._enforce()
        self._end_rest()
        drained = time.monotonic() + 1.0
        while len(self._selector.get_map()) > 1 and time.monotonic() < drained and self._read(0.02):
            pass
        now = time.monotonic()
        for lines in self._lines:
            lines.close(now)
        self._recorder.flush()

    def _pause(self) -> float:
        if any(lines.restless for lines in self._lines):
            return _TICK
        now = time.monotonic()
        due = self._deadline if self._kill_at is None else self._kill_at
        most = _MEMORY_SECONDS if self._memory else _PAUSE
        return min(max(due - now, _TICK), most)

    def _read(self, wait: float) -> bool:
        """Read what is there; whether anything was."""
        if self._recorder.blocked and not self._recorder.flush():
            time.sleep(wait)
            return False
        events = self._selector.select(wait)
        now = time.monotonic()
        for key, _ in events:
            data = self._chunk(key.fd)
            if key.data is None:
                continue
            if data:
                key.data.feed(data, now)
            elif data is not None:
                self._selector.unregister(key.fileobj)
        for lines in self._lines:
            lines.tick(now)
        self._recorder.flush()
        return bool(events)

    @staticmethod
    def _chunk(descriptor: int) -> bytes | None:
        try:
            return os.read(descriptor, 1 << 16)
        except BlockingIOError:
            return None

    def _enforce(self) -> None:
        now = time.monotonic()
        if not self._reason and now >= self._deadline:
            self._end("Timeout")
        if not self._reason and self._memory and now >= self._weigh_at:
            self._weigh_at = now + _MEMORY_SECONDS
            if tree_memory(os.getpid(), self._memory) > self._memory:
                self._reason = "OOM"
                self._kill_at = now
        if self._kill_at is not None and now >= self._kill_at:
            self._signal_all(signal.SIGKILL)

    def _on_term(self, _number: int, _frame: FrameType | None) -> None:
        if not self._reason:
            self._end("Stopped")

    def _end(self, reason: str) -> None:
        self._reason = reason
        self._kill_at = time.monotonic() + float(self._spec["grace_seconds"])
        self._signal_all(signal.SIGTERM)

    def _end_rest(self) -> None:
        """Like a container's end: nothing survives its main process."""
        for _ in range(50):
            self._signal_all(signal.SIGKILL)
            if not self._reap() and not descendants(os.getpid()):
                return
            time.sleep(0.01)

    def _collect_orphans(self) -> None:
        """Collect ended orphans while the main process runs, whose own status is left to be asked for."""
        if sys.platform != "linux":
            return
        with contextlib.suppress(ChildProcessError):
            flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
            while (found := os.waitid(os.P_ALL, 0, flags)) and self._process:
                if found.si_pid == self._process.pid:
                    return
                os.waitpid(found.si_pid, os.WNOHANG)

    @staticmethod
    def _reap() -> bool:
        """Collect ended orphans; whether children are left."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, _ = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return True
        return False

    def _signal_all(self, number: signal.Signals) -> None:
        if self._process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)
        for pid in descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    def _finish(self, code: int, reason: str, message: str) -> None:
        code = 128 + signal.SIGKILL if reason == "OOM" else code
        end = {"code": code, "reason": reason, "message": message, "time_ns": time.time_ns()}
        while not self._recorded(end):
            time.sleep(_PAUSE)

    def _recorded(self, end: dict[str, Any]) -> bool:
        """Write down output and end, if the disk has space for them."""
        try:
            if not self._recorder.flush():
                return False
            write_json(self._folder / "exit.json", end)
        except OSError as error:
            if error.errno not in _NO_SPACE:
                raise
            return False
        return True


def _die_with_parent() -> Callable[[], None] | None:
    """On Linux, what a child does before its program starts, to be killed if its runner is.

    This process has one thread and no gRPC, so that it may run Python between fork and exec.
    """
    if sys.platform != "linux":
        return None
    library, runner = ctypes.CDLL(None), os.getpid()

    def ask() -> None:
        library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != runner:
            os._exit(128 + signal.SIGKILL)

    return ask


def _start_error(command: str, error: OSError | ValueError) -> str:
    why = str(error.strerror).lower() if isinstance(error, OSError) else str(error)
    if isinstance(error, FileNotFoundError):
        why = "executable file not found in $PATH"
    return (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
        f'unable to start container process: exec: "{command}": {why}: unknown'
    )


def descendants(root: int) -> list[int]:
    """Processes below `root`, from `/proc`; empty where there is none."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid_text, _, rest = entry.read_text(encoding="utf-8", errors="replace").partition(" (")
            parents.setdefault(int(rest.rpartition(")")[2].split()[1]), []).append(int(pid_text))
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def adopt_orphans() -> None:
    """On Linux, become the parent of whatever the replica leaves behind, so that it can be ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a file that is there whole or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(content), encoding="utf-8")
    temporary.replace(path)


def claim(folder: Path) -> bool:
    """Take the replica for this process; False if a runner has it or had it already."""
    mine = folder / f"runner.{os.getpid()}"
    write_json(mine, {"pid": os.getpid(), "mark": process_mark(os.getpid())})
    try:
        os.link(mine, folder / "runner.json")
    except FileExistsError:
        return False
    finally:
        mine.unlink()
    return True


def main(folder_name: str) -> None:
    """Run the replica of a folder, unless it has or had a runner."""
    folder = Path(folder_name)
    os.umask(0o077)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    if claim(folder):
        adopt_orphans()
        Runner(folder).run()
