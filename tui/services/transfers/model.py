"""What a transfer is made of and how far each of its files is."""

from __future__ import annotations

import secrets
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tui.domain.storage import GcsUri, ObjectInfo, UploadSession
from tui.domain.transfers.overwrite import Overwrite
from tui.domain.transfers.rates import Rate


class Direction(StrEnum):
    """Which way it goes."""

    DOWN = "download"
    UP = "upload"


class State(StrEnum):
    """How far a file or a whole transfer is."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    KEPT = "kept"
    """There already, and left as it was; of files only."""
    FAILED = "failed"
    CANCELLED = "cancelled"


SETTLED = frozenset({State.DONE, State.KEPT, State.FAILED, State.CANCELLED})
"""States that no file leaves by itself."""

_LISTED = (State.RUNNING, State.PAUSED, State.FAILED)

_GIVEN_UP = frozenset({State.KEPT, State.FAILED, State.CANCELLED})


@dataclass(slots=True, eq=False)
class FileWork:
    """One file of a transfer."""

    number: int
    """Its place among the files of its transfer."""
    path: Path
    """On this box, absolute."""
    uri: GcsUri
    size: int
    item: ObjectInfo | None = None
    """The generation to download; of an upload what lay at `uri` when it was planned."""
    replaces: int = 0
    """The generation that an upload may replace; 0 for none."""
    refused: str = ""
    """Why it can never be carried as it was planned; known before it began, it fails at once."""
    state: State = State.QUEUED
    done: int = 0
    """Bytes carried so far."""
    reason: str = ""
    """Why it failed or stands still."""
    session: UploadSession | None = None
    """Of an upload what the service has so far."""
    at: Path | None = None
    """Of a download where it is written, if it may have left a part of its own beside that."""
    landed: Path | None = None
    """Of a download that is whole where it lies, if that is not `path`: what was there was kept."""
    opened: bool = False
    """Whether bytes have come in its present or last try, so that the part was surely its own."""
    tries: int = 0
    """Times that it failed."""
    rate: Rate | None = None
    """While it is carried; a hundred thousand waiting files need none."""

    @property
    def can_be_retried(self) -> bool:
        """Whether it failed of what may be over by now."""
        return self.state is State.FAILED and not self.refused

    @property
    def home(self) -> Path:
        """Where it lies on this box, or will as far as is known."""
        return self.landed or self.at or self.path

    @property
    def settled(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state in SETTLED


@dataclass(eq=False)
class Transfer:
    """Files that were asked for together."""

    direction: Direction
    title: str
    """What it is about: `gs://…`, or a local path."""
    folder: Path
    """Of a download the chosen folder, which nothing leaves; of an upload the folder the files come from."""
    place: GcsUri
    """Of an upload where the files go; of a download where they come from."""
    files: Sequence[FileWork]
    rule: Overwrite = Overwrite.KEEP
    where: str = ""
    """Which storage it is about; a transfer goes on with no other."""
    tops: tuple[Path, ...] = ()
    """What appears in the folder: files and folders of the first level."""
    id: str = field(default_factory=lambda: secrets.token_hex(6))
    restored: bool = False
    """Whether an earlier session began it."""
    held: bool = False
    """Whether the user or a trouble holds it."""
    reason: str = ""
    """Why it is held or waits."""
    resumes_at: float | None = None
    """Seconds of the hub's clock at which it goes on by itself; None if it does not."""
    waits: int = 0
    """Troubles since a file came through."""
    bytes_done: int = 0
    rate: Rate = field(default_factory=Rate)
    seconds: float = 0.0
    """How long it took, once it has ended."""
    began: float = 0.0
    seen: bool = False
    """Whether the user has looked since it ended."""
    noted: bool = False
    """Whether a record of it lies in the state folder."""
    unnoted: str = ""
    """Why none does, so that the next start could not go on with it; empty if there is one."""
    counts: Counter[State] = field(default_factory=Counter)
    queue: deque[FileWork] = field(default_factory=deque)
    bytes: int = 0
    bytes_carried: int = 0
    """Bytes of the files that were carried: neither of those kept as they were nor of unfinished ones."""
    given_up: int = 0
    """Bytes that failed, cancelled and kept files lack."""

    _listed: dict[State, dict[FileWork, None]] = field(default_factory=dict)
    """The files in states that are asked for often, so that nobody goes through all of them."""

    def __post_init__(self) -> None:
        for state in _LISTED:
            self._listed[state] = {file: None for file in self.files if file.state is state}
        self.bytes = sum(file.size for file in self.files)
        self.bytes_carried = sum(file.size for file in self.files if file.state is State.DONE)
        self.counts.update(file.state for file in self.files)
        self.bytes_done = sum(file.done for file in self.files)
        self.given_up = sum(file.size - file.done for file in self.files if file.state in _GIVEN_UP)
        self.queue.extend(file for file in self.files if file.state is State.QUEUED)

    def move(self, file: FileWork, state: State, reason: str = "") -> None:
        """Put a file into another state."""
        rest = file.size - file.done
        self.given_up += rest * ((state in _GIVEN_UP) - (file.state in _GIVEN_UP))
        self.bytes_carried += file.size * ((state is State.DONE) - (file.state is State.DONE))
        self.counts[file.state] -= 1
        self.counts[state] += 1
        if file.state in _LISTED:
            self._listed[file.state].pop(file, None)
        if state in _LISTED:
            self._listed[state][file] = None
        file.state, file.reason = state, reason

    def advance(self, file: FileWork, done: int, now: float) -> None:
        """A file has come so far; going back is no speed."""
        step = min(done, file.size) - file.done
        file.done += step
        self.bytes_done += step
        if step > 0:
            self.rate.add(step, now)
            if file.rate is not None:
                file.rate.add(step, now)

    def resize(self, file: FileWork, size: int) -> None:
        """A running file is larger or smaller than when it was planned."""
        self.bytes += size - file.size
        file.size = size
        if file.done > size:
            self.bytes_done += size - file.done
            file.done = size

    @property
    def state(self) -> State:
        """Of all of it."""
        if self.counts[State.RUNNING]:
            return State.RUNNING
        if self.held or (self.counts[State.PAUSED] and not self.counts[State.QUEUED]):
            return State.PAUSED
        if self.counts[State.QUEUED]:
            return State.QUEUED
        if self.counts[State.FAILED]:
            return State.FAILED
        return State.CANCELLED if self.counts[State.CANCELLED] else State.DONE

    @property
    def settled(self) -> bool:
        """Whether nothing more happens by itself or by going on."""
        return self.finished + self.counts[State.FAILED] + self.counts[State.CANCELLED] == len(self.files)

    @property
    def whole(self) -> bool:
        """Whether each file came through, or was compared with what is there and found the same."""
        same = self.counts[State.KEPT] if self.rule in (Overwrite.DIFFERENT, Overwrite.BOTH) else 0
        return self.counts[State.DONE] + same == len(self.files)

    @property
    def keeps_both(self) -> bool:
        """Whether files may lie beside those whose names they have."""
        return self.direction is Direction.DOWN and self.rule is Overwrite.BOTH

    @property
    def finished(self) -> int:
        """Files that are whole, or were kept as they were."""
        return self.counts[State.DONE] + self.counts[State.KEPT]

    @property
    def carried(self) -> int:
        """Files that were carried: neither those kept as they were nor unfinished ones."""
        return self.counts[State.DONE]

    @property
    def failed(self) -> int:
        """Files that failed."""
        return self.counts[State.FAILED]

    @property
    def can_be_retried(self) -> bool:
        """Whether any file failed of what may be over by now."""
        return any(file.can_be_retried for file in self.of_state(State.FAILED))

    @property
    def files_left(self) -> int:
        """Files that are neither whole nor given up."""
        return len(self.files) - self.finished - self.counts[State.FAILED] - self.counts[State.CANCELLED]

    @property
    def bytes_left(self) -> int:
        """Bytes that files which are not given up still need."""
        return max(self.bytes - self.bytes_done - self.given_up, 0)

    def seconds_left(self, now: float) -> float | None:
        """How long the rest takes; None while that is not known."""
        return self.rate.left(self.bytes_left, self.files_left, now)

    def of_state(self, *states: State) -> Iterable[FileWork]:
        """Its files in these states."""
        if len(states) == 1 and states[0] in _LISTED:
            return tuple(self._listed[states[0]])
        return (file for file in self.files if file.state in states)
