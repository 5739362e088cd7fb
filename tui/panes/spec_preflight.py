"""The dialogs on the way to a start: what is waited for, and the one question."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from enum import Enum
from time import monotonic
from typing import Any, ClassVar

from textual import on, work
from textual.app import App, ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static
from textual.worker import Worker

from tui.domain.errors import CloudError
from tui.domain.setup.facts import SetupFacts
from tui.domain.text import printable
from tui.services.preflight import Preflight, Report
from tui.widgets.bugs import report_bug
from tui.widgets.confirm import SETTLE_SECONDS, ConfirmScreen, Question

_WARNING_ROWS = 3
"""Rows that the words before the second choice may take."""
_HEEDED = 0.1
"""Seconds after which a key that has not closed the question is known not to."""


class _WaitingScreen(ModalScreen[Report | None]):
    """Says what is waited for, and closes by itself, also when something was opened over it meanwhile."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="checking.cancel", tooltip="Start nothing")
    ]
    WHAT: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._over = False
        self._result: Report | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = f"Before the start: {self.WHAT} …"
            dialog.border_subtitle = "esc starts nothing"
            yield Static(self.words, id="checking")

    @property
    @abstractmethod
    def words(self) -> Content:
        """What is waited for."""

    def show_words(self) -> None:
        """What is waited for has changed."""
        if self.is_mounted:
            self.query_one("#checking", Static).update(self.words)

    def finish(self, result: Report | None = None) -> None:
        """Close, now or when what lies over it has been closed."""
        self._over, self._result = True, result
        self.on_screen_resume()

    def on_screen_resume(self) -> None:
        """What lay over it is gone."""
        if self._over and self.app.screen is self:
            self._over = False
            self.dismiss(self._result)


class ConnectingScreen(_WaitingScreen):
    """Waits until there is a connection, or the user leaves."""

    WHAT = "connecting"

    def __init__(self, trouble: CloudError | None) -> None:
        super().__init__()
        self._trouble = trouble

    @property
    def words(self) -> Content:
        """Why it takes so long, as far as that is known."""
        trouble = self._trouble
        if trouble is None:
            return Content("Waiting for the connection. The question opens by itself once it stands.")
        why = f"{trouble.title}. {trouble.hint or trouble.message}".strip()
        return Content.assemble(
            ("✗ ", "$text-error"), Content(f"{printable(why)}\nIt is tried again every few seconds.")
        )

    def show_trouble(self, trouble: CloudError | None) -> None:
        """The last try has failed, or that is past."""
        self._trouble = trouble
        self.show_words()


