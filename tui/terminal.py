"""Keeps stray writes of C libraries off the screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser

_ESCAPE = "\x1b"
_BEGIN_SEQUENCES = frozenset("[]OPX^_\\")
"""What stands behind an escape that begins or ends a sequence."""


def read_alt_keys() -> None:
    """Let an escape with a character behind it arrive as alt and that key, at once.

    Textual takes escape and a digit for the characters that Option and a digit give in one terminal on a
    Mac (`¡`, `™`, `£` …); everywhere else, and over SSH, these are alt+1, alt+2, alt+3 … Of escape and a
    sign such as `/` it forgets the escape, and what is typed right behind either it takes for more of the
    sequence, until there is a pause.
    """
    for digit in range(10):
        ANSI_SEQUENCES_KEYS.pop(f"{_ESCAPE}{digit}", None)  # type: ignore[attr-defined]
    XTermParser._sequence_to_key_events = _keys_of  # type: ignore[method-assign, assignment]  # noqa: SLF001 (no other way in)


_textual_keys_of = XTermParser._sequence_to_key_events  # noqa: SLF001 (what is added to)


def _keys_of(parser: XTermParser, sequence: str, alt: bool = False) -> Iterable[events.Key]:  # noqa: FBT001, FBT002 (Textual's)
    found = list(_textual_keys_of(parser, sequence, alt))
    if alt and sequence in _BEGIN_SEQUENCES:  # of a sequence that nobody knows: no text
        return [events.Key(key.key, None) if key.key.startswith("alt+") else key for key in found]
    if found or len(sequence) != 2 or sequence[0] != _ESCAPE:  # noqa: PLR2004 (escape and one character)
        return found
    character = sequence[1]
    if character in _BEGIN_SEQUENCES or not (character.isprintable() or character == "\r"):
        return found
    return [
        key if key.key.startswith("alt+") else events.Key(f"alt+{key.key}", character)
        for key in _textual_keys_of(parser, character, alt=True)
    ]


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
