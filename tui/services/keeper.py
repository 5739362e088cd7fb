"""Keeps what is typed: changed text is in the journal within a second, whatever ends the app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tui.services.journal import Journal

DELAY = 0.5
"""Seconds that changed text may wait before it is written; writing itself takes a little more."""


class Draft(Protocol):
    """A text under edit."""

    @property
    def key(self) -> str:
        """Under which its unsaved text is kept."""
        ...

    @property
    def path(self) -> Path | None:
        """The file it belongs to, or None."""
        ...

    @property
    def text(self) -> str:
        """The text as it is now."""
        ...

    @property
    def unsaved(self) -> bool:
        """Whether the text is nowhere else on disk."""
        ...


class Keeper:
    """Writes changed texts in a thread, at most once a `delay`, and at once when asked."""

    def __init__(self, journal: Journal, trouble: Callable[[OSError], None], delay: float = DELAY) -> None:
        """`trouble` is told, on the event loop, that a text could not be written."""
        self._journal = journal
        self._trouble = trouble
        self._delay = delay
        self._due: dict[str, asyncio.TimerHandle] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def changed(self, draft: Draft) -> None:
        """The text has changed: it is written before long."""
        if draft.key not in self._due:
            loop = asyncio.get_running_loop()
            self._due[draft.key] = loop.call_later(self._delay, self._begin, draft, draft.key)

    def keep_now(self, draft: Draft) -> None:
        """Write the text before going on; trouble is told."""
        self._cancel(draft.key)
        try:
            self._put(draft.key, draft.path, draft.text if draft.unsaved else None, self._journal.ticket())
        except OSError as failure:
            self._trouble(failure)

    def forget(self, key: str) -> None:
        """The text of that key was saved or is not wanted any more."""
        self._cancel(key)
        self._journal.clear(key)

    def _cancel(self, key: str) -> None:
        if timer := self._due.pop(key, None):
            timer.cancel()

    def _begin(self, draft: Draft, key: str) -> None:
        """Take the text on the loop, where nobody edits it meanwhile; an edit later starts the next turn."""
        self._due.pop(key, None)
        text = draft.text if draft.unsaved else None
        task = asyncio.create_task(self._write(key, draft.path, text, self._journal.ticket()))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, key: str, path: Path | None, text: str | None, ticket: int) -> None:
        try:
            await asyncio.to_thread(self._put, key, path, text, ticket)
        except OSError as failure:
            self._trouble(failure)

    def _put(self, key: str, path: Path | None, text: str | None, ticket: int) -> None:
        if text is None:
            self._journal.clear(key, ticket)
        else:
            self._journal.write(key, path, text, ticket)
