"""The part of the frame that shows transfers on every pane and asks about them before it is left."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.binding import Binding, BindingType

from tui.leaving import LeaveScreen
from tui.noticing import NoticingApp
from tui.panes import messages
from tui.panes.base import Pane
from tui.panes.messages import PaneId
from tui.services.options import AppOptions
from tui.widgets.transfer_strip import TransferStrip

if TYPE_CHECKING:
    from tui.panes.storage import StoragePane
    from tui.services.transfers.hub import Hub


class TransferringApp(NoticingApp):
    """Shows the line of transfers; the Storage pane, which stays as long as the app does, has them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f6",
            "transfers",
            "Transfers",
            id="app.transfers",
            show=False,
            tooltip="What comes home or goes to a bucket now: pause, retry, cancel",
        ),
    ]

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._hub: Hub | None = None

    @abstractmethod
    async def _pane(self, pane_id: PaneId) -> Pane:
        """A pane, built behind the one in front if it was not there yet."""

    async def on_mount(self) -> None:
        """Look behind the first frame for what an earlier session left unfinished."""
        self.call_after_refresh(self._find_left_transfers)

    @work(exclusive=True, group="left-transfers", exit_on_error=False)
    async def _find_left_transfers(self) -> None:
        """The Storage pane takes them over, and the line tells of them."""
        from tui.services.transfers.records import has_left  # noqa: PLC0415 (behind the first frame)

        if await asyncio.to_thread(has_left, self.options.paths):
            await self._pane(PaneId.STORAGE)

    async def action_transfers(self) -> None:
        """Show all transfers over the panes."""
        pane = cast("StoragePane", await self._pane(PaneId.STORAGE))
        pane.show_transfers()

    @on(TransferStrip.Chosen)
    async def _strip_chosen(self) -> None:
        await self.action_transfers()

    @on(messages.TransfersBegun)
    def _transfers_begun(self, message: messages.TransfersBegun) -> None:
        """Follow the transfers from now on."""
        if self._hub is None:
            self._hub = cast("Hub", message.hub)
            self._hub.listen(self._tell_transfers)
        self._tell_transfers()

    def _tell_transfers(self) -> None:
        from tui.services.transfers.account import strip_words  # noqa: PLC0415 (behind the first frame)

        if self._hub is not None and self.is_running:
            strip = self.screen_stack[0].query_one(TransferStrip)
            strip.tell(*strip_words(self._hub))

    def leave_screen(self) -> LeaveScreen | None:
        """The question before the app is left; None while nothing is under way."""
        parts = [*self.screen_stack[0].query(Pane), *self.screen_stack[1:]]
        under_way = _gathered(parts, "under_way")
        transfers = _gathered(parts, "transfers_under_way")
        if not under_way and not transfers:
            return None
        left = _gathered(parts, "left_behind")
        return LeaveScreen(under_way, local=self.options.local, transfers=transfers, left=left)


def _gathered(parts: Sequence[object], name: str) -> list[str]:
    return [words for part in parts for words in getattr(part, name, ())]
