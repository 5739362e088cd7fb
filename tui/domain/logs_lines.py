"""One log entry as the lines that are shown: cleaned text, level, progress."""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import attrgetter

from tui.domain.logs import EntryKey, LogEntry, Severity
from tui.domain.logs_progress import Progress, progress
from tui.domain.text import printable, strip_escapes

SERVICE = "service"
"""The task name under which Vertex AI itself writes."""


@dataclass(slots=True, eq=False)
class LogLine:
    """One line of one entry."""

    key: EntryKey
    """The entry's identity; several lines may share it."""
    part: int
    """The line's number within its entry."""
    text: str
    """Without escape sequences, controls as pictures: safe to draw."""
    severity: int
    """As the entry has it."""
    level: int
    """As it is shown: standard error arrives as ERROR even when it is chatter."""
    replica: str
    progress: Progress | None = None
    """What bar this is a state of."""
    hidden: bool = False
    """Whether a later state of the same bar stands for it; kept by `LogBuffer`."""

    @property
    def reinferred(self) -> bool:
        """Whether the level shown is not the entry's own."""
        return self.level != self.severity

    @property
    def from_service(self) -> bool:
        """Whether Vertex AI says this about the job, not the job itself."""
        return self.replica == SERVICE


order = attrgetter("key", "part")
"""What lines are sorted by."""


def lines_of(entry: LogEntry) -> list[LogLine]:
    """The entry's lines; one at least, so that an empty entry is seen too."""
    key = entry.key
    text = entry.text
    # A carriage return ends a line as well: what it would have overwritten is folded if it was a bar.
    if "\n" in text or "\r" in text:
        text = text.lstrip("\r").replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    parts = text.split("\n") if "\n" in text else (text,)
    return [_line(entry, key, number, part) for number, part in enumerate(parts)]


def _line(entry: LogEntry, key: EntryKey, part: int, raw: str) -> LogLine:
    text = printable(strip_escapes(raw)).rstrip()
    bar = progress(text)
    level = entry.severity
    # Only plain ERROR of a replica is in doubt: that is what everything on standard error gets.
    if level == Severity.ERROR and entry.replica != SERVICE:
        level = Severity.INFO if bar else guess_level(text)
    return LogLine(key, part, text, entry.severity, level, entry.replica, bar)


_WORDS = {
    "DEBUG": Severity.DEBUG,
    "INFO": Severity.INFO,
    "NOTICE": Severity.NOTICE,
    "WARN": Severity.WARNING,
    "WARNING": Severity.WARNING,
    "ERROR": Severity.ERROR,
    "FATAL": Severity.CRITICAL,
    "CRITICAL": Severity.CRITICAL,
}
_LEVEL_WORD = re.compile(
    r"(?:^|[\s\[(|:\-])(DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL|CRITICAL)(?=$|[\s\])|:\-])"
)
_LEVEL_START = re.compile(r"\[?(debug|info|notice|warn(?:ing)?|error|fatal|critical)\]?:", re.IGNORECASE)
_GLOG = re.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d")
_GLOG_LEVELS = {
    "I": Severity.INFO,
    "W": Severity.WARNING,
    "E": Severity.ERROR,
    "F": Severity.CRITICAL,
}
_PYTHON_WARNING = re.compile(r"\w*Warning: ")
_BAD = re.compile(
    r"(?:^|\b)(?:\w*(?:Error|Exception|Interrupt)\b|Traceback \(|error|exception|fatal|failed|failure|"
    r"killed|aborted|denied|panic|segmentation fault|core dumped|out of memory|cannot|no such file|not found)"
    r"|^\s+File \".*\", line \d",
    re.IGNORECASE,
)
_HEAD = 120
"""Characters at the start of a line in which a logger puts its level."""
_SEARCHED = 2000
"""Characters of a line that are looked at for words of failure."""


def guess_level(text: str) -> Severity:
    """The level a line of standard error seems to have: its logger's word, else INFO unless it sounds bad."""
    head = text[:_HEAD]
    if match := _GLOG.match(head):
        return _GLOG_LEVELS[match[1]]
    if match := _LEVEL_START.match(head) or _LEVEL_WORD.search(head):
        return _WORDS[match[1].upper()]
    if _PYTHON_WARNING.search(head):
        return Severity.WARNING
    return Severity.ERROR if _BAD.search(text[:_SEARCHED]) else Severity.INFO


_LETTERS = (
    (Severity.EMERGENCY, "!"),
    (Severity.ALERT, "A"),
    (Severity.CRITICAL, "C"),
    (Severity.ERROR, "E"),
    (Severity.WARNING, "W"),
    (Severity.NOTICE, "N"),
    (Severity.INFO, "I"),
    (Severity.DEBUG, "D"),
)


def level_letter(level: int) -> str:
    """One letter for a level, blank for none."""
    return next((letter for severity, letter in _LETTERS if level >= severity), " ")


def level_word(level: int) -> str:
    """The name of a level: `WARNING`; of a number between two, the lower one's."""
    return max((severity for severity in Severity if severity <= level), default=Severity.DEFAULT).name
