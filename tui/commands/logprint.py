"""Prints lines of a log: secrets hidden, and on a terminal nothing that it would obey."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice

import click

from tui.commands.hiding import Hide
from tui.commands.loglines import Shown
from tui.commands.output import has_colours, is_terminal, need_stdout, progress_done, say_json_line, styled
from tui.domain.logreading.level_words import level_word
from tui.domain.logs import Severity, rfc3339
from tui.domain.text import printable, strip_escapes
from tui.services.log_text import hidden_texts

_SLICE = 300
"""Lines whose secrets are hidden together."""
_SECOND_NS = 1_000_000_000


class LogPrinter:
    """Prints to stdout as plain lines or as JSON."""

    def __init__(self, hide: Hide, *, jsonl: bool, raw: bool) -> None:
        self._hide = hide
        self._jsonl = jsonl
        self._raw = raw and not is_terminal(sys.stdout)
        self.count = 0
        """Lines printed so far."""

    def put(self, lines: Iterable[Shown]) -> None:
        """Print lines.

        Raises:
            BrokenPipeError: nobody reads them any more.
        """
        given = iter(lines)
        while part := list(islice(given, _SLICE)):
            need_stdout()
            texts = [line.text for line in part]
            # Lines are hidden together, as a private key is known by its first one; entries are whole.
            whole = any("\n" in text for text in texts)
            hidden = list(map(self._hide, texts)) if whole else hidden_texts(texts, self._hide)
            for line, text in zip(part, hidden, strict=True):
                self._put_one(line, text)
            self.count += len(part)
        if sys.stdout is not None:  # nothing was to be printed
            sys.stdout.flush()

    def _put_one(self, line: Shown, text: str) -> None:
        if self._jsonl:
            say_json_line(
                {
                    "time": rfc3339(line.timestamp_ns),
                    "severity": level_word(line.severity),
                    "inferred": level_word(line.level),
                    "replica": line.replica,
                    "insert_id": line.insert_id,
                    "text": text,
                }
            )
            return
        progress_done()
        words = f"{_clock(line.timestamp_ns)} {level_word(line.level):<8} {printable(line.replica) or '-'}"
        shown = text if self._raw else printable(strip_escapes(text), multiline=True)
        row = f"{words} {shown}\n".encode("utf-8", "replace").decode()
        if has_colours(sys.stdout):
            row = _coloured(row, line.level)
        click.echo(row, nl=False, color=True)


def _coloured(row: str, level: int) -> str:
    if level >= Severity.ERROR:
        return styled(row, fg="red")
    return styled(row, fg="yellow") if level >= Severity.WARNING else row


def _clock(timestamp_ns: int) -> str:
    seconds, fraction = divmod(timestamp_ns, _SECOND_NS)
    try:
        clock = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        clock = str(seconds)
    return f"{clock}.{fraction // 1_000_000:03d}Z"
