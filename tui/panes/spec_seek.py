"""Finding a text and going to a line in the editor of the Spec pane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from tui.domain.spec.problems import Place
from tui.domain.spec.search import Match, after, at_or_after, before, read_place
from tui.panes.spec_find import FindBar, Seek
from tui.panes.spec_handover import SpecHandover
from tui.services.options import AppOptions


class SpecSeek(SpecHandover):
    """What is typed shows at once where it is; esc goes back into the text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+f",
            "find",
            "Find",
            id="spec.find",
            priority=True,
            tooltip="Find a text; capitals count only if you type one",
        ),
        Binding(
            "ctrl+l",
            "go_to_line",
            "Go to line",
            id="spec.line",
            show=False,
            priority=True,
            tooltip="Go to a line, or to line:column",
        ),
        Binding("f3", "find_next(1)", "Find next", id="spec.find.next", show=False, priority=True),
        Binding(
            "shift+f3", "find_next(-1)", "Find previous", id="spec.find.previous", show=False, priority=True
        ),
    ]

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._sought = ""
        self._origin = (0, 0)
        """Where the cursor was when the search began."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A text is needed."""
        if action in ("find", "go_to_line", "find_next"):
            return self._buffer is not None
        return super().check_action(action, parameters)

    @property
    def _bar(self) -> FindBar:
        return self.query_one(FindBar)

    def action_find(self) -> None:
        """Open the line for a text, or go on to the next place."""
        if self._bar.is_open and self._bar.seek is Seek.TEXT:
            if self._bar.has_focus_within:
                self.action_find_next(1)
            else:
                self._bar.take_focus()
            return
        chosen = self.editor.selected_text
        if chosen and "\n" not in chosen:
            self._sought = chosen
        self._origin = min(self.editor.selection)
        self._bar.open(Seek.TEXT, self._sought)
        self._show(at_or_after)

    def action_go_to_line(self) -> None:
        """Open the line for a number."""
        self._origin = self.editor.cursor_location
        self._bar.open(Seek.LINE, "")
        self._bar.say(f"of {self.editor.document.line_count}, enter goes there")

    @on(FindBar.Typed)
    def _typed(self, message: FindBar.Typed) -> None:
        if message.seek is Seek.TEXT:
            self._sought = message.text
            self._show(at_or_after)
            return
        place = read_place(message.text)
        count = self.editor.document.line_count
        if place is not None:
            self.editor.go_to(Place(*place))
        wrong = bool(message.text.strip()) and (place is None or place[0] > count)
        self._bar.say(f"of {count}, enter goes there", bad=wrong)

    @on(FindBar.Stepped)
    def _stepped(self, message: FindBar.Stepped) -> None:
        self.action_find_next(message.step)

    def action_find_next(self, step: int) -> None:
        """Go to the next place of what was looked for, or to the one before."""
        self._origin = min(self.editor.selection)
        self._show(after if step > 0 else before)
        if not self._bar.is_open:
            self._unmark()

    def _show(self, choose: Callable[[Sequence[Match], int, int], int]) -> None:
        """Go to the match that is chosen from where the search began; stay there if there is none."""
        matches = self.editor.look_for(self._sought)
        if not matches:
            self.editor.move_cursor(self._origin)
            self._bar.say("not found" if self._sought else "", bad=True)
            return
        number = choose(matches, *self._origin)
        self.editor.show_match(matches[number])
        self._bar.say(f"{number + 1} of {len(matches)}")

    @on(FindBar.Left)
    def _bar_left(self, message: FindBar.Left) -> None:
        """Back in the text: on the place found, or where one was before a line was not taken."""
        if message.seek is Seek.TEXT:
            self._unmark()
        elif not message.taken:
            self.editor.move_cursor(self._origin, center=True)
        self.editor.focus()

    def _unmark(self) -> None:
        """Take the marks away; a selection would be replaced by the next key."""
        self.editor.look_for("")
        self.editor.move_cursor(min(self.editor.selection))
