"""Asks what to upload: a file, or a folder with all that it holds."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input

from tui.panes.spec_path import PathScreen


class UploadPathScreen(PathScreen):
    """The screen that asks for a file; enter on a folder that was entered already takes it whole."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(title, text, existing=True)
        self._everything = True

    def _take(self, path: Path) -> None:
        text = self.query_one(Input).value
        entered = text.endswith("/") and Path(text).expanduser().absolute() == path.absolute()
        if path.is_dir() and entered and not self._moved:
            self.dismiss(path.absolute())
        else:
            super()._take(path)

    def _note(self) -> str:
        return f"{super()._note()} · enter on a folder enters it, again takes all of it"
