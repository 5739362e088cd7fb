"""What is open in the editor: a file, or a text that has no file yet."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from tui import assets
from tui.panes.spec_document import SpecDocument, TextState
from tui.services.specfile import ABSENT, SpecFile, is_read_only, read_spec

EXAMPLE = assets.EXAMPLES / "tiny-train" / "vertex_job.yaml"
"""The example that runs on any box."""
UNKNOWN = "unknown"
"""Stands for the digest of a file when none was kept: no file has it."""


@dataclass(slots=True)
class Buffer:
    """One text under edit.

    Attributes:
        base: the text as it was opened or last saved.
        file: the file it was read from or saved to; None until it has one.
        suggested: the name to offer when it is first saved.
        key: under which its unsaved text is kept.
        outside: what another program has written into the file since, until the user has decided.
        gone: whether the file is not there any more.
        read_only: whether the file may not be written.
        others: since when another session has the file open; None if none has.
        named: whether `suggested` was given by the user, so that saving asks for no name.
        number: which of the open texts without a file it is.
    """

    base: str
    file: SpecFile | None = None
    suggested: Path = field(default_factory=lambda: Path.cwd() / "vertex_job.yaml")
    key: str = field(default_factory=lambda: f"untitled {uuid.uuid4().hex}")
    outside: SpecFile | None = None
    gone: bool = False
    read_only: bool = False
    others: datetime | None = None
    named: bool = False
    number: int = 1
    state: TextState = field(init=False)

    def __post_init__(self) -> None:
        """Make the text editable."""
        self.state = TextState(SpecDocument(self.base))
        self.base = self.text

    @property
    def text(self) -> str:
        """The text as it is now."""
        return self.state.document.text

    @property
    def unsaved(self) -> bool:
        """Whether the text is not what the file holds."""
        return self.gone or self.text != self.base

    @property
    def digest(self) -> str:
        """Of the file that the text was made from."""
        return self.file.digest if self.file else ABSENT

    @property
    def path(self) -> Path | None:
        """The path of the file, or of one that is to be; None while it has no name."""
        return self.file.path if self.file else self.suggested if self.named else None

    @property
    def title(self) -> str:
        """The file's name, or that it has none."""
        number = f" {self.number}" if self.number > 1 else ""
        return self.path.name if self.path else f"new job spec{number}"

    def came_from(self, digest: str) -> bool:
        """Note which file the text was made from; whether it was another than the one that is there now.

        Saving then asks, as after any change by another program.
        """
        file = self.file
        if file is None or digest == file.digest or self.text == file.text:
            return False
        self.file, self.outside = replace(file, digest=digest or UNKNOWN), self.outside or file
        return True

    @property
    def notes(self) -> list[str]:
        """What the user should know about the file, in a word or two each."""
        said = {
            "new file": self.named and self.file is None,
            "removed": self.gone,
            "changed outside": self.outside is not None,
            "read-only": self.read_only,
            "also open elsewhere": self.others is not None,
        }
        return [words for words, holds in said.items() if holds]

    @property
    def stem(self) -> str:
        """What a job of it is named after: the folder when the file has a name like all others."""
        path = self.path or self.suggested
        common = {"vertex_job", "job", "spec", "config", "custom_job"}
        return path.parent.name if path.stem in common and path.parent.name else path.stem


def new_buffer(path: Path) -> Buffer:
    """An empty text that is saved to `path`."""
    return Buffer("", suggested=path, key=str(path), named=True)


def open_buffer(path: Path, *, may_be_new: bool = False) -> Buffer:
    """The buffer of a file; one that belongs to an installed package is opened as a new text.

    With `may_be_new` a file that is not there is one that is to be.

    Raises:
        SpecFileError: the file cannot be read.
    """
    path = path.absolute()
    if may_be_new and not path.exists():
        return new_buffer(path)
    file = read_spec(path)
    if path.is_relative_to(assets.PACKAGE):
        return Buffer(file.text, suggested=Path.cwd() / path.parent.name / path.name)
    return Buffer(file.text, file, suggested=path, key=str(path), read_only=is_read_only(path))
