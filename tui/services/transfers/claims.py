"""Which download writes where: no two write the same file, and nobody removes another one's part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tui.domain.parts import RESUMED_FROM, part_path
from tui.services.transfers.model import FileWork


class Claims:
    """The places of one session's downloads."""

    def __init__(self) -> None:
        self._writing: dict[FileWork, Path] = {}
        self._owners: dict[tuple[Path, int], set[FileWork]] = {}
        """By part: a download that stands still and another one may both go on with it."""

    @property
    def taken(self) -> frozenset[Path]:
        """Where downloads in flight write."""
        return frozenset(self._writing.values())

    def busy(self, flying: Iterable[FileWork]) -> frozenset[Path]:
        """Where files in flight write, or will as far as is known."""
        return frozenset(self._writing.get(file, file.path) for file in flying)

    def coming(self, but: FileWork) -> int:
        """Bytes that the other downloads in flight will still write."""
        return sum(max(file.size - file.done, 0) for file in self._writing if file is not but)

    def claim(self, file: FileWork, path: Path) -> bool:
        """Let a file write there; False if another one does."""
        if path in self._writing.values():
            return False
        self._writing[file] = path
        self.own(file, path)
        return True

    def release(self, file: FileWork) -> None:
        """It is not in flight any more; its part stays its own."""
        self._writing.pop(file, None)

    def own(self, file: FileWork, path: Path) -> None:
        """The part beside that place is the file's."""
        file.at = path
        self._owners.setdefault(_key(file, path), set()).add(file)

    def give_up(self, files: Sequence[FileWork], *, restored: bool) -> list[Path]:
        """These have no parts any more; those that no other download goes on with.

        With `restored` also what a kill may have left of small ones, with which no download ever goes on.
        """
        parts = [part_path(*key) for file in files if (key := self._disowned(file)) is not None]
        small = [file for file in files if file.size < RESUMED_FROM] if restored else []
        return [*parts, *(part_path(file.path, 0) for file in small)]

    def disown(self, file: FileWork) -> None:
        """It has no part any more."""
        self._disowned(file)

    def _disowned(self, file: FileWork) -> tuple[Path, int] | None:
        path, file.at = file.at, None
        if path is None:
            return None
        key = _key(file, path)
        owners = self._owners.get(key, set())
        owners.discard(file)
        if owners:
            return None
        self._owners.pop(key, None)
        return key


def _key(file: FileWork, path: Path) -> tuple[Path, int]:
    return path, file.item.generation if file.item is not None else 0
