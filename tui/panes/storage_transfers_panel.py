"""All transfers of the session: how far each of their files is, and what can be done about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker

from tui.domain.text import duration, printable, size
from tui.domain.transfers.rates import Rate
from tui.panes import messages
from tui.panes.base import copied
from tui.panes.storage_transfer_words import TOPS_NAMED, fetch_of, on_host
from tui.services.options import AppOptions
from tui.services.transfers.account import ARROWS, GLYPHS, bar, of_sizes, progress, shown_state
from tui.services.transfers.hub import Hub
from tui.services.transfers.model import Direction, FileWork, State, Transfer
from tui.widgets.bugs import report_bug
from tui.widgets.columns import Column
from tui.widgets.confirm import ConfirmScreen, Question
from tui.widgets.keybar import KeyBar
from tui.widgets.rows import RowList
from tui.widgets.state_view import StateView

COLUMNS = (
    Column("name", "NAME", minimum=32, fill=True),
    Column("bar", "", 12, minimum=8, priority=4),
    Column("bytes", "BYTES", 22, minimum=20, align="right", priority=9),
    Column("rate", "RATE", 11, align="right", priority=8),
    Column("left", "LEFT", 7, align="right", priority=5),
)

FEW = 30
"""Transfers of so many files show them all from the start."""

MOST = 500
"""Files of one transfer that are listed."""

TONES = {
    State.DONE: "$text-success",
    State.FAILED: "$text-error",
    State.PAUSED: "$text-warning",
    State.CANCELLED: "$text-muted",
    State.KEPT: "$text-muted",
    State.QUEUED: "$text-muted",
    State.RUNNING: "",
}

FIRST = (State.FAILED, State.RUNNING, State.PAUSED)
"""Files in these states are listed of however large a transfer."""


class TransfersScreen(Screen[None]):
    """The list over the panes; it changes as they come on."""

    AUTO_FOCUS: ClassVar[str | None] = ""  # the list, once it has rows

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pause", "Pause", id="transfers.pause", tooltip="Stand still: one file, or all"),
        Binding("space", "resume", "Go on", id="transfers.resume", tooltip="Go on: one file, or all"),
        Binding("c", "cancel", "Cancel", id="transfers.cancel", tooltip="Whole files stay, parts go"),
        Binding("R", "retry", "Retry", id="transfers.retry", tooltip="Try again what failed"),
        Binding("escape,T,f6", "close", "Close", id="transfers.close", tooltip="They go on meanwhile"),
        Binding("y", "copy", "Copy", id="transfers.copy", tooltip="The scp command for your machine"),
        Binding("enter", "place", "Where", id="transfers.place", tooltip="Say where it lands, or go there"),
        Binding("right,l", "unfold(True)", "All files", id="transfers.unfold", show=False),
        Binding("left,h", "unfold(False)", "Fewer files", id="transfers.fold", show=False),
        Binding("x,delete", "forget", "Off list", id="transfers.forget", tooltip="What has ended"),
    ]

    DEFAULT_CSS = """
    TransfersScreen {
        #transfers-list { height: 1fr; }
        #transfers-about, #transfers-said { height: auto; max-height: 4; padding: 0 2; }
        #transfers-said { color: $text-success; }
    }
    """

    def __init__(self, hub: Hub, options: AppOptions) -> None:
        super().__init__()
        self.hub = hub
        self._options = options
        self._rows: dict[str, tuple[Transfer, FileWork | None]] = {}
        self._open: dict[str, bool] = {}
        self._twins: frozenset[str] = frozenset()
        """What several transfers are about: their places tell them apart."""
        self._about = ""
        self._following = False

    def compose(self) -> ComposeResult:
        yield StateView(id="transfers-state", classes="hidden")
        yield RowList(id="transfers-list", cells=self._cells, takes_enter=False, takes_sideways=False)
        yield Static(id="transfers-about")
        yield Static(id="transfers-said", classes="hidden")
        yield KeyBar()

    def on_mount(self) -> None:
        """Follow the transfers."""
        rows = self._list
        rows.add_class("box")
        rows.border_title = "Transfers"
        rows.set_columns(COLUMNS)
        self._following = True
        self.hub.listen(self._changed)
        self.hub.look()
        self._changed()

    def on_unmount(self) -> None:
        """Follow them no more; what ended meanwhile was seen."""
        self._following = False
        self.hub.unlisten(self._changed)
        self.hub.look()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker that died of a bug says so."""
        report_bug(self.app, event)

    def on_row_list_highlighted(self) -> None:
        """Say more of the row under the cursor."""
        self._tell_about()
        self.refresh_bindings()

    # What is shown

    @property
    def _list(self) -> RowList:
        return self.query_one("#transfers-list", RowList)

    @property
    def _chosen(self) -> tuple[Transfer, FileWork | None] | None:
        return self._rows.get(self._list.cursor_key or "")

    def _changed(self) -> None:
        if not self._following:
            return
        if self.hub.unseen:
            self.hub.look()
        keys: list[str] = []
        rows: dict[str, tuple[Transfer, FileWork | None]] = {}
        for transfer in reversed(self.hub.transfers):
            keys.append(transfer.id)
            rows[transfer.id] = (transfer, None)
            for file in self._files_of(transfer):
                key = f"{transfer.id}:{file.number}"
                keys.append(key)
                rows[key] = (transfer, file)
        self._rows = rows
        titles = Counter(transfer.title for transfer in self.hub.transfers)
        self._twins = frozenset(title for title, count in titles.items() if count > 1)
        shown = self._list
        if list(shown.keys) == keys:
            shown.touch_all()
        else:
            shown.set_rows(keys, anew=True)
        state = self.query_one(StateView)
        if bool(keys) != state.has_class("hidden"):
            shown.set_class(not keys, "hidden")
            state.set_class(bool(keys), "hidden")
            hint = "In Storage, d brings objects home and U sends files to a bucket."
            state.show_empty("Nothing was carried in this session.", hint)
        self._place_focus(there=bool(keys))
        self._tell_about()
        self.refresh_bindings()

    def _place_focus(self, *, there: bool) -> None:
        """The list has the keys while it is shown."""
        if there and self.focused is None:
            self.call_after_refresh(self._list.focus)  # what was hidden until now cannot have it yet
        elif not there and self.focused is not None:
            self.set_focus(None)

    def _files_of(self, transfer: Transfer) -> Iterator[FileWork]:
        if len(transfer.files) == 1:
            return
        if self._open.get(transfer.id, len(transfer.files) <= FEW):
            yield from transfer.files[:MOST]
            return
        listed = 0
        for wanted in FIRST:
            for file in transfer.of_state(wanted):
                listed += 1
                if listed > MOST:
                    return
                yield file

    def _cells(self, key: str, widths: Mapping[str, int]) -> tuple[Content, ...]:
        transfer, file = self._rows[key]
        now = self.hub.clock()
        if file is None:
            state, done, whole, rate = transfer.state, transfer.bytes_done, transfer.bytes, transfer.rate
            name = f"{GLYPHS[state]} {ARROWS[transfer.direction]} {printable(self._title(transfer))}"
            left = transfer.seconds_left(now)
        else:
            state, done, whole, rate = shown_state(transfer, file), file.done, file.size, file.rate or Rate()
            name = f"  {GLYPHS[state]} {printable(_short(transfer, file))}"
            left = rate.left(whole - done, 1, now)
        moving = state is State.RUNNING
        speed = rate.per_second(now) if moving else 0.0
        return (
            Content.styled(name, " ".join(filter(None, (TONES[state], "" if file else "bold")))),
            Content(
                bar(done, whole, widths["bar"])
                if state in (State.RUNNING, State.PAUSED, State.QUEUED)
                else ""
            ),
            Content(size(whole) if state in (State.DONE, State.KEPT) else of_sizes(done, whole)),
            Content((f"{size(int(speed))}/s" if speed else "") if moving else state.value),
            Content(duration(left) if moving and left is not None else ""),
        )

    def _title(self, transfer: Transfer) -> str:
        if transfer.title not in self._twins:
            return transfer.title
        down = transfer.direction is Direction.DOWN
        where = transfer.folder.name if down else str(transfer.place)
        return f"{transfer.title} → {where}"

    def _tell_about(self) -> None:
        lines = "\n".join(self._about_lines())
        if lines != self._about:
            self._about = lines
            self.query_one("#transfers-about", Static).update(Content(lines))

    def _about_lines(self) -> Iterator[str]:
        chosen = self._chosen
        if chosen is None:
            return
        transfer, file = chosen
        if file is not None:
            yield f"{printable(str(file.uri))} · {shown_state(transfer, file).value}"
            yield on_host(file.home)
            yield from _why(file)
            return
        yield progress(transfer, self.hub.clock())
        if transfer.direction is Direction.DOWN:
            beside = sum(one.landed is not None for one in transfer.files) if transfer.keeps_both else 0
            more = f" · {beside:,} with a number, beside what was there" if beside else ""
            yield f"to {on_host(transfer.folder)}{more}"
            yield f"to your machine: {printable(fetch_of(transfer.folder, _tops(transfer)))}"
        else:
            yield f"to {printable(str(transfer.place))}"
        telling = (
            transfer.files[0]
            if len(transfer.files) == 1
            else next(iter(transfer.of_state(State.FAILED)), None)
        )
        if telling is not None and not transfer.held:
            yield from _why(telling)

    # What can be done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's)
        """Only what works now."""
        if not self._following or action == "close":
            return True
        chosen = self._chosen
        if chosen is None:
            return action not in {"pause", "resume", "cancel", "retry", "copy", "place", "unfold", "forget"}
        transfer, file = chosen
        settled = transfer.settled if file is None else file.settled
        works = {
            "pause": not settled and not self._stands,
            "resume": not settled and self._stands,
            "cancel": not settled,
            "retry": any(
                one.can_be_retried for one in (transfer.of_state(State.FAILED) if file is None else [file])
            ),
            "copy": transfer.direction is Direction.DOWN,
            "forget": transfer.settled,
        }
        return works.get(action, True)

    def action_close(self) -> None:
        """Back to the panes."""
        self.dismiss()

    @property
    def _stands(self) -> bool:
        """Whether what is under the cursor was told to stand still."""
        if self._chosen is None:
            return False
        transfer, file = self._chosen
        return (shown_state(transfer, file) if file else transfer.state) is State.PAUSED

    def action_pause(self) -> None:
        """Stand still."""
        if self._chosen is not None:
            self.hub.pause(*self._chosen)

    def action_resume(self) -> None:
        """Go on."""
        if self._chosen is not None:
            transfer, file = self._chosen
            self.hub.resume(transfer, None if transfer.held else file)

    @work(exclusive=True, group="transfers-cancel", exit_on_error=False)
    async def action_cancel(self) -> None:
        """Ask, then give up."""
        if self._chosen is None:
            return
        transfer, file = self._chosen
        name = transfer.title if file is None else str(file.uri)
        lines = [printable(name), "", "Whole files stay; what has come of others is removed."]
        if await self.app.push_screen_wait(
            ConfirmScreen(
                Question(f"Cancel this {transfer.direction.value}?", lines, "Cancel it", danger=True)
            )
        ):
            self.hub.cancel(transfer, file)

    def action_retry(self) -> None:
        """Try again what failed."""
        if self._chosen is not None:
            transfer, file = self._chosen
            self.hub.retry(transfer, file)
            if transfer.settled and transfer.reason:  # it belongs to what is not connected
                self._say(transfer.reason)

    def action_unfold(self, whole: bool) -> None:  # noqa: FBT001 (an action's argument)
        """Show all files of a transfer, or only those that need a look."""
        if self._chosen is not None:
            self._open[self._chosen[0].id] = whole
            self._changed()

    def action_forget(self) -> None:
        """Take a transfer that has ended off the list."""
        if self._chosen is not None:
            self.hub.forget(self._chosen[0])

    def action_place(self) -> None:
        """Go to the bucket that files went to; say where those are that came home."""
        if self._chosen is None:
            return
        transfer, file = self._chosen
        if transfer.direction is Direction.UP:
            self.app.post_message(messages.BrowseOutputs(file.uri if file is not None else transfer.place))
            self.dismiss()
            return
        place = file.home.parent if file is not None else transfer.folder
        self._copy(str(place), f"the folder {on_host(place)}")

    def action_copy(self) -> None:
        """Copy the command that fetches the files to one's own machine."""
        if self._chosen is not None:
            transfer, file = self._chosen
            command = fetch_of(transfer.folder, (file.home,) if file is not None else _tops(transfer))
            self._copy(command, "the command for your own machine")

    @work(exclusive=True, group="copy", exit_on_error=False)
    async def _copy(self, text: str, title: str) -> None:
        self._say(await copied(self.app, self._options, text, title))

    def _say(self, words: str) -> None:
        note = self.query_one("#transfers-said", Static)
        note.update(Content(printable(words)))
        note.remove_class("hidden")


def _why(file: FileWork) -> Iterator[str]:
    """Why a file failed, or what it waits for."""
    if file.reason:
        yield f"{'✗ ' if file.state is State.FAILED else ''}{printable(file.reason)}"


def _tops(transfer: Transfer) -> tuple[Path, ...]:
    """What appeared in the folder of a download; what got a number is not what was there."""
    if not transfer.keeps_both or len(transfer.tops) > TOPS_NAMED:
        return transfer.tops
    landed = {file.path: file.home for file in transfer.files if file.path in transfer.tops}
    return tuple(landed.get(top, top) for top in transfer.tops)


def _short(transfer: Transfer, file: FileWork) -> str:
    """A file's name below what the transfer is about."""
    path = file.home
    top = transfer.tops[0] if len(transfer.tops) == 1 else transfer.folder
    if transfer.direction is Direction.UP:
        top = Path(transfer.title)
    for place in (top, transfer.folder):
        if path != place and path.is_relative_to(place):
            return str(path.relative_to(place))
    return str(path)
