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

from tui.services.paths import private_dir
from tui.services.processes import ProcessId, this_process
from tui.services.specfile import SpecFileError, read_spec

FOLDER = "editor"
"""Below the state folder: one private folder for each text that is out."""
_NOTE = "note.json"
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
    """A text that was in an editor when the app was killed."""

    path: Path | None
    """The spec file it belongs to; None for one without a name yet."""
    text: str
    folder: Path
    """Where it lies."""


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
        self._folder = state_dir / FOLDER

    @contextmanager
    def lend(self, text: str, name: str, path: Path | None) -> Iterator[Path]:
        """A file named `name` with the text in it, for as long as the editor has it.

        It stays where it is if what the editor wrote cannot be read; `path` is the spec file it belongs to.

        Raises:
            OSError: it cannot be written.
        """
        private_dir(self._folder)
        place = Path(tempfile.mkdtemp(dir=self._folder))
        data = text.encode("utf-8", "replace")
        me = this_process()
        note = {
            "pid": me.pid,
            "started": me.started,
            "path": str(path) if path else None,
            "name": name,
            "digest": hashlib.sha256(data).hexdigest(),
        }
        (place / _NOTE).write_text(json.dumps(note), encoding="utf-8", errors="surrogateescape")
        file = place / name
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(data)
        try:
            yield file
        except SpecFileError:
            raise
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        shutil.rmtree(place, ignore_errors=True)

    def left_over(self) -> list[LeftOver]:
        """Texts that were changed in an editor whose app was killed meanwhile; unchanged ones are removed."""
        found = []
        for note in self._folder.glob(f"*/{_NOTE}"):
            with suppress(OSError, ValueError, KeyError, TypeError, SpecFileError):
                record = json.loads(note.read_bytes())
                if ProcessId(int(record["pid"]), float(record["started"])).runs:
                    continue
                file = read_spec(note.parent / Path(record["name"]).name)
                path = Path(record["path"]) if record["path"] else None
                left = LeftOver(path, file.text, note.parent)
                if hashlib.sha256(file.raw).hexdigest() == record["digest"]:
                    self.forget(left)
                else:
                    found.append(left)
        return found

    def forget(self, left: LeftOver) -> None:
        """Remove a text that is kept elsewhere by now."""
        shutil.rmtree(left.folder, ignore_errors=True)
