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


class ProblemList(OptionList):
    """Problems by place; enter goes to the line."""

    BINDINGS: ClassVar[list[BindingType]] = MOVES

    class Chosen(Message):
        """A problem was chosen with enter; None stands for the row that says there are none."""

        def __init__(self, problem: Problem | None) -> None:
            super().__init__()
            self.problem = problem

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes="box", compact=True)
        self.problems: tuple[Problem, ...] = ()
        self.border_title = "Problems"

    @property
    def current(self) -> Problem | None:
        """The problem under the cursor."""
        index = self.highlighted
        return self.problems[index] if index is not None and index < len(self.problems) else None

    def show(self, problems: tuple[Problem, ...]) -> None:
        """Show these, keeping the cursor on the same problem or else the same row."""
        if problems == self.problems and self.option_count:
            return
        before, row = self.current, self.highlighted or 0
        self.problems = problems
        options = [Option(_row(problem)) for problem in problems] or [Option(_nothing())]
        self.set_options(options)
        self.highlighted = problems.index(before) if before in problems else min(row, len(options) - 1)
        self.border_title = Content(count_words(problems) or "Problems")

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


def _row(problem: Problem) -> Content:
    glyph, colour = _GLYPHS[problem.severity]
    fix = (
        Content.styled(f"  f (alt+a in the editor): {printable(problem.fix.title)}", "$text-success")
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


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to begin; one without an action is a heading."""

    action: str
    """What the pane does: `example`, `open`, `new`, `past_job`, `restore`, `recent`."""
    title: str
    about: str = ""
    key: str = ""
    number: int = 0
    """Which of the unsaved texts, for `restore`."""
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
_LONG = 50
"""Columns of a title that says which text it is about."""
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
        return action != "discard" or self._marked().action in ("restore", "recent")

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
    title = middle_cut(printable(choice.title), _LONG if choice.action == "restore" else _TITLE)
    gap = " " * max(_TITLE + 2 - cell_width(title), 2)
    about = printable(choice.about)
    shown = middle_cut(about, _ABOUT) if choice.path else about
    # No colour but the key's: on the marked row, with few colours, it would be lost.
    return Content.assemble(key, (title, "" if choice.faint else "bold"), gap, shown)