class CheckingScreen(_WaitingScreen):
    """Says what the checks still wait for; closes with what they found, or with None."""

    WHAT = "checking"

    def __init__(self, preflight: Preflight) -> None:
        super().__init__()
        self._preflight = preflight

    def on_mount(self) -> None:
        """Begin."""
        self._run()

    @work(exclusive=True, exit_on_error=False)
    async def _run(self) -> None:
        self.finish(await self._preflight.run(self._heard))

    def _heard(self, _facts: SetupFacts) -> None:
        self.show_words()

    @property
    def words(self) -> Content:
        """What has not been read yet."""
        awaited = ", ".join(self._preflight.awaited)
        return Content(f"Waiting for: {awaited}" if awaited else "Almost done")

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A bug in the checks says so, and starts nothing."""
        report_bug(self.app, event)
        if event.worker.error is not None:
            self.finish()


@dataclass(frozen=True, slots=True)
class StartQuestion(Question):
    """What is asked before a job is started.

    Attributes:
        typed: what has to be typed first, as pairs of a question and the answer.
        refusals: what speaks against a start so strongly that it has to be chosen a second time.
        rows: the Setup rows that the digits from 1 on lead to.
        may_try: whether the job can be tried on this box instead.
        may_change_args: whether its first pool takes arguments.
        may_write: whether a timeout for this start only can be written into the file.
    """

    typed: tuple[tuple[str, str], ...] = ()
    refusals: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    may_try: bool = False
    may_change_args: bool = False
    may_write: bool = False


class Wish(Enum):
    """What the user wants of a start."""

    NO = "no"
    START = "start"
    NAME = "name"
    ARGS = "args"
    LABELS = "labels"
    TIMEOUT = "timeout"
    WRITE = "write"
    TRY = "try"
    SETUP = "setup"


class StartScreen(ConfirmScreen):
    """The question before a start; closes with True to start, else `wish` says what instead.

    What is typed right behind the key that closes it is meant for nothing that comes then, unless that is
    another dialog.
    """

    ANSWERING: ClassVar[frozenset[str]] = frozenset("nyNAaBbMmWwt123456789") | {"escape", "enter"}
    DROPS: ClassVar[bool] = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,right,h,l", "other_button", "Choose", show=False),
        Binding("j,down", "scroll('down')", "Down", show=False),
        Binding("k,up", "scroll('up')", "Up", show=False),
        Binding("g,home", "scroll('home')", "Top", show=False),
        Binding("G,end", "scroll('end')", "End", show=False),
        Binding("pagedown,space", "scroll('page_down')", "Page down", show=False),
        Binding("pageup", "scroll('page_up')", "Page up", show=False),
        Binding("N", "wish('name')", "Name", id="start.name", tooltip="Give the job another name"),
        Binding(
            "A,a", "wish('args')", "Args", id="start.args", tooltip="Other arguments, for this start only"
        ),
        Binding("B,b", "wish('labels')", "Labels", id="start.labels", tooltip="Other labels"),
        Binding("M,m", "wish('timeout')", "Timeout", id="start.timeout", tooltip="Stop it after some time"),
        Binding("W,w", "wish('write')", "Write", id="start.write", tooltip="Write the timeout into the file"),
        Binding("t", "wish('try')", "Try here", id="start.try", tooltip="Run it on this box first"),
        *(Binding(f"{digit}", f"setup_row({digit})", show=False) for digit in range(1, 10)),
    ]

    def __init__(self, question: StartQuestion) -> None:
        super().__init__(question)
        self._asked = question
        self._warned = False
        self._pressed_at = self._closed_at = 0.0
        self.wish = Wish.NO
        self.row = ""
        """The Setup row that was chosen."""

    def compose(self) -> ComposeResult:
        asked = self._asked
        with Vertical(id="dialog", classes="danger" if asked.danger else "") as dialog:
            dialog.border_title = Content(asked.title)
            dialog.border_subtitle = self._subtitle()
            with VerticalScroll(id="dialog-lines", can_focus=False):
                for line in asked.lines:
                    yield Static(Content(line) if isinstance(line, str) else line)
            for number, (words, _) in enumerate(asked.typed):
                yield Static(Content(printable(words)), classes="dialog-ask")
                field = Input(id=_field(number), classes="dialog-input", compact=True, select_on_focus=False)
                field.cursor_blink = False  # a steady cursor writes nothing to the terminal
                yield field
            yield Static(Content.styled(self._keys(), "$text-muted"), id="dialog-keys")
            with Horizontal(id="dialog-buttons"):
                yield Button("No", id="no", compact=True)
                yield Button(Content(asked.yes), id="yes", compact=True, disabled=bool(asked.typed))
                yield Button("Start all the same", id="yes-again", compact=True, classes="hidden")

    def _subtitle(self) -> str:
        return "n: no" + (
            " · y: yes" if self._by_letter else " · tab leaves the field" * bool(self._asked.typed)
        )

    def _keys(self) -> str:
        asked, rows = self._asked, len(self._asked.rows)
        words = ["N name"]
        words += ["A args"] * asked.may_change_args + ["B labels", "M timeout"]
        words += ["W write it"] * asked.may_write
        words += ["t try it here"] * asked.may_try
        words += [f"1{f'-{rows}' * (rows > 1)} Setup"] * bool(rows)
        return " · ".join(words)

    def on_resize(self) -> None:
        """The buttons stay in sight; after the base class has counted without the keys and second field."""
        self.call_next(self._limit_lines)

    def _limit_lines(self) -> None:
        rest = 7 + 3 * len(self._asked.typed) + self._warned * _WARNING_ROWS
        self.query_one("#dialog-lines").styles.max_height = max(self.size.height - rest, 3)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what is possible for this job."""
        asked = self._asked
        if action == "wish":
            possible = {"args": asked.may_change_args, "write": asked.may_write, "try": asked.may_try}
            return possible.get(str(parameters[0]), True)
        return super().check_action(action, parameters)

    @property
    def _by_letter(self) -> bool:
        return not self._asked.typed and not self._warned

    # Keys behind the one that closes it

    def may_answer(self, key: str) -> bool:
        """In a field, letters and digits are text."""
        if isinstance(self.focused, Input):
            return key in ("enter", "escape")
        return super().may_answer(key)

    def answering(self) -> None:
        """Whether the key closes it shows soon."""
        super().answering()
        self._pressed_at = monotonic()

    def dismiss(self, result: bool | None = None) -> AwaitComplete:  # noqa: FBT001 (Textual's)
        """Close with an answer."""
        self._closed_at = monotonic()
        return super().dismiss(result)

    def carried_out(self, app: App[Any]) -> bool:
        """Whether the next dialog is there, or what comes then has been on screen for a while."""
        if self._closed_at:
            return self._is_followed(app) or monotonic() > self._closed_at + SETTLE_SECONDS
        return self._stayed or monotonic() > self._pressed_at + _HEEDED

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001 (an action's argument)
        """No at once; yes only after what speaks against it was shown."""
        if answer:
            self._start()
        else:
            self.dismiss(False)  # noqa: FBT003 (the answer)

    def action_wish(self, wish: str) -> None:
        """Close with another wish than yes or no."""
        self.wish = Wish(wish)
        self.dismiss(False)  # noqa: FBT003 (the answer)

    def action_setup_row(self, number: int) -> None:
        """Close, and show that row in Setup; while an answer has to be typed, a digit is part of that."""
        if (field := self._unanswered) is not None:
            field.focus()
            field.insert_text_at_cursor(str(number))
            self.stays()
        elif number <= len(self._asked.rows):
            self.row = self._asked.rows[number - 1]
            self.action_wish(Wish.SETUP.value)

    def action_scroll(self, where: str) -> None:
        """Scroll the lines."""
        getattr(self.query_one("#dialog-lines"), f"scroll_{where}")(animate=False)

    def _start(self) -> None:
        if self._asked.refusals and not self._warned:
            self._warn()
            return
        self.wish = Wish.START
        self.dismiss(True)  # noqa: FBT003 (the answer)

    def _warn(self) -> None:
        """Ask a second time, with the focus away from what was just pressed."""
        self._warned = True
        first, rest = self._asked.refusals[0], len(self._asked.refusals) - 1
        more = f" and {rest} more" if rest else ""
        text = f"✗ This speaks against it: {first}{more}. The checks can be wrong. Start all the same?"
        warning = Static(Content.styled(printable(text), "$text-error"), id="dialog-warning")
        self.query_one("#dialog").mount(warning, before="#dialog-keys")
        self.query_one("#yes").add_class("hidden")
        self.query_one("#yes-again").remove_class("hidden")
        self.query_one("#dialog").border_subtitle = self._subtitle()
        self.query_one("#no").focus()
        self._limit_lines()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        """The button wakes when everything is typed in full."""
        event.prevent_default()
        missing = self._unanswered is not None
        for button in self.query(Button).exclude("#no"):
            button.disabled = missing

    @property
    def _unanswered(self) -> Input | None:
        """The first field in which what was asked for is not typed yet."""
        fields = [self.query_one(f"#{_field(number)}", Input) for number in range(len(self._asked.typed))]
        pairs = zip(fields, self._asked.typed, strict=True)
        return next((field for field, (_, wanted) in pairs if field.value.strip() != wanted), None)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        """Enter in a field moves on."""
        event.prevent_default()
        yes = self.query_one("#yes-again" if self._warned else "#yes", Button)
        if not yes.disabled:
            yes.focus()
        elif len(self._asked.typed) > 1:
            self.focus_next(Input)
        self.stays()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.prevent_default()
        self.action_answer(event.button.id != "no")


def _field(number: int) -> str:
    """The id of a field; the first is where the base class puts the focus."""
    return "dialog-typed" if number == 0 else f"dialog-typed-{number}"
