"""How a stream of bytes is cut into log entries; standard library only, for the runner."""

from __future__ import annotations

from collections.abc import Callable, Iterator

MAX_LINE = 200 * 1024
"""Bytes of one entry's text: Cloud Logging takes 256 KiB with everything around it."""
REDRAW_SECONDS = 0.1
"""Shortest time between two entries from text that a carriage return overwrites."""
QUIET_SECONDS = 0.3
"""A progress bar that stands still that long is shown although its line has not ended."""
_CONTINUES = 0x80
"""The top bits of a byte that continues a UTF-8 character."""


class Lines:
    """Cuts one stream into entries: at line feeds, and, not too often, at carriage returns."""

    def __init__(self, emit: Callable[[bytes], None]) -> None:
        self._emit = emit
        self._rest = b""
        self._overwritten: bytes | None = None
        self._drawn = 0.0
        self._fed = 0.0
        self._bar = False

    @property
    def restless(self) -> bool:
        """Whether `tick` will soon have something to show."""
        return self._overwritten is not None or self._stands()

    def _stands(self) -> bool:
        """Whether the unfinished line is a bar that no line feed may ever end."""
        standing = self._rest.startswith(b"\r") or self._rest.endswith(b"\r") or self._bar
        return standing and bool(self._rest.strip(b"\r"))

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
        *bars, last = line.split(b"\r") if b"\0" not in line else (line,)  # nothing is drawn over in those
        for bar in bars:
            self._draw(bar, now)
        drawn = bool(bars) or self._bar
        if last or not drawn:
            self._overwritten = None
        else:
            self.flush_bar(now)
        if last or not drawn:
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
        if self._stands() and now - self._fed >= QUIET_SECONDS:
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
