"""Room on disk for old log lines: one private file without a name, gone with the process however it ends."""

from __future__ import annotations

import os
import tempfile
from bisect import bisect_left, insort
from pathlib import Path

from tui.services.paths import private_dir

_PAGE = 4096
_PREFIX = "vertex-tui-log."


class LogSpill:
    """See `tui.domain.logstore.model.Spill`; the room of what was dropped is used again.

    `get` may be called on any thread, all else on one. The file is made when it is needed first.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is made private, and is for nothing else; else it is the system's for temporary files."""
        self._folder = folder
        self._descriptor: int | None = None
        self._closed = False
        self._places: dict[int, tuple[int, int]] = {}
        self._free: list[tuple[int, int]] = []
        """Where nothing is: begin and end, in order, never side by side."""
        self._end = 0
        self._next = 0

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._end

    def put(self, data: bytes) -> int:
        """Keep bytes; the number by which they are got again.

        Raises:
            OSError: there is no room, or it cannot be written.
        """
        descriptor = self._open()
        room = -(-max(len(data), 1) // _PAGE) * _PAGE
        begin = self._take(room)
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(descriptor, data[written:], begin + written)
        except OSError:
            self._give(begin, begin + room)
            raise
        number, self._next = self._next, self._next + 1
        self._places[number] = begin, len(data)
        return number

    def get(self, number: int) -> bytes:
        """The bytes kept under a number.

        Raises:
            OSError: they cannot be read.
        """
        descriptor = self._descriptor
        if descriptor is None or number not in self._places:
            raise OSError("the temporary file is closed")
        begin, length = self._places[number]
        pieces: list[bytes] = []
        while length:
            piece = os.pread(descriptor, length, begin)
            if not piece:
                raise OSError("the temporary file is shorter than it was")
            pieces.append(piece)
            begin += len(piece)
            length -= len(piece)
        return b"".join(pieces)

    def drop(self, number: int) -> None:
        """Forget the bytes kept under a number, so that their room can be used again."""
        begin, length = self._places.pop(number)
        self._give(begin, begin + -(-max(length, 1) // _PAGE) * _PAGE)

    def close(self) -> None:
        """Give all of it back; nothing can be got or put any more."""
        self._closed = True
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        if self._closed:
            raise OSError("the temporary file is closed")
        if self._descriptor is None:
            if self._folder is not None:
                private_dir(self._folder)
                _clean(self._folder)
            descriptor, name = tempfile.mkstemp(prefix=_PREFIX, dir=self._folder)
            # Without a name nobody else opens it, and it goes with the last descriptor, after a kill as well.
            Path(name).unlink(missing_ok=True)
            self._descriptor = descriptor
        return self._descriptor

    def _take(self, room: int) -> int:
        """Where so many bytes fit: the first place that is free, else the end of the file."""
        for index, (begin, end) in enumerate(self._free):
            if end - begin >= room:
                if end - begin == room:
                    del self._free[index]
                else:
                    self._free[index] = begin + room, end
                return begin
        begin, self._end = self._end, self._end + room
        return begin

    def _give(self, begin: int, end: int) -> None:
        """Take back a place; at the end of the file the file becomes shorter."""
        at = bisect_left(self._free, (begin, end))
        if at < len(self._free) and self._free[at][0] == end:
            end = self._free.pop(at)[1]
        if at and self._free[at - 1][1] == begin:
            begin = self._free.pop(at - 1)[0]
        if end < self._end:
            insort(self._free, (begin, end))
            return
        self._end = begin
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, begin)


def _clean(folder: Path) -> None:
    """Remove what a process left that was killed before it could take the name from its file.

    Another process that is just doing so has its file open, and keeps it.
    """
    for left in folder.glob(f"{_PREFIX}*"):
        left.unlink(missing_ok=True)
