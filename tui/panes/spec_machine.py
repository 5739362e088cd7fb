"""Asks for the machine of a worker pool: all that there are, with what they have, need and cost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, NamedTuple

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.domain.access import QuotaLimits
from tui.domain.catalog.choices import Order, Row, Setting, in_order_of, matching, metrics_of, rows
from tui.domain.catalog.prices import LABEL
from tui.domain.catalog.quotas import Pool
from tui.domain.errors import CloudError
from tui.domain.spec.machine_edit import WrittenPool
from tui.domain.text import middle_cut, printable
from tui.panes.spec_machine_words import WIDE, heading, row_content, row_words

MOST_METRICS = 12
"""Limits that are read at a time: each is a request."""
_QUIET = 0.3
"""Seconds without a key before limits are read."""
_ORDERS = tuple(Order)

ReadLimits = Callable[[Sequence[str]], Awaitable[Mapping[str, QuotaLimits]]]


class Chosen(NamedTuple):
    """A machine for one of the worker pools."""

    position: int
    pool: Pool


class MachineScreen(ModalScreen[Chosen | None]):
    """A list in which typing filters and enter takes; None when it was left with esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="machine.cancel"),
        Binding("ctrl+o", "order", "Sort", id="machine.order", tooltip="Sort by price, vCPUs, memory, GPUs"),
        Binding("alt+right", "pool(1)", "Next pool", id="machine.pool", tooltip="Choose for the next pool"),
        Binding("alt+left", "pool(-1)", "Previous pool", show=False),
        Binding("down,ctrl+n,tab", "move(1)", "Next", show=False, priority=True),
        Binding("up,ctrl+p,shift+tab", "move(-1)", "Previous", show=False, priority=True),
        Binding("pagedown", "move(10)", "Ten down", show=False, priority=True),
        Binding("pageup", "move(-10)", "Ten up", show=False, priority=True),
    ]

    def __init__(
        self,
        pools: Sequence[WrittenPool],
        setting: Setting,
        read: ReadLimits | None = None,
        *,
        project: str = "",
    ) -> None:
        """`read` reads quota limits; without it, those of a new project are shown."""
        super().__init__()
        self._pools = tuple(pools)
        self._setting = setting
        self._read = read
        self._project = project
        self._order = Order.PRICE
        self._rows: tuple[Row, ...] = ()
        self._shown: tuple[Row, ...] = ()
        self._asked: set[str] = set(setting.limits)
        self._note = ""

    @property
    def limits(self) -> Mapping[str, QuotaLimits]:
        """All that were read so far."""
        return self._setting.limits

    def compose(self) -> ComposeResult:
        with Vertical(id="machines"):
            yield Input(
                placeholder="filter: l4, h100, <1$, >=80gb, 8cpu, 4gpu, tpu, here, fits",
                id="machine-input",
                classes="dialog-input",
                compact=True,
            )
            yield Static(id="machine-head")
            listed = OptionList(id="machine-list", compact=True)
            listed.can_focus = False
            yield listed
            yield Static(id="machine-detail")
            yield Static(id="machine-note")

    def on_mount(self) -> None:
        """Show all of them."""
        field = self.query_one(Input)
        field.cursor_blink = False
        field.focus()
        self._rows = rows(self._setting)
        self._show()

    def on_resize(self) -> None:
        """The columns follow the width."""
        self._show()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._show(first=True)

    # What is shown

    @property
    def _spot(self) -> bool:
        return self._setting.preemptible

    def _show(self, *, first: bool = False) -> None:
        listed, width = self.query_one(OptionList), self._width
        before = self._marked()
        found = matching(self._rows, self.query_one(Input).value, spot=self._spot)
        self._shown = in_order_of(found, self._order, spot=self._spot)
        listed.set_options([Option(row_content(row, self._setting, width)) for row in self._shown])
        names = [(row.name, row.accelerators) for row in self._shown]
        kept = (before.name, before.accelerators) if before else None
        here = names.index(kept) if kept in names and not first else 0
        listed.highlighted = here if self._shown else None
        self.query_one("#machine-head", Static).update(heading(self._setting, width))
        self._show_words()
        self._read_limits()

    @property
    def _width(self) -> int:
        """Columns of a row: without the borders and a scrollbar."""
        return max(min(self.size.width, 150) - 6, 40)

    def _show_words(self) -> None:
        box = self.query_one("#machines")
        pool = self._pools[self._setting.position]
        which = f" {pool.position + 1} of {len(self._pools)}" if len(self._pools) > 1 else ""
        place = self._setting.region or "no region"
        box.border_title = Content(
            middle_cut(f"Machine of worker pool{which} · {place} · by {self._order.value}", self._width)
        )
        more = " · alt+→ next pool" if len(self._pools) > 1 else ""
        box.border_subtitle = f"↑↓ · ctrl+o sorts{more} · enter takes it · esc"
        self._show_detail()

    def _show_detail(self) -> None:
        row = self._marked()
        text = row_words(row, self._setting) if row else "No machine fits: backspace widens the filter."
        now = f"now {self._pools[self._setting.position].words}"
        label = row.on_demand.label if row else LABEL
        price = "prices of FLEX_START are not known" if self._setting.flex else label
        note = " · ".join(part for part in (now, price, self._limits_note()) if part)
        self._put("#machine-detail", text)
        self._put("#machine-note", note)

    def _limits_note(self) -> str:
        """What the mark of a limit means, if one has it."""
        assumed = any(row.here and row.quota is not None and row.quota.default for row in self._shown)
        mark = "default" if self._width >= WIDE else "*"
        return f"{mark}: {self._note or 'limit of a new project'}" if assumed else ""

    def _put(self, where: str, text: str) -> None:
        line = self.query_one(where, Static)
        if str(line.content) != printable(text):
            line.update(Content(printable(text)))

    def _marked(self) -> Row | None:
        index = self.query_one(OptionList).highlighted
        return self._shown[index] if index is not None and index < len(self._shown) else None

    @on(OptionList.OptionHighlighted)
    def _other_row(self) -> None:
        self._show_detail()

    # Limits

    @work(exclusive=True, group="limits", exit_on_error=False)
    async def _read_limits(self) -> None:
        """Read the limits of the rows in sight, when no key has come for a while."""
        if self._read is None:
            return
        await asyncio.sleep(_QUIET)
        page = self._shown[: max(self.size.height, 1)]
        wanted = metrics_of(page, preemptible=self._spot, most=MOST_METRICS)
        missing = [metric for metric in wanted if metric not in self._asked]
        if not missing:
            return
        self._note = "limits are being read …"
        self._show_detail()
        try:
            found = await self._read(missing)
        except CloudError as failure:
            self._note = f"limit of a new project; yours: {failure.title}"
            self._read = None
            self._show_detail()
            return
        self._asked.update(missing)
        self._note = "limit of a new project, not told"
        self._take(replace(self._setting, limits={**self._setting.limits, **found}))

    def _take(self, setting: Setting) -> None:
        self._setting = setting
        self._rows = rows(setting)
        self._show()

    # Keys

    def action_order(self) -> None:
        """Sort by the next thing."""
        self._order = _ORDERS[(_ORDERS.index(self._order) + 1) % len(_ORDERS)]
        self._show(first=True)

    def action_pool(self, step: int) -> None:
        """Choose for another worker pool."""
        count = len(self._pools)
        if count > 1:
            self._take(replace(self._setting, position=(self._setting.position + step) % count))

    def action_move(self, step: int) -> None:
        """Move in the list without leaving the field."""
        listed = self.query_one(OptionList)
        count = listed.option_count
        if count:
            place = (listed.highlighted or 0) + step
            listed.highlighted = place % count if abs(step) == 1 else min(max(place, 0), count - 1)

    @on(Input.Submitted)
    def _entered(self) -> None:
        row = self._marked()
        if row is not None:
            self.dismiss(Chosen(self._setting.position, row.pool))

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(Chosen(self._setting.position, self._shown[event.option_index].pool))
