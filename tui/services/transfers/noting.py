"""Keeps the notes of a session's transfers up to date, as far as the state folder allows it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from tui.services.processes import BEAT
from tui.services.transfers.model import FileWork, Transfer
from tui.services.transfers.records import Records


class Noting:
    """Notes, or does nothing where there are no records."""

    def __init__(self, records: Records | None) -> None:
        self._records = records
        self._touched_at = 0.0

    async def adopt(self) -> list[Transfer]:
        """What sessions that are no more have left.

        Raises:
            OSError: the notes cannot be read.
        """
        return [] if self._records is None else await asyncio.to_thread(self._records.adopt)

    async def begin(self, transfer: Transfer) -> None:
        """Write a transfer down for the next start; where that cannot be it says so and goes on without."""
        if self._records is None or transfer.noted:
            return
        try:
            await asyncio.to_thread(self._records.begin, transfer)
        except OSError as error:
            transfer.unnoted = f"the state folder cannot be written: {error.strerror or error}"
        else:
            transfer.noted, transfer.unnoted = True, ""

    def note(self, transfer: Transfer, file: FileWork) -> None:
        """Add what became of a file."""
        if self._records is not None and transfer.noted:
            self._records.note(transfer, file)

    def drop(self, transfer: Transfer) -> None:
        """The next start has nothing to do with it."""
        if self._records is not None and transfer.noted:
            transfer.noted = False
            self._records.end(transfer)

    def touch(self, transfers: Iterable[Transfer], now: float) -> None:
        """Show other hosts that the session lives, now and then."""
        if self._records is not None and now - self._touched_at > BEAT:
            self._touched_at = now
            for transfer in transfers:
                if transfer.noted:
                    self._records.touch(transfer)

    def close(self) -> None:
        """Write what waits."""
        if self._records is not None:
            self._records.close()
