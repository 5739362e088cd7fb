"""Reads what the journal knows of past deletes: a line for each, and each object's fate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from tui.domain.errors import CloudError, ErrorKind
from tui.services.deletion.journal import DeleteJournal, lines_of
from tui.services.processes import ProcessId

SHOWN = 500
"""Past deletes that are listed, the newest first."""

_TAIL = 1 << 16
"""Bytes from the end of a file that its last line fits in."""


@dataclass(frozen=True, slots=True)
class KeptBucket:
    """What a bucket promised when something of it was deleted."""

    name: str
    soft_delete_seconds: int | None
    """None where the settings could not be read."""
    versioning: bool
    generation: int
    goes: bool
    """Whether the bucket itself was to be deleted."""


class State(StrEnum):
    """How a delete stands."""

    COMPLETE = "complete"
    FAILURES = "with failures"
    STOPPED = "stopped"
    ENDED_EARLY = "ended early"
    RUNNING = "under way"
    INTERRUPTED = "interrupted"
    """Its process ended in the middle: what became of the last requests is not written."""


@dataclass(slots=True)
class Record:
    """One past delete."""

    path: Path
    number: str
    began: datetime
    project: str
    local: bool
    aims: tuple[str, ...]
    rule: str
    count: int
    bytes: int
    with_earlier: bool
    buckets: tuple[KeptBucket, ...]
    state: State
    end: Mapping[str, Any] = field(default_factory=dict)
    """The account of its last line; empty when there is none."""
    undone: int = 0
    """Objects that undos brought back so far."""

    @property
    def undo_until(self) -> datetime | None:
        """When the first of it goes for good; None when versioning keeps it, or nothing does."""
        if self._versions_stay:
            return None
        shortest = min((bucket.soft_delete_seconds or 0 for bucket in self.buckets), default=0)
        return self.began + timedelta(seconds=shortest) if shortest else None

    @property
    def undoable(self) -> bool:
        """Whether the bucket's settings promised an undo that has not run out."""
        if self._versions_stay or any(bucket.soft_delete_seconds is None for bucket in self.buckets):
            return True
        longest = max((bucket.soft_delete_seconds or 0 for bucket in self.buckets), default=0)
        return datetime.now(UTC) < self.began + timedelta(seconds=longest)

    @property
    def gone(self) -> int:
        """Objects that went, as far as is written."""
        return int(self.end.get("gone", 0))

    @property
    def _versions_stay(self) -> bool:
        return not self.with_earlier and any(bucket.versioning for bucket in self.buckets)


def past_deletes(journal: DeleteJournal) -> list[Record]:
    """The deletes that are written down, the newest first; files that cannot be read are passed over.

    Raises:
        CloudError: the folder of journals cannot be read.
    """
    records: dict[str, Record] = {}
    undone: dict[str, int] = {}
    for path in sorted(_files(journal.folder), reverse=True)[: 2 * SHOWN]:
        head, last = _ends(path)
        if head.get("kind") == "undo":
            number = str(head.get("of"))
            undone[number] = undone.get(number, 0) + int(last.get("restored", 0))
        elif head and len(records) < SHOWN and (record := _record(path, head, last)) is not None:
            records[record.number] = record
    for number, count in undone.items():
        if number in records:
            records[number].undone = count
    return list(records.values())


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.suffix == ".jsonl"]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise CloudError(
            "Past deletes cannot be listed",
            f"{folder}: {error.strerror}",
            hint="Mend the folder's permissions, then try again",
            kind=ErrorKind.LOCAL,
        ) from error


