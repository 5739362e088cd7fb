"""The list of secrets: names, where the open spec uses them, whether they are set; never a value."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.domain.spec.check import Spec, check
from tui.domain.spec.problems import Fix
from tui.domain.spec.references import Layers, Source
from tui.domain.spec.secret_list import SecretRow, secret_rows
from tui.domain.text import cell_width, middle_cut, printable
from tui.panes.spec_dialogs import SecretScreen
from tui.panes.spec_lists import MOVES, dialog_room
from tui.services.paths import show_path
from tui.services.secrets import SecretsError, SecretStore
from tui.widgets.confirm import ConfirmScreen, Question

_NAME = 30
"""Columns that a name may take."""
_STATE = 24

Write = Callable[[str, Fix], str | None]
"""Makes a change to the text in the editor, if it is still the one given, and returns what it is then."""


class SecretsScreen(ModalScreen[bool]):
    """Sets and deletes secrets; says when it is left whether any was changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Close", id="secrets.close"),
        Binding("enter,s", "set", "Set", id="secrets.set", tooltip="Type its value, which is not shown"),
        Binding(
            "w", "write", "Write ${NAME}", id="secrets.write", tooltip="Refer to it in the spec by its name"
        ),
        Binding("d,delete", "delete", "Delete", id="secrets.delete", tooltip="Forget the stored value"),
        *MOVES,
    ]

    def __init__(self, store: SecretStore, text: str, others: Layers, write: Write) -> None:
        """`others` are the places beside the secrets file that the values for a spec come from."""
        super().__init__()
        self._store = store
        self._text = text
        self._write = write
        self._elsewhere: Mapping[str, str] = _elsewhere(others)
        self._rows: tuple[SecretRow, ...] = ()
        self._changed = False

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = Content("Secrets")
            dialog.border_subtitle = "enter sets · w writes ${NAME} · d deletes · esc closes"
            yield Static(Content(f"Stored in {show_path(self._store.path)}, which only you can read."))
            yield OptionList(id="secrets-list", compact=True)
            yield Static(id="secrets-note")

    async def on_mount(self) -> None:
        """Read the names."""
        await self._show()
        self.query_one(OptionList).focus()

    async def _show(self, note: str = "", tone: str = "muted") -> None:
        spec: Spec = await asyncio.to_thread(check, self._text)
        try:
            names = await asyncio.to_thread(self._store.names)
        except SecretsError as failure:
            names, note, tone = (), f"{failure.title}. {failure.message} {failure.hint}", "error"
        self._rows = secret_rows(spec.references, names, dict(self._elsewhere), spec.problems)
        listed = self.query_one(OptionList)
        row = listed.highlighted or 0
        listed.set_options([Option(line) for line in _lines(self._rows, dialog_room(self.app.size.width))])
        listed.highlighted = min(row, len(self._rows) - 1) if self._rows else None
        self._say(note or _hint(self._rows), tone)

    def _say(self, text: str, tone: str) -> None:
        self.query_one("#secrets-note", Static).update(Content.styled(printable(text), f"$text-{tone}"))

    def _marked(self) -> SecretRow | None:
        index = self.query_one(OptionList).highlighted
        return self._rows[index] if index is not None and index < len(self._rows) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Only a stored value can be deleted, and only a placeholder be written anew."""
        if action not in ("set", "write", "delete") or not self.is_mounted:
            return True
        row = self._marked()
        return row is not None and {"set": True, "write": bool(row.fixes), "delete": row.stored}[action]

    def on_option_list_option_highlighted(self) -> None:
        """What works depends on the row."""
        self.refresh_bindings()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter sets."""
        event.stop()
        self.action_set()

    @work(exclusive=True, group="secrets", exit_on_error=False)
    async def action_set(self) -> None:
        """Ask for a value without showing it, and store it; a placeholder for it becomes its name."""
        row = self._marked()
        if row is None:
            return
        screen = SecretScreen(row.name, show_path(self._store.path), hidden=True, starting=False)
        value = await self.app.push_screen_wait(screen)
        if value is not None and await self._do(row.name, value) and row.fixes:
            await self._write_name(row, f"{row.name} is set: {row.used}")

    @work(exclusive=True, group="secrets", exit_on_error=False)
    async def action_write(self) -> None:
        """Write the name of a secret for its placeholders; its value is asked for when a job is started."""
        row = self._marked()
        if row is not None and row.fixes:
            await self._write_name(row, row.used.capitalize())

    async def _write_name(self, row: SecretRow, where: str) -> None:
        left: tuple[SecretRow, ...] = (row,)
        while left and left[0].fixes:  # one by one: a change may move what stands behind it
            text = self._write(self._text, left[0].fixes[0])
            if text is None:
                await self._show(
                    f"The text has changed: close this list, then f on line {row.lines[0]}", "error"
                )
                return
            self._text = text
            spec = await asyncio.to_thread(check, text)
            left = tuple(item for item in secret_rows((), (), {}, spec.problems) if item.name == row.name)
        self._changed = True
        await self._show(f"✓ {where} says ${{{row.name}}} now; ctrl+z undoes it.", "success")

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

    async def _do(self, name: str, value: str | None) -> bool:
        try:
            if value is None:
                await asyncio.to_thread(self._store.delete, name)
            else:
                await asyncio.to_thread(self._store.set, name, value)
        except SecretsError as failure:
            await self._show(f"{failure.title}. {failure.message} {failure.hint}", "error")
            return False
        self._changed = True
        await self._show(f"✓ {name} is {'deleted' if value is None else 'set'}", "success")
        return True

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


def _hint(rows: tuple[SecretRow, ...]) -> str:
    if any(row.fixes for row in rows):
        return "A placeholder cannot be sent: enter sets the value and writes ${NAME}, w writes ${NAME} only."
    return "" if rows else "None yet: write value: ${NAME} in env, or press f on a literal secret."


def _lines(rows: Sequence[SecretRow], room: int) -> list[Content]:
    """One line for each in so many columns; names and states take only what they need."""
    names = [middle_cut(printable(row.name), _NAME) for row in rows]
    name = max((cell_width(text) for text in names), default=0)
    state = min(max((len(row.state) for row in rows), default=0), _STATE)
    return [_line(row, text, name, state, room) for row, text in zip(rows, names, strict=True)]


def _line(row: SecretRow, name: str, name_columns: int, state_columns: int, room: int) -> Content:
    glyph, colour = ("✗", "$text-warning") if row.missing else ("✓", "$text-success")
    state = middle_cut(row.state, state_columns)
    return Content.assemble(
        (f"{glyph} ", colour),
        (name, "bold"),
        " " * (name_columns + 2 - cell_width(name)),
        f"{state:<{state_columns}}  ",
        (middle_cut(row.used, max(room - name_columns - state_columns - 6, 12)), "$text-muted"),
    )
