"""The part of the Storage pane that counts what lies below prefixes and buckets, in the background."""

from __future__ import annotations

from collections import deque
from time import monotonic

from textual import work

from tui.domain.errors import CloudError
from tui.domain.storage import Amount, GcsUri
from tui.panes.storage_cells import Counted
from tui.panes.storage_list import REDRAW_SECONDS, StorageListing
from tui.panes.storage_table import RowKind
from tui.services.listing import measure
from tui.services.options import AppOptions

COUNTING = "counting"


class StorageCounting(StorageListing):
    """Counts one place after the other; what was counted stays until the place is refreshed."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._to_count: deque[GcsUri] = deque()
        self._counting: GcsUri | None = None

    @property
    def counts(self) -> bool:
        """Whether something is being counted."""
        return self._counting is not None

    def action_count(self) -> None:
        """Count what lies below the marked rows, or below the one under the cursor."""
        rows = [row for row in self.targets() if row.kind is not RowKind.OBJECT and not row.past]
        waiting = {*self._to_count, self._counting}
        self._to_count.extend(row.uri for row in rows if row.uri not in waiting)
        for uri in self._to_count:
            self.show_counted(uri, Counted(Amount(), COUNTING))
        if self._counting is None and self._to_count:
            self._count_all()

    def stop_counting(self) -> None:
        """Keep the totals of now."""
        self.workers.cancel_group(self, "storage-count")

    @work(exclusive=True, group="storage-count", exit_on_error=False)
    async def _count_all(self) -> None:
        try:
            while self._to_count and self.gateway is not None:
                self._counting = uri = self._to_count.popleft()
                self.refresh_bindings()
                await self._count_one(uri)
        finally:
            left = [uri for uri in (self._counting, *self._to_count) if uri is not None]
            self._to_count.clear()
            self._counting = None
            for uri in left:
                if (known := self.counted.get(uri)) is not None and known.state == COUNTING:
                    self.show_counted(uri, Counted(known.amount, "stopped"))
            if self.is_mounted:
                self.add_up_marks()
                self.refresh_bindings()

    async def _count_one(self, uri: GcsUri) -> None:
        drawn = 0.0

        def running(amount: Amount) -> None:
            nonlocal drawn
            if monotonic() - drawn > REDRAW_SECONDS:
                drawn = monotonic()
                self.show_counted(uri, Counted(amount, COUNTING))

        assert self.gateway is not None  # noqa: S101 (the caller looked)
        try:
            whole = await measure(self.gateway.storage, uri, running)
        except CloudError as error:
            known = self.counted.get(uri, Counted(Amount()))
            self.show_counted(uri, Counted(known.amount, f"✗ {error.title}"))
        else:
            self.show_counted(uri, Counted(whole))

    def show_counted(self, uri: GcsUri, counted: Counted) -> None:
        """Keep and show how much lies below a place, as far as it is known."""
        self.counted[uri] = counted
        entries = self.entries
        if entries is None or not self.is_mounted:
            return
        self.declare_columns(self.columns if self._rows else ())
        self.table.touch([entries.key_of(uri)])
        if (row := self.row) is not None and row.uri == uri:
            self.row_changed()
        if self.wish.column == "size" and not counted.state:
            self.wish_for(self.wish)

    def forget_counts(self) -> None:
        """What was counted at or below the place, or holds it, is not known any more."""
        place = self.place
        self.counted = {
            uri: known
            for uri, known in self.counted.items()
            if known.state == COUNTING or (place is not None and not _touch(uri, place))
        }


def _touch(one: GcsUri, other: GcsUri) -> bool:
    """Whether one of two places lies in the other."""
    return one.bucket == other.bucket and (one.name.startswith(other.name) or other.name.startswith(one.name))
