"""The program's beginning and end: ctrl+c is quiet there, too, while Python loads and shuts down."""

from __future__ import annotations

import _signal as signals  # type: ignore[import-not-found]  # built in; `signal` would load others first
import os

_INTERRUPTED = 130


def _quietly(_signal: int, _frame: object) -> None:
    os._exit(_INTERRUPTED)


def main() -> int:
    """Run the command line; the process's exit status."""
    mine = signals.getsignal(signals.SIGINT) is signals.default_int_handler  # not below nohup, say
    try:
        if mine:
            signals.signal(signals.SIGINT, _quietly)
        from tui import cli  # noqa: PLC0415 (what takes time begins here)

        if mine:
            signals.signal(signals.SIGINT, signals.default_int_handler)
        status = cli.main()
        if mine:
            signals.signal(signals.SIGINT, _quietly)
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status
