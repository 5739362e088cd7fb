"""Python tracebacks in a log: in one entry or line by line, by several processes, chained, cut short."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tui.domain.diagnosis.model import Frame
from tui.domain.diagnosis.reading import Strand

HEADER = "Traceback (most recent call last)"
_AFTERMATH = "During handling of the above exception, another exception occurred:"
_CAUSE = "The above exception was the direct cause of the following exception:"
_LINKS = {_AFTERMATH: False, _CAUSE: True}
_FOREIGN = 25
"""Lines of others that may come between two lines of a traceback."""
_MOST_LINES = 4_000
"""Lines of one traceback that are looked at; a recursion gives about a thousand frames."""
_MESSAGE_LINES = 60
"""Lines of an exception's message that are looked at."""
_LOOSE_LINES = 8
"""The same where each line is an entry, so that the next ones may be others'."""
_LOOSE_NS = 2_000_000_000
"""How long after the exception such lines may come."""
_LINK_LINES = 40
"""Lines after an exception among which the start of a chained one is looked for."""
_MOST_BLOCKS = 40

_FRAME = re.compile(r' {1,40}File "([^"]{1,1000})", line (\d{1,9})(?:, in (.{1,300}))?')
_RICH_FRAME = re.compile(r"│ (\S[^:│]{0,500}):(\d{1,9}) in (\S{1,200})")
_BARS = re.compile(r" {0,80}\| ?")
_RULE = re.compile(r" {0,80}\+(?:-\+)?-{3,}(?: (\d{1,6}) -{3,})?")
_NAME = re.compile(r"((?:[^\W\d]\w{0,80}\.){0,12}[^\W\d]\w{0,120})(?:\([^\W\d]\w{0,80}\))?(?=: |:$|$)")
_USUAL = (
    "Error",
    "Exception",
    "Interrupt",
    "Exit",
    "Warning",
    "Iteration",
    "Group",
    "Timeout",
    "Expired",
    "error",
)
_IGNORED = ("Exception ignored in", "--- Logging error ---")
_ASIDE = ("Exception in thread", "exception was never retrieved")
_LIBRARY = re.compile(
    r"/(?:site|dist)-packages/|(?:^|/)lib(?:64|32)?/(?:py)?python\d|^<(?!string>|stdin>)|/\.cache/(?:uv|huggingface)/"
    r"|/bin/[^/.]{1,80}$|/uv/python/|/google-cloud-sdk/"
)
_OF_PACKAGE = re.compile(r"/(?:site|dist)-packages/([^/]{1,100})")


@dataclass(slots=True)
class Block:
    """One exception of a chain, with its frames."""

    frames: list[Frame] = field(default_factory=list)
    name: str = ""
    """`torch.OutOfMemoryError`; empty if the log ends before it."""
    message: str = ""
    """What follows the name, of several lines perhaps."""
    head: str = ""
    """The first line of the message."""
    line: int = -1
    """Index of the exception's line; -1 if there is none."""
    caused: bool = False
    """Whether the one before is its direct cause."""
    linked: bool = False
    """Whether one came before it."""

    @property
    def text(self) -> str:
        """`KeyError: 'labels'`."""
        return f"{self.name}: {self.head}" if self.head else self.name

    @property
    def is_group(self) -> bool:
        """Whether this is an `ExceptionGroup`."""
        return self.name.endswith("ExceptionGroup")


@dataclass(slots=True)
class Trace:
    """A traceback with all that is chained to it."""

    start: int
    end: int
    blocks: list[Block]
    """In the order printed: the oldest exception first; the members of a group last."""
    aside: bool = False
    """Whether it ended a thread or a task, and not the program for certain."""
    prefix: str = ""
    """What each line begins with, e.g. `[rank0]: `."""


def is_library(path: str, own: frozenset[str] = frozenset()) -> bool:
    """Whether a file belongs to Python or an installed package; `own` are packages of the user's."""
    found = _OF_PACKAGE.search(path)
    if found and found[1].removesuffix(".py") in own:
        return False
    return bool(_LIBRARY.search(path))


def user_frame(block: Block, own: frozenset[str] = frozenset()) -> Frame | None:
    """The innermost frame in the user's own code."""
    return next((frame for frame in reversed(block.frames) if not is_library(frame.file, own)), None)


