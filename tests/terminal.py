"""A program on a real pseudo-terminal, with a terminal emulator keeping its screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import pyte

from tests.support import PATIENCE

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "space": " ",
    "backspace": "\x7f",
}

_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[(?:[<>=]\d*(?:;\d+)*u|>\d*(?:;\d+)*[cmq])")
"""Sequences of newer keyboards protocols, which pyte would print."""


class Terminal:
    """Runs `argv` on a pseudo-terminal of `columns` by `rows`; ended when the `with` block is left."""

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], *, columns: int = 80, rows: int = 24
    ) -> None:
        screen: Any = pyte.Screen(columns, rows)
        screen.write_process_input = lambda answer: os.write(self._fd, answer.encode())
        self.screen = screen
        self._stream: Any = pyte.ByteStream(screen)
        self.status: int | None = None
        self.written = 0
        self._pid: int
        self._fd: int
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvpe(argv[0], list(argv), dict(env))  # noqa: S606 (a test's own child)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.status is None:
            os.kill(self._pid, signal.SIGKILL)
            self._reap(wait=True)
        os.close(self._fd)

    @property
    def text(self) -> str:
        """What a person sees, lines without their trailing blanks."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def press(self, *keys: str) -> None:
        """Press keys by name, `ctrl+X`, `alt+X` or a character, each read before the next."""
        for key in keys:
            os.write(self._fd, _encode(key))
            # A terminal sends keys apart; an escape right before another key would be read as alt.
            self._pump(0.15 if key == "escape" else 0.02)

    def type(self, text: str) -> None:
        """Type text as it stands."""
        self.press(*text)

    def wait(self, *texts: str, timeout: float = PATIENCE) -> None:
        """Until all texts are on the screen."""
        self.until(lambda: all(text in self.text for text in texts), timeout, f"{texts} on the screen")

    def until(
        self, condition: Callable[[], bool], timeout: float = PATIENCE, what: str = "the condition"
    ) -> None:
        """Until the condition holds, drawing what the program writes meanwhile."""
        end = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > end or self.status is not None:
                raise AssertionError(
                    f"{what}: not within {timeout:g} s (exit status {self.status}). Screen:\n{self.text}"
                )
            self._pump(0.05)

    def settle(self, quiet: float = 0.4) -> None:
        """Until nothing has been written for `quiet` seconds; a dialog takes keys only after a while."""
        before = -1
        while before != self.written:
            before = self.written
            self._pump(quiet)

    def send_signal(self, number: int) -> None:
        """Signal the program."""
        os.kill(self._pid, number)

    def wait_exit(self, timeout: float = PATIENCE) -> int:
        """Until the program has ended; its exit status."""
        end = time.monotonic() + timeout
        while self.status is None:
            if time.monotonic() > end:
                raise AssertionError(f"still running after {timeout:g} s. Screen:\n{self.text}")
            self._pump(0.05)
        return self.status

    def _pump(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self.status is None and (left := end - time.monotonic()) > 0:
            readable, _, _ = select.select([self._fd], [], [], left)
            if not readable:
                break
            try:
                data = os.read(self._fd, 65536)
            except OSError:
                data = b""
            if not data:
                self._reap(wait=True)
                return
            self.written += len(data)
            self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data))
        self._reap(wait=False)

    def _reap(self, *, wait: bool) -> None:
        if self.status is None:
            pid, status = os.waitpid(self._pid, 0 if wait else os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)


def _encode(key: str) -> bytes:
    if key in KEYS:
        return KEYS[key].encode()
    if key.startswith("ctrl+"):
        return bytes([ord(key[5:].upper()) & 0x1F])
    if key.startswith("alt+"):
        return b"\x1b" + _encode(key[4:])
    return key.encode()
