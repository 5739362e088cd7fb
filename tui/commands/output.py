"""What commands print: results on stdout, progress and notes on stderr, colours only where they show.

Untrusted text (names, messages, log lines) has to go through `safe` before it is printed as plain text; JSON
needs nothing, for every character that a terminal obeys or that hides what is there is escaped in it.
"""

from __future__ import annotations

import errno
import json
import os
import re
import sys
import textwrap
from contextlib import suppress
from typing import Any, TextIO

import click

from tui.domain.text import cell_width, middle_cut, printable

CLEAR = "\r\x1b[K"
"""Back to the first column, and the line is empty."""
FALLBACK_COLUMNS = 80
"""Of a terminal that does not tell its size."""

_ESCAPED = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""What JSON allows as it stands and a terminal obeys, or a reader does not see (as `tui.domain.text`)."""


def safe(text: object) -> str:
    """One line of `text` with nothing in it that a terminal obeys or that hides what is there."""
    return printable(str(text))


def has_colours(stream: TextIO) -> bool:
    """Whether colours show on a stream: a terminal, not a dumb one, and no NO_COLOR (no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; one that is closed is none."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def styled(text: str, **style: Any) -> str:  # noqa: ANN401  # as click.style
    """Text in a colour or weight (`fg="red"`, `bold=True`); left out again where it does not show."""
    return click.style(text, **style)


# Results


def need_stdout() -> None:
    """Refuse to go on without a place for the result, as after `>&-`.

    Raises:
        OSError: stdout is closed.
    """
    if sys.stdout is None:
        raise OSError(errno.EBADF, "stdout is closed, so the result could not be printed")


def say(text: str = "") -> None:
    """Print a line, or several, of the result.

    Raises:
        OSError: stdout takes nothing.
    """
    need_stdout()
    _progress.clear()
    click.echo(_encodable(text, sys.stdout), color=has_colours(sys.stdout))


def say_json(value: object) -> None:
    """Print a result as JSON: two blanks an indent, keys in their given order, UTF-8."""
    need_stdout()
    _progress.clear()
    click.echo(json_text(value, indent=2), color=True)  # there is nothing to strip


def say_json_line(value: object) -> None:
    """Print one object of a result as one line of JSON."""
    need_stdout()
    click.echo(json_text(value), color=True)


def json_text(value: object, *, indent: int | None = None) -> str:
    """JSON whose characters no terminal obeys; ASCII alone where the output is not UTF-8."""
    text = json.dumps(value, indent=indent, ensure_ascii=not _is_utf8(sys.stdout), allow_nan=False)
    return text if text.isascii() and "\x7f" not in text else _ESCAPED.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return "\\u007f" if found[0] == "\x7f" else json.dumps(found[0])[1:-1]


# Notes


def note(text: str) -> None:
    """Print a line about the work, not part of its result; nobody has to read it."""
    _progress.clear()
    with suppress(BrokenPipeError):
        click.echo(_encodable(text, sys.stderr), err=True, color=has_colours(sys.stderr))


class Progress:
    """One line on stderr that says what is being done; gone again with the next line printed.

    Where stderr is no terminal each new text is a plain line of its own.
    """

    def __init__(self) -> None:
        self._shown = ""

    def show(self, text: str, plain: str | None = None) -> None:
        """Say what is being done; `plain` is for a file or a pipe, empty for nothing there."""
        if is_terminal(sys.stderr):
            self._draw(text)
            return
        words = text if plain is None else plain
        if words and words != self._shown:
            self._shown = words
            note(safe(words))

    def _draw(self, text: str) -> None:
        line = middle_cut(safe(text), columns(sys.stderr) - 1)
        if line == self._shown:
            return
        self._shown = line
        with suppress(BrokenPipeError):
            sys.stderr.write(CLEAR + _encodable(line, sys.stderr))
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._shown and is_terminal(sys.stderr):
            self._shown = ""
            with suppress(BrokenPipeError):
                sys.stderr.write(CLEAR)
                sys.stderr.flush()

    def done(self) -> None:
        """The work has ended: take the line away, and say the same words again if they come again."""
        self.clear()
        self._shown = ""


_progress = Progress()


def progress(text: str, plain: str | None = None) -> None:
    """Show what is being done, on the one line of `Progress` that this process has."""
    _progress.show(text, plain)


def progress_done() -> None:
    """The work has ended: take the line of progress away; every line that is printed does so by itself."""
    _progress.done()


# Streams


def columns(stream: TextIO) -> int:
    """The width of the terminal behind a stream; COLUMNS goes before what the terminal says."""
    with suppress(ValueError):
        if (told := int(os.environ.get("COLUMNS", ""))) > 0:
            return told
    with suppress(OSError, ValueError):
        if (found := os.get_terminal_size(stream.fileno()).columns) > 0:
            return found
    return FALLBACK_COLUMNS


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Text in `width` columns; longer text stays as it is."""
    blanks = " " * (width - cell_width(text))
    return blanks + text if right else text + blanks


def wrapped(text: str, indent: str = "", rest: str | None = None) -> list[str]:
    """Text as lines that a terminal does not break within words; one line where nobody looks.

    Args:
        text: one line, which may be untrusted.
        indent: before the first line.
        rest: before the others; as many blanks by default.
    """
    line = safe(text)
    if not is_terminal(sys.stdout):
        return [indent + line]
    rest = " " * cell_width(indent) if rest is None else rest
    width = max(columns(sys.stdout) - 1, 2 * len(rest) + 1)
    return textwrap.wrap(
        line,
        width,
        initial_indent=indent,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    ) or [indent]


def _is_utf8(stream: TextIO | None) -> bool:
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"


def _encodable(text: str, stream: TextIO | None) -> str:
    """Text that can be written to the stream, `?` standing for what its encoding does not have."""
    if stream is None or _is_utf8(stream):
        return text.encode("utf-8", "replace").decode("utf-8")
    encoding = stream.encoding
    return text.encode(encoding, "replace").decode(encoding)