def traces(strand: Strand, heads: list[int]) -> Iterator[Trace]:
    """The tracebacks that begin at the lines `heads`, which hold `HEADER`."""
    done = -1
    taken: set[int] = set()
    for head in heads:
        if head in taken:
            continue
        before = strand.texts[max(head - 3, 0) : head]
        trace, used = _Parser(strand, head).run()
        taken |= used
        ignored = any(word in text for text in before[-1:] for word in _IGNORED)
        if head >= done and not ignored:
            trace.aside = any(word in text for text in before for word in _ASIDE)
            yield trace


SYNTAX = ("SyntaxError: ", "IndentationError: ", "TabError: ")
"""How the errors begin that Python prints without a header, for the file that it is started with."""


def syntax_trace(strand: Strand, index: int) -> Trace | None:
    """The error about a program's own text that ends at a line, without a header."""
    text = strand.texts[index]
    if not text.startswith(SYNTAX):
        return None
    for start in range(index - 1, max(index - 6, -1), -1):
        match = _FRAME.match(strand.texts[start])
        if match:
            code = strand.texts[start + 1].strip() if start + 1 < index else ""
            name, _, message = text.partition(": ")
            frame = Frame(match[1], int(match[2]), "", code)
            return Trace(start, index + 1, [Block([frame], name, message, message, index)])
    return None


