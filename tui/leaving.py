"""The question before the app is left while changes are under way."""

from __future__ import annotations

from collections.abc import Sequence

from tui.domain.text import printable
from tui.widgets.confirm import ConfirmScreen, Question


class LeaveScreen(ConfirmScreen):
    """Says what is under way, and what becomes of it."""

    def __init__(
        self,
        under_way: Sequence[str],
        *,
        local: bool,
        transfers: Sequence[str] = (),
        left: Sequence[str] = (),
    ) -> None:
        """`under_way` are changes that go on elsewhere; `transfers` stop, and `left` says what stays."""
        where = "in the local server" if local else "at Google's side"
        lines = ["Under way:", *(f"• {printable(words)}" for words in (*under_way, *transfers)), ""]
        if under_way:
            lines += [
                f"What was sent goes on {where}; what comes after it is not made.",
                "At the next start the panes show what has been done.",
            ]
        lines += map(printable, left)
        what = "a change is being made" if under_way else "files are being carried"
        super().__init__(Question(f"Leave while {what}?", lines, yes="Leave anyway", no="Stay"))
