"""Keeps stray writes of C libraries off the screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS


def read_alt_digits() -> None:
    """Let alt and a digit arrive as such.

    Textual takes escape and a digit for the characters that Option and a digit give in one terminal on a
    Mac (`¡`, `™`, `£` …); everywhere else, and over SSH, these are alt+1, alt+2, alt+3 …
    """
    for digit in range(1, 10):
        ANSI_SEQUENCES_KEYS.pop(f"\x1b{digit}", None)  # type: ignore[attr-defined]


@contextmanager
def private_terminal(log: Path) -> Iterator[None]:
    """Give Textual its own duplicate of the terminal, and file descriptor 2 to the debug log.

    gRPC's C core writes to descriptor 2 whatever Python does with `sys.stderr`; Textual draws on
    `sys.__stderr__`.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    originals, saved = (sys.__stderr__, sys.stderr), os.dup(2)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    log_descriptor = os.open(log, flags, 0o600)
    with os.fdopen(os.dup(saved), "w", encoding="utf-8", buffering=1) as terminal:
        sys.__stderr__ = sys.stderr = terminal  # type: ignore[misc]
        os.dup2(log_descriptor, 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            sys.__stderr__, sys.stderr = originals  # type: ignore[misc]
            os.close(log_descriptor)
            os.close(saved)