class _Parser:
    """Reads one traceback and what is chained to it."""

    def __init__(self, strand: Strand, head: int) -> None:
        self._texts = strand.texts
        self._strand = strand
        self._head = head
        self._stop = min(len(strand.texts), head + _MOST_LINES)
        self._grouped = f"Exception Group {HEADER}" in strand.texts[head]
        self._rich = "╭" in strand.texts[head]
        self._prefix = self._lane()
        self._used = {head}
        self._end = head + 1

    def run(self) -> tuple[Trace, set[int]]:
        """The trace, and the lines with a header that belong to it."""
        blocks: list[Block] = []
        block, at = Block(), self._head + 1
        while True:
            at = self._block(block, at)
            blocks.append(block)
            following = self._next(block, at) if len(blocks) < _MOST_BLOCKS else None
            if following is None:
                return Trace(self._head, self._end, blocks, prefix=self._prefix), self._used
            block, at = following

    # --- lines

    def _lane(self) -> str:
        """What every line of this traceback begins with; empty if only the header has something before it."""
        head = self._texts[self._head]
        before = head.partition("+ Exception Group" if self._grouped else "Traceback")[0]
        if self._rich or not before or len(before) > 200 or (self._grouped and not before.strip()):  # noqa: PLR2004
            return ""
        lane = before.rstrip() if before.strip() else before
        for text in self._texts[self._head + 1 : self._head + 6]:
            if text.startswith(lane) and text[len(before) :].lstrip(" |").startswith('File "'):
                return before
        return ""

    def _line(self, index: int) -> str | None:
        """A line without what stands before it; None for a line of somebody else."""
        text = self._texts[index]
        if self._prefix:
            if text.startswith(self._prefix):
                text = text[len(self._prefix) :]
            elif text.rstrip() == self._prefix.rstrip():
                return ""
            else:
                return None
        if self._grouped:
            match = _BARS.match(text)
            return text[match.end() :] if match else (text if _RULE.match(text) else None)
        return text

    # --- parts

    def _block(self, block: Block, at: int) -> int:
        """Read frames and the exception from line `at` on; where to go on."""
        foreign, last = 0, ""
        while at < self._stop and foreign <= _FOREIGN:
            line = self._line(at)
            kind = "" if line is None else self._kind(line, block, near=not foreign)
            if kind == "frame":
                self._add(block, line or "")
            elif kind == "code" and last == "frame" and block.frames and not block.frames[-1].code:
                old = block.frames[-1]
                block.frames[-1] = Frame(old.file, old.line, old.function, (line or "").strip())
            elif kind == "exception":
                return self._exception(block, line or "", at)
            elif kind == "header":
                if foreign and block.frames:
                    return at
                self._used.add(at)
            foreign = 0 if kind else foreign + 1
            last = kind
            at += 1
            if kind:
                self._end = at
        return at

    def _kind(self, line: str, block: Block, *, near: bool) -> str:
        if HEADER in line:
            return "header"
        if _FRAME.match(line) or (self._rich and _RICH_FRAME.match(line)):
            return "frame"
        if line.startswith(" ") or (self._rich and line[:1] in "│╭╰❱"):
            return "code"
        match = _NAME.match(line[:1200]) if block.frames or self._grouped else None
        if not match:
            return ""
        last = match[1].rpartition(".")[2]
        sure = last.endswith(_USUAL) and not line.isupper()
        odd = near and ("." in match[1] or (last[:1].isupper() and not last.isupper()))
        return "exception" if sure or odd else ""

    def _add(self, block: Block, line: str) -> None:
        match = _FRAME.match(line) or _RICH_FRAME.match(line)
        if match:
            block.frames.append(Frame(match[1], int(match[2]), (match[3] or "").strip()))

    def _exception(self, block: Block, line: str, at: int) -> int:
        match = _NAME.match(line[:1200])
        end = match.end() if match else len(line)
        block.name = line[:end]
        block.head = line[end:].removeprefix(":").strip()
        block.line = at
        parts, at = self._message(at)
        block.message = "\n".join([block.head, *parts])
        self._end = max(self._end, at if parts else block.line + 1)
        return block.line + 1

    def _message(self, at: int) -> tuple[list[str], int]:
        """Further lines of the message after the exception's own at `at`, and the line after them."""
        entry, first = self._strand.entries[at], self._strand.time_ns(at)
        parts: list[str] = []
        end = at + 1
        for index in range(at + 1, min(self._stop, at + 1 + _MESSAGE_LINES)):
            line = self._line(index)
            if line is None:
                continue
            if line.strip() in _LINKS or HEADER in line or _RULE.match(line):
                break
            same = self._strand.entries[index] is entry
            late = (self._strand.time_ns(index) or 0) - (first or 0) > _LOOSE_NS
            if not same and (late or len(parts) >= _LOOSE_LINES):
                break
            parts.append(line)
            end = index + 1 if same else end
        return parts, end

    def _next(self, block: Block, at: int) -> tuple[Block, int] | None:
        """The next exception of the chain or group, and where it begins."""
        for index in range(at, min(self._stop, at + _LINK_LINES)):
            line = self._line(index)
            if line is None:
                continue
            if (caused := _LINKS.get(line.strip())) is not None:
                return self._linked(index + 1, caused=caused)
            if self._grouped and (rule := _RULE.match(self._texts[index][len(self._prefix) :])):
                if rule[1] is None:
                    continue
                return self._member(index + 1)
            if HEADER in line and not (self._grouped or "-- Process" in block.message):
                return None
            if HEADER in line and block.line >= 0:
                self._used.add(index)
                return Block(linked=True), index + 1
        return None

    def _linked(self, at: int, *, caused: bool) -> tuple[Block, int] | None:
        for index in range(at, min(self._stop, at + 1 + _FOREIGN)):
            line = self._line(index)
            if line is not None and HEADER in line:
                self._used.add(index)
                self._grouped = self._grouped or "Exception Group" in line
                return Block(linked=True, caused=caused), index + 1
        return None

    def _member(self, at: int) -> tuple[Block, int]:
        """A member of a group has a traceback of its own, or is just named."""
        line = self._line(at) if at < self._stop else None
        if line is not None and HEADER in line:
            self._used.add(at)
            return Block(linked=True), at + 1
        return Block(linked=True), at


def flat_trace(text: str) -> Block | None:
    """A traceback whose line ends were lost, as the console shows them."""
    begin = text.find(HEADER)
    if begin < 0:
        return None
    rest = text[begin : begin + 20_000]
    block = Block()
    for match in _FLAT_FRAME.finditer(rest):
        block.frames.append(Frame(match[1], int(match[2]), match[3]))
    names = list(_FLAT_NAME.finditer(rest))
    if names:
        block.name = names[-1][1]
        block.head = rest[names[-1].end() :].partition("To find out more")[0].strip()[:500]
        block.message, block.line = block.head, 0
    return block if block.frames or block.name else None


_FLAT_FRAME = re.compile(r'File "([^"\n]{1,500})", line (\d{1,9}), in (\S{1,200})')
_FLAT_NAME = re.compile(r"(?<![\w.])([A-Za-z_][\w.]{0,200}(?:Error|Exception|Interrupt)): ")
