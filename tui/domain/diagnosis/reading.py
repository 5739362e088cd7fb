"""A job's log as one strand of lines for each replica, and a quick look for telling words in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from tui.domain.diagnosis.findings import quoted
from tui.domain.diagnosis.model import Evidence
from tui.domain.logs import LogEntry
from tui.domain.text import strip_escapes

SERVICE = "service"
"""The task name under which the service itself writes."""
ATTEMPT = "Waiting for job to be provisioned"
"""How the service's messages of each attempt begin."""
_LINES = 40_000
"""Lines that are looked at, over all replicas."""
_LEAST = 200
"""Lines of each replica that are looked at however many replicas there are."""
_SERVICE_LINES = 2_000
_LONGEST = 4_000
"""Characters of a line that are looked at."""
_CHUNK = 128
"""Lines that are searched for telling words in one go."""


@dataclass(slots=True)
class Strand:
    """The last lines of one replica, oldest first."""

    replica: str
    texts: list[str] = field(default_factory=list)
    """Without escape sequences and cut to a length that is safe to search."""
    entries: list[LogEntry | None] = field(default_factory=list)
    """The entry of each line; None for lines of the job's own error."""

    def quote(self, index: int) -> Evidence:
        """A line as evidence."""
        entry = self.entries[index]
        if entry is None:
            return Evidence(quoted(self.texts[index]), replica=self.replica)
        return Evidence(quoted(self.texts[index]), entry.timestamp_ns, entry.replica, entry.key)

    def time_ns(self, index: int) -> int | None:
        """When a line was logged."""
        entry = self.entries[index]
        return None if entry is None else entry.timestamp_ns

    def since(self, time_ns: int) -> Strand:
        """The part from a time on."""
        for index, entry in enumerate(self.entries):
            if entry is None or entry.timestamp_ns >= time_ns:
                return Strand(self.replica, self.texts[index:], self.entries[index:])
        return Strand(self.replica)


@dataclass(slots=True)
class Log:
    """A job's log, put in order."""

    service: Strand
    replicas: list[Strand]

    def last_attempt(self) -> Log:
        """Only what belongs to the last attempt; all of it if that has printed nothing."""
        starts = [index for index, text in enumerate(self.service.texts) if text.startswith(ATTEMPT)]
        begin = self.service.time_ns(starts[-1]) if len(starts) > 1 else None
        if begin is None:
            return self
        strands = [part for strand in self.replicas if (part := strand.since(begin)).texts]
        return Log(self.service.since(begin), strands) if strands else self


def read(entries: Iterable[LogEntry]) -> Log:
    """Put a log in order; of very long ones only the end of each replica is kept."""
    by_replica: defaultdict[str, list[LogEntry]] = defaultdict(list)
    for entry in sorted(entries, key=attrgetter("timestamp_ns")):
        by_replica[entry.replica].append(entry)
    service = _strand(SERVICE, by_replica.pop(SERVICE, []), _SERVICE_LINES)
    most = max(_LINES // max(len(by_replica), 1), _LEAST)
    return Log(service, [_strand(name, listed, most) for name, listed in sorted(by_replica.items())])


def strand_of(text: str, replica: str) -> Strand:
    """The lines of the job's own error."""
    lines = lines_of(text)
    return Strand(replica, lines, [None] * len(lines))


def lines_of(text: str) -> list[str]:
    """A text's lines as they are searched."""
    if "\x1b" in text:
        text = strip_escapes(text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    parts = text.rstrip("\n").split("\n") if "\n" in text else [text]
    return [part[:_LONGEST] for part in parts]


def _strand(replica: str, entries: Sequence[LogEntry], most: int) -> Strand:
    texts: list[str] = []
    owners: list[LogEntry | None] = []
    for entry in reversed(entries):
        lines = lines_of(entry.text)[-most:]
        lines.reverse()
        texts += lines
        owners += [entry] * len(lines)
        if len(texts) >= most:
            break
    texts.reverse()
    owners.reverse()
    return Strand(replica, texts, owners)


def hits(strand: Strand, needles: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """The lines with at least one of `needles` (in their case), each with those in it."""
    wanted = tuple(needles)
    for start in range(0, len(strand.texts), _CHUNK):
        chunk = strand.texts[start : start + _CHUNK]
        together = "\n".join(chunk)
        present = [needle for needle in wanted if needle in together]
        if not present:
            continue
        for index, text in enumerate(chunk, start):
            found = [needle for needle in present if needle in text]
            if found:
                yield index, found
