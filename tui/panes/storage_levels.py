"""The part of the Storage pane that reads places: page by page, as far as somebody wants them."""

from __future__ import annotations

from abc import abstractmethod
from datetime import UTC, datetime

from textual import work
from textual.timer import Timer

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri
from tui.domain.storage_gateway import StorageGateway
from tui.domain.storagelist.entries import Entries, Mode
from tui.panes import messages
from tui.panes.base import Pane
from tui.services.listing import find_place, lone_object, read_page
from tui.services.options import AppOptions

KEPT_LEVELS = 20
"""Levels remembered, so that going up shows something at once."""

KEPT_ENTRIES = 250_000
"""Entries of all levels remembered together: more than that is read again."""

RETRY_SECONDS = 15.0
"""Pause before a place that could not be read is tried again by itself."""

BACKGROUND = 20_000
"""Entries that are read without anybody asking for them."""

AHEAD = 2_000
"""Entries read beyond the last one when the cursor comes near it."""

MOST = 2_000_000
"""Entries that are read of one place at most: about 250 MB."""

Spot = tuple[GcsUri | None, Mode]
"""A place, None for the project's buckets, and which generations of it are listed."""


class StorageLevels(Pane):
    """What has been read of each place."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self.place: GcsUri | None = None
        """What is shown: a bucket or a prefix; None for the project's buckets."""
        self.mode = Mode.LIVE
        self.entry: GcsUri | None = None
        """Where the user came in: `esc` goes up to here and then leaves the pane."""
        self.trouble: CloudError | None = None
        self.trouble_since: datetime | None = None
        self._wanted: GcsUri | None = None
        self._levels: dict[Spot, Entries] = {}
        self._goal = BACKGROUND
        self._reader: object | None = None
        self._again: Entries | None = None
        self._retry: Timer | None = None

    @property
    def spot(self) -> Spot:
        """What is shown, by which it is remembered."""
        return self.place, self.mode

    @property
    def entries(self) -> Entries | None:
        """What is known of what is shown."""
        return self._levels.get(self.spot)

    @property
    def reads_on(self) -> bool:
        """Whether more of what is shown is being read now."""
        return self._reader is not None and (self.entries is None or not self.entries.whole or self.rereads)

    @property
    def rereads(self) -> bool:
        """Whether it is being read from its beginning again."""
        return self._again is not None

    @property
    def reread_count(self) -> int:
        """How far that is."""
        return self._again.count if self._again is not None else 0

    @property
    def retries(self) -> bool:
        """Whether a place that could not be read is tried again by itself."""
        return self._retry is not None

    # What the parts above do

    @abstractmethod
    def show_level(self, *, on: GcsUri | None = None) -> None:
        """Show what is known now."""

    @abstractmethod
    def level_grew(self, entries: Entries) -> None:
        """More of what is shown has been read."""

    # Reading

    def load(self, on: GcsUri | None = None) -> None:
        """Read what is shown from its beginning, as far as it was read before."""
        self._stop_retry()
        if self.entries is None:
            self._goal = BACKGROUND
        self._again = None
        self._read_place(again=True, on=on)

    def read_towards(self, goal: int) -> None:
        """Read on until so many entries are known, or all."""
        entries = self.entries
        if entries is not None and (entries.whole or goal <= entries.count):
            return
        self._goal = max(self._goal, min(goal, MOST))
        if entries is not None and self._reader is None and self._goal > entries.count:
            self._read_place(again=False)

    def read_no_further(self) -> None:
        """Keep what has been read."""
        if self.entries is not None:
            self._goal = self.entries.count

    def forget_levels(self) -> None:
        """Drop what is remembered of other places."""
        self._levels = {spot: level for spot, level in self._levels.items() if spot == self.spot}

    @work(exclusive=True, group="storage-level", exit_on_error=False)
    async def _read_place(self, *, again: bool, on: GcsUri | None = None) -> None:
        me = self._reader = object()
        if again:
            self.show_level(on=on)
        try:
            gateway = self.gateway
            if gateway is None:
                if self.connection_trouble is not None:
                    self.take_trouble(self.connection_trouble)
                return
            if self._wanted is not None:
                on = await self._find_wanted(gateway, self._wanted) or on
            entries = self.entries
            if again or entries is None:
                entries = await self._begin_place(gateway.storage, on)
            while not entries.whole and entries.count < self._goal:
                await read_page(gateway.storage, entries)
                self._trouble_over()
                self.level_grew(entries)
        except CloudError as error:
            self._read_failed(me, error)
        else:
            self._read_ended(me)
        finally:
            if self._reader is me:
                self._reader = self._again = None

    async def _find_wanted(self, gateway: Gateway, wanted: GcsUri) -> GcsUri | None:
        try:
            place, name = await find_place(gateway.storage, wanted)
        except CloudError as error:
            alone = await lone_object(gateway.storage, wanted) if error.kind is ErrorKind.DENIED else None
            if alone is None or alone.place is None:
                raise
            self._levels[alone.place, Mode.LIVE] = alone
            place, name = alone.place, wanted.name
        self._wanted = None
        self.place = place
        self.entry = place if self.entry is not None else None
        return GcsUri(place.bucket, name) if name else None

    async def _begin_place(self, storage: StorageGateway, on: GcsUri | None) -> Entries:
        """Read the first page, and as many as were known before, and show that."""
        known = self.entries
        if known is not None and known.alone:
            self.show_level(on=on)
            return known
        entries = Entries(self.place, self.mode)
        wanted = known.count if known is not None else 1
        await read_page(storage, entries)
        while not entries.whole and entries.count < wanted:
            self._again = entries
            self.level_grew(entries)
            await read_page(storage, entries)
        self._again = None
        self._trouble_over()
        self._keep_place(entries)
        self.show_level(on=on)
        return entries

    def _keep_place(self, entries: Entries) -> None:
        spot = entries.place, entries.mode
        self._levels.pop(spot, None)
        self._levels[spot] = entries
        kept = sum(level.count for level in self._levels.values())
        for old in list(self._levels)[:-1]:
            if len(self._levels) <= KEPT_LEVELS and kept <= KEPT_ENTRIES:
                break
            kept -= self._levels.pop(old).count

    def _read_ended(self, me: object) -> None:
        entries = self.entries
        if self._reader is me:
            self._reader = None
            if entries is not None:
                self.level_grew(entries)
        if entries is not None and entries.read_at is not None:
            self.post_message(messages.DataFresh("storage", entries.read_at))

    def _read_failed(self, me: object, error: CloudError) -> None:
        if self._reader is me:
            self._reader = self._again = None
        self.take_trouble(error)

    def _trouble_over(self) -> None:
        self.trouble = self.trouble_since = None

    def take_trouble(self, error: CloudError) -> None:
        """Keep what is on screen, said to be old, unless it is known to be gone."""
        self.trouble = error
        self.trouble_since = self.trouble_since or datetime.now(UTC)
        if error.kind is ErrorKind.NOT_FOUND:
            self._levels.pop(self.spot, None)
        if error.retryable and self.gateway is not None:
            self._retry = self.set_timer(RETRY_SECONDS, self._try_again)
        self.show_level()

    def _try_again(self) -> None:
        """Go on where the reading broke off, or begin again."""
        self._stop_retry()
        entries = self.entries
        self._read_place(again=entries is None or entries.whole)

    def _stop_retry(self) -> None:
        if self._retry is not None:
            self._retry.stop()
            self._retry = None