def _ends(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first line of a file, and the last one if it is an account; empty where there is none."""
    try:
        with path.open("rb") as file:
            head = next(iter(lines_of([file.readline()])), {})
            file.seek(0, 2)
            file.seek(max(file.tell() - _TAIL, 0))
            last = next(iter(lines_of(file.read().splitlines()[-1:])), {})
    except OSError:
        return {}, {}
    return (head if head.get("event") == "begin" else {}), (last if last.get("event") == "end" else {})


def _record(path: Path, head: Mapping[str, Any], end: Mapping[str, Any]) -> Record | None:
    try:
        return Record(
            path,
            str(head["id"]),
            datetime.fromisoformat(head["time"]),
            str(head["project"]),
            bool(head["local"]),
            tuple(map(str, head["aims"])),
            str(head.get("rule", "")),
            int(head["count"]),
            int(head["bytes"]),
            bool(head.get("with_earlier")),
            tuple(
                KeptBucket(
                    str(each["name"]),
                    each["soft_delete_seconds"],
                    bool(each["versioning"]),
                    int(each["generation"]),
                    bool(each["goes"]),
                )
                for each in head["buckets"]
            ),
            _state(path, head, end),
            end,
        )
    except (KeyError, TypeError, ValueError):
        return None


def _state(path: Path, head: Mapping[str, Any], end: Mapping[str, Any]) -> State:
    if not end:
        with suppress(OSError, KeyError, TypeError, ValueError):
            if ProcessId.of(head).lives(path):
                return State.RUNNING
        return State.INTERRUPTED
    if end.get("stopped"):
        return State.STOPPED
    if end.get("trouble"):
        return State.ENDED_EARLY
    return State.FAILURES if end.get("failed") or end.get("kept") or end.get("unknown") else State.COMPLETE


class Outcome(StrEnum):
    """What became of one object, as far as it is written."""

    GONE = "gone"
    ABSENT = "was gone already"
    KEPT = "replaced meanwhile, kept"
    FAILED = "not deleted"
    UNKNOWN = "not known"
    """It was sent, and no answer is written."""


class Fate(NamedTuple):
    """One generation that was sent."""

    bucket: str
    name: str
    generation: int
    size: int
    outcome: Outcome
    reason: str = ""


@dataclass(slots=True)
class _Answers:
    """What the answers said that is not `gone`."""

    done: set[int] = field(default_factory=set)
    """Numbers of the requests that were answered."""
    other: dict[tuple[int, str, int], tuple[Outcome, str]] = field(default_factory=dict)


def fates(path: Path) -> Iterator[Fate]:
    """Every generation that a delete sent, in order; the file is read twice, and never held whole.

    Raises:
        OSError: it cannot be read.
    """
    answers = _answers(path)
    with path.open("rb") as file:
        for line in lines_of(file):
            if line.get("event") != "send" or "items" not in line:
                continue
            number = int(line["n"])
            for name, generation, size in line["items"]:
                outcome, reason = answers.other.get(
                    (number, name, generation),
                    (Outcome.GONE if number in answers.done else Outcome.UNKNOWN, ""),
                )
                yield Fate(line["bucket"], name, generation, size, outcome, reason)


def buckets_sent(path: Path) -> dict[str, Outcome]:
    """The buckets that a delete tried to delete, and what is written of it.

    Raises:
        OSError: it cannot be read.
    """
    sent: dict[int, str] = {}
    found: dict[str, Outcome] = {}
    with path.open("rb") as file:
        for line in lines_of(file):
            if line.get("event") == "send" and line.get("whole"):
                sent[int(line["n"])] = str(line["bucket"])
                found[str(line["bucket"])] = Outcome.UNKNOWN
            elif line.get("event") == "done" and int(line["n"]) in sent:
                found[sent[int(line["n"])]] = Outcome.FAILED if line.get("failed") else Outcome.GONE
    return found


def folders_sent(path: Path) -> dict[str, list[str]]:
    """The folders that a delete took away, or may have, by bucket; managed ones are not among them.

    Raises:
        OSError: it cannot be read.
    """
    sent: dict[int, tuple[str, list[str]]] = {}
    with path.open("rb") as file:
        for line in lines_of(file):
            number = int(line.get("n", 0))
            if line.get("event") == "send" and "folders" in line:
                sent[number] = str(line["bucket"]), list(map(str, line["folders"]))
            elif line.get("event") == "done" and number in sent:
                stayed = {name for name, *_ in line.get("failed") or ()}
                bucket, names = sent[number]
                sent[number] = bucket, [name for name in names if name not in stayed]
    found: dict[str, list[str]] = {}
    for bucket, names in sent.values():
        found.setdefault(bucket, []).extend(names)
    return found


def _answers(path: Path) -> _Answers:
    answers = _Answers()
    names = (
        ("failed", Outcome.FAILED),
        ("kept", Outcome.KEPT),
        ("absent", Outcome.ABSENT),
        ("unknown", Outcome.UNKNOWN),
    )
    with path.open("rb") as file:
        for line in lines_of(file):
            if line.get("event") != "done":
                continue
            number = int(line["n"])
            answers.done.add(number)
            for key, outcome in names:
                for name, generation, *reason in line.get(key) or ():
                    answers.other[number, name, generation] = outcome, "".join(reason)
    return answers


def halfway(record: Record) -> frozenset[tuple[str, str]]:
    """Buckets and names of which earlier undos of a delete began to bring back more than one generation.

    Raises:
        OSError: the journal cannot be read.
    """
    found: set[tuple[str, str]] = set()
    for path in record.path.parent.glob("*.jsonl"):
        head, _ = _ends(path)
        if head.get("kind") != "undo" or head.get("of") != record.number:
            continue
        with path.open("rb") as file:
            for line in lines_of(file):
                if line.get("event") == "restore":
                    found.update(
                        (bucket, name) for bucket, name, many in line.get("items", ()) if len(many) > 1
                    )
    return frozenset(found)
