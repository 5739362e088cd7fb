"""Hands a text to the user's own editor and takes it back."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tui.services.keptspecs import LENT
from tui.services.paths import private_dir
from tui.services.processes import ProcessId, this_process
from tui.services.specfile import SpecFileError, read_spec

_NOTE = "note.json"
ELSEWHERE = 86_400.0
"""Seconds after which a text that was lent on another host counts as left: an editor is not always busy."""
USUAL = ("sensible-editor", "nano", "vim", "vi")
"""What is tried when neither `$VISUAL` nor `$EDITOR` is set."""


class NoEditorError(Exception):
    """No editor can be started: one line why, and what to do."""

    def __init__(self, title: str, hint: str) -> None:
        super().__init__(title, hint)
        self.title = title
        self.hint = hint


@dataclass(frozen=True, slots=True)
class LeftOver:
    """What an editor wrote and nobody has taken back."""

    path: Path | None
    """The spec file it belongs to; None for one without a name yet."""
    text: str
    """Empty where it cannot be read."""
    folder: Path
    """Where it lies."""
    file: Path
    trouble: str = ""
    """Why it cannot be read, or empty."""
    base: str = ""
    """Digest of the spec file that the text was made from (`SpecFile.digest`); empty when not known."""


@dataclass(slots=True)
class Loan:
    """A text that is in an editor."""

    file: Path
    digest: str
    """Of what was lent."""
    taken: bool = False
    """Whether what the editor wrote is kept elsewhere by now."""

    @property
    def needed(self) -> bool:
        """Whether the file holds what nobody else has; one that cannot be looked at may."""
        if self.taken:
            return False
        try:
            return _digest(self.file.read_bytes()) != self.digest
        except FileNotFoundError:
            return False
        except OSError:
            return True


def editor_command(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The user's editor: `$VISUAL`, else `$EDITOR`, else one that is usually there.

    Raises:
        NoEditorError: none is set and none is found, or the one that is set is missing.
    """
    for name in ("VISUAL", "EDITOR"):
        if not environ.get(name, "").strip():
            continue
        try:
            words = shlex.split(environ[name])
        except ValueError as failure:
            raise NoEditorError(
                f"${name} cannot be read: {failure}", f"Set it to a command, e.g. export {name}=vim."
            ) from failure
        if shutil.which(words[0], path=environ.get("PATH")) is None:
            raise NoEditorError(f"${name} is {words[0]}, which is not installed here", f"Set {name} anew.")
        return tuple(words)
    for name in USUAL:
        if found := shutil.which(name, path=environ.get("PATH")):
            return (found,)
    raise NoEditorError(
        "Neither $VISUAL nor $EDITOR is set, and no editor was found", "Run: export EDITOR=nano"
    )


class HandOver:
    """Private files for texts that are not saved; removed as soon as the text is back."""

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / LENT
        self._me = this_process()
        self._out: set[Path] = set()

    @contextmanager
    def lend(self, text: str, name: str, path: Path | None, base: str = "") -> Iterator[Loan]:
        """A file named `name` with the text in it, for as long as the editor has it.

        What the editor wrote stays where it is unless it was `taken`; `path` is the spec file it belongs to,
        `base` its digest when the text was made from it.

        Raises:
            OSError: it cannot be written.
        """
        private_dir(self._folder)
        place = Path(tempfile.mkdtemp(dir=self._folder))
        data = text.encode("utf-8", "replace")
        loan = Loan(place / name, _digest(data))
        of_spec = {"path": str(path) if path else None, "base": base}
        note = {**self._me.record, **of_spec, "name": name, "digest": loan.digest}
        self._out.add(place)
        try:
            (place / _NOTE).write_text(json.dumps(note), encoding="utf-8", errors="surrogateescape")
            with os.fdopen(os.open(loan.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(data)
            yield loan
        finally:
            self._out.discard(place)
            if not loan.needed:
                shutil.rmtree(place, ignore_errors=True)

    def left_over(self) -> list[LeftOver]:
        """Texts that were changed in an editor and never taken back; unchanged ones are removed."""
        found = []
        for note in self._folder.glob(f"*/{_NOTE}"):
            with suppress(OSError, ValueError, KeyError, TypeError):
                if (left := self._left(note)) is not None:
                    found.append(left)
        return found

    def _left(self, note: Path) -> LeftOver | None:
        record = json.loads(note.read_bytes())
        owner = ProcessId.of(record)
        mine = owner == self._me
        if note.parent in self._out or (not mine and owner.lives(note, ELSEWHERE)):
            return None
        loan = Loan(note.parent / Path(record["name"]).name, record["digest"])
        if not loan.needed:
            shutil.rmtree(note.parent, ignore_errors=True)
            return None
        path = Path(record["path"]) if record["path"] else None
        base = str(record.get("base", ""))
        try:
            return LeftOver(path, read_spec(loan.file).text, note.parent, loan.file, base=base)
        except SpecFileError as failure:
            return LeftOver(path, "", note.parent, loan.file, str(failure))

    def forget(self, left: LeftOver) -> None:
        """Remove a text that is kept elsewhere by now, or is not wanted."""
        shutil.rmtree(left.folder, ignore_errors=True)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
