"""The small process over one replica: starts it, records its output and its end, leaves nothing behind.

Run as `python -I -S runner.py FOLDER`; standard library only, so that it starts fast and outlives the server.
The folder holds `spec.json`; the runner writes `runner.json` (who runs), `output.jsonl` (one `[nanoseconds,
stream, text]` a line) and at last `exit.json`. SIGTERM asks it to end the replica.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

STDOUT, STDERR = 1, 2
MAX_LINE = 200 * 1024
"""Bytes of one entry's text: Cloud Logging takes 256 KiB with everything around it."""
REDRAW_SECONDS = 0.1
"""Shortest time between two entries from text that a carriage return overwrites."""
QUIET_SECONDS = 0.3
"""A progress bar that stands still that long is shown although its line has not ended."""
PR_SET_CHILD_SUBREAPER = 36
_CONTINUES = 0x80
"""The top bits of a byte that continues a UTF-8 character."""


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


class Lines:
    """Cuts one stream into entries: at line feeds, and, not too often, at carriage returns."""

    def __init__(self, emit: Callable[[bytes], None]) -> None:
        self._emit = emit
        self._rest = b""
        self._overwritten: bytes | None = None
        self._drawn = 0.0
        self._fed = 0.0
        self._bar = False

    def feed(self, data: bytes, now: float) -> None:
        """Take what was read at `now` (monotonic seconds)."""
        self._fed = now
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            self._line(line.removesuffix(b"\r"), now)
        if b"\r" in self._rest[:-1]:
            self._redraw(now)
        while len(self._rest) > MAX_LINE:
            cut = utf8_cut(self._rest, MAX_LINE)
            self._emit(self._rest[:cut])
            self._rest = self._rest[cut:]

    def _line(self, line: bytes, now: float) -> None:
        *bars, last = line.split(b"\r")
        for bar in bars:
            self._draw(bar, now)
        if last or not bars:
            self._overwritten = None
        else:
            self.flush_bar(now)
        if last or not (bars or self._bar):
            for start in pieces(last):
                self._emit(start)
        self._bar = False

    def _redraw(self, now: float) -> None:
        """Show the bars of an unfinished line; its last piece may still grow."""
        self._bar = True
        tail = b"\r" if self._rest.endswith(b"\r") else b""
        *bars, last = self._rest.removesuffix(b"\r").split(b"\r")
        for bar in bars:
            self._draw(bar, now)
        self._rest = last + tail

    def _draw(self, bar: bytes, now: float) -> None:
        if not bar:
            return
        self._overwritten = bar
        if now - self._drawn >= REDRAW_SECONDS:
            self.flush_bar(now)

    def flush_bar(self, now: float) -> None:
        """Show the newest bar that was held back."""
        if self._overwritten is not None:
            for start in pieces(self._overwritten):
                self._emit(start)
            self._overwritten = None
            self._drawn = now

    def tick(self, now: float) -> None:
        """Time has passed without output."""
        if now - self._drawn >= REDRAW_SECONDS:
            self.flush_bar(now)
        standing = self._rest.startswith(b"\r") or self._rest.endswith(b"\r") or self._bar
        if standing and self._rest.strip(b"\r") and now - self._fed >= QUIET_SECONDS:
            self._bar = True
            self._overwritten = self._rest.strip(b"\r").rpartition(b"\r")[2]
            self._rest = b""
            self.flush_bar(now)

    def close(self, now: float) -> None:
        """The stream has ended; an unfinished line counts."""
        if self._rest:
            self._line(self._rest, now)
            self._rest = b""
        self.flush_bar(now)


def pieces(line: bytes) -> Iterator[bytes]:
    """A line in pieces of at most `MAX_LINE` bytes, cut between characters."""
    while len(line) > MAX_LINE:
        cut = utf8_cut(line, MAX_LINE)
        yield line[:cut]
        line = line[cut:]
    yield line


def utf8_cut(data: bytes, limit: int) -> int:
    """The last place up to `limit` that does not part a UTF-8 character."""
    cut = limit
    while cut > limit - 4 and data[cut] & 0xC0 == _CONTINUES:
        cut -= 1
    return cut if data[cut] & 0xC0 != _CONTINUES else limit


class Recorder:
    """Appends entries to `output.jsonl`, with times that never repeat."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=1 << 16)
        self._last = 0

    def emit(self, stream: int, line: bytes) -> None:
        """Record one line of a stream."""
        self._last = max(time.time_ns(), self._last + 1)
        text = line.decode("utf-8", "replace")
        self._file.write(json.dumps([self._last, stream, text]).encode() + b"\n")

    def flush(self) -> None:
        """Hand everything to the system."""
        self._file.flush()


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
        self._selector = selectors.DefaultSelector()
        self._lines: list[Lines] = []

    def run(self) -> None:
        """Start the replica, follow it to its end, record the end."""
        signal.signal(signal.SIGTERM, self._on_term)
        try:
            self._start()
        except OSError as error:
            self._finish(128, "StartError", _start_error(self._spec["argv"][0], error))
            return
        self._follow()
        code = self._process.returncode if self._process else 0
        self._finish(128 - code if code < 0 else code, self._reason, "")

    def _start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (the user's own command, as asked)
            self._spec["argv"],
            cwd=self._spec["cwd"],
            env=self._spec["env"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
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
            self._read(0.05)
            self._enforce()
        self._end_rest()
        drained = time.monotonic() + 1.0
        while self._selector.get_map() and time.monotonic() < drained and self._read(0.02):
            pass
        now = time.monotonic()
        for lines in self._lines:
            lines.close(now)
        self._recorder.flush()

    def _read(self, wait: float) -> bool:
        """Read what is there; whether anything was."""
        events = self._selector.select(wait) if self._selector.get_map() else []
        if not self._selector.get_map():
            time.sleep(wait)
        now = time.monotonic()
        for key, _ in events:
            data = self._chunk(key.fd)
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
        self._recorder.flush()
        write_json(
            self._folder / "exit.json",
            {"code": code, "reason": reason, "message": message, "time_ns": time.time_ns()},
        )


def _start_error(command: str, error: OSError) -> str:
    why = (
        "executable file not found in $PATH"
        if isinstance(error, FileNotFoundError)
        else str(error.strerror).lower()
    )
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


def main() -> None:
    """Run the replica whose folder is the only argument."""
    folder = Path(sys.argv[1])
    os.umask(0o077)
    if claim(folder):
        adopt_orphans()
        Runner(folder).run()


if __name__ == "__main__":
    main()
