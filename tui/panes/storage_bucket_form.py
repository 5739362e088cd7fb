"""Asks for all of a new bucket in one dialog: what each choice means, and the command that does the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Static

from tui.domain.storagelist.locations import LOCATIONS
from tui.domain.storagelist.newbucket import SOFT_DELETES, STORAGE_CLASSES, NewBucket
from tui.domain.storagewords import where_line
from tui.domain.target import Target
from tui.domain.text import printable
from tui.widgets.type_ahead import AnswerScreen


class Choice(Static, can_focus=True):
    """One of a few words, turned with the arrows to the sides."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l,space", "turn(1)", "Next", show=False),
        Binding("left,h", "turn(-1)", "Previous", show=False),
    ]

    class Turned(Message):
        """Another word is chosen."""

    def __init__(self, words: Sequence[str], number: int, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes="bucket-choice")
        self._words = words
        self.number = number

    def on_mount(self) -> None:
        self._draw()

    def action_turn(self, step: int) -> None:
        self.number = (self.number + step) % len(self._words)
        self._draw()
        self.post_message(self.Turned())

    def on_click(self) -> None:
        self.action_turn(1)

    def _draw(self) -> None:
        self.update(Content(f"‹ {self._words[self.number]} ›"))


class BucketScreen(AnswerScreen[NewBucket | None]):
    """The bucket that was wished for, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="bucket.cancel"),
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
    ]

    def __init__(self, first: NewBucket, target: Target, kms_key: str = "", trouble: str = "") -> None:
        """`first` is chosen to begin with; `trouble` says why its name cannot be had."""
        super().__init__()
        self._first = first
        self._target = target
        self._kms_key = kms_key
        self._trouble = trouble

    def compose(self) -> ComposeResult:
        first = self._first
        days = [f"{count} days" if count else "off" for count in SOFT_DELETES]
        classes = [name.lower() for name in STORAGE_CLASSES]
        with Vertical(id="dialog", classes="bucket-form") as dialog:
            dialog.border_title = Content("New bucket")
            dialog.border_subtitle = "↑↓ fields · ←→ choose · esc leaves"
            yield from _row("Name", Input(first.name, id="bucket-name", compact=True))
            yield from _row(
                "Location",
                Input(
                    first.location,
                    id="bucket-location",
                    compact=True,
                    suggester=SuggestFromList(LOCATIONS, case_sensitive=False),
                ),
            )
            yield from _row(
                "Class", Choice(classes, STORAGE_CLASSES.index(first.storage_class), id="bucket-class")
            )
            yield from _row("Versions", Choice(["off", "on"], int(first.versioning), id="bucket-versions"))
            yield from _row(
                "Soft delete",
                Choice(days, SOFT_DELETES.index(first.soft_delete_days), id="bucket-soft-delete"),
            )
            with VerticalScroll(id="bucket-lines", can_focus=False):
                yield Static(id="bucket-about")
            with Horizontal(id="dialog-buttons"):
                yield Button(Content("Cancel"), id="no", compact=True)
                yield Button(Content("Create"), id="yes", compact=True)

    def on_mount(self) -> None:
        """Begin with the name."""
        for field in self.query(Input):
            field.cursor_blink = False
        self.query_one("#bucket-name").focus()
        self._say()

    @property
    def wish(self) -> NewBucket:
        """What is chosen now."""
        return NewBucket(
            self.query_one("#bucket-name", Input).value.strip(),
            self.query_one("#bucket-location", Input).value.strip(),
            STORAGE_CLASSES[self.query_one("#bucket-class", Choice).number],
            bool(self.query_one("#bucket-versions", Choice).number),
            SOFT_DELETES[self.query_one("#bucket-soft-delete", Choice).number],
        )

    def _fault_of(self, wish: NewBucket) -> str:
        return wish.fault or (self._trouble if wish.name == self._first.name else "")

    @on(Input.Changed)
    @on(Choice.Turned)
    def _say(self) -> None:
        wish, region = self.wish, self._target.region
        fault = self._fault_of(wish)
        self.query_one("#yes", Button).disabled = bool(fault)
        lines = [
            Content(f"{name}: {printable(about)}")
            for name, about in (
                ("Location", wish.about_location(region)),
                ("Class", wish.about_class),
                ("Versions", wish.about_versioning),
                ("Soft delete", wish.about_soft_delete),
            )
        ]
        lines += [Content(""), Content("Access by IAM alone. An empty bucket costs nothing.")]
        if fault:
            lines.append(Content.styled(f"✗ {fault}", "$text-error"))
        else:
            lines.append(Content(f"Same as: {printable(wish.command(self._target.project, self._kms_key))}"))
        lines.append(Content(where_line(self._target)))
        self.query_one("#bucket-about", Static).update(Content("\n").join(lines))

    @on(Input.Submitted)
    def _entered(self) -> None:
        """Enter in a field goes on to the button rather than making a bucket."""
        if not self._fault_of(self.wish):
            self.query_one("#yes").focus()
        self.stays()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(self.wish if event.button.id == "yes" else None)


def _row(label: str, field: Input | Choice) -> ComposeResult:
    with Horizontal(classes="bucket-row"):
        yield Static(Content(label), classes="bucket-label")
        yield field
