"""Keeps what is typed: changed text is in the journal within a second, whatever ends the app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from tui.services.journal import Journal
from tui.services.lane import Lane

DELAY = 0.5
"""Seconds that changed text may wait before it is written; writing itself takes a little more."""
PATIENCE = 1.0
"""Seconds that the end of the app waits for a write that is under way."""


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
    def digest(self) -> str:
        """Of the file that the text was made from."""
        ...

    @property
    def unsaved(self) -> bool:
        """Whether the text is nowhere else on disk."""
        ...


class Keeper:
    """Writes changed texts in a thread of its own, at most once a `delay`, and at once when asked."""

    def __init__(self, journal: Journal, trouble: Callable[[OSError], None], delay: float = DELAY) -> None:
        """`trouble` is told, on the event loop, that a text could not be written."""
        self._journal = journal
        self._trouble = trouble
        self._delay = delay
        self._lane = Lane("keeper")
        self._due: dict[str, asyncio.TimerHandle] = {}
        self._writing: set[asyncio.Task[bool]] = set()

    def changed(self, draft: Draft) -> None:
        """The text has changed: it is written before long."""
        if draft.key not in self._due:
            loop = asyncio.get_running_loop()
            self._due[draft.key] = loop.call_later(self._delay, self.soon, draft, draft.key)

    def soon(self, draft: Draft, key: str = "") -> None:
        """Begin to write the text as it is now, under the draft's key or the one it had."""
        task = asyncio.create_task(self.keep(draft, key))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def keep(self, draft: Draft, key: str = "") -> bool:
        """Write the text as it is now before going on; whether it was kept, trouble is told.

        It is taken on the loop, where nobody edits it meanwhile; an edit later starts the next turn.
        """
        key = key or draft.key
        self._cancel(key)
        try:
            await self._lane.run(self._put, *self._taken(draft, key))
        except OSError as failure:
            self._trouble(failure)
            return False
        return True

    def close(self, drafts: Iterable[Draft]) -> None:
        """Write the texts here and now, whatever ends the app; nothing is written afterwards."""
        for key in tuple(self._due):
            self._cancel(key)
        for draft in drafts:
            try:
                self._put(*self._taken(draft, draft.key))
            except OSError as failure:
                self._trouble(failure)
        self._lane.close(PATIENCE)

    def forget(self, key: str) -> None:
        """The text of that key was saved or is not wanted any more."""
        self._cancel(key)
        self._journal.clear(key)

    async def touch(self) -> None:
        """Show other hosts that this session lives."""
        await self._lane.run(self._journal.touch)

    def _cancel(self, key: str) -> None:
        if timer := self._due.pop(key, None):
            timer.cancel()

    def _taken(self, draft: Draft, key: str) -> tuple[str, Path | None, str | None, int, str]:
        text = draft.text if draft.unsaved else None
        return key, draft.path, text, self._journal.ticket(), draft.digest

    def _put(self, key: str, path: Path | None, text: str | None, ticket: int, digest: str) -> None:
        if text is None:
            self._journal.clear(key, ticket)
        else:
            self._journal.write(key, path, text, ticket, digest)
