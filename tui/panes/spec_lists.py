"""The lists of the Spec pane: what is wrong with the spec, and where to begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.domain.spec.problems import Problem, Severity
from tui.domain.text import cell_width, middle_cut, printable

_GLYPHS = {
    Severity.ERROR: ("✗", "$text-error"),
    Severity.WARNING: ("⚠", "$text-warning"),
    Severity.INFO: ("·", "$text-muted"),
}

MOVES: list[BindingType] = [
    Binding("j", "cursor_down", "Down", show=False),
    Binding("k", "cursor_up", "Up", show=False),
    Binding("g", "first", "First", show=False),
    Binding("G", "last", "Last", show=False),
]
"""Movement as everywhere."""


_MOST = 200
"""Problems that are listed: drawing thousands of rows at each key would hold up typing."""


class ProblemList(OptionList):
    """Problems, the gravest first and each kind by place; enter goes to the line."""

    BINDINGS: ClassVar[list[BindingType]] = MOVES

    class Chosen(Message):
        """A problem was chosen with enter; None stands for the row that says there are none."""

        def __init__(self, problem: Problem | None) -> None:
            super().__init__()
            self.problem = problem

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes="box", compact=True)
        self.problems: tuple[Problem, ...] = ()
        self._checked = False
        """Whether what is shown is of the text in the editor."""
        self.border_title = "Problems"

    @property
    def current(self) -> Problem | None:
        """The problem under the cursor."""
        index = self.highlighted
        return self.problems[index] if index is not None and index < len(self.problems) else None

    def checking(self) -> None:
        """Another text is in the editor, of which nothing is known yet."""
        self.problems, self._checked = (), False
        self.set_options([Option(Content.styled("· Checking …", "$text-muted"))])
        self.border_title, self.border_subtitle = "Problems", ""

    def show(self, problems: tuple[Problem, ...], *, fixed: Problem | None = None) -> None:
        """Show these, keeping the cursor on the same problem or else the same row.

        With `fixed`, a problem that was just put right, the cursor goes on to the next error instead.
        """
        problems = tuple(sorted(problems, key=lambda item: item.severity.rank))
        if problems == self.problems and self._checked:
            return
        self._checked = True
        before, row = self.current, self.highlighted or 0
        words, problems = count_words(problems), problems[:_MOST]
        self.problems = problems
        options = [Option(_row(problem)) for problem in problems] or [Option(_nothing())]
        self.set_options(options)
        if fixed is not None and fixed not in problems:
            self.highlighted = _after(problems, fixed)
        else:
            self.highlighted = problems.index(before) if before in problems else min(row, len(options) - 1)
        self.border_title = Content(words or "Problems")

    def highlight_line(self, line: int) -> None:
        """Put the cursor on the first problem of a line, if it has one."""
        for number, problem in enumerate(self.problems):
            if problem.line == line:
                self.highlighted = number
                return

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Say which problem was chosen."""
        event.stop()
        self.post_message(self.Chosen(self.current))


def count_words(problems: Sequence[Problem]) -> str:
    """For instance `2 errors · 1 warning`; infos are not counted."""
    parts = []
    for severity in (Severity.ERROR, Severity.WARNING):
        count = sum(1 for problem in problems if problem.severity is severity)
        if count:
            parts.append(f"{count} {severity.value}{'s' if count > 1 else ''}")
    return " · ".join(parts)


def _after(problems: Sequence[Problem], fixed: Problem) -> int:
    """The row of the next problem of the gravest kind below the one that was fixed, or of the first."""
    worst = [item for item in problems if item.severity is problems[0].severity]
    return next((row for row, item in enumerate(worst) if item.place >= fixed.place), 0)


def _row(problem: Problem) -> Content:
    glyph, colour = _GLYPHS[problem.severity]
    fix = (
        Content.styled(f"  f: {printable(problem.fix.title)}", "$text-success")
        if problem.fix
        else Content("")
    )
    return Content.assemble(
        (glyph, colour),
        " ",
        (f"{problem.line}:{problem.column}", "bold"),
        " ",
        Content(printable(problem.message)),
        fix,
    )


