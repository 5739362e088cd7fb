"""Notes of transfers under way, by which the next start finds what a killed session left unfinished.

One file a transfer in the state folder, for its owner only: a first line with all of it, then one short line
for each file that came through, failed or was given up, for each part of a large download, which is that
file's own, and for each session of a large upload, by whose address it can be gone on with. A line cut short
by a kill is not read: at worst a file is looked at or sent again, or a part stays.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

from tui.domain.storage import GcsUri, ObjectInfo, UploadSession
from tui.domain.transfers.overwrite import Overwrite
from tui.services.file_lock import locked
from tui.services.files import write_atomic
from tui.services.jsonlines import append, line_of, values_of
from tui.services.paths import Paths, private_dir
from tui.services.processes import ProcessId, this_process
from tui.services.transfers.disk import part_bytes
from tui.services.transfers.model import Direction, FileWork, State, Transfer

FOLDER = "transfers"
ENDING = ".jsonl"

SOON = 0.2
"""Seconds after which what came through is noted."""

_OVER = frozenset({State.DONE, State.KEPT, State.CANCELLED})
"""What a later start has nothing to do with."""

_ITEM = ("bucket", "name", "size", "generation", "content_encoding", "crc32c")


def records_dir(paths: Paths) -> Path:
    """Where the notes lie."""
    return paths.journals_dir / FOLDER


def has_left(paths: Paths) -> bool:
    """Whether an earlier session may have left unfinished transfers; looks at the disk."""
    with suppress(OSError):
        return any(path.suffix == ENDING for path in records_dir(paths).iterdir())
    return False


class Records:
    """The notes of one session."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._me = this_process()
        self._waiting: dict[str, list[bytes]] = {}
        self._flushing: asyncio.TimerHandle | None = None
        self._turn = threading.Lock()

    def begin(self, transfer: Transfer) -> None:
        """Note a whole transfer, in place of what was noted of it before.

        Raises:
            OSError: it cannot be written.
        """
        private_dir(self._folder)
        head = {**self._me.record, **_as_dict(transfer)}
        known = [_line(file) for file in transfer.files if _is_known(file)]
        write_atomic(self._file(transfer.id), b"".join([line_of(head), *known]), mode=0o600)

    def note(self, transfer: Transfer, file: FileWork) -> None:
        """Add what became of a file, soon and off the event loop.

        A disk that takes no more, or a kill before it, costs only that the file is looked at again.
        """
        self._waiting.setdefault(transfer.id, []).append(_line(file))
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(SOON, self._flush)

    def close(self) -> None:
        """Write what waits."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._write(self._waiting)

    def _flush(self) -> None:
        self._flushing = None
        waiting, self._waiting = self._waiting, {}
        asyncio.get_running_loop().run_in_executor(None, self._write, waiting)

    def _write(self, waiting: Mapping[str, list[bytes]]) -> None:
        with self._turn:  # on a slow disk the next ones may be due before these are written
            for name, lines in waiting.items():
                with suppress(OSError), self._file(name).open("r+b") as notes:  # not one that was forgotten
                    append(notes.fileno(), b"".join(lines), sync=False)

    def end(self, transfer: Transfer) -> None:
        """Forget a transfer."""
        with suppress(OSError):
            self._file(transfer.id).unlink(missing_ok=True)

    def touch(self, transfer: Transfer) -> None:
        """Show other hosts that its session lives."""
        with suppress(OSError):
            os.utime(self._file(transfer.id))

    def adopt(self) -> list[Transfer]:
        """The transfers that sessions which are no more have left; from now on they are this one's.

        Raises:
            OSError: the folder cannot be used.
        """
        found = []
        for path in sorted(self._folder.glob(f"*{ENDING}")):
            with suppress(OSError), locked(path):
                transfer = self._read(path)
                if transfer is not None and _is_open(transfer):
                    self.begin(transfer)
                    found.append(transfer)
                elif transfer is not None:
                    self.end(transfer)  # it was killed at its very end
            path.with_name(f".{path.name}.lock").unlink(missing_ok=True)
        return found

    def _read(self, path: Path) -> Transfer | None:
        """None if its session lives; a note that cannot be understood is removed."""
        lines = path.read_bytes().split(b"\n")
        try:
            head = json.loads(lines[0])
            if ProcessId.of(head).lives(path):
                return None
            return _from_dict(head, path.stem, _known(lines[1:]))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            path.unlink(missing_ok=True)
            return None

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}{ENDING}"


def _is_open(transfer: Transfer) -> bool:
    """Whether a later start has something to do with it: go on, or try again what failed."""
    return bool(transfer.files_left) or not all(file.refused for file in transfer.of_state(State.FAILED))


@dataclass(frozen=True, slots=True)
class _Known:
    """What was noted of a file last."""

    state: State = State.QUEUED
    session: UploadSession | None = None
    reason: str = ""
    refused: str = ""
    at: str = ""
    """The name beside which its part lies."""


def _is_known(file: FileWork) -> bool:
    """Whether there is more to say of it than the first line does."""
    noted = file.state in _OVER or file.state is State.FAILED
    return noted or file.session is not None or file.at is not None


def _line(file: FileWork) -> bytes:
    if file.state in _OVER:
        return line_of([file.number, file.state.value])
    failed = file.state is State.FAILED
    return line_of(
        [
            file.number,
            State.FAILED.value if failed else State.QUEUED.value,
            list(astuple(file.session)) if file.session is not None else None,
            file.reason if failed else "",
            file.refused,
            file.at.name if file.at is not None else "",
        ]
    )


def _known(lines: Iterable[bytes]) -> dict[int, _Known]:
    """What came of files, and the sessions and parts of those under way; the last line may be cut short."""
    known: dict[int, _Known] = {}
    for line in values_of(lines):
        with suppress(ValueError, TypeError):
            number, state, session, *words = [*line, None] if len(line) == 2 else line  # noqa: PLR2004 (over)
            left = UploadSession(*session) if session is not None else None
            known[int(number)] = _Known(State(state), left, *map(str, words))
    return known


def _as_dict(transfer: Transfer) -> dict[str, object]:
    return {
        "direction": transfer.direction.value,
        "title": transfer.title,
        "folder": str(transfer.folder),
        "bucket": transfer.place.bucket,
        "place": transfer.place.name,
        "rule": transfer.rule.value,
        "where": transfer.where,
        "tops": [str(top) for top in transfer.tops],
        "files": [_file_as_list(file) for file in transfer.files],
    }


def _file_as_list(file: FileWork) -> list[object]:
    item = None
    if file.item is not None:
        facts = asdict(file.item)
        item = [facts[name] for name in _ITEM]
    return [str(file.path), file.uri.bucket, file.uri.name, file.size, file.replaces, file.refused, item]


def _from_dict(head: Mapping[str, Any], name: str, notes: Mapping[int, _Known]) -> Transfer:
    direction = Direction(head["direction"])
    folder = Path(head["folder"])
    files = []
    for number, (path, bucket, object_name, size, replaces, refused, item) in enumerate(head["files"]):
        known = None if item is None else ObjectInfo(**dict(zip(_ITEM, item, strict=True)))
        file = FileWork(
            number, Path(path), GcsUri(bucket, object_name), int(size), known, int(replaces), refused
        )
        if direction is Direction.DOWN and not file.path.is_relative_to(folder):
            raise ValueError(path)
        _take_over(file, notes.get(number, _Known()))
        files.append(file)
    left = any(not file.settled for file in files)
    return Transfer(
        direction,
        head["title"],
        folder,
        GcsUri(head["bucket"], head["place"]),
        files,
        rule=Overwrite(head["rule"]),
        where=head["where"],
        tops=tuple(map(Path, head["tops"])),
        id=name,
        restored=True,
        held=left,
        reason="left unfinished by an earlier session" if left else "",
        noted=True,
    )


def _take_over(file: FileWork, known: _Known) -> None:
    """Put a file into the state that it was left in."""
    file.state, file.session, file.reason = known.state, known.session, known.reason
    file.refused = known.refused or file.refused
    if known.at and known.at == Path(known.at).name:
        file.at = file.path.with_name(known.at)
    if file.state is State.DONE:
        file.done = file.size
    elif file.refused:
        file.state, file.reason = State.FAILED, file.refused
    elif file.item is not None and file.state in (State.QUEUED, State.FAILED):
        file.done = min(part_bytes(file.at or file.path, file.item.generation), file.size)
