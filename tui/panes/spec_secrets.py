"""The list of secrets: names, where the open spec uses them, whether they are set; never a value."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.domain.spec.references import Layers, Reference, Source
from tui.domain.spec.secret_list import SecretRow, secret_rows
from tui.domain.text import cell_width, middle_cut, printable
from tui.panes.spec_dialogs import SecretScreen
from tui.panes.spec_lists import MOVES
from tui.services.paths import show_path
from tui.services.secrets import SecretsError, SecretStore
from tui.widgets.confirm import ConfirmScreen, Question

_NAME = 32
_STATE = 22


class SecretsScreen(ModalScreen[bool]):
    """Sets and deletes secrets; says when it is left whether any was changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Close", id="secrets.close"),
        Binding("enter,s", "set", "Set", id="secrets.set", tooltip="Type its value, which is not shown"),
        Binding("d,delete", "delete", "Delete", id="secrets.delete", tooltip="Forget the stored value"),
        *MOVES,
    ]

    def __init__(self, store: SecretStore, references: Sequence[Reference], others: Layers) -> None:
        """`others` are the places beside the secrets file that values come from."""
        super().__init__()
        self._store = store
        self._references = tuple(references)
        self._elsewhere: Mapping[str, str] = _elsewhere(others)
        self._rows: tuple[SecretRow, ...] = ()
        self._changed = False

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = Content("Secrets")
            dialog.border_subtitle = "enter sets · d deletes · esc closes"
            yield Static(Content(f"Stored in {show_path(self._store.path)}, which only you can read."))
            yield OptionList(id="secrets-list", compact=True)
            yield Static(id="secrets-note")

    async def on_mount(self) -> None:
        """Read the names."""
        await self._show()
        self.query_one(OptionList).focus()

    async def _show(self, note: str = "", tone: str = "muted") -> None:
        try:
            names = await asyncio.to_thread(self._store.names)
        except SecretsError as failure:
            names, note, tone = (), f"{failure.title}. {failure.message} {failure.hint}", "error"
        self._rows = secret_rows(self._references, names, dict(self._elsewhere))
        listed = self.query_one(OptionList)
        row = listed.highlighted or 0
        listed.set_options([Option(_row(each)) for each in self._rows])
        listed.highlighted = min(row, len(self._rows) - 1) if self._rows else None
        empty = "None yet: write value: ${NAME} in env, or press f on a literal secret."
        self._say(note or ("" if self._rows else empty), tone)

    def _say(self, text: str, tone: str) -> None:
        self.query_one("#secrets-note", Static).update(Content.styled(printable(text), f"$text-{tone}"))

    def _marked(self) -> SecretRow | None:
        index = self.query_one(OptionList).highlighted
        return self._rows[index] if index is not None and index < len(self._rows) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Only a stored value can be deleted."""
        if action not in ("set", "delete") or not self.is_mounted:
            return True
        row = self._marked()
        return row is not None and (action == "set" or row.stored)

    def on_option_list_option_highlighted(self) -> None:
        """What works depends on the row."""
        self.refresh_bindings()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter sets."""
        event.stop()
        self.action_set()

    @work(exclusive=True, group="secrets", exit_on_error=False)
    async def action_set(self) -> None:
        """Ask for a value without showing it, and store it."""
        row = self._marked()
        if row is None:
            return
        screen = SecretScreen(row.name, show_path(self._store.path), hidden=True, starting=False)
        value = await self.app.push_screen_wait(screen)
        if value is not None:
            await self._do(row.name, value)

    @work(exclusive=True, group="secrets", exit_on_error=False)
    async def action_delete(self) -> None:
        """Forget a value, if that is meant."""
        row = self._marked()
        if row is None or not row.stored:
            return
        lines = [f"Its value is removed from {show_path(self._store.path)}, and cannot be had back."]
        lines.append(f"This spec uses it: {row.used}." if row.lines else "This spec does not use it.")
        question = Question(f"Delete the secret {row.name}?", lines, "Delete", danger=True)
        if await self.app.push_screen_wait(ConfirmScreen(question)):
            await self._do(row.name, None)

    async def _do(self, name: str, value: str | None) -> None:
        try:
            if value is None:
                await asyncio.to_thread(self._store.delete, name)
            else:
                await asyncio.to_thread(self._store.set, name, value)
        except SecretsError as failure:
            await self._show(f"{failure.title}. {failure.message} {failure.hint}", "error")
            return
        self._changed = True
        await self._show(f"✓ {name} is {'deleted' if value is None else 'set'}", "success")

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(self._changed)

    def action_first(self) -> None:
        """To the first."""
        self.query_one(OptionList).action_first()

    def action_last(self) -> None:
        """To the last."""
        self.query_one(OptionList).action_last()

    def action_cursor_down(self) -> None:
        """One down."""
        self.query_one(OptionList).action_cursor_down()

    def action_cursor_up(self) -> None:
        """One up."""
        self.query_one(OptionList).action_cursor_up()


def _elsewhere(others: Layers) -> dict[str, str]:
    found: dict[str, str] = {}
    for source, texts in others:
        if source is not Source.SECRETS:
            found |= {name: source.value for name, text in texts.items() if text and name not in found}
    return found


def _row(row: SecretRow) -> Content:
    name = middle_cut(printable(row.name), _NAME)
    glyph, colour = ("✗", "$text-warning") if row.missing else ("✓", "$text-success")
    state = middle_cut(row.state, _STATE)
    return Content.assemble(
        (f"{glyph} ", colour),
        (name, "bold"),
        " " * (_NAME + 1 - cell_width(name)),
        f"{state:<{_STATE}} ",
        (row.used, "$text-muted"),
    )