def _nothing() -> Content:
    return Content.assemble(("✓", "$text-success"), " No problems found.")


def dialog_room(columns: int) -> int:
    """Columns of a row in a dialog's list: what border, padding and scrollbar leave of a terminal's."""
    return max(min(78, columns * 96 // 100) - 7, 20)


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to begin; one without an action is a heading."""

    action: str
    """What the pane does: `example`, `open`, `new`, `past_job`, `restore`, `unread`, `recent`."""
    title: str
    about: str = ""
    key: str = ""
    number: int = 0
    """Which of the kept texts, for `restore` and `unread`."""
    path: Path | None = None
    """The file, for `recent`."""
    faint: bool = False
    """Whether it will hardly work, for a file that is not there."""


WAYS = (
    ("e", "example", "Example", "Open the example tiny-train"),
    ("o", "open", "Open", "Open a spec file"),
    ("n", "new", "New", "Begin a new spec from a template"),
    ("p", "past_job", "Past job", "Begin a new spec from a past job"),
)
"""Key, action, title and tooltip of the ways to begin."""

_TITLE = 28
"""Columns of a title."""
_LONG = 67
"""Columns of a title that says which text it is about, with what is said about it."""
_ABOUT = 36
"""Columns of what is said about it, on a narrow screen."""


class Welcome(OptionList):
    """What the pane is for, and the ways to begin."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        *(
            Binding(
                key,
                f"choose('{action}')",
                title,
                id=f"spec.{action}.{key}",
                show=action != "open",
                tooltip=about,
            )
            for key, action, title, about in WAYS
        ),
        Binding(
            "d", "discard", "Discard", id="spec.discard", tooltip="Forget this unsaved text or file name"
        ),
    ]

    class Discarded(Message):
        """An unsaved text, or a file on the list, is not wanted any more."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    class Chosen(Message):
        """A way to begin was chosen."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._choices: tuple[Choice, ...] = ()

    def show(self, choices: tuple[Choice, ...]) -> None:
        """Offer these, with the cursor on the first."""
        self._choices = choices
        self.set_options([Option(_choice_row(choice), disabled=not choice.action) for choice in choices])
        self.highlighted = next((n for n, choice in enumerate(choices) if choice.action), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Only an unsaved text and a file on the list can be discarded."""
        return action != "discard" or self._marked().action in ("restore", "unread", "recent")

    def _marked(self) -> Choice:
        index = self.highlighted
        return self._choices[index] if index is not None and self._choices else Choice("", "")

    def action_choose(self, action: str) -> None:
        """Take a way to begin by its key."""
        self.post_message(self.Chosen(Choice(action, "")))

    def action_discard(self) -> None:
        """Say which unsaved text is not wanted."""
        self.post_message(self.Discarded(self._marked()))

    def on_option_list_option_highlighted(self) -> None:
        """What works depends on the row."""
        self.refresh_bindings()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Say what was chosen."""
        event.stop()
        self.post_message(self.Chosen(self._choices[event.option_index]))


def _choice_row(choice: Choice) -> Content:
    if not choice.action:
        return Content.styled(printable(choice.title), "$text-muted")
    key = Content.styled(f"{choice.key or '↵':>2}  ", "bold $accent")
    about = printable(choice.about)
    shown = about if choice.action in ("example", "open", "new", "past_job") else middle_cut(about, _ABOUT)
    of_text = choice.action in ("restore", "unread")
    title = middle_cut(printable(choice.title), _LONG - cell_width(shown) if of_text else _TITLE)
    gap = " " * max(_TITLE + 2 - cell_width(title), 2)
    # No colour but the key's: on the marked row, with few colours, it would be lost.
    return Content.assemble(key, (title, "" if choice.faint else "bold"), gap, shown)
