"""The Setup pane: whether the project is ready for a job, and the keys that make it so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.domain.setup.model import HERE, Check, CheckState, safe_rows
from tui.panes.setup_detail import usable
from tui.panes.setup_rows import TROUBLED
from tui.panes.setup_work import SetupWork, command_of
from tui.widgets.text_screen import TextScreen


class SetupPane(SetupWork):
    """Credentials, project, APIs, permissions, service account, bucket, quota, secrets and terminal."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f,enter",
            "fix",
            "Fix",
            id="setup.fix",
            tooltip="Fix this row, after a confirmation that lists every change",
        ),
        Binding("enter,l,right", "unfold", "Open", id="setup.unfold", tooltip="Show each check on its line"),
        Binding(
            "h,left", "fold", "Close", id="setup.fold", tooltip="One line for what is right in this group"
        ),
        Binding(
            "a",
            "fix_all",
            "Fix all",
            id="setup.fix_all",
            tooltip="Fix everything that is safe to fix, after one confirmation that lists it",
        ),
        Binding(
            "v",
            "verify",
            "Verify",
            id="setup.verify",
            tooltip="Ask the service whether this secret is good, after saying what is sent",
        ),
        Binding("y", "copy", "Copy gcloud", id="setup.copy", tooltip="Copy the equivalent gcloud command"),
        Binding(
            "w",
            "request",
            "Write request",
            id="setup.request",
            tooltip="Copy one text that asks an administrator, or Google, for what is missing",
        ),
        Binding(
            "s",
            "accept",
            "Accept",
            id="setup.accept",
            tooltip="Take this row as it is, until it changes; again to take that back",
        ),
        Binding("u", "undo", "Undo grant", id="setup.undo", tooltip="Take back the last grant made here"),
        Binding("m", "note", "More", id="setup.note", tooltip="Show the whole of the note below the rows"),
        Binding("r", "check", "Check again", id="setup.check", tooltip="Look at everything again now"),
        Binding("n", "next_trouble(1)", "Next to fix", id="setup.next", show=False),
        Binding("N", "next_trouble(-1)", "Previous to fix", id="setup.previous", show=False),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's)
        """Offer only what would do something."""
        if not self.is_mounted:
            return True
        works: Callable[[], object] | None = {
            "fix": self._to_fix_here,
            "fix_all": self._to_fix_all,
            "unfold": self._may_unfold,
            "fold": self._may_fold,
            "copy": self._command,
            "request": lambda: self._request()[0],
            "accept": self._may_accept,
            "verify": self._secret,
            "undo": self._may_undo,
            "note": lambda: self._note_is_cut,
            "check": lambda: self._connection is not None,
        }.get(action)
        return works is None or bool(works())

    def _may_accept(self) -> bool:
        check = self._line.check if self._line is not None else None
        return check is not None and check.state in (*TROUBLED, CheckState.ACCEPTED)

    def _may_undo(self) -> bool:
        return bool(self._facts.granted) and not self.read_only and self._connection is not None

    def _may_make(self, rows: Sequence[Check]) -> tuple[Check, ...]:
        """Those of the rows whose changes can be made now."""
        if self._busy:
            return ()
        found = [row for row in rows if usable(row.fixes, read_only=self.read_only)]
        if self.gateway is None:
            found = [row for row in found if all(isinstance(fix, HERE) for fix in row.fixes)]
        return tuple(found)

    def _to_fix_here(self) -> tuple[Check, ...]:
        line = self._line
        rows = [check for check in line.checks if check.fixable] if line is not None else []
        rows = [row for row in rows if len(rows) == 1 or not row.choice]
        return self._may_make(rows)

    def _to_fix_all(self) -> tuple[Check, ...]:
        return self._may_make(safe_rows(self._rows.values()))

    def _command(self) -> str:
        """The gcloud command of the line under the cursor."""
        line = self._line
        if line is None:
            return ""
        return command_of(line.fixes, self._facts.project_id) if line.check is None else line.check.command

    def action_fix(self) -> None:
        """Fix the row under the cursor."""
        self._confirm_and_fix(self._to_fix_here(), single=True)

    def action_fix_all(self) -> None:
        """Fix all that is safe."""
        self._confirm_and_fix(self._to_fix_all(), single=False)

    def action_unfold(self) -> None:
        """Show each check of a folded line."""
        self._unfold()

    def action_fold(self) -> None:
        """Fold the group again."""
        self._fold()

    def action_copy(self) -> None:
        """Copy the gcloud command of the row."""
        line = self._line
        if line is not None:
            self._copy(self._command(), f"the gcloud command of “{line.title}”")

    def action_request(self) -> None:
        """Copy the text that asks somebody else, and show it."""
        text, title = self._request()
        self._copy(text, title, show=True)

    def action_accept(self) -> None:
        """Take the row as it is, or take that back."""
        if self._line is not None and self._line.check is not None:
            self._accept(self._line.check)

    def action_verify(self) -> None:
        """Ask the service of the secret."""
        self._verify(self._secret())

    def action_undo(self) -> None:
        """Take the last grant back."""
        self._confirm_and_undo()

    def action_note(self) -> None:
        """Show the whole note."""
        self.app.push_screen(TextScreen("What was done", self._note, ""))

    def action_check(self) -> None:
        """Check everything again."""
        self._say("")
        self._tell(refused=())
        self._look_at_box()
        self._run_checks()

    def action_next_trouble(self, step: int) -> None:
        """The next line with something to fix, from the last on to the first."""
        keys = list(self._lines)
        if not keys:
            return
        here = keys.index(self._table.cursor_key or keys[0])
        order = [keys[(here + step * offset) % len(keys)] for offset in range(1, len(keys) + 1)]
        found = next((key for key in order if any(c.to_fix for c in self._lines[key].checks)), "")
        if found:
            self._table.show_cursor_on(found)
