"""Ends processes that may be anybody's children; standard library only, blocking."""

from __future__ import annotations

import contextlib
import os
import signal
import time

from tui.local.jobs.runner import process_mark


def end_process(pid: int, mark: str, patience: float) -> None:
    """SIGTERM, then, when patience is over, SIGKILL; returns when the process is gone."""
    send_signal(pid, signal.SIGTERM)
    until = time.monotonic() + patience
    while process_mark(pid) == mark:
        if time.monotonic() > until:
            send_signal(pid, signal.SIGKILL)
        _reap(pid)
        time.sleep(0.02)


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def send_signal(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may have gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
