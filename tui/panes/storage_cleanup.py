"""Clean-up by rule: four conditions, and at once what goes and what stays."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from rich.segment import Segment
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input, Static

from tui.domain.cleanup.checkpoints import Checkpoint
from tui.domain.cleanup.items import PlanItems
from tui.domain.cleanup.rules import Choice, Rule, RuleError, choose, emptied_folders, read_rule
from tui.domain.deleteplan import DeletePlan, count_and_size, narrowed
from tui.domain.storage import GcsUri
from tui.domain.storagewords import place_name, when
from tui.domain.text import cell_width, middle_cut, printable, size
from tui.widgets.type_ahead import AnswerScreen

SETTLE_SECONDS = 0.15
"""A rule that is being typed is tried out this long after the last key."""

FIELDS = (
    ("keep", "Keep newest checkpoints", "of each run, such as 3"),
    ("older", "Older than", "30 (days), 12h, 2w"),
    ("pattern", "Named like", "**/*.tmp · * stops at /, ** does not · {a,b} [a-c] ?"),
    ("largest", "The largest", "20 (objects), 50 GiB"),
)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule does to what was counted."""

    choice: Choice
    going: tuple[Checkpoint, ...] = ()
    staying: tuple[Checkpoint, ...] = ()
    """Checkpoints that go and stay, when the rule is about them."""
    rest: Sequence[int] = ()
    """Objects that stay, when it is not."""

    @property
    def about_checkpoints(self) -> bool:
        """Whether checkpoints are listed rather than objects."""
        return bool(self.choice.runs)


class CleanupScreen(AnswerScreen[DeletePlan | None]):
    """Asks for a rule; answers with the plan of what it chose, or None."""

    ANSWERING: ClassVar[frozenset[str]] = frozenset({"enter"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="cleanup.cancel"),
        Binding("down", "next_field", "Next", show=False),
        Binding("up", "previous_field", "Previous", show=False),
    ]

    def __init__(self, plan: DeletePlan, place: GcsUri) -> None:
        super().__init__()
        self._plan = plan
        self._place = place
        self._items = next((part.live for part in plan.parts), PlanItems())
        self._folders = next((part.folders for part in plan.parts), ())
        self._start = len(place.name)
        self._rule = Rule()
        self._tried: Rule | None = None
        """The rule that `_preview` belongs to."""
        self._preview = Preview(Choice(()))

    def compose(self) -> ComposeResult:
        with Vertical(id="cleanup") as box:
            box.border_title = Content(f"Clean up {place_name(self._place)}")
            box.border_subtitle = "every condition given must hold · enter goes on · esc cancels"
            for name, label, hint in FIELDS:
                with Horizontal(classes="cleanup-field"):
                    yield Static(Content(label), classes="cleanup-label")
                    yield Input(placeholder=hint, id=f"cleanup-{name}", compact=True)
            yield Static(id="cleanup-count")
            yield PreviewLines(id="cleanup-lines")

    def on_mount(self) -> None:
        """Say what there is."""
        for field in self.query(Input):
            field.cursor_blink = False
        self.query_one("#cleanup-keep").focus()
        self._say_count("")

    @on(Input.Changed)
    def _typed(self) -> None:
        values = [self.query_one(f"#cleanup-{name}", Input).value for name, _, _ in FIELDS]
        try:
            self._rule = read_rule(*values)
        except RuleError as error:
            self._rule = Rule()
            label = next(label for name, label, _ in FIELDS if name == error.field)
            self._say_count(f"✗ {label}: {error}")
            self.workers.cancel_group(self, "cleanup-try")
            self.query_one(PreviewLines).clear()
            return
        self._try_out(self._rule)

    @work(exclusive=True, group="cleanup-try", exit_on_error=False)
    async def _try_out(self, rule: Rule) -> None:
        """Show what a rule would do, once nobody types."""
        await asyncio.sleep(SETTLE_SECONDS)
        self._take(rule, await asyncio.to_thread(self._tried_out, rule))

    def _tried_out(self, rule: Rule) -> Preview:
        choice = choose(rule, self._items, self._start, datetime.now(UTC))
        if choice.runs:
            leaving = set(choice.going)
            every = [each for run in choice.runs for each in run.checkpoints]
            going = tuple(each for each in every if leaving.intersection(each.members))
            gone = {id(each) for each in going}
            return Preview(choice, going, tuple(each for each in every if id(each) not in gone))
        leaving = set(choice.going)
        return Preview(choice, rest=array("L", (n for n in range(len(self._items)) if n not in leaving)))

    def _take(self, rule: Rule, preview: Preview) -> None:
        self._tried, self._preview = rule, preview
        self._say_count("")
        lines = self.query_one(PreviewLines)
        if rule.empty:
            lines.clear()
        elif preview.about_checkpoints:
            shown = [*preview.going, *preview.staying]
            lines.show(len(shown), lambda number, width: self._checkpoint_line(shown, number, width))
        else:
            count = len(preview.choice.going) + len(preview.rest)
            lines.show(count, self._object_line)

    def _say_count(self, trouble: str) -> None:
        counted = count_and_size(len(self._items), self._items.bytes)
        if trouble:
            text = Content.styled(trouble, "$text-error")
        elif self._rule.empty:
            text = Content(f"{counted} here. Give at least one condition.")
        else:
            choice = self._preview.choice
            going = len(choice.going)
            told = f"{count_and_size(going, choice.bytes)} go, {len(self._items) - going:,} stay"
            if self._preview.about_checkpoints:
                preview = self._preview
                told += f" · checkpoints: {len(preview.going)} go, {len(preview.staying)} stay"
            elif self._rule.keep is not None:
                told += " · no checkpoints were found here"
            text = Content.styled(told, "$text-warning" if going else "")
        self.query_one("#cleanup-count", Static).update(text)

    def _checkpoint_line(self, shown: list[Checkpoint], number: int, width: int) -> tuple[str, bool]:
        each, goes = shown[number], number < len(self._preview.going)
        moment = datetime.fromtimestamp(each.newest, UTC) if each.newest else None
        about = f"{len(each.members):>6,} obj {size(each.bytes):>10}  {when(moment):<16}"
        return _line(goes, about, each.place[self._start :], width), goes

    def _object_line(self, number: int, width: int) -> tuple[str, bool]:
        going = self._preview.choice.going
        goes = number < len(going)
        item = going[number] if goes else self._preview.rest[number - len(going)]
        about = f"{size(self._items.size(item)):>10}  {when(self._items.moment(item)):<16}"
        return _line(goes, about, self._items.name(item)[self._start :], width), goes

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.stays()
        self._go_on()

    @work(exclusive=True, group="cleanup-go", exit_on_error=False)
    async def _go_on(self) -> None:
        """Answer with what the rule chose, tried out to the end."""
        rule = self._rule
        if rule.empty:
            return
        if self._tried is not rule:
            self.workers.cancel_group(self, "cleanup-try")
            self._take(rule, await asyncio.to_thread(self._tried_out, rule))
        going = self._preview.choice.going
        if not going or self._rule is not rule:
            return
        self.dismiss(await asyncio.to_thread(self._chosen, rule, going))

    def _chosen(self, rule: Rule, going: Sequence[int]) -> DeletePlan:
        folders = emptied_folders(self._folders, self._items, going)
        bucket = self._place.bucket
        return narrowed(self._plan, {bucket: going}, {bucket: folders}, str(rule))

    def action_next_field(self) -> None:
        """To the next field."""
        self.focus_next()

    def action_previous_field(self) -> None:
        """To the field before."""
        self.focus_previous()


