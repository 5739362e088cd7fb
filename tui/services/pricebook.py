"""The prices read last from the Cloud Billing catalogue, kept on disk and read anew once a day."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tui.domain.catalog.skus import PriceBook, is_amount, make_book
from tui.domain.errors import CloudError
from tui.domain.gateway import SetupGateway
from tui.services.files import write_atomic
from tui.services.paths import private_dir

FRESH = timedelta(hours=24)
"""How long prices are not asked for again."""
FILE = "prices.json"

_TOO_LONG = 20_000_000
"""Bytes; a whole catalogue's worth of prices is a fortieth of it."""


class PriceBooks:
    """The price book of a user, in their state folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def read(self, now: datetime | None = None) -> PriceBook | None:
        """What was read in the last day; None when that is nothing, or cannot be made out."""
        try:
            if self._path.stat().st_size > _TOO_LONG:
                return None
            record = json.loads(self._path.read_bytes())
            read_at = datetime.fromisoformat(record["read_at"]).astimezone(UTC)
            units = {
                (str(name), str(region), bool(spot)): Decimal(amount)
                for name, region, spot, amount in record["units"]
            }
        except (OSError, ValueError, ArithmeticError, KeyError, TypeError, RecursionError):
            return None
        if not all(is_amount(amount) for amount in units.values()):
            return None
        age = (now or datetime.now(UTC)) - read_at
        return PriceBook(read_at, units) if units and timedelta(0) <= age < FRESH else None

    async def refreshed(self, setup: SetupGateway) -> PriceBook | None:
        """What was read in the last day, or is read now; None when the catalogue cannot be read."""
        kept = await asyncio.to_thread(self.read)
        if kept is not None:
            return kept
        try:
            skus = await setup.price_skus()
        except CloudError:
            return None  # the dated table takes its place, and its label says so
        book = await asyncio.to_thread(make_book, skus, datetime.now(UTC))
        if not book.units:
            return None
        await asyncio.to_thread(self._keep, book)
        return book

    def _keep(self, book: PriceBook) -> None:
        rows = [[name, region, spot, str(amount)] for (name, region, spot), amount in book.units.items()]
        text = json.dumps({"read_at": book.read_at.isoformat(), "units": rows})
        try:
            private_dir(self._path.parent)
            write_atomic(self._path, text.encode(), mode=0o600)
        except OSError:
            return  # a full disk: they are read again at the next start