class PreviewLines(ScrollView, can_focus=True):
    """As many lines as there are objects; only those in sight are made."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"preview-lines--goes", "preview-lines--stays"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_down", "Down", show=False),
        Binding("k,up", "scroll_up", "Up", show=False),
        Binding("g,home", "scroll_home", "First", show=False),
        Binding("G,end", "scroll_end", "Last", show=False),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._count = 0
        self._line: Callable[[int, int], tuple[str, bool]] = lambda _number, _width: ("", False)

    def clear(self) -> None:
        """Show nothing."""
        self.show(0, self._line)

    def show(self, count: int, line: Callable[[int, int], tuple[str, bool]]) -> None:
        """Show so many lines; `line` tells the text of one in a width, and whether it goes."""
        self._count, self._line = count, line
        self.virtual_size = Size(self.scrollable_content_region.width, count)
        self.scroll_to(0, 0, animate=False)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.scrollable_content_region.width
        number = self.scroll_offset.y + y
        if number >= self._count:
            return Strip.blank(width, self.rich_style)
        text, goes = self._line(number, width)
        style = self.get_component_rich_style(f"preview-lines--{'goes' if goes else 'stays'}")
        return Strip([Segment(text, self.rich_style + style)], width)


def _line(goes: bool, about: str, name: str, width: int) -> str:  # noqa: FBT001 (what the line says)
    head = f"{'✗ goes ' if goes else '✓ stays'} {about}  "
    shown = middle_cut(printable(name) or "(named like this place)", max(width - cell_width(head), 8))
    text = head + shown
    return text + " " * max(width - cell_width(text), 0)
